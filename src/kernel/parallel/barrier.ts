/**
 * A barrier in shared memory at which workers meet once a window, each bringing a few numbers for all.
 *
 *   line of worker w:  round | asleep | numbers of even rounds | numbers of odd rounds
 *
 *   worker 0  ── writes its numbers, round = k ──┐   waits until every other's round is k
 *   worker 1  ── writes its numbers, round = k ──┴─► reads all numbers of round k ─► goes on
 *
 * Who waits spins, because waking a sleeper costs as much as thousands of events. One meeting a window is enough: a
 * worker can be one round ahead of another, not two, so that what it writes for round k + 1 leaves round k's numbers
 * alone. A plain write before `round` is stored is seen by whoever has loaded it.
 */

const INTS_PER_NUMBER = 2;
/** Lines are whole pairs of cache lines, so that no two workers write to the same. */
const LINE_NUMBERS = 16;
const STOPPED = 0;
const ROUND = 0;
const ASLEEP = 1;
const HEAD_NUMBERS = 1;
/** A sleeper is woken; one that was told to go home just before it fell asleep finds out by itself. */
const SLEEP_MS = 100;

export interface BarrierOptions {
  readonly worker: number;
  readonly workers: number;
  /** Numbers that a worker brings. */
  readonly numbers: number;
  /** Looks at another's round before going to sleep; 0 where there are not cores for all. */
  readonly spins: number;
}

/** Memory for a barrier. */
export function barrierMemory(workers: number, numbers: number): SharedArrayBuffer {
  return new SharedArrayBuffer(
    (LINE_NUMBERS + workers * lineNumbers(numbers)) * Float64Array.BYTES_PER_ELEMENT,
  );
}

/** Sends every worker home that is at the barrier or comes to it. */
export function stopBarrier(memory: SharedArrayBuffer, workers: number, numbers: number): void {
  const words = new Int32Array(memory);
  Atomics.store(words, STOPPED, 1);
  for (let worker = 0; worker < workers; worker += 1) Atomics.notify(words, roundAt(worker, numbers));
}

export class Barrier {
  /** What this worker brings to the next meeting. */
  readonly mine: Float64Array;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #options: BarrierOptions;
  #round = 0;

  constructor(memory: SharedArrayBuffer, options: BarrierOptions) {
    this.mine = new Float64Array(options.numbers);
    this.#words = new Int32Array(memory);
    this.#numbers = new Float64Array(memory);
    this.#options = options;
  }

  /** Whether the workers are to go home. */
  get stopped(): boolean {
    return Atomics.load(this.#words, STOPPED) !== 0;
  }

  /** 0 or 1, other than in the meeting before. */
  get parity(): number {
    return this.#round & 1;
  }

  /** Brings `mine` and waits for all others; false when the workers are to go home. */
  meet(): boolean {
    const { worker, workers, numbers } = this.#options;
    const words = this.#words;
    const previous = this.#round;
    const round = (previous + 1) | 0;
    this.#round = round;
    const at = this.#numbersAt(worker);
    for (let index = 0; index < numbers; index += 1) this.#numbers[at + index] = this.mine[index];
    Atomics.store(words, roundAt(worker, numbers), round);
    let sleepers = 0;
    for (let other = 0; other < workers; other += 1) {
      sleepers += Atomics.load(words, roundAt(other, numbers) + ASLEEP);
    }
    if (sleepers > 0) Atomics.notify(words, roundAt(worker, numbers));
    for (let other = 0; other < workers; other += 1) {
      if (other !== worker && !this.#arrived(roundAt(other, numbers), previous)) return false;
    }
    return true;
  }

  /** Number `index` that a worker brought to the last meeting. */
  brought(worker: number, index: number): number {
    return this.#numbers[this.#numbersAt(worker) + index];
  }

  /** Waits until a round is not `previous` any more; false when the workers are to go home. */
  #arrived(at: number, previous: number): boolean {
    const words = this.#words;
    for (let spin = this.#options.spins; spin >= 0; spin -= 1) {
      if (Atomics.load(words, at) !== previous) return true;
    }
    const asleep = roundAt(this.#options.worker, this.#options.numbers) + ASLEEP;
    // Whoever arrives stores its round first and reads this after: it sees this sleeper, or the sleeper sees its round.
    Atomics.store(words, asleep, 1);
    while (Atomics.load(words, at) === previous && !this.stopped) Atomics.wait(words, at, previous, SLEEP_MS);
    Atomics.store(words, asleep, 0);
    return !this.stopped;
  }

  #numbersAt(worker: number): number {
    const { numbers } = this.#options;
    return LINE_NUMBERS + worker * lineNumbers(numbers) + HEAD_NUMBERS + this.parity * numbers;
  }
}

function lineNumbers(numbers: number): number {
  return Math.ceil((HEAD_NUMBERS + 2 * numbers) / LINE_NUMBERS) * LINE_NUMBERS;
}

function roundAt(worker: number, numbers: number): number {
  return (LINE_NUMBERS + worker * lineNumbers(numbers)) * INTS_PER_NUMBER + ROUND;
}
