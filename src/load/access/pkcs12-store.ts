/**
 * PKCS #12 stores. OpenSSL, which Node has built in, opens only those with a key, and not those that older keytools
 * encrypted with RC2: hence a library that does it all itself.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import type { JavaStore } from './java-store.ts';

/** How Java marks a certificate that it is to trust (Oracle's arc); without it Java does not see the entry. */
const TRUSTED_KEY_USAGE = '2.16.840.1.113894.746875.1.1';
const TRUSTED = 'trustedKeyUsage';
// The library keeps only attributes whose names it knows.
forge.pki.oids[TRUSTED_KEY_USAGE] = TRUSTED;

type Bag = forge.pkcs12.Bag;

/**
 * @param password null: integrity is not checked
 * @throws Error for a wrong password, for an encrypted store without one, for a damaged one
 */
export function readPkcs12(bytes: Buffer, password: string | null): JavaStore {
  const bags = bagsOf(bytes, password);
  const certificates = bags.filter(({ type }) => type === forge.pki.oids.certBag);
  const all = certificates.map(certificateOf);
  return {
    trusted: all.filter((_, index) => TRUSTED in attributesOf(certificates[index])),
    keys: bags
      .filter(({ type }) => type !== forge.pki.oids.certBag)
      .map((bag) => {
        const key = keyOf(bag);
        const decrypt = (keyPassword: string): KeyObject => {
          if (keyPassword === password) return key;
          throw new Error('a PKCS12 store and another password for its key');
        };
        return { alias: nameOf(bag), chain: chainOf(key, all), decrypt };
      }),
  };
}

function bagsOf(bytes: Buffer, password: string | null): Bag[] {
  const store = forge.asn1.fromDer(forge.util.createBuffer(bytes.toString('binary')));
  if (password === null && Array.isArray(store.value)) {
    // The third part is what proves integrity; the library would not go on without the password for it.
    store.value = store.value.slice(0, 2);
  }
  const { safeContents } = forge.pkcs12.pkcs12FromAsn1(store, false, password ?? undefined);
  return safeContents.flatMap(({ safeBags }) => safeBags);
}

/** The library parses RSA certificates and leaves others as they are. */
function certificateOf(bag: Bag): X509Certificate {
  const asn1 = bag.cert === undefined || bag.cert === null ? bag.asn1 : forge.pki.certificateToAsn1(bag.cert);
  return new X509Certificate(der(asn1));
}

/** RSA keys come parsed, others as PKCS #8. */
function keyOf(bag: Bag): KeyObject {
  const asn1 =
    bag.key === undefined || bag.key === null
      ? bag.asn1
      : forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key));
  return createPrivateKey({ key: der(asn1), format: 'der', type: 'pkcs8' });
}

function der(asn1: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
}

/** From the key's certificate up to a root, as far as the store has them. */
function chainOf(key: KeyObject, all: readonly X509Certificate[]): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = all.find((certificate) => certificate.checkPrivateKey(key));
  while (next !== undefined && !chain.includes(next)) {
    const current: X509Certificate = next;
    chain.push(current);
    next = current.checkIssued(current)
      ? undefined
      : all.find((certificate) => current.checkIssued(certificate));
  }
  return chain;
}

function nameOf(bag: Bag): string {
  const names = attributesOf(bag).friendlyName;
  return Array.isArray(names) && typeof names[0] === 'string' ? names[0] : 'without a name';
}

function attributesOf(bag: Bag): Readonly<Record<string, unknown>> {
  return bag.attributes;
}
