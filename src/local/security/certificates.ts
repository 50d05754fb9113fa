/**
 * X.509 certificates made on the spot: an authority that signs one for each node and one for the clients. Keys are on
 * the curve P-256: they take a millisecond to make, and Kafka reads them from PEM. A broker with an RSA key spends more CPU
 * on each handshake than one of these.
 */
import { createPrivateKey, KeyObject, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
// The library's own library asks for this to be there first.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** Both in PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
}

export interface CertificateSubject {
  readonly commonName: string;
  /** Host names and IP addresses under which it is reached. */
  readonly addresses: readonly string[];
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
/** Machines whose clocks differ by less than this still trust each other. */
const BACKDATED_MS = DAY_MS;
const VALID_MS = 3_650 * DAY_MS;
const ORGANIZATION = 'O=brokertwin';

/** Makes the authority of one cluster. */
export async function createAuthority(): Promise<KeyAndCertificate> {
  const keys = await newKeys();
  const usages = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=cluster authority,${ORGANIZATION}`,
    keys,
    signingAlgorithm: ALGORITHM,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(usages, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { key: keyText(keys.privateKey), certificate: certificateText(certificate) };
}

/** Makes a key and its certificate, for servers and clients alike: a broker is both. */
export async function issueCertificate(
  authority: KeyAndCertificate,
  subject: CertificateSubject,
): Promise<KeyAndCertificate> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${subject.commonName},${ORGANIZATION}`,
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: signingKey(authority.key),
    signingAlgorithm: ALGORITHM,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
      new x509.SubjectAlternativeNameExtension(
        [...new Set(subject.addresses)].map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(await issuer.publicKey.export()),
    ],
  });
  return { key: keyText(keys.privateKey), certificate: certificateText(certificate) };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function signingKey(pem: string): webcrypto.CryptoKey {
  return createPrivateKey(pem).toCryptoKey(ALGORITHM, true, ['sign']);
}

function validity(): { readonly notBefore: Date; readonly notAfter: Date } {
  const nowMs = Date.now();
  return { notBefore: new Date(nowMs - BACKDATED_MS), notAfter: new Date(nowMs + VALID_MS) };
}

function keyText(key: webcrypto.CryptoKey): string {
  return String(KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }));
}

function certificateText(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}
