/**
 * Runs shards in conservative windows: no shard is ever more than the lookahead ahead of another, and an event for
 * another shard takes at least the lookahead, so that it can't come late.
 *
 *   this thread         progress, abort, watch ·············· (reads heartbeats, takes no part in the windows)
 *
 *   worker 0   ─ shards 0, 2 ─┐  meet  ┌─ shards 0, 2 ─┐  meet  ┌─
 *   worker 1   ─ shards 1, 3 ─┴────────┴─ shards 1, 3 ─┴────────┴─        barrier and mailboxes in shared memory
 *                  window k                window k+1
 *
 * On one worker the same windows run in this thread, which goes back to its event loop now and then.
 *
 *   run-shards ─┬─► party (one worker's way through the windows) ─► shard-group, barrier, mailboxes, windows, heartbeats
 *               └─► crew (threads) ─► worker ─► party
 */
import { availableParallelism } from 'node:os';
import { roundNs } from '../time.ts';
import { barrierMemory } from './barrier.ts';
import { runCrew } from './crew.ts';
import { earlier } from './failure.ts';
import { heartbeatMemory } from './heartbeats.ts';
import { loadModules } from './load-modules.ts';
import { mailboxMemory } from './mailboxes.ts';
import { numbersBrought, Party, SLICE_EVENTS } from './party.ts';
import type { FromWorker, ShardCheckpoint, ShardModule, ShardOutcome, WorkerStart } from './shard.ts';
import type { WindowPlan } from './windows.ts';

export interface RunShardsOptions {
  /** URL of a module that exports `createShard`. */
  readonly factoryModule: string;
  /** Plain data for `createShard`. */
  readonly input: unknown;
  readonly shards: number;
  /** Threads to run them on; with one they run in the caller's. */
  readonly workers: number;
  /** Events up to and including this time are handled. */
  readonly untilNs: number;
  /** Least delay of an event between shards, at least 1 ns; null when they never send each other any. */
  readonly lookaheadNs: number | null;
  /** End the run at this time, at most `untilNs`, with a checkpoint of every shard among its outcomes. */
  readonly checkpointAtNs?: number;
  /** The checkpoints of an earlier run, one a shard, from which to go on; any number of workers may. */
  readonly from?: readonly ShardCheckpoint[];
  /** Module that exports `observeShard`. */
  readonly observer?: ShardModule | null;
  /** Called now and then with the simulated time, never twice with the same. */
  readonly onProgress?: (nowNs: number) => void;
  readonly signal?: AbortSignal;
  /**
   * Wall time without a sign of life from a shard at work after which the run is ended. A shard in the caller's own
   * thread (one worker) can't be watched.
   */
  readonly stallTimeoutMs?: number;
  /** Most events from the shards of one worker to those of one in a window. */
  readonly messagesPerWindowMax?: number;
}

/** Least wall time between two returns to the event loop, which progress and aborts need. */
const YIELD_MS = 50;
const STALL_MS = 60_000;
const MESSAGES_PER_WINDOW_MAX = 1_000_000;
/**
 * Some 0.2 ms. A thread woken from sleep is up to 60 us late: little beside windows whose workers differ by more than
 * that, much beside shorter ones.
 */
const SPINS = 30_000;

/**
 * Runs all shards to `untilNs`, or to a checkpoint; outcomes in the order of the shards.
 * @throws Error when a shard fails, a worker dies or a shard does not return, naming it: of several failures the
 *   earliest in simulated time, whatever the number of workers; RangeError for a lookahead below 1 ns, an impossible
 *   time or checkpoints that don't belong together; the signal's reason when aborted
 */
export async function runShards(options: RunShardsOptions): Promise<ShardOutcome[]> {
  const plan = planned(options);
  options.signal?.throwIfAborted();
  const workers = Math.max(1, Math.min(options.workers, options.shards));
  const starts = startsOf(options, plan, workers);
  const ends =
    workers === 1
      ? [await runHere(starts[0], options)]
      : await runCrew({ ...options, starts, stallTimeoutMs: options.stallTimeoutMs ?? STALL_MS });
  const failures = ends.flatMap((end) => (end.kind === 'failed' ? [end.failure] : []));
  if (failures.length > 0) throw failures.reduce(earlier).error;
  const outcomes: ShardOutcome[] = [];
  ends.forEach((end, worker) => {
    if (end.kind !== 'finished')
      throw new Error(`the worker of shards ${starts[worker].shards} stopped early`);
    starts[worker].shards.forEach((shard, index) => {
      outcomes[shard] = end.outcomes[index];
    });
  });
  return outcomes;
}

function planned(options: RunShardsOptions): WindowPlan {
  const { checkpointAtNs, from, lookaheadNs, shards } = options;
  if (lookaheadNs !== null && !(lookaheadNs >= 1)) {
    throw new RangeError(`runShards: expected a lookahead of at least 1 ns, found ${lookaheadNs}`);
  }
  if (from !== undefined && !(from.length === shards && from.every(({ atNs }) => atNs === from[0].atNs))) {
    const times = from.map(({ atNs }) => `${atNs} ns`).join(', ');
    throw new RangeError(`runShards: expected ${shards} checkpoints of one time, found [${times}]`);
  }
  const atNs = from?.[0]?.atNs ?? 0;
  const endNs = roundNs(options.untilNs);
  const untilNs = checkpointAtNs === undefined ? endNs : roundNs(checkpointAtNs);
  if (!(untilNs >= atNs && untilNs <= endNs)) {
    throw new RangeError(`runShards: expected an end from ${atNs} to ${endNs} ns, found ${untilNs} ns`);
  }
  const startNs = from === undefined ? 0 : atNs + 1;
  return { startNs, untilNs, lookaheadNs: lookaheadNs === null ? null : Math.floor(lookaheadNs) };
}

function startsOf(options: RunShardsOptions, plan: WindowPlan, workers: number): WorkerStart[] {
  const { from } = options;
  const memory = {
    workers,
    spins: workers > availableParallelism() ? 0 : SPINS,
    barrier: barrierMemory(workers, numbersBrought(workers)),
    mailboxes: mailboxMemory(workers, options.messagesPerWindowMax ?? MESSAGES_PER_WINDOW_MAX),
    heartbeats: heartbeatMemory(workers),
  };
  return Array.from({ length: workers }, (_, worker): WorkerStart => {
    const all = Array.from({ length: options.shards }, (_, shard) => shard);
    const shards = all.filter((shard) => shard % workers === worker);
    return {
      factory: { module: options.factoryModule, input: options.input },
      observer: options.observer ?? null,
      plan,
      shards,
      shardsAll: options.shards,
      from: from === undefined ? null : shards.map((shard) => from[shard]),
      checkpoint: options.checkpointAtNs !== undefined,
      place: { worker, ...memory },
    };
  });
}

async function runHere(start: WorkerStart, { onProgress, signal }: RunShardsOptions): Promise<FromWorker> {
  const party = new Party(start);
  party.make(await loadModules(start));
  let yieldedMs = performance.now();
  let toldNs = 0;
  try {
    while (party.step(SLICE_EVENTS)) {
      if (performance.now() - yieldedMs <= YIELD_MS) continue;
      if (party.nowNs > toldNs) onProgress?.(party.nowNs);
      toldNs = party.nowNs;
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      yieldedMs = performance.now();
    }
  } catch (error) {
    party.stop();
    party.end();
    throw error;
  }
  return party.end();
}
