/** A cluster's access as options of the library's clients and connections. */
import { isIP } from 'node:net';
import type { ConnectionOptions } from '@platformatic/kafka';
import type { ClusterAccess } from './cluster-access.ts';
import { loginOptions } from './log-in.ts';
import { tlsOptions } from './tls-options.ts';

/** What all clients and connections to one cluster get. */
export type LibraryAccess = Pick<ConnectionOptions, 'tls' | 'tlsServerName' | 'sasl'>;

/**
 * Call it once in a thread: its connections then share certificates that are parsed once and tokens that are asked for
 * once. Tokens are renewed before they end, whenever a connection logs in (again).
 *
 * @param bootstrapServers `host:port` with commas between them: whether TLS names hosts (SNI) depends on them
 * @throws Error for certificates, keys or ciphers that Node's TLS does not take
 */
export function libraryAccess({ tls, sasl }: ClusterAccess, bootstrapServers: string): LibraryAccess {
  return {
    ...(tls === null ? {} : { tls: tlsOptions(tls), tlsServerName: namesHosts(bootstrapServers) }),
    ...(sasl === null ? {} : { sasl: loginOptions(sasl) }),
  };
}

/** Node warns of an IP address as the name of a server; names alone are for brokers behind one address. */
function namesHosts(bootstrapServers: string): boolean {
  return bootstrapServers.split(',').some((server) => {
    const host = server
      .trim()
      .replace(/:\d+$/, '')
      .replace(/^\[|\]$/g, '');
    return isIP(host) === 0;
  });
}
