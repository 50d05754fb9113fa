/**
 * The worker threads of a run, seen from the thread that started them, which stays free: it hears of their ends, watches
 * their heartbeats, tells progress and stops them. It takes no part in the windows.
 */
import { Worker } from 'node:worker_threads';
import { stopBarrier } from './barrier.ts';
import { Heartbeat, NOBODY } from './heartbeats.ts';
import { numbersBrought, SLICE_EVENTS } from './party.ts';
import type { FromWorker, WorkerStart } from './shard.ts';

export interface CrewOptions {
  readonly starts: readonly WorkerStart[];
  /** A shard that shows no life for so long ends the run. */
  readonly stallTimeoutMs: number;
  readonly onProgress?: (nowNs: number) => void;
  readonly signal?: AbortSignal;
}

/** Wall time between two looks at the workers. */
const LOOK_MS = 50;
/** Wall time that workers get to end by themselves, observers included, before they are killed. */
const STOP_MS = 2000;

interface Member {
  readonly worker: Worker;
  readonly heartbeat: Heartbeat;
  readonly shards: string;
  readonly end: Promise<FromWorker>;
  ended: boolean;
  /** Given up. */
  stuck: boolean;
  /** As at the last look at which they had changed. */
  beats: number;
  looksSince: number;
}

/**
 * Runs the workers to their end; their last words, in their order.
 * @throws Error when a worker dies or a shard does not return, naming it; the signal's reason when aborted
 */
export async function runCrew(options: CrewOptions): Promise<FromWorker[]> {
  const members = options.starts.map(hire);
  const interrupted = Promise.withResolvers<never>();
  const abort = (): void => interrupted.reject(options.signal?.reason);
  options.signal?.addEventListener('abort', abort, { once: true });
  let toldNs = 0;
  const looking = setInterval(() => {
    try {
      failStalled(members, options.stallTimeoutMs);
      const nowNs = Math.min(...members.map(({ heartbeat }) => heartbeat.nowNs));
      if (nowNs > toldNs) options.onProgress?.(nowNs);
      toldNs = nowNs;
    } catch (error) {
      interrupted.reject(error);
    }
  }, LOOK_MS);
  try {
    return await Promise.race([Promise.all(members.map(({ end }) => end)), interrupted.promise]);
  } finally {
    clearInterval(looking);
    options.signal?.removeEventListener('abort', abort);
    await dismiss(members, options.starts);
  }
}

function hire(start: WorkerStart): Member {
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData: start, name: 'bt-shards' });
  const shards = start.shards.join(', ');
  const who = `the worker of shards ${shards}`;
  const heartbeat = new Heartbeat(start.place.heartbeats, start.place.worker);
  heartbeat.beat(NOBODY);
  const { promise, resolve, reject } = Promise.withResolvers<FromWorker>();
  worker.on('message', resolve);
  worker.on('messageerror', (cause) => reject(new Error(`${who} sent what cannot be read`, { cause })));
  worker.on('error', (cause) => reject(new Error(`${who} failed: ${cause.message}`, { cause })));
  worker.on('exit', (code) => reject(new Error(`${who} ended early with code ${code}`)));
  const member: Member = {
    worker,
    heartbeat,
    shards,
    end: promise.finally(() => {
      member.ended = true;
    }),
    ended: false,
    stuck: false,
    beats: 0,
    looksSince: 0,
  };
  return member;
}

/**
 * Who waits for others needs not to beat, unless all do. Looks are counted rather than time, so that a process which was
 * held up as a whole does not take its workers for dead.
 */
function failStalled(members: readonly Member[], stallTimeoutMs: number): void {
  const running = members.filter(({ ended }) => !ended);
  for (const member of running) {
    const { beats } = member.heartbeat;
    member.looksSince = beats === member.beats ? member.looksSince + 1 : 0;
    member.beats = beats;
  }
  const silent = running.filter(({ looksSince }) => looksSince * LOOK_MS >= stallTimeoutMs);
  const seconds = stallTimeoutMs / 1000;
  const culprit = silent.find(({ heartbeat }) => heartbeat.shard !== NOBODY);
  if (culprit !== undefined) {
    culprit.stuck = true;
    const { nowNs, shard } = culprit.heartbeat;
    throw new Error(
      `shard ${shard} has shown no life for ${seconds} s in the window after ${nowNs} ns ` +
        `(a sign of life is due every ${SLICE_EVENTS} events): stopped with all shards of its worker (${culprit.shards})`,
    );
  }
  if (silent.length > 0 && silent.length === running.length) {
    for (const member of silent) member.stuck = true;
    throw new Error(`no shard has shown any life for ${seconds} s: the workers wait for each other`);
  }
}

/** Lets the workers go home, those that are still at work after a while by force. */
async function dismiss(members: readonly Member[], starts: readonly WorkerStart[]): Promise<void> {
  const { barrier } = starts[0].place;
  stopBarrier(barrier, members.length, numbersBrought(members.length));
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, STOP_MS);
  const ends = members.filter(({ stuck }) => !stuck).map(({ end }) => end);
  await Promise.race([Promise.allSettled(ends), late.promise]);
  clearTimeout(timer);
  await Promise.all(members.map(({ worker }) => worker.terminate()));
}
