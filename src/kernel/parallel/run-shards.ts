/**
 * Runs shards in conservative windows: no shard is ever more than the lookahead ahead of another, and an event for
 * another shard takes at least the lookahead, so that it can't come late.
 *
 *   window k: every worker runs its shards to the same time ─► events between shards are exchanged ─► window k + 1
 *
 * A window begins at the earliest pending event of all shards, so that idle time costs nothing.
 * The events that a shard takes in are ordered by the total order alone, so that the result does not depend on the
 * number of workers.
 */
import { Worker } from 'node:worker_threads';
import { MESSAGE_WORDS } from '../simulation.ts';
import { roundNs } from '../time.ts';
import {
  type CreateShard,
  ENTITIES_PER_SHARD,
  type FromWorker,
  type ShardOutcome,
  type ToWorker,
  type WorkerStart,
} from './shard.ts';
import { ShardGroup } from './shard-group.ts';

export interface RunShardsOptions {
  /** URL of a module that exports `createShard`. */
  readonly factoryModule: string;
  /** Plain data for `createShard`. */
  readonly input: unknown;
  readonly shards: number;
  readonly workers: number;
  /** Events up to and including this time are handled. */
  readonly untilNs: number;
  /** Least delay of an event between shards, at least 1 ns; null when they never send each other any. */
  readonly lookaheadNs: number | null;
  /** Called between windows with the simulated time. */
  readonly onProgress?: (nowNs: number) => void;
  readonly signal?: AbortSignal;
}

/** Longest window, so that progress shows and an abort is heard. */
const WINDOW_NS_MAX = 1_000_000_000;
/** Least wall time between two yields to the host's event loop, which progress and aborts need. */
const YIELD_MS = 50;

interface Group {
  readonly shards: readonly number[];
  run(
    untilNs: number,
    inbox: readonly Float64Array[],
  ): Promise<{ outbox: readonly Float64Array[]; earliestNs: number }>;
  finish(): Promise<readonly ShardOutcome[]>;
  stop(): Promise<void>;
}

/**
 * Runs all shards to `untilNs`; outcomes in the order of the shards.
 * @throws Error when a shard fails or a worker dies, naming it; RangeError for a lookahead below 1 ns or an impossible
 *   time; the signal's reason when aborted
 */
export async function runShards(options: RunShardsOptions): Promise<ShardOutcome[]> {
  const { lookaheadNs } = options;
  if (lookaheadNs !== null && !(lookaheadNs >= 1)) {
    throw new RangeError(`runShards: expected a lookahead of at least 1 ns, found ${lookaheadNs}`);
  }
  const workers = Math.max(1, Math.min(options.workers, options.shards));
  const starts = Array.from(
    { length: workers },
    (_, worker): WorkerStart => ({
      factoryModule: options.factoryModule,
      input: options.input,
      shards: Array.from({ length: options.shards }, (_, shard) => shard).filter(
        (shard) => shard % workers === worker,
      ),
      lookaheadNs: lookaheadNs === null ? null : Math.floor(lookaheadNs),
    }),
  );
  const made = await Promise.allSettled(starts.map(workers === 1 ? localGroup : workerGroup));
  const groups = made.flatMap((group) => (group.status === 'fulfilled' ? [group.value] : []));
  try {
    for (const group of made) {
      if (group.status === 'rejected') throw group.reason;
    }
    await runWindows(options, groups);
    const outcomes: ShardOutcome[] = [];
    for (const group of groups) {
      const finished = await group.finish();
      group.shards.forEach((shard, index) => {
        outcomes[shard] = finished[index];
      });
    }
    return outcomes;
  } finally {
    await Promise.all(groups.map((group) => group.stop()));
  }
}

