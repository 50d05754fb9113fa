/**
 * The rows of pending events: one record of 80 bytes an event, taken and given back without allocation.
 *
 *   Float64   0 time   1 sequence   2 a   3 b   4 c   5 d
 *   Uint32   12 target  13 kind  14 source  15 generation  16 priority  17 microstep  18 next  19 state
 *
 * A record lies together, not in a column a field, because an event is written once and read once, all fields at a
 * time: with a million events pending, every further cache line is a miss (docs/decisions/0006). An event for another shard
 * travels in the same form. It may be copied as doubles: halves at odd places stay small, so that no two make a NaN, whose
 * bits a copy may change.
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
export const TARGET = 12;
export const KIND = 13;
export const SOURCE = 14;
export const GENERATION = 15;
export const PRIORITY = 16;
export const MICROSTEP = 17;
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

/** Events as records, one after the other. */
export interface EventRecords {
  readonly data: Float64Array;
  readonly halves: Uint32Array;
}

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

  /** Copies another shard's event, which begins its microstep, into a row. */
  copy(from: EventRecords, event: number, row: number): void {
    const { data, halves } = this.records;
    const word = row * ROW_WORDS;
    const fromWord = event * ROW_WORDS;
    for (let place = TIME; place <= D; place += 1) data[word + place] = from.data[fromWord + place];
    const half = row * ROW_HALVES;
    const fromHalf = event * ROW_HALVES;
    halves[half + TARGET] = from.halves[fromHalf + TARGET];
    halves[half + KIND] = from.halves[fromHalf + KIND];
    halves[half + SOURCE] = from.halves[fromHalf + SOURCE];
    halves[half + PRIORITY] = from.halves[fromHalf + PRIORITY];
    halves[half + MICROSTEP] = 0;
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
