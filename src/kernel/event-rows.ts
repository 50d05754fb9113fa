/**
 * The rows of pending events: one record of 80 bytes an event, taken and given back without allocation.
 *
 *   Float64   0 time   1 sequence   2 a   3 b   4 c   5 d
 *   Uint32   12 microstep  13 priority  14 target  15 source  16 kind  17 generation  18 next  19 state
 *
 * A record lies together, not in a column a field, because an event is written once and read once, all fields at a
 * time: with a million events pending, every further cache line is a miss (docs/decisions/0006).
 */
import { type Columns, growColumn, type RecordColumn, type Uint32Column } from './columns.ts';

/** Float64 words of a row, and the places of the fields among them. */
export const ROW_WORDS = 10;
export const TIME = 0;
export const SEQUENCE = 1;
export const A = 2;
export const B = 3;
export const C = 4;
export const D = 5;
/** Uint32 halves of a row, and the places of the fields among them. */
export const ROW_HALVES = 20;
export const MICROSTEP = 12;
export const PRIORITY = 13;
export const TARGET = 14;
export const SOURCE = 15;
export const KIND = 16;
export const GENERATION = 17;
/** The next row of the list that this row is in; meaningless for a list's last row. */
export const NEXT = 18;
const STATE = 19;

const FREE = 0;
const PENDING = 1;
const CANCELLED = 2;

const ROWS_AT_START = 1024;
/** A handle is (generation + 1) * HANDLE_ROWS + row: never 0, and exact in a float64 because generations wrap. */
const HANDLE_ROWS = 67_108_864;
/** A stale handle would be taken for a new one only after its row was used exactly this many times in between. */
const GENERATIONS = 134_217_727;

/** Places of `#counts`. */
const FREE_HEAD = 0;
const FREE_LENGTH = 1;
const TOP = 2;

export class EventRows {
  /** Hot code reads `words` and `halves` afresh after `take`, which may grow them. */
  readonly records: RecordColumn;
  readonly #counts: Uint32Column;
  readonly #limit: number;

  /** @param limit most rows ever; taking one more is an error */
  constructor(columns: Columns, limit: number) {
    this.#limit = Math.min(limit, HANDLE_ROWS);
    this.records = columns.records('events/rows', ROW_WORDS, Math.min(ROWS_AT_START, this.#limit));
    this.#counts = columns.uint32('events/counts', 3);
  }

  /** Rows that were ever taken are numbered below this. */
  get top(): number {
    return this.#counts.data[TOP];
  }

  /** Takes a row, whose fields hold whatever its last event left. */
  take(): number {
    const counts = this.#counts.data;
    let row: number;
    if (counts[FREE_LENGTH] > 0) {
      row = counts[FREE_HEAD];
      counts[FREE_HEAD] = this.records.halves[row * ROW_HALVES + NEXT];
      counts[FREE_LENGTH] -= 1;
    } else {
      row = counts[TOP];
      if (row * ROW_WORDS === this.records.data.length) this.#grow(row);
      counts[TOP] = row + 1;
    }
    this.records.halves[row * ROW_HALVES + STATE] = PENDING;
    return row;
  }

  /** Gives a row back; handles to it are stale from here. */
  give(row: number): void {
    const { halves } = this.records;
    const at = row * ROW_HALVES;
    if (halves[at + STATE] === PENDING) this.#age(at);
    halves[at + STATE] = FREE;
    const counts = this.#counts.data;
    halves[at + NEXT] = counts[FREE_HEAD];
    counts[FREE_HEAD] = row;
    counts[FREE_LENGTH] += 1;
  }

  handle(row: number): number {
    return (this.records.halves[row * ROW_HALVES + GENERATION] + 1) * HANDLE_ROWS + row;
  }

  /** Marks the row of a handle as cancelled; false when its event has fired or was cancelled before. */
  cancel(handle: number): boolean {
    const generation = Math.floor(handle / HANDLE_ROWS);
    const at = (handle - generation * HANDLE_ROWS) * ROW_HALVES;
    if (this.records.halves[at + GENERATION] + 1 !== generation) return false;
    this.#age(at);
    this.records.halves[at + STATE] = CANCELLED;
    return true;
  }

  isPending(row: number): boolean {
    return this.records.halves[row * ROW_HALVES + STATE] === PENDING;
  }

  isCancelled(row: number): boolean {
    return this.records.halves[row * ROW_HALVES + STATE] === CANCELLED;
  }

  #age(at: number): void {
    const { halves } = this.records;
    const next = halves[at + GENERATION] + 1;
    halves[at + GENERATION] = next === GENERATIONS ? 0 : next;
  }

  #grow(rows: number): void {
    if (rows >= this.#limit) {
      throw new RangeError(
        `${rows} events are pending (or cancelled and not yet cleared): that is the limit`,
      );
    }
    growColumn(this.records, Math.min(rows * 2, this.#limit) * ROW_WORDS);
  }
}
