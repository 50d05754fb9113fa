import type { ClusterTemplate, Scenario } from './scenario.ts';
import type { Path } from './yaml-source.ts';

/** Where a cluster stands in the file. */
export function clusterPath(scenario: Scenario, { name }: ClusterTemplate): Path {
  // `cluster:` gives a template of that name; `clusters: {cluster: ...}` has to be told apart by there being several.
  return scenario.clusters.length === 1 && name === 'cluster' ? ['cluster'] : ['clusters', name];
}

/** What the number of brokers follows from. */
export function brokerCountFrom(path: Path, { brokers }: ClusterTemplate): Path[] {
  return [
    [...path, 'brokers', 'count'],
    [...path, 'brokers', 'host'],
    ['hosts', brokers.host, 'count'],
  ];
}

export function clusterNamed(scenario: Scenario, name: string): ClusterTemplate | undefined {
  return scenario.clusters.find((cluster) => cluster.name === name);
}
