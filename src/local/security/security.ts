/**
 * Security of a local cluster, as its start and its operations use it. In this order: `planSecurity` (the plan goes into
 * the cluster's record), `writeSecurityFiles`, `startTokenIssuer` when `needsTokenIssuer`, `securityProperties` for each
 * node before it is formatted, `clientPropertiesFiles` at the end. A later process needs the plan, the cluster's
 * directory and the issuer's address, and gets the same again.
 */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { UserError } from '../../errors/errors.ts';
import type { KeyAndCertificate } from './certificates.ts';
import { type ClientPropertiesFile, writeClientProperties } from './client-properties.ts';
import { listenerSecurityProperties } from './listener-security.ts';
import { type SecurityPaths, securityPaths, writeSecret } from './security-paths.ts';
import { needsTokenIssuer, type SecurityPlan, usesTls } from './security-plan.ts';
import { issuerJvmOptions } from './token-endpoints.ts';
import { createUsers, isScram, writeScramArguments } from './users.ts';

export type { ClientPropertiesFile } from './client-properties.ts';
export {
  needsTokenIssuer,
  planSecurity,
  type SecurityPlan,
  type SecurityRequest,
  securityPlan,
} from './security-plan.ts';
export { startTokenIssuer, type TokenIssuer } from './token-issuer.ts';

/** All that the cluster's record has to hold, and where the cluster is. */
export interface ClusterSecurity {
  readonly plan: SecurityPlan;
  /** The cluster's directory, absolute. */
  readonly directory: string;
  /** Null without OAUTHBEARER. */
  readonly tokenIssuerUrl: string | null;
}

export interface SecuredNode {
  /** Unique in the cluster and fit for a file's name, such as `broker-1`. */
  readonly name: string;
  /** IP addresses and host names of all of its listeners; the loopback ones are added. */
  readonly addresses: readonly string[];
}

export interface NodeSecurity {
  /** To be written before the user's own into server.properties, which replace them; without secrets. */
  readonly properties: Readonly<Record<string, string>>;
  readonly jvmOptions: readonly string[];
  /** Further arguments of `StorageTool format`. */
  readonly formatArguments: readonly string[];
}

const LOOPBACK = ['localhost', '127.0.0.1'];

/**
 * Writes certificates, passwords and keys as far as the plan needs any. What is there already stays, except that each of
 * `nodes` gets a new certificate: so nodes that join later are given here alone.
 *
 * @throws UserError (bad input) for a directory whose name Kafka cannot read in a reference.
 */
export async function writeSecurityFiles(
  plan: SecurityPlan,
  directory: string,
  nodes: readonly SecuredNode[],
): Promise<void> {
  const paths = securityPaths(directory);
  if (plan.mechanisms.length > 0) {
    if (/[:}\n]/.test(directory)) {
      throw new UserError(
        `directory ${directory}: with SASL, expected a path without ":" and "}", which Kafka cannot read: choose another one`,
      );
    }
    createUsers(paths);
    if (plan.mechanisms.some(isScram)) writeScramArguments(paths, plan.mechanisms);
  }
  if (needsTokenIssuer(plan) && !existsSync(paths.tokenSigningKey)) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeSecret(paths.tokenSigningKey, String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  }
  if (usesTls(plan)) await writeCertificates(paths, nodes);
}

/** What a node is started with; call it for every start, also after a change of version. */
export function securityProperties(security: ClusterSecurity, nodeName: string): NodeSecurity {
  const { plan, tokenIssuerUrl } = security;
  const paths = securityPaths(security.directory);
  return {
    properties: listenerSecurityProperties({ plan, paths, nodeName, tokenIssuerUrl }),
    jvmOptions: needsTokenIssuer(plan) ? issuerJvmOptions(tokenIssuerUrl) : [],
    formatArguments: plan.mechanisms.some(isScram) ? [`@${paths.formatArguments}`] : [],
  };
}

/** Writes the clients' properties files. @param bootstrapServers by listener's name; listeners without get no file */
export function clientPropertiesFiles(
  security: ClusterSecurity,
  bootstrapServers: Readonly<Record<string, string>>,
): ClientPropertiesFile[] {
  const { plan, tokenIssuerUrl } = security;
  return writeClientProperties({
    plan,
    paths: securityPaths(security.directory),
    tokenIssuerUrl,
    bootstrapServers,
  });
}

async function writeCertificates(paths: SecurityPaths, nodes: readonly SecuredNode[]): Promise<void> {
  // Loaded here since it takes longer than the whole work of most commands.
  const { createAuthority, issueCertificate } = await import('./certificates.ts');
  if (!existsSync(paths.authority)) {
    const authority = await createAuthority();
    writeSecret(paths.authorityKey, authority.key);
    writeSecret(paths.authority, authority.certificate);
  }
  const authority: KeyAndCertificate = {
    key: readFileSync(paths.authorityKey, 'utf8'),
    certificate: readFileSync(paths.authority, 'utf8'),
  };
  const write = async (file: string, commonName: string, addresses: readonly string[]): Promise<void> => {
    const issued = await issueCertificate(authority, { commonName, addresses });
    writeSecret(file, issued.key + issued.certificate + authority.certificate);
  };
  if (!existsSync(paths.client)) await write(paths.client, 'client', LOOPBACK);
  await Promise.all(
    nodes.map(({ name, addresses }) => write(paths.node(name), name, [...addresses, ...LOOPBACK])),
  );
}
