/** How many records each perf tool is to handle: a phase is a time, the tools count. */
import type { Phase, Scenario } from '../scenario/scenario.ts';
import type { PlacedClient } from './commands.ts';

/** Paced tools go on so much longer, so that none ends before the measured part has and every window of it is printed. */
const TAIL_SECONDS = 2.5;
/** Without a rate, records for so many times the planned time at the rate of the probe: JVMs become faster for a long while. */
const SPEED_UP_MAX = 2;

export interface PlannedProducer {
  readonly client: PlacedClient;
  readonly records: number;
  readonly warmUpRecords: number;
  /** -1: as fast as they are taken. */
  readonly recordsPerSecond: number;
  /** When it should have ended, seconds after its start. */
  readonly seconds: number;
}

/** @param probedRates records per second of each client, for a phase without a rate */
export function planProducers(
  scenario: Scenario,
  phase: Phase,
  clients: readonly PlacedClient[],
  probedRates: readonly number[] | null,
): PlannedProducer[] {
  const warmUpSeconds = phase.warmupMs / 1000;
  const seconds = warmUpSeconds + phase.durationMs / 1000 + TAIL_SECONDS;
  return clients.map((client, index) => {
    const paced = pacedRate(scenario, phase, client);
    const rate = paced ?? probedRates?.[index];
    if (rate === undefined) throw new Error('a phase without a rate was not probed');
    const records = Math.max(1, Math.ceil(rate * seconds * (paced === null ? SPEED_UP_MAX : 1)));
    return {
      client,
      records,
      warmUpRecords: Math.min(records - 1, Math.round(rate * warmUpSeconds)),
      recordsPerSecond: paced ?? -1,
      seconds: records / rate,
    };
  });
}

/** Rate of one client in a phase; null in a saturating one. */
export function pacedRate(scenario: Scenario, { load }: Phase, { classIndex }: PlacedClient): number | null {
  if (load === 'max') return null;
  const { rate, count } = scenario.producers[classIndex];
  if (rate.kind !== 'constant') throw new Error('a perf tool with a rate that changes');
  return (rate.recordsPerSecond * load) / count;
}

/** Records that a group is to read: all of its topic. */
export function recordsOfTopic(
  scenario: Scenario,
  topic: string,
  sent: readonly { readonly client: PlacedClient; readonly records: number }[],
): number {
  return sent
    .filter(({ client }) => scenario.producers[client.classIndex].topics.includes(topic))
    .reduce((sum, { records }) => sum + records, 0);
}

/**
 * How long a consumer may go without records before it takes them for finished. A group's only member counts records and
 * need not guess. Of several members one may have no records as long as producers stick to the others' partitions: each in
 * turn gets batch.size bytes.
 */
export function silenceMs(scenario: Scenario, phase: Phase, client: PlacedClient): number {
  const phaseMs = phase.warmupMs + phase.durationMs;
  const longestMs = phaseMs + 60_000;
  const consumer = scenario.consumers[client.classIndex];
  if (membersOf(scenario, consumer.group) === 1) return longestMs;
  const topics = scenario.topics.find(({ name }) => name === consumer.topics[0]);
  const turnsMs = scenario.producers
    .filter((producer) => producer.topics[0] === topics?.name)
    .map(({ rate, record, config }) => {
      if (phase.load === 'max' || rate.kind !== 'constant' || record.value.kind !== 'constant') return 0;
      const bytesPerSecond = rate.recordsPerSecond * phase.load * record.value.bytes;
      return ((topics?.partitions ?? 1) * config['batch.size'] * 1000) / bytesPerSecond;
    });
  return Math.min(longestMs, Math.max(15_000, ...turnsMs.map((turnMs) => 4 * turnMs)));
}

export function membersOf(scenario: Scenario, group: string): number {
  return scenario.consumers
    .filter((consumer) => consumer.group === group)
    .reduce((sum, { count }) => sum + count, 0);
}
