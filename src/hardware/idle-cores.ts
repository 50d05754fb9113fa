/** Which cores of every host have nothing to run, as bits, so that a host with many cores is not searched one by one. */
import type { Columns, Int32Column, Uint32Column } from '../kernel/columns.ts';

const NONE = -1;
const WORD_BITS = 32;

export class IdleCores {
  /** Words of host h begin at #firstWord[h]; bit b of its word w stands for its core w * 32 + b. */
  readonly #firstWord: Int32Array;
  readonly #bits: Uint32Column;
  readonly #count: Int32Column;

  /** @param cores of every host, all idle at first */
  constructor(columns: Columns, cores: readonly number[]) {
    this.#firstWord = new Int32Array(cores.length + 1);
    cores.forEach((count, host) => {
      this.#firstWord[host + 1] = this.#firstWord[host] + Math.ceil(count / WORD_BITS);
    });
    this.#bits = columns.uint32('hosts/idle-cores', this.#firstWord[cores.length]);
    this.#count = columns.int32('hosts/idle', cores.length);
    cores.forEach((count, host) => {
      for (let core = 0; core < count; core += 1) this.add(host, core);
    });
  }

  /** How many of the host's cores are idle. */
  count(host: number): number {
    return this.#count.data[host];
  }

  /** The idle core of the host with the lowest number; -1 when there is none. */
  first(host: number): number {
    if (this.#count.data[host] === 0) return NONE;
    const first = this.#firstWord[host];
    const bits = this.#bits.data;
    let word = first;
    while (bits[word] === 0) word += 1;
    const lowest = bits[word] & -bits[word];
    return (word - first) * WORD_BITS + 31 - Math.clz32(lowest);
  }

  /** A busy core becomes idle. */
  add(host: number, core: number): void {
    this.#bits.data[this.#firstWord[host] + (core >>> 5)] |= 1 << (core & 31);
    this.#count.data[host] += 1;
  }

  /** An idle core becomes busy. */
  remove(host: number, core: number): void {
    this.#bits.data[this.#firstWord[host] + (core >>> 5)] &= ~(1 << (core & 31));
    this.#count.data[host] -= 1;
  }
}
