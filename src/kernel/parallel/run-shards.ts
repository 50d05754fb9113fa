/**
 * Runs shards in conservative windows: no shard is ever more than the lookahead ahead of another, and an event for
 * another shard takes at least the lookahead, so that it can't come late.
 *
 *   window k: every worker runs its shards to the same time ─► events between shards are exchanged ─► window k + 1
 *
 * The events that a shard takes in are ordered by the total order alone, so that the result does not depend on the
 * number of workers.
 */
import { Worker } from 'node:worker_threads';
import { MESSAGE_WORDS } from '../simulation.ts';
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
  readonly untilNs: number;
  /** Least delay of an event between shards, ns; null when they never send each other any. */
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
 * @throws Error when a shard fails or a worker dies, naming it; the signal's reason when aborted
 */
export async function runShards(options: RunShardsOptions): Promise<ShardOutcome[]> {
  const workers = Math.max(1, Math.min(options.workers, options.shards));
  const spread = Array.from({ length: workers }, (_, worker) =>
    Array.from({ length: options.shards }, (_, shard) => shard).filter((shard) => shard % workers === worker),
  );
  const groups = await Promise.all(
    spread.map((shards) => (workers === 1 ? localGroup(options, shards) : workerGroup(options, shards))),
  );
  try {
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
  const windowNs = Math.min(options.lookaheadNs ?? WINDOW_NS_MAX, WINDOW_NS_MAX);
  let inboxes: Float64Array[][] = Array.from({ length: options.shards }, () => []);
  let nowNs = 0;
  let yieldedMs = performance.now();
  while (nowNs < options.untilNs) {
    options.signal?.throwIfAborted();
    // Events at exactly the window's end belong to the next one: they may still be joined by another shard's.
    const endNs = Math.min(nowNs + windowNs, options.untilNs + 1);
    const ran = await Promise.all(
      groups.map((group) =>
        group.run(
          endNs - 1,
          group.shards.map((shard) => joined(inboxes[shard])),
        ),
      ),
    );
    inboxes = Array.from({ length: options.shards }, () => []);
    ran.forEach(({ outbox }) => {
      for (const messages of outbox) deal(messages, inboxes);
    });
    nowNs = endNs;
    if (performance.now() - yieldedMs > YIELD_MS) {
      options.onProgress?.(nowNs);
      await new Promise((resolve) => setImmediate(resolve));
      yieldedMs = performance.now();
    }
  }
}

function deal(messages: Float64Array, inboxes: Float64Array[][]): void {
  for (let at = 0; at < messages.length; at += MESSAGE_WORDS) {
    const target = messages[at + 2];
    inboxes[Math.floor(target / ENTITIES_PER_SHARD)].push(messages.subarray(at, at + MESSAGE_WORDS));
  }
}

function joined(messages: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(messages.length * MESSAGE_WORDS);
  messages.forEach((message, index) => {
    all.set(message, index * MESSAGE_WORDS);
  });
  return all;
}

async function localGroup(options: RunShardsOptions, shards: readonly number[]): Promise<Group> {
  const factory = (await import(options.factoryModule)) as { createShard: CreateShard };
  const group = new ShardGroup(factory.createShard, options.input, shards);
  return {
    shards,
    run: async (untilNs, inbox) => group.run(untilNs, inbox),
    finish: async () => group.finish(),
    stop: async () => undefined,
  };
}

async function workerGroup(options: RunShardsOptions, shards: readonly number[]): Promise<Group> {
  const workerData: WorkerStart = { factoryModule: options.factoryModule, input: options.input, shards };
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData, name: 'bt-shards' });
  const ask = asker(worker, `the worker of shards ${shards.join(', ')}`);
  await ask(null, 'ready');
  return {
    shards,
    run: (untilNs, inbox) => ask({ kind: 'run', untilNs, inbox }, 'ran'),
    finish: async () => (await ask({ kind: 'finish' }, 'finished')).outcomes,
    stop: async () => {
      await worker.terminate();
    },
  };
}

/** Sends a message and waits for the answer; a worker that fails, errs or exits first makes the wait fail. */
function asker(worker: Worker, name: string) {
  return <Kind extends FromWorker['kind']>(
    message: ToWorker | null,
    kind: Kind,
  ): Promise<Extract<FromWorker, { kind: Kind }>> =>
    new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        worker.off('message', onMessage);
        worker.off('error', onError);
        worker.off('exit', onExit);
        act();
      };
      const onMessage = (answer: FromWorker): void => {
        if (answer.kind === kind) settle(() => resolve(answer as Extract<FromWorker, { kind: Kind }>));
        else if (answer.kind === 'failed')
          settle(() => reject(new Error(`${name} failed: ${answer.message}`)));
        else settle(() => reject(new Error(`${name} answered ${answer.kind} when ${kind} was expected`)));
      };
      const onError = (cause: Error): void =>
        settle(() => reject(new Error(`${name} failed: ${cause.message}`, { cause })));
      const onExit = (code: number): void =>
        settle(() => reject(new Error(`${name} ended early with code ${code}`)));
      worker.on('message', onMessage);
      worker.on('error', onError);
      worker.on('exit', onExit);
      if (message !== null) worker.postMessage(message);
    });
}
