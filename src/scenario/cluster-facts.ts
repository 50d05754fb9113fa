/** What an operation can name in a cluster: its nodes, zones and log dirs. */
import type { ClusterTemplate, Scenario } from './scenario.ts';

export interface ClusterFacts {
  /** Ids. */
  readonly brokers: readonly number[];
  /** Ids of separate controllers; none where the controllers are in the brokers. */
  readonly controllers: readonly number[];
  /** The brokers of each zone, by id. */
  readonly zones: ReadonlyMap<string, readonly number[]>;
  /** Log dirs of each broker. */
  readonly logDirs: number;
}

/** A cluster of a scenario as it starts. */
export function clusterFacts(scenario: Scenario, cluster: ClusterTemplate): ClusterFacts {
  const host = scenario.hosts.find(({ name }) => name === cluster.brokers.host);
  const { count: machines, zones, logDirs } = host ?? { count: 1, zones: [], logDirs: { count: 1 } };
  const brokers = Array.from({ length: cluster.brokers.count }, (_, index) => index + 1);
  // Brokers go round the machines, machines round the zones.
  const zoneOf = (broker: number) => zones[((broker - 1) % machines) % zones.length];
  return {
    brokers,
    controllers: controllerIds(cluster),
    zones: new Map(zones.map((zone) => [zone, brokers.filter((broker) => zoneOf(broker) === zone)])),
    logDirs: logDirs.count,
  };
}

/** Ids of separate controllers: from 101 on, or from the next hundred that the brokers leave free. */
function controllerIds({ brokers, controllers }: ClusterTemplate): number[] {
  if (controllers.mode === 'combined') return [];
  const before = 100 * Math.max(1, Math.ceil(brokers.count / 100));
  return Array.from({ length: controllers.count }, (_, index) => before + index + 1);
}
