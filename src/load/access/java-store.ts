/** Stores of keys and certificates as Java's keytool makes them: JKS and PKCS #12. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { readJks } from './jks-store.ts';
import { readPkcs12 } from './pkcs12-store.ts';

export interface JavaStore {
  /** Certificates stored as trusted ones. */
  readonly trusted: readonly X509Certificate[];
  readonly keys: readonly StoredKey[];
}

export interface StoredKey {
  readonly alias: string;
  /** The key's own first; empty when the store has none for it. */
  readonly chain: readonly X509Certificate[];
  /** @throws Error when `password` is not that of the key */
  readonly decrypt: (password: string) => KeyObject;
}

const JKS_MAGIC = 0xfeedfeed;
const JCEKS_MAGIC = 0xcececece;
/** A sequence in DER. */
const PKCS12_FIRST_BYTE = 0x30;
const MAGIC_BYTES = 4;

/**
 * Takes a store for what it is, as Java does whether its type is stated as JKS or as PKCS12.
 *
 * @param password null: integrity is not checked, and encrypted entries are an error
 * @throws Error for another kind of store, a wrong password, a store that is damaged
 */
export function readJavaStore(bytes: Buffer, password: string | null): JavaStore {
  const magic = bytes.length < MAGIC_BYTES ? 0 : bytes.readUInt32BE(0);
  if (magic === JKS_MAGIC) return readJks(bytes, password);
  if (magic === JCEKS_MAGIC) throw new Error('a JCEKS store');
  if (bytes[0] === PKCS12_FIRST_BYTE) return readPkcs12(bytes, password);
  throw new Error('neither a JKS nor a PKCS12 store');
}

/**
 * What Java trusts when this is its trust store: the trusted certificates, and of each key its own certificate alone.
 */
export function trustAnchors({ trusted, keys }: JavaStore): readonly X509Certificate[] {
  return [...trusted, ...keys.flatMap(({ chain }) => chain.slice(0, 1))];
}
