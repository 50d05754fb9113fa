/** The operations of a scenario that are done to one of its clusters, by the numbers of its brokers. */

import { NS_PER_MS } from '../../kernel/time.ts';
import type { OperationBody } from '../../operations/operation.ts';
import { clusterFacts } from '../../scenario/cluster-facts.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { SIDES, type ThrottleChange, throttledReplicas } from '../broker/replication-throttles.ts';
import { type PlannedOperation, SIMULATED_ACTIONS } from '../timeline.ts';
import type { ShardPlan, Topology } from './topology.ts';

/** In the order of the file. Those that the simulator does not carry out are not among them. */
export function planOperations(scenario: Scenario, shard: ShardPlan, topology: Topology): PlannedOperation[] {
  const cluster = scenario.clusters[shard.cluster];
  const facts = clusterFacts(scenario, cluster);
  return scenario.operations.flatMap((operation, number): PlannedOperation[] => {
    const isHere = operation.cluster === cluster.name && operation.instance === shard.instance + 1;
    const action = SIMULATED_ACTIONS.find((name) => name === operation.action);
    if (!isHere || action === undefined) return [];
    const atNs = operation.atMs * NS_PER_MS;
    if (operation.action === 'set') {
      const ids = operation.broker === undefined ? facts.brokers : [operation.broker];
      const throttles = throttleChange(operation, topology);
      return [{ number, action: 'set', brokers: ids.map((id) => id - 1), atNs, throttles }];
    }
    if (action === 'set' || !('brokers' in operation || 'zone' in operation)) return [];
    const ids = brokerIds(operation, facts.zones);
    const isUnclean = operation.action === 'restart' && operation.unclean;
    return [{ number, action, isUnclean, brokers: ids.map((id) => id - 1), atNs }];
  });
}

/** What a change of properties means to replication throttles, in Kafka's notation. */
function throttleChange(
  { topic, config }: Extract<OperationBody, { readonly action: 'set' }>,
  { topics }: Topology,
): ThrottleChange {
  const of = <Value>(property: 'rate' | 'replicas', read: (text: string | null) => Value) =>
    Object.fromEntries(
      SIDES.flatMap((side) => {
        const text = config[`${side}.replication.throttled.${property}`];
        return text === undefined ? [] : [[side, read(text)]];
      }),
    );
  return {
    bytesPerSecond: of('rate', (text) => (text === null ? null : Number(text))),
    replicas: of('replicas', (text) =>
      throttledReplicas(text?.split(',').filter((replica) => replica !== '') ?? []),
    ),
    topics: topics.flatMap(({ name, class: { name: ofClass } }, index) =>
      name === topic || ofClass === topic ? [index] : [],
    ),
  };
}

function brokerIds(
  of: { readonly brokers?: readonly number[]; readonly zone?: string },
  zones: ReadonlyMap<string, readonly number[]>,
): readonly number[] {
  return of.brokers ?? zones.get(of.zone ?? '') ?? [];
}
