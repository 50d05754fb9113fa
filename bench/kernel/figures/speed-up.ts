/**
 * How much faster two workers run two balanced shards than one does. Only the later part of each run counts, from one
 * word of its progress to another: workers that start or end, and code that is not yet compiled, are not what is asked
 * for. A run too short for that counts whole.
 */
import { runShards } from '../../../src/kernel/parallel/run-shards.ts';
import { foldChains } from '../../../src/kernel/trace-hash.ts';
import { type HoldingInput, lookaheadFor } from './holding-shards.ts';

export interface SpeedUpInput {
  readonly entitiesPerShard: number;
  /** In both shards together. */
  readonly eventsPerWindow: number;
  /** Events of the whole run, about. */
  readonly events: number;
  /** Wall time after which a run is cut off; on two workers it then counts as far as it came. */
  readonly secondsMax: number;
}

export interface SpeedUp {
  /** Rate of two workers by the rate of one. */
  readonly speedUp: number;
  /** As it came out. */
  readonly eventsPerWindow: number;
  readonly hash: string;
}

interface Moment {
  readonly nowNs: number;
  readonly wallMs: number;
}

interface Run {
  /** Simulated by wall time. */
  readonly rate: number;
  /** What it came to; null when it was cut off. */
  readonly end: { readonly eventsPerWindow: number; readonly hash: string } | null;
}

const SHARDS = 2;
const WARM_UP_SHARE = 0.3;
const COUNTED_SHARE_MIN = 0.3;
/** A run of fewer events is too short to hear of its progress, and counts whole. */
const EVENTS_TO_HEAR = 500_000;

/** @throws Error when the two runs differ in their hash, or one worker is cut off */
export async function measureSpeedUp(input: SpeedUpInput): Promise<SpeedUp> {
  const alone = await run(input, 1);
  const both = await run(input, 2);
  if (alone.end === null) throw new Error(`one worker took longer than ${input.secondsMax} s`);
  const { eventsPerWindow, hash } = alone.end;
  if (both.end !== null && both.end.hash !== hash) {
    throw new Error(`two workers came to the hash ${both.end.hash}, one to ${hash}`);
  }
  return { speedUp: both.rate / alone.rate, eventsPerWindow, hash };
}

async function run(
  { entitiesPerShard, eventsPerWindow, events, secondsMax }: SpeedUpInput,
  workers: number,
): Promise<Run> {
  const lookaheadNs = lookaheadFor({ shards: SHARDS, entitiesPerShard, eventsPerWindow });
  const untilNs = Math.ceil((events / eventsPerWindow) * lookaheadNs);
  const input: HoldingInput = { shards: SHARDS, entitiesPerShard, lookaheadNs };
  const seen: Moment[] = [{ nowNs: 0, wallMs: performance.now() }];
  const see = (nowNs: number): void => {
    seen.push({ nowNs, wallMs: performance.now() });
  };
  const signal = AbortSignal.timeout(secondsMax * 1000);
  const outcomes = await runShards({
    factoryModule: new URL('./holding-shards.ts', import.meta.url).href,
    input,
    shards: SHARDS,
    workers,
    untilNs,
    lookaheadNs,
    onProgress: see,
    signal,
  }).catch((error: unknown) => {
    if (signal.aborted) return null;
    throw error;
  });
  if (outcomes === null) return { rate: rateBetween(seen[0], seen[seen.length - 1]), end: null };
  see(untilNs);
  const [first, last] = counted(seen, untilNs, events);
  const handled = outcomes.reduce((sum, outcome) => sum + outcome.events, 0);
  return {
    rate: rateBetween(first, last),
    end: {
      // A window begins with an event, wherever that is, and holds those of the lookahead after it.
      eventsPerWindow: 1 + (handled * lookaheadNs) / untilNs,
      hash: foldChains(outcomes.map(({ hashChains }) => hashChains)),
    },
  };
}

/** The moments between which a run of so many events counts; the first seen is its beginning and the last its end. */
function counted(seen: readonly Moment[], untilNs: number, events: number): [first: Moment, last: Moment] {
  const told = seen.slice(1, -1).filter(({ nowNs }) => nowNs > untilNs * WARM_UP_SHARE);
  if (events < EVENTS_TO_HEAR) return [seen[0], seen[seen.length - 1]];
  const share = told.length === 0 ? 0 : (told[told.length - 1].nowNs - told[0].nowNs) / untilNs;
  if (share >= COUNTED_SHARE_MIN) return [told[0], told[told.length - 1]];
  throw new Error(
    `progress was told of ${share} of the run: expected ${COUNTED_SHARE_MIN}, more events are needed`,
  );
}

/** 0 when nothing was told of the run. */
function rateBetween(first: Moment, last: Moment): number {
  return first === last ? 0 : (last.nowNs - first.nowNs) / (last.wallMs - first.wallMs);
}
