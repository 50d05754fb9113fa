/** Which connections of a cluster are encrypted, with what the profiles of both ends' hosts say of TLS. */
import type { CodecLibrary } from '../../profile/codec-costs.ts';
import type { Profile } from '../../profile/profile.ts';
import { hasTls } from '../../scenario/security-protocols.ts';
import type { Broker } from '../broker/broker.ts';
import type { Connection } from '../broker/socket-server.ts';
import { fileCostOf, type TlsCosts, tlsCostsOf } from '../costs.ts';
import type { TlsLayout } from '../tls.ts';
import type { Topology } from './topology.ts';

/**
 * @param profiles of every host
 * @param clientEntities of the clients' threads, in the topology's order; all other connections are the followers'
 */
export function layOutTls(
  { cluster: { security }, clientThreads }: Topology,
  profiles: readonly Profile[],
  brokers: readonly Broker[],
  clientEntities: readonly number[],
  connections: readonly Connection[],
): TlsLayout {
  if (security === undefined || !(hasTls(security.clients) || hasTls(security.brokers))) {
    return { brokers: null, clients: connections.map(() => null) };
  }
  const kinds = new Map(clientEntities.map((entity, thread) => [entity, clientThreads[thread].client]));
  const known = new Map<string, TlsCosts>();
  const costsOf = (host: number, library: CodecLibrary): TlsCosts => {
    const key = `${host} ${library}`;
    const costs = known.get(key) ?? tlsCostsOf(profiles[host], library);
    known.set(key, costs);
    return costs;
  };
  return {
    brokers: brokers.map(({ host }) => ({
      costs: costsOf(host, 'java'),
      perFileByteNs: fileCostOf(profiles[host]),
    })),
    clients: connections.map(({ clientHost, clientEntity }) => {
      const kind = kinds.get(clientEntity);
      if (!hasTls(security[kind === undefined ? 'brokers' : 'clients'])) return null;
      return costsOf(clientHost, kind ?? 'java');
    }),
  };
}
