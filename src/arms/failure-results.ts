/** What became of the operations of a phase, and what leaders said of their partitions, for a phase's result. */

import type { ShardReadOut } from '../kafka/read-out.ts';
import type { OperationReadOut } from '../kafka/timeline.ts';
import { NS_PER_MS, NS_PER_SECOND } from '../kernel/time.ts';
import { operationText } from '../operations/operation-text.ts';
import type { ResourceSeries, TimelineEvent } from '../result/run-result.ts';
import type { Phase, Scenario } from '../scenario/scenario.ts';
import { perSecond } from './window-rates.ts';

/** The marks of the operations on the phase's time, as the measuring arm makes them. */
export function operationEvents(
  scenario: Scenario,
  phase: Phase,
  readOuts: readonly Pick<ShardReadOut, 'operations'>[],
): TimelineEvent[] {
  const events = readOuts.flatMap(({ operations }) =>
    operations.flatMap((of) => marks(operationText(scenario.operations[of.number]), phase, of)),
  );
  return events.sort((left, right) => left.atSeconds - right.atSeconds);
}

function marks(
  what: string,
  { warmupMs, durationMs }: Phase,
  { beganNs, doneNs, failure }: OperationReadOut,
): TimelineEvent[] {
  const seconds = (ns: number): number => (ns - warmupMs * NS_PER_MS) / NS_PER_SECOND;
  if (beganNs < 0) return [{ atSeconds: durationMs / 1000, what: `${what}: not begun` }];
  const began = { atSeconds: seconds(beganNs), what };
  if (failure !== null) return [began, { ...began, what: `${what}: failed: ${failure}` }];
  if (doneNs < 0) return [began];
  return [began, { atSeconds: seconds(doneNs), what: `${what}: done` }];
}

/** Leaders, replicas out of sync and offline partitions, with the names of the observer of real clusters. */
export function failureSeries(readOut: ShardReadOut, prefix: string, seconds: number): ResourceSeries[] {
  const [first] = readOut.brokers;
  const ofBrokers = readOut.brokers.flatMap(({ id, host, failures }): ResourceSeries[] => {
    if (failures === null) return [];
    const common = { host: prefix + host, broker: id, capacity: null };
    const level = { ...common, unit: 'count' } as const;
    const rate = { ...common, unit: '/s' } as const;
    return [
      { ...level, resource: 'partitions.led', values: [...failures.led] },
      { ...level, resource: 'partitions.underReplicated', values: [...failures.underReplicated] },
      { ...level, resource: 'partitions.underMinIsr', values: [...failures.underMinIsr] },
      { ...rate, resource: 'isr.shrinks', values: perSecond(failures.shrinks, seconds) },
      { ...rate, resource: 'isr.expands', values: perSecond(failures.expands, seconds) },
    ];
  });
  if (readOut.offlinePartitions === null) return ofBrokers;
  // The active controller tells of them; where it is, is not modelled.
  const offline: ResourceSeries = {
    host: prefix + first.host,
    broker: first.id,
    resource: 'partitions.offline',
    unit: 'count',
    capacity: null,
    values: [...readOut.offlinePartitions],
  };
  return [...ofBrokers, offline];
}
