import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { createAuthority, issueCertificate } from '../../../src/local/security/certificates.ts';

test('a certificate is signed by its authority and valid for its addresses only, as server and as client', async () => {
  const authority = await createAuthority();
  const subject = { commonName: 'broker-1', addresses: ['198.18.0.2', '198.19.0.2', 'localhost'] };
  const issued = await issueCertificate(authority, subject);
  const signer = new X509Certificate(authority.certificate);
  const certificate = new X509Certificate(issued.certificate);
  assert.ok(signer.ca);
  assert.ok(!certificate.ca);
  assert.ok(certificate.checkIssued(signer));
  assert.ok(certificate.verify(signer.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(issued.key)));
  assert.equal(certificate.checkIP('198.18.0.2'), '198.18.0.2');
  assert.equal(certificate.checkIP('198.19.0.2'), '198.19.0.2');
  assert.equal(certificate.checkHost('localhost'), 'localhost');
  assert.equal(certificate.checkIP('198.18.0.3'), undefined);
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  const nowMs = Date.now();
  assert.ok(Date.parse(certificate.validFrom) < nowMs - 3_600_000);
  assert.ok(Date.parse(certificate.validTo) > nowMs + 365 * 86_400_000);
});

test("a certificate of another cluster's authority is not accepted", async () => {
  const [one, other] = await Promise.all([createAuthority(), createAuthority()]);
  const issued = await issueCertificate(one, { commonName: 'broker-1', addresses: [] });
  assert.ok(
    !new X509Certificate(issued.certificate).verify(new X509Certificate(other.certificate).publicKey),
  );
});

test('those of five nodes are made within a second', async () => {
  const startMs = performance.now();
  const authority = await createAuthority();
  for (let node = 1; node <= 5; node += 1) {
    await issueCertificate(authority, { commonName: `broker-${node}`, addresses: ['127.0.0.1'] });
  }
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < 1_000, `${tookMs} ms`);
});
