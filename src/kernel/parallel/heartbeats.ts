/**
 * Signs of life in shared memory, for the thread that watches the workers: it can see which shard does not return, and
 * how far the run has come, without a worker ever stopping to tell.
 *
 *   line of worker w:  beats | shard at work, or NOBODY while waiting for others | end of the window before
 */

const LINE_INTS = 32;
const LINE_NUMBERS = 16;
const BEATS = 0;
const SHARD = 1;
const NOW = 1;
export const NOBODY = -1;

export function heartbeatMemory(workers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(workers * LINE_INTS * Int32Array.BYTES_PER_ELEMENT);
}

/** One worker's line: written by it, read by the watching thread. */
export class Heartbeat {
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;

  constructor(memory: SharedArrayBuffer, worker: number) {
    this.#words = new Int32Array(memory, worker * LINE_INTS * Int32Array.BYTES_PER_ELEMENT, LINE_INTS);
    this.#numbers = new Float64Array(memory, worker * LINE_INTS * Int32Array.BYTES_PER_ELEMENT, LINE_NUMBERS);
  }

  /** Changes with every sign of life; wraps. */
  get beats(): number {
    return Atomics.load(this.#words, BEATS);
  }

  /** The shard at work, or NOBODY. */
  get shard(): number {
    return Atomics.load(this.#words, SHARD);
  }

  /** All before this time is over in the worker's shards. */
  get nowNs(): number {
    return this.#numbers[NOW];
  }

  /** To be called whenever a shard begins something that may not return, and with NOBODY before waiting for others. */
  beat(shard: number): void {
    Atomics.add(this.#words, BEATS, 1);
    Atomics.store(this.#words, SHARD, shard);
  }

  /** A window has ended. */
  advance(nowNs: number): void {
    this.#numbers[NOW] = nowNs;
  }
}
