/**
 * The two users of a secured cluster: `client`, whom every client is, and `broker`, whom brokers are to each other.
 * Their passwords are in one file in Java's format, so that broker properties can point into it instead of holding them.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { SaslMechanism } from '../../scenario/security-protocols.ts';
import { type SecurityPaths, writeSecret } from './security-paths.ts';

export const USER_NAMES = ['client', 'broker'] as const;
export type UserName = (typeof USER_NAMES)[number];

const PASSWORD_BYTES = 24;

/** Gives both users a random password, unless they have one already. */
export function createUsers(paths: SecurityPaths): void {
  if (existsSync(paths.users)) return;
  const lines = USER_NAMES.map((name) => `${name}=${randomBytes(PASSWORD_BYTES).toString('hex')}\n`);
  writeSecret(paths.users, lines.join(''));
}

/** The password of a user of this cluster. */
export function passwordOf(paths: SecurityPaths, name: UserName): string {
  const password = new RegExp(`^${name}=(\\w+)$`, 'm').exec(readFileSync(paths.users, 'utf8'))?.[1];
  if (password === undefined) throw new Error(`${paths.users}: no password of user ${name}`);
  return password;
}

/** What stands for the password of a user in a broker's properties; Kafka's FileConfigProvider puts it in. */
export function passwordReference(paths: SecurityPaths, name: UserName): string {
  return `\${users:${paths.users}:${name}}`;
}

/** The properties that make references to passwords work. */
export const REFERENCE_PROPERTIES: Readonly<Record<string, string>> = {
  'config.providers': 'users',
  'config.providers.users.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
};

/**
 * Writes the SCRAM credentials as arguments of `StorageTool format`, one a line: the tool reads them from `@<file>`, so
 * that no password is ever on a command line, which every user of the machine can read.
 */
export function writeScramArguments(paths: SecurityPaths, mechanisms: readonly SaslMechanism[]): void {
  const lines = mechanisms
    .filter(isScram)
    .flatMap((mechanism) =>
      USER_NAMES.map(
        (name) => `--add-scram\n${mechanism}=[name=${name},password=${passwordOf(paths, name)}]\n`,
      ),
    );
  writeSecret(paths.formatArguments, lines.join(''));
}

export function isScram(mechanism: SaslMechanism): boolean {
  return mechanism.startsWith('SCRAM-');
}
