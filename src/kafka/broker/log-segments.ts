/** Rolled segments of logs, oldest first: each log has a chain of rows. The segment that is written to has none. */
import type { Columns, Float64Column, Int32Column } from '../../kernel/columns.ts';
import { Table } from '../../kernel/table.ts';
import { NONE } from '../requests.ts';

const SEGMENTS_MAX = 16_777_216;

export class LogSegments {
  readonly #table: Table;
  /** Byte of the log after the segment's last. */
  readonly end: Float64Column;
  /** When its last batch was appended. */
  readonly lastNs: Float64Column;
  readonly #next: Int32Column;

  constructor(columns: Columns) {
    const table = new Table(columns, 'segments', 16, SEGMENTS_MAX);
    this.#table = table;
    this.end = table.float64('end');
    this.lastNs = table.float64('last');
    this.#next = table.int32('after');
  }

  /** A new segment after `last`, which is NONE for the first of a chain. */
  add(last: number, end: number, lastNs: number): number {
    const segment = this.#table.take();
    this.end.data[segment] = end;
    this.lastNs.data[segment] = lastNs;
    this.#next.data[segment] = NONE;
    if (last !== NONE) this.#next.data[last] = segment;
    return segment;
  }

  /** Gives the first of a chain back; returns the one after it, or NONE. */
  remove(first: number): number {
    const next = this.#next.data[first];
    this.#table.give(first);
    return next;
  }
}
