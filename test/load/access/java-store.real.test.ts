/** Stores that keytool and OpenSSL make. */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { readJavaStore, trustAnchors } from '../../../src/load/access/java-store.ts';
import { createAuthority, issueCertificate } from '../../../src/local/security/certificates.ts';
import { missing } from '../../support/components.ts';
import { emptyDirectory } from './directory.ts';
import { makeKeyStore, makeTrustStore, run } from './stores.ts';

const PASSWORD = 'of the store';
const KEY_PASSWORD = 'of the key';
const KINDS = ['JKS', 'PKCS12'] as const;

interface Files {
  readonly authority: string;
  /** The key, its certificate and the authority's. */
  readonly client: string;
  readonly store: string;
}

/** On the curve P-256, or with RSA, which libraries treat in ways of their own. */
async function makePem(t: TestContext, algorithm: 'EC' | 'RSA'): Promise<Files> {
  const directory = emptyDirectory(t);
  const files = {
    authority: join(directory, 'ca.pem'),
    client: join(directory, 'client.pem'),
    store: join(directory, 'store'),
  };
  if (algorithm === 'EC') {
    const authority = await createAuthority();
    const client = await issueCertificate(authority, { commonName: 'client', addresses: [] });
    writeFileSync(files.authority, authority.certificate);
    writeFileSync(files.client, client.key + client.certificate + authority.certificate);
  } else {
    const key = join(directory, 'key.pem');
    run('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-noenc', '-subj', '/CN=client'],
      ...['-keyout', key, '-out', files.authority],
    ]);
    writeFileSync(files.client, readFileSync(key, 'utf8') + readFileSync(files.authority, 'utf8'));
  }
  return files;
}

function rawCertificates(file: string): string[] {
  const blocks = readFileSync(file, 'utf8').match(/-----BEGIN CERT[\s\S]*?-----END CERT[^-]*-----/g) ?? [];
  return blocks.map((pem) => new X509Certificate(pem).raw.toString('hex'));
}

function hex(certificates: readonly X509Certificate[]): string[] {
  return certificates.map(({ raw }) => raw.toString('hex'));
}

describe('stores of Java', { skip: missing(['java', 'openssl']) ?? false }, () => {
  for (const kind of KINDS) {
    for (const algorithm of ['EC', 'RSA'] as const) {
      test(`${kind} with ${algorithm}: the trusted certificate is the one that was put in`, async (t) => {
        const { authority, store } = await makePem(t, algorithm);
        makeTrustStore(store, kind, authority, PASSWORD);
        const anchors = trustAnchors(readJavaStore(readFileSync(store), PASSWORD));
        assert.deepEqual(hex(anchors), rawCertificates(authority));
      });

      test(`${kind} with ${algorithm}: the key and its chain are those that were put in`, async (t) => {
        const { client, store } = await makePem(t, algorithm);
        const keyPassword = kind === 'JKS' ? KEY_PASSWORD : PASSWORD;
        makeKeyStore(store, kind, client, PASSWORD, keyPassword);
        const read = readJavaStore(readFileSync(store), PASSWORD);
        assert.deepEqual(read.trusted, []);
        assert.equal(read.keys.length, 1);
        const [{ alias, chain, decrypt }] = read.keys;
        assert.equal(alias, 'client');
        assert.deepEqual(hex(chain), rawCertificates(client));
        assert.ok(decrypt(keyPassword).equals(createPrivateKey(readFileSync(client))));
        assert.throws(() => decrypt('another'), Error);
        assert.deepEqual(hex(trustAnchors(read)), rawCertificates(client).slice(0, 1));
      });
    }

    test(`${kind}: a wrong password is refused`, async (t) => {
      const { authority, store } = await makePem(t, 'EC');
      makeTrustStore(store, kind, authority, PASSWORD);
      assert.throws(() => readJavaStore(readFileSync(store), 'another'), /password/i);
    });

    test(`${kind}: a damaged store is refused`, async (t) => {
      const { authority, store } = await makePem(t, 'EC');
      makeTrustStore(store, kind, authority, PASSWORD);
      const bytes = readFileSync(store);
      assert.throws(() => readJavaStore(bytes.subarray(0, 100), PASSWORD), Error);
      bytes[200] ^= 1;
      assert.throws(() => readJavaStore(bytes, PASSWORD), Error);
    });
  }

  test('JKS needs no password to be trusted', async (t) => {
    const { authority, store } = await makePem(t, 'EC');
    makeTrustStore(store, 'JKS', authority, PASSWORD);
    assert.equal(trustAnchors(readJavaStore(readFileSync(store), null)).length, 1);
  });

  test('PKCS12 needs one when its certificates are encrypted, and none when they are not', async (t) => {
    const { authority, store } = await makePem(t, 'EC');
    makeTrustStore(store, 'PKCS12', authority, PASSWORD);
    assert.throws(() => readJavaStore(readFileSync(store), null), Error);
    const open = `${store}.open`;
    run('keytool', [
      ...['-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE', '-J-Dkeystore.pkcs12.macAlgorithm=NONE'],
      ...['-importcert', '-noprompt', '-alias', 'authority', '-file', authority],
      ...['-keystore', open, '-storetype', 'PKCS12', '-storepass', PASSWORD],
    ]);
    assert.equal(trustAnchors(readJavaStore(readFileSync(open), null)).length, 1);
  });

  test('PKCS12 as older keytools encrypted it is read', async (t) => {
    const { authority, store } = await makePem(t, 'EC');
    run('keytool', [
      ...['-J-Dkeystore.pkcs12.legacy', '-importcert', '-noprompt', '-alias', 'authority'],
      ...['-file', authority, '-keystore', store, '-storetype', 'PKCS12', '-storepass', PASSWORD],
    ]);
    const anchors = trustAnchors(readJavaStore(readFileSync(store), PASSWORD));
    assert.deepEqual(hex(anchors), rawCertificates(authority));
  });

  test('PKCS12 without what Java marks trusted certificates with has none', async (t) => {
    const { authority, store } = await makePem(t, 'EC');
    run('openssl', [
      ...['pkcs12', '-export', '-nokeys', '-in', authority, '-out', store],
      ...['-passout', `pass:${PASSWORD}`],
    ]);
    assert.deepEqual(trustAnchors(readJavaStore(readFileSync(store), PASSWORD)), []);
  });
});

test('what is no store is refused', () => {
  assert.throws(() => readJavaStore(Buffer.from('nothing of the kind'), null), /neither a JKS nor a PKCS12/);
  assert.throws(() => readJavaStore(Buffer.alloc(0), null), /neither a JKS nor a PKCS12/);
  assert.throws(() => readJavaStore(Buffer.from('cececece00000002', 'hex'), null), /JCEKS/);
});
