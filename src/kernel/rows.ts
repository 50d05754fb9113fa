/**
 * Tables whose fields lie beside each other in memory. Columns of a large table are far apart: who needs several fields of one row
 * waits for each of them. Here all of them come with the first.
 *
 *   const cores = new Rows(columns, 'cores', count);
 *   const idleSinceNs = cores.field();                   each part of the model takes the fields that are its own
 *   idleSinceNs.set(core, nowNs)
 */
import type { Columns } from './columns.ts';

/** Float64 in a row: two lines of a cache. */
export const ROW_WORDS = 16;

export class Rows {
  readonly data: Float64Array;
  readonly #name: string;
  #taken = 0;

  constructor(columns: Columns, name: string, rows: number) {
    this.#name = name;
    this.data = columns.float64(name, rows * ROW_WORDS).data;
  }

  /**
   * Takes a field of every row.
   * @throws Error when there is no room left for it
   */
  field(initial = 0): Field {
    return new Field(this.data, this.take(1, initial));
  }

  /**
   * Takes the next fields of every row, for who looks at `data` itself; returns the place of the first of them in a row.
   * @throws Error when there is no room left for them
   */
  take(fields: number, initial = 0): number {
    const first = this.#taken;
    this.#taken += fields;
    if (this.#taken > ROW_WORDS) {
      throw new Error(`rows of "${this.#name}" have room for ${ROW_WORDS} fields, not for ${this.#taken}`);
    }
    if (initial === 0) return first;
    for (let at = 0; at < this.data.length; at += ROW_WORDS) {
      this.data.fill(initial, at + first, at + this.#taken);
    }
    return first;
  }
}

/** One field of all rows. */
export class Field {
  readonly #data: Float64Array;
  readonly #first: number;

  constructor(data: Float64Array, first: number) {
    this.#data = data;
    this.#first = first;
  }

  get(row: number): number {
    return this.#data[row * ROW_WORDS + this.#first];
  }

  set(row: number, value: number): void {
    this.#data[row * ROW_WORDS + this.#first] = value;
  }

  add(row: number, amount: number): void {
    this.#data[row * ROW_WORDS + this.#first] += amount;
  }
}
