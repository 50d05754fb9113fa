/**
 * Where the files of a cluster's security are: all in its own directory, so that they go with it.
 *
 *     <cluster>/security/ca.pem              what everybody trusts; its key is ca-key.pem
 *     <cluster>/security/node-<name>.pem     key and certificates of a node; client.pem those of all clients
 *     <cluster>/security/users.properties    passwords
 *     <cluster>/security/format.args         SCRAM credentials as arguments for StorageTool
 *     <cluster>/security/token-issuer.*      what the token issuer signs with, who it is, what it wrote
 *     <cluster>/clients/<listener>[-<mechanism>].properties
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface SecurityPaths {
  readonly authority: string;
  readonly authorityKey: string;
  readonly client: string;
  readonly node: (name: string) => string;
  readonly users: string;
  readonly formatArguments: string;
  readonly tokenSigningKey: string;
  readonly tokenIssuer: string;
  readonly tokenIssuerLog: string;
  readonly clientProperties: string;
}

/** @param directory the cluster's */
export function securityPaths(directory: string): SecurityPaths {
  const security = join(directory, 'security');
  return {
    authority: join(security, 'ca.pem'),
    authorityKey: join(security, 'ca-key.pem'),
    client: join(security, 'client.pem'),
    node: (name) => join(security, `node-${name}.pem`),
    users: join(security, 'users.properties'),
    formatArguments: join(security, 'format.args'),
    tokenSigningKey: join(security, 'token-issuer.key'),
    tokenIssuer: join(security, 'token-issuer.json'),
    tokenIssuerLog: join(security, 'token-issuer.log'),
    clientProperties: join(directory, 'clients'),
  };
}

/** Writes a file that its owner alone may read, whole or not at all; its directory is made when it is not there. */
export function writeSecret(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' });
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
}
