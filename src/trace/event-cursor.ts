/** Walks through the events of a part of a trace. */
import { FIELDS } from './format.ts';

export class EventCursor {
  readonly #nextBlock: () => Float64Array | null;
  #columns: Float64Array = new Float64Array(0);
  #count = 0;
  #at = 0;
  #index = -1;

  /** @param nextBlock the columns of the next block, the first holding steps of time; null after the last */
  constructor(nextBlock: () => Float64Array | null) {
    this.#nextBlock = nextBlock;
  }

  /** Place of the event in its part, from 0. */
  get index(): number {
    return this.#index;
  }

  /** Goes to the next event; false when there is none. */
  next(): boolean {
    this.#index += 1;
    this.#at += 1;
    while (this.#at >= this.#count) {
      const columns = this.#nextBlock();
      if (columns === null) return false;
      this.#columns = columns;
      this.#count = columns.length / FIELDS.length;
      this.#at = 0;
      for (let at = 1; at < this.#count; at += 1) columns[at] += columns[at - 1];
    }
    return true;
  }

  /** A field of the event, by its place in FIELDS. */
  get(field: number): number {
    return this.#columns[field * this.#count + this.#at];
  }

  /** Copies the event's fields, in the order of FIELDS. */
  copyTo(values: Float64Array): void {
    for (let field = 0; field < FIELDS.length; field += 1) values[field] = this.get(field);
  }
}
