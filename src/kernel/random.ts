/**
 * Named random streams: seedrandom's `alea` generator with its state in columns, so that a run can be checkpointed.
 * A stream is seeded by the run's seed and its own name, so that a new stream never shifts another's draws.
 *
 *   t = 2091639 s0 + c 2^-32;  s0 <- s1;  s1 <- s2;  c <- floor(t);  s2 <- t - c        (Baagoe's Alea, 32-bit draws)
 *
 * `test/kernel/random.test.ts` compares it draw for draw with the package.
 */
import seedrandom from 'seedrandom';
import type { Columns, Float64Column } from './columns.ts';
import { growColumn } from './columns.ts';
import { log } from './math.ts';

const STATE = 4;
const STREAMS_AT_START = 16;
const TWO_TO_MINUS_32 = 2.3283064365386963e-10;
const TWO_TO_MINUS_53 = 1.1102230246251565e-16;

/** Number of a stream, as `Random.stream` gave it. */
export type Stream = number;

interface AleaState {
  readonly c: number;
  readonly s0: number;
  readonly s1: number;
  readonly s2: number;
}

export class Random {
  readonly #seed: string;
  readonly #columns: Columns;
  readonly #state: Float64Column;
  readonly #names = new Set<string>();

  constructor(columns: Columns, seed: string) {
    this.#seed = seed;
    this.#columns = columns;
    this.#state = columns.float64('random', STATE * STREAMS_AT_START, 'grows');
  }

  /**
   * A new stream.
   * @throws Error when the name is taken: two users of one stream would shift each other's draws
   */
  stream(name: string): Stream {
    if (this.#names.has(name)) throw new Error(`stream(${name}): the random stream is used already`);
    const stream = this.#names.size;
    this.#names.add(name);
    this.#columns.label(`stream/${name}`);
    if (stream * STATE === this.#state.data.length) growColumn(this.#state, stream * STATE * 2);
    this.#start(stream, `${this.#seed}/${name}`);
    return stream;
  }

  /**
   * Gives every stream another future: draws from here on come from the run's seed, the stream's name and `future`.
   * Futures that are forked from one checkpoint get their own draws in this way.
   */
  branch(future: string): void {
    let stream = 0;
    for (const name of this.#names) {
      this.#start(stream, `${this.#seed}/${future}/${name}`);
      stream += 1;
    }
  }

  #start(stream: Stream, seed: string): void {
    const { c, s0, s1, s2 } = seedrandom.alea(seed, { state: true }).state() as unknown as AleaState;
    this.#state.data.set([c, s0, s1, s2], stream * STATE);
  }

  /** Uniform in [0, 1), 32 bits. */
  uniform(stream: Stream): number {
    const state = this.#state.data;
    const at = stream * STATE;
    const t = 2091639 * state[at + 1] + state[at] * TWO_TO_MINUS_32;
    const carry = t | 0;
    state[at] = carry;
    state[at + 1] = state[at + 2];
    state[at + 2] = state[at + 3];
    state[at + 3] = t - carry;
    return state[at + 3];
  }

  /** Uniform in [0, 1), 53 bits, for distributions whose tails matter. */
  uniform53(stream: Stream): number {
    // Two steps of `uniform`, in one: its doubles would be allocated on their way here.
    const state = this.#state.data;
    const at = stream * STATE;
    const s1 = state[at + 2];
    const s2 = state[at + 3];
    const first = 2091639 * state[at + 1] + state[at] * TWO_TO_MINUS_32;
    const firstCarry = first | 0;
    const high = first - firstCarry;
    const second = 2091639 * s1 + firstCarry * TWO_TO_MINUS_32;
    const carry = second | 0;
    state[at] = carry;
    state[at + 1] = s2;
    state[at + 2] = high;
    state[at + 3] = second - carry;
    return high + ((state[at + 3] * 0x200000) | 0) * TWO_TO_MINUS_53;
  }

  /** A whole number in [0, count), from 32 bits: `count` is at most 2^32. */
  integer(stream: Stream, count: number): number {
    return Math.floor(this.uniform(stream) * count);
  }

  /** Exponential with the given mean. */
  exponential(stream: Stream, mean: number): number {
    return -mean * log(1 - this.uniform53(stream));
  }
}
