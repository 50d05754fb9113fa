/**
 * Hash chains: each entity folds every event that it receives (time, kind, payload) into 64 bits of its own, in two
 * lanes of 32. The hash of a run folds the chains in the order of the entities, so that it does not depend on how the
 * entities were spread over workers, and the first entity that differs between two runs can be named.
 *
 *   lane' = rotl(lane xor word, 13) * odd constant      (one step per 32-bit word; multiply-rotate as in MurmurHash3)
 */
import type { Columns, Uint32Column } from './columns.ts';
import { growColumn } from './columns.ts';

const MULTIPLIER_1 = 0xcc9e2d51 | 0;
const MULTIPLIER_2 = 0x1b873593 | 0;
const SEED_1 = 0x9747b28c;
const SEED_2 = 0x3c6ef372;

const scratchNumber = new Float64Array(1);
const scratchWords = new Uint32Array(scratchNumber.buffer);

export class TraceHash {
  readonly #lanes: Uint32Column;

  constructor(columns: Columns) {
    this.#lanes = columns.uint32('trace-hash', 0);
  }

  /** Makes room for the chain of one more entity. */
  addEntity(local: number): void {
    growColumn(this.#lanes, (local + 1) * 2);
    this.#lanes.data[local * 2] = SEED_1;
    this.#lanes.data[local * 2 + 1] = SEED_2;
  }

  /** Folds one event into its entity's chain. */
  fold(local: number, timeNs: number, kind: number, a: number, b: number, c: number, d: number): void {
    const lanes = this.#lanes.data;
    const at = local * 2;
    let one = lanes[at] ^ kind;
    let two = lanes[at + 1] + kind;
    scratchNumber[0] = timeNs;
    one = step1(one, scratchWords[0], scratchWords[1]);
    two = step2(two, scratchWords[0], scratchWords[1]);
    scratchNumber[0] = a;
    one = step1(one, scratchWords[0], scratchWords[1]);
    two = step2(two, scratchWords[0], scratchWords[1]);
    scratchNumber[0] = b;
    one = step1(one, scratchWords[0], scratchWords[1]);
    two = step2(two, scratchWords[0], scratchWords[1]);
    scratchNumber[0] = c;
    one = step1(one, scratchWords[0], scratchWords[1]);
    two = step2(two, scratchWords[0], scratchWords[1]);
    scratchNumber[0] = d;
    one = step1(one, scratchWords[0], scratchWords[1]);
    two = step2(two, scratchWords[0], scratchWords[1]);
    lanes[at] = one;
    lanes[at + 1] = two;
  }

  /** A copy of the chains, two words per entity, in the entities' order. */
  chains(): Uint32Array {
    return this.#lanes.data.slice();
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
