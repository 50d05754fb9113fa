/** What a client in Node needs to connect as the user `client` by one of the listeners. */
import { readFileSync } from 'node:fs';
import { Admin, type BaseOptions } from '@platformatic/kafka';
import type { ClientPropertiesFile, ClusterSecurity } from '../../../src/local/security/security.ts';
import { securityPaths } from '../../../src/local/security/security-paths.ts';
import { passwordOf } from '../../../src/local/security/users.ts';

type Connection = Pick<BaseOptions, 'clientId' | 'bootstrapBrokers' | 'tls' | 'sasl'>;

export async function connectionOf(
  security: ClusterSecurity,
  { listener, mechanism, bootstrapServers }: ClientPropertiesFile,
  password: string = passwordOf(securityPaths(security.directory), 'client'),
): Promise<Connection> {
  const planned = security.plan.listeners.find(({ name }) => name === listener);
  const paths = securityPaths(security.directory);
  const withCertificate = planned?.clientAuthentication === 'required';
  const tls = {
    ca: readFileSync(paths.authority, 'utf8'),
    ...(withCertificate
      ? { key: readFileSync(paths.client, 'utf8'), cert: readFileSync(paths.client, 'utf8') }
      : {}),
  };
  return {
    clientId: 'test',
    bootstrapBrokers: bootstrapServers.split(','),
    ...(planned?.protocol === 'SSL' || planned?.protocol === 'SASL_SSL' ? { tls } : {}),
    ...(mechanism === null ? {} : { sasl: await credentials(security, mechanism, password) }),
  };
}

/** Topics that an Admin lists with this connection. */
export async function listTopics(connection: Connection): Promise<string[]> {
  const admin = new Admin({ ...connection, retries: 0, timeout: 5_000, connectTimeout: 5_000 });
  try {
    return await admin.listTopics();
  } finally {
    await admin.close();
  }
}

/** Asks the cluster's issuer for a token as an OAuth client does. */
export async function requestToken(issuerUrl: string, secret: string): Promise<Response> {
  return await fetch(`${issuerUrl}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`client:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
}

async function credentials(
  security: ClusterSecurity,
  mechanism: NonNullable<ClientPropertiesFile['mechanism']>,
  password: string,
): Promise<NonNullable<Connection['sasl']>> {
  if (mechanism !== 'OAUTHBEARER') return { mechanism, username: 'client', password };
  const response = await requestToken(security.tokenIssuerUrl ?? '', password);
  const answer = (await response.json()) as { readonly access_token: string };
  return { mechanism, token: answer.access_token };
}
