/** The older format of Java's stores, whose own encryption of keys the library takes care of. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { decrypt, type KeyEntry, parseJks, type TrustedKeyEntry } from 'jks-js';
import type { JavaStore } from './java-store.ts';

/** @param password null: integrity is not checked @throws Error for a wrong password or a damaged store */
export function readJks(bytes: Buffer, password: string | null): JavaStore {
  // The library takes an empty password for none.
  const entries = parseJks(bytes, password ?? '');
  return {
    trusted: entries.filter(isTrusted).map(({ cert }) => new X509Certificate(cert.value)),
    keys: entries.filter(isKey).map(({ alias, chain, protectedPrivateKey }) => ({
      alias,
      chain: chain.map(({ value }) => new X509Certificate(value)),
      decrypt: (keyPassword) => createPrivateKey(decrypt(protectedPrivateKey, keyPassword)),
    })),
  };
}

function isKey(entry: KeyEntry | TrustedKeyEntry): entry is KeyEntry {
  return 'protectedPrivateKey' in entry;
}

function isTrusted(entry: KeyEntry | TrustedKeyEntry): entry is TrustedKeyEntry {
  return 'cert' in entry;
}
