/**
 * A fresh JVM is slow, and its compiler takes CPU from everything else, until it has compiled the paths that the load
 * takes. A cluster that has just been started is driven at full load until its compilers are quiet, and that is thrown away.
 * Compilers count calls, not bytes: every other round is of requests as small as they come, of which a broker behind a
 * slow line gets a hundred times as many.
 */
import { hasJavaClients } from '../java-clients/refusals.ts';
import { DUE_TIME_BYTES } from '../load/due-time.ts';
import type { Phase, Scenario, Size } from '../scenario/scenario.ts';
import { COMPILER_CORES_MAX } from './cold-windows.ts';
import { type MeasurePhaseOptions, measurePhase } from './measure-phase.ts';

/** Name of the warm-up's phases. */
export const WARM_UP = 'warm-up';

const ROUND: Phase = { name: WARM_UP, load: 'max', warmupMs: 0, durationMs: 10_000 };
const ROUNDS_MAX = 6;

/** Plays warm-up rounds; returns the seconds of load that it took. */
export async function warmUp(options: Omit<MeasurePhaseOptions, 'phase' | 'rehearsal'>): Promise<number> {
  const scenario = unhindered(forOurGenerator(options.scenario));
  for (let round = 1; round <= ROUNDS_MAX; round += 1) {
    if (options.signal?.aborted === true) return ((round - 1) * ROUND.durationMs) / 1000;
    const isSmall = round % 2 === 1;
    const { observation } = await measurePhase({
      ...options,
      scenario: isSmall ? inSmallRequests(scenario) : scenario,
      rehearsal: true,
      phase: ROUND,
    });
    if (observation === null) return (round * ROUND.durationMs) / 1000;
    if (isSmall) continue;
    const compilers = observation.threadCpu.filter((use) => use.group === 'jit');
    const cores = compilers.reduce((sum, use) => sum + use.cpuSeconds, 0) / observation.seconds;
    if (cores <= COMPILER_CORES_MAX) return (round * ROUND.durationMs) / 1000;
  }
  return (ROUNDS_MAX * ROUND.durationMs) / 1000;
}

function inSmallRequests(scenario: Scenario): Scenario {
  return {
    ...scenario,
    producers: scenario.producers.map((producer) => ({
      ...producer,
      config: { ...producer.config, 'linger.ms': 0, 'batch.size': 1 },
    })),
  };
}

/** Histories and quotas would only make it longer. */
function unhindered(scenario: Scenario): Scenario {
  return {
    ...scenario,
    topics: scenario.topics.map(({ history: _, ...topics }) => topics),
    producers: scenario.producers.map(({ quota: _, ...producer }) => producer),
    consumers: scenario.consumers.map(({ quota: _, pauses: __, ...consumer }) => consumer),
  };
}

/** A broker is as warm whoever sends, and our own generator keeps to its time and needs no compilers of its own. */
function forOurGenerator(scenario: Scenario): Scenario {
  if (!hasJavaClients(scenario)) return scenario;
  return {
    ...scenario,
    producers: scenario.producers.map((producer) => ({
      ...producer,
      client: 'brokertwin',
      record: { ...producer.record, value: atLeastDueTime(producer.record.value) },
      config: { ...producer.config, 'partitioner.class': null },
      stated: {},
    })),
    consumers: scenario.consumers.map((consumer) => ({ ...consumer, client: 'brokertwin', stated: {} })),
  };
}

function atLeastDueTime(value: Size): Size {
  return value.kind === 'constant' ? { ...value, bytes: Math.max(value.bytes, DUE_TIME_BYTES) } : value;
}
