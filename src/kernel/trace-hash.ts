/**
 * Hash chains: each entity folds every event that it receives (time, kind, payload) into 64 bits of its own, in two
 * lanes of 32. The hash of a run folds the chains in the order of the entities, so that it does not depend on how the
 * entities were spread over workers, and the first entity that differs between two runs can be named.
 *
 *   lane' = rotl(lane xor word, 13) * odd constant      (one step per 32-bit word; multiply-rotate as in MurmurHash3)
 */
import type { Columns, Uint32Column } from './columns.ts';
import { growColumn } from './columns.ts';
import { A, D, KIND, TIME } from './event-rows.ts';

const MULTIPLIER_1 = 0xcc9e2d51 | 0;
const MULTIPLIER_2 = 0x1b873593 | 0;
const SEED_1 = 0x9747b28c;
const SEED_2 = 0x3c6ef372;
const ENTITIES_AT_START = 64;

export class TraceHash {
  readonly #lanes: Uint32Column;
  #entities = 0;

  constructor(columns: Columns) {
    this.#lanes = columns.uint32('trace-hash', ENTITIES_AT_START * 2, 'grows');
  }

  /** Makes room for the chain of one more entity. */
  addEntity(local: number): void {
    if (local * 2 === this.#lanes.data.length) growColumn(this.#lanes, local * 4);
    this.#entities = local + 1;
    this.#lanes.data[local * 2] = SEED_1;
    this.#lanes.data[local * 2 + 1] = SEED_2;
  }

  /** Folds the event in the record at `half` into its entity's chain. */
  fold(local: number, halves: Uint32Array, half: number): void {
    const lanes = this.#lanes.data;
    const at = local * 2;
    const kind = halves[half + KIND];
    let one = lanes[at] ^ kind;
    let two = lanes[at + 1] + kind;
    let low = halves[half + TIME * 2];
    let high = halves[half + TIME * 2 + 1];
    one = step1(one, low, high);
    two = step2(two, low, high);
    for (let word = half + A * 2; word <= half + D * 2; word += 2) {
      low = halves[word];
      high = halves[word + 1];
      one = step1(one, low, high);
      two = step2(two, low, high);
    }
    lanes[at] = one;
    lanes[at + 1] = two;
  }

  /** A copy of the chains, two words per entity, in the entities' order. */
  chains(): Uint32Array {
    return this.#lanes.data.slice(0, this.#entities * 2);
  }
}

/** Folds the chains of all shards, in the shards' order, into 16 hexadecimal digits. */
export function foldChains(shards: readonly Uint32Array[]): string {
  let one = SEED_1;
  let two = SEED_2;
  for (const chains of shards) {
    one = step1(one, chains.length, 0);
    two = step2(two, chains.length, 0);
    for (let at = 0; at < chains.length; at += 2) {
      one = step1(one, chains[at], chains[at + 1]);
      two = step2(two, chains[at], chains[at + 1]);
    }
  }
  return hex(one) + hex(two);
}

function step1(lane: number, low: number, high: number): number {
  let mixed = Math.imul(lane ^ low, MULTIPLIER_1);
  mixed = (mixed << 13) | (mixed >>> 19);
  mixed = Math.imul(mixed ^ high, MULTIPLIER_2);
  return (mixed << 15) | (mixed >>> 17);
}

function step2(lane: number, low: number, high: number): number {
  let mixed = Math.imul(lane ^ high, MULTIPLIER_2);
  mixed = (mixed << 16) | (mixed >>> 16);
  mixed = Math.imul(mixed ^ low, MULTIPLIER_1);
  return (mixed << 11) | (mixed >>> 21);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
