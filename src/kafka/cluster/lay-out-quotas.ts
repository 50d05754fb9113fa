/** The quotas of a cluster's clients, each on every connection that it produces or fetches by. */
import { NS_PER_SECOND } from '../../kernel/time.ts';
import type { ClientQuota } from '../../scenario/scenario.ts';
import type { ConnectionQuota } from '../broker/client-quotas.ts';
import type { UpkeepInput } from './lay-out-upkeep.ts';

export function layOutQuotas({
  scenario,
  topology,
  producers,
  consumers,
  sessions,
}: UpkeepInput): ConnectionQuota[] {
  const { config } = topology.cluster.brokers;
  const quotasOf = (quota: ClientQuota | undefined, connections: readonly number[]): ConnectionQuota[] =>
    quota === undefined
      ? []
      : connections.map((connection) => ({
          connection,
          windows: config['quota.window.num'],
          windowNs: config['quota.window.size.seconds'] * NS_PER_SECOND,
          ...quota,
        }));
  return [
    ...producers.flatMap(({ classIndex, links }) =>
      quotasOf(
        scenario.producers[classIndex]?.quota,
        links.map(({ connection }) => connection),
      ),
    ),
    ...topology.consumers.flatMap(({ classIndex }, client) =>
      quotasOf(
        scenario.consumers[classIndex]?.quota,
        consumers[client].sessions.map((session) => sessions[session].connection),
      ),
    ),
  ];
}
