/** The operations of a scenario that are done to one of its clusters, by the numbers of its brokers. */

import { NS_PER_MS } from '../../kernel/time.ts';
import { clusterFacts } from '../../scenario/cluster-facts.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { type PlannedOperation, SIMULATED_ACTIONS } from '../timeline.ts';
import type { ShardPlan } from './topology.ts';

/** In the order of the file. Those that the simulator does not carry out are not among them. */
export function planOperations(scenario: Scenario, shard: ShardPlan): PlannedOperation[] {
  const cluster = scenario.clusters[shard.cluster];
  const facts = clusterFacts(scenario, cluster);
  return scenario.operations.flatMap((operation, number): PlannedOperation[] => {
    const isHere = operation.cluster === cluster.name && operation.instance === shard.instance + 1;
    const action = SIMULATED_ACTIONS.find((name) => name === operation.action);
    if (!isHere || action === undefined || !('brokers' in operation || 'zone' in operation)) return [];
    const ids = brokerIds(operation, facts.zones);
    return [
      {
        number,
        action,
        isUnclean: operation.action === 'restart' && operation.unclean,
        brokers: ids.map((id) => id - 1),
        atNs: operation.atMs * NS_PER_MS,
      },
    ];
  });
}

function brokerIds(
  of: { readonly brokers?: readonly number[]; readonly zone?: string },
  zones: ReadonlyMap<string, readonly number[]>,
): readonly number[] {
  return of.brokers ?? zones.get(of.zone ?? '') ?? [];
}
