/** Stores that Java's keytool makes from PEM, and the programs for it, for tests. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const OUTPUT_MAX_BYTES = 64 * 1024 ** 2;

export type StoreKind = 'JKS' | 'PKCS12';

/** Runs a program to its end; what it printed. @throws Error with that when it fails */
export function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: OUTPUT_MAX_BYTES,
  });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stdout + stderr}`);
  return stdout;
}

/** Makes a store that trusts the certificate of a PEM file. */
export function makeTrustStore(store: string, kind: StoreKind, certificate: string, password: string): void {
  run('keytool', [
    ...['-importcert', '-noprompt', '-alias', 'authority', '-file', certificate],
    ...['-keystore', store, '-storetype', kind, '-storepass', password],
  ]);
}

/**
 * Makes a store of the key and certificates of a PEM file: OpenSSL makes PKCS12, and keytool JKS of that.
 *
 * @param keyPassword in JKS it may differ from that of the store
 */
export function makeKeyStore(
  store: string,
  kind: StoreKind,
  pem: string,
  password: string,
  keyPassword = password,
): void {
  const pkcs12 = kind === 'PKCS12' ? store : `${store}.p12`;
  run('openssl', [
    ...['pkcs12', '-export', '-in', pem, '-inkey', pem, '-name', 'client'],
    ...['-out', pkcs12, '-passout', `pass:${password}`],
  ]);
  if (kind === 'PKCS12') return;
  run('keytool', [
    ...['-importkeystore', '-noprompt', '-srckeystore', pkcs12, '-srcstoretype', 'PKCS12'],
    ...['-srcstorepass', password, '-srcalias', 'client', '-destkeystore', store, '-deststoretype', 'JKS'],
    ...['-deststorepass', password, '-destkeypass', keyPassword],
  ]);
}

/** Writes lines into a file of a directory; its path. */
export function writeLines(directory: string, name: string, lines: readonly string[]): string {
  const file = join(directory, name);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}