async function runWindows(options: RunShardsOptions, groups: readonly Group[]): Promise<void> {
  const untilNs = roundNs(options.untilNs);
  const windowNs = Math.min(Math.floor(options.lookaheadNs ?? WINDOW_NS_MAX), WINDOW_NS_MAX);
  let inboxes: Float64Array[][] = Array.from({ length: options.shards }, () => []);
  let nowNs = 0;
  let earliestNs = 0;
  let yieldedMs = performance.now();
  while (nowNs <= untilNs) {
    options.signal?.throwIfAborted();
    // Events at exactly the window's end belong to the next one: they may still be joined by another shard's.
    const endNs = Math.min(Math.max(nowNs, Math.min(earliestNs, untilNs)) + windowNs, untilNs + 1);
    const ran = await Promise.all(
      groups.map((group) =>
        group.run(
          endNs - 1,
          group.shards.map((shard) => joined(inboxes[shard])),
        ),
      ),
    );
    inboxes = Array.from({ length: options.shards }, () => []);
    earliestNs = Math.min(...ran.map((group) => group.earliestNs));
    for (const messages of ran.flatMap(({ outbox }) => outbox)) {
      earliestNs = Math.min(earliestNs, deal(messages, inboxes));
    }
    nowNs = endNs;
    if (performance.now() - yieldedMs > YIELD_MS) {
      options.onProgress?.(nowNs);
      await new Promise((resolve) => setImmediate(resolve));
      yieldedMs = performance.now();
    }
  }
}

/** Puts every message into its shard's inbox; returns the time of the earliest, Infinity when there is none. */
function deal(messages: Float64Array, inboxes: Float64Array[][]): number {
  let earliestNs = Number.POSITIVE_INFINITY;
  for (let at = 0; at < messages.length; at += MESSAGE_WORDS) {
    const target = messages[at + 2];
    const shard = Math.floor(target / ENTITIES_PER_SHARD);
    if (shard >= inboxes.length) {
      throw new RangeError(
        `an event for entity ${target} of shard ${shard}: there are ${inboxes.length} shards`,
      );
    }
    inboxes[shard].push(messages.subarray(at, at + MESSAGE_WORDS));
    earliestNs = Math.min(earliestNs, messages[at]);
  }
  return earliestNs;
}

function joined(messages: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(messages.length * MESSAGE_WORDS);
  messages.forEach((message, index) => {
    all.set(message, index * MESSAGE_WORDS);
  });
  return all;
}

async function localGroup(start: WorkerStart): Promise<Group> {
  const factory = (await import(start.factoryModule)) as { createShard: CreateShard };
  const group = new ShardGroup(factory.createShard, start);
  return {
    shards: start.shards,
    run: async (untilNs, inbox) => group.run(untilNs, inbox),
    finish: async () => group.finish(),
    stop: async () => undefined,
  };
}

async function workerGroup(start: WorkerStart): Promise<Group> {
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData: start, name: 'bt-shards' });
  const stop = async (): Promise<void> => {
    await worker.terminate();
  };
  const ask = asker(worker, `the worker of shards ${start.shards.join(', ')}`);
  await ask(null, 'ready').catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    shards: start.shards,
    run: (untilNs, inbox) => ask({ kind: 'run', untilNs, inbox }, 'ran'),
    finish: async () => (await ask({ kind: 'finish' }, 'finished')).outcomes,
    stop,
  };
}

/**
 * Sends a message and waits for the answer; a worker that fails, errs or exits makes this wait, or the next one, fail.
 * One question at a time.
 */
function asker(worker: Worker, name: string) {
  let failure: Error | null = null;
  let settle: ((answer: FromWorker | Error) => void) | null = null;
  const fail = (error: Error): void => {
    failure ??= error;
    settle?.(failure);
  };
  worker.on('message', (answer: FromWorker) => {
    if (answer.kind === 'failed') fail(answer.error);
    else settle?.(answer);
  });
  worker.on('messageerror', (cause) => fail(new Error(`${name} sent what cannot be read`, { cause })));
  worker.on('error', (cause) => fail(new Error(`${name} failed: ${cause.message}`, { cause })));
  worker.on('exit', (code) => fail(new Error(`${name} ended early with code ${code}`)));
  return <Kind extends FromWorker['kind']>(
    message: ToWorker | null,
    kind: Kind,
  ): Promise<Extract<FromWorker, { kind: Kind }>> =>
    new Promise((resolve, reject) => {
      settle = (answer) => {
        settle = null;
        if (answer instanceof Error) reject(answer);
        else if (answer.kind === kind) resolve(answer as Extract<FromWorker, { kind: Kind }>);
        else reject(new Error(`${name} answered ${answer.kind} when ${kind} was expected`));
      };
      if (failure !== null) settle(failure);
      else if (message !== null) worker.postMessage(message);
    });
}
