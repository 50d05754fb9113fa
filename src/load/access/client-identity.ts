/** What clients show of themselves in TLS, as the settings of the key store say. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ClientIdentity } from './cluster-access.ts';
import { readJavaStore } from './java-store.ts';
import { certificatesOf, privateKeyOf, privateKeyPem } from './pem.ts';
import type { Settings } from './settings.ts';
import { attempt, readType, refuseBoth, refuseInline } from './store-settings.ts';

interface KeyAndChain {
  readonly key: KeyObject;
  readonly chain: readonly X509Certificate[];
}

/** Null without a key store, and after a problem. */
export function readIdentity(settings: Settings): ClientIdentity | null {
  const type = readType(settings, 'ssl.keystore.type');
  if (type === null) return null;
  const location = settings.filled('ssl.keystore.location');
  if (type === 'PEM' && settings.text('ssl.keystore.password') !== null) {
    settings.refuse(
      'ssl.keystore.password',
      'expected none for PEM, found one; leave it out (that of an encrypted key is ssl.key.password)',
    );
  }
  const key = settings.filled('ssl.keystore.key');
  const chain = settings.filled('ssl.keystore.certificate.chain');
  if (key !== null || chain !== null) {
    if (type !== 'PEM') {
      const there = key === null ? 'ssl.keystore.certificate.chain' : 'ssl.keystore.key';
      refuseInline(settings, there, 'ssl.keystore.type');
    }
    if (location !== null) refuseBoth(settings, 'ssl.keystore.key', 'ssl.keystore.location');
    return readInline(settings, key, chain);
  }
  return type === 'PEM' ? readPemFile(settings, location) : readStore(settings, location);
}

function readInline(settings: Settings, key: string | null, chain: string | null): ClientIdentity | null {
  if (key === null) {
    settings.refuse(
      'ssl.keystore.certificate.chain',
      'expected ssl.keystore.key with it, found none; add it',
    );
    return null;
  }
  if (chain === null) {
    settings.refuse(
      'ssl.keystore.key',
      'expected ssl.keystore.certificate.chain with it, found none; add it',
    );
    return null;
  }
  const expected = 'a private key in PEM that ssl.key.password decrypts, and its certificates';
  return attempt(settings, 'ssl.keystore.key', expected, () =>
    identity({
      key: privateKeyOf(key, settings.text('ssl.key.password')),
      chain: certificatesOf(chain),
    }),
  );
}

function readPemFile(settings: Settings, location: string | null): ClientIdentity | null {
  if (location === null) return null;
  const expected = 'a file with a private key in PEM that ssl.key.password decrypts, and its certificates';
  return attempt(settings, 'ssl.keystore.location', expected, () => {
    const text = readFileSync(location, 'latin1');
    return identity({
      key: privateKeyOf(text, settings.text('ssl.key.password')),
      chain: certificatesOf(text),
    });
  });
}

function readStore(settings: Settings, location: string | null): ClientIdentity | null {
  const password = settings.text('ssl.keystore.password');
  if (location === null) {
    if (password !== null) {
      settings.refuse(
        'ssl.keystore.password',
        'expected ssl.keystore.location with it, found none; add it, or leave the password out',
      );
    }
    return null;
  }
  if (password === null) {
    settings.refuse('ssl.keystore.location', 'expected ssl.keystore.password with it, found none; add it');
    return null;
  }
  const expected = 'a JKS or PKCS12 store that ssl.keystore.password opens, with a key for ssl.key.password';
  return attempt(settings, 'ssl.keystore.location', expected, () =>
    identity(onlyKey(readFileSync(location), password, settings.text('ssl.key.password') ?? password)),
  );
}

function onlyKey(bytes: Buffer, password: string, keyPassword: string): KeyAndChain {
  const { keys } = readJavaStore(bytes, password);
  if (keys.length !== 1) {
    // Java would choose among them for each broker anew, by the authorities that it names.
    throw new Error(keys.length === 0 ? 'no key' : `${keys.length} keys: ${keys.map(({ alias }) => alias)}`);
  }
  return { key: keys[0].decrypt(keyPassword), chain: keys[0].chain };
}

function identity({ key, chain }: KeyAndChain): ClientIdentity {
  if (chain[0]?.checkPrivateKey(key) !== true) throw new Error('a key without a certificate for it');
  return { key: privateKeyPem(key), chain: chain.map(String) };
}
