/**
 * The rows of pending events: one record of 72 bytes an event, taken and given back without allocation.
 *
 *   Float64   0 time   1 sequence   2 a   3 b   4 c   5 d
 *   Uint32   12 target  13 kind   14 source  15 microstep   16 priority  17 next
 *
 * A record lies together, not in a column a field, because an event is written once and read once, all fields at a
 * time: with a million events pending, every further cache line is a miss (docs/decisions/0006). What is asked of a row
 * without its event, whether it is pending and under which handle, lies apart and close together: cancelling touches no
 * record.
 *
 * An event for another shard travels in the same form. It may be copied as doubles: halves at odd places stay small, so
 * that no two make a NaN, whose bits a copy may change.
 */
import { type Columns, growColumn, type RecordColumn, type Uint32Column } from './columns.ts';

/** Float64 words of a row, and the places of the fields among them. */
export const ROW_WORDS = 9;
export const TIME = 0;
export const SEQUENCE = 1;
export const A = 2;
export const B = 3;
export const C = 4;
export const D = 5;
/** Uint32 halves of a row, and the places of the fields among them. */
export const ROW_HALVES = 18;
export const TARGET = 12;
export const KIND = 13;
export const SOURCE = 14;
export const MICROSTEP = 15;
export const PRIORITY = 16;
/** The next row of the list that this row is in; meaningless for a list's last row. */
export const NEXT = 17;

/** A row's mark is its generation times MARK_STEP plus one of these. */
const FREE = 0;
const PENDING = 1;
const CANCELLED = 2;
const MARK_STEP = 4;
const MARK_MASK = 3;

const NONE = -1;
const ROWS_AT_START = 1024;
/** A handle is (generation + 1) * HANDLE_ROWS + row: never 0, and exact in a float64 because generations wrap. */
const HANDLE_ROWS = 67_108_864;
/** A stale handle would be taken for a new one only after its row was used exactly this many times in between. */
const GENERATIONS = 134_217_727;

/** Places of `#counts`. */
const FREE_LENGTH = 0;
const TOP = 1;

/** Events as records, one after the other. */
export interface EventRecords {
  readonly data: Float64Array;
  readonly halves: Uint32Array;
}

export class EventRows {
  /** Hot code reads `data` and `halves` afresh after `take`, which may grow them. */
  readonly records: RecordColumn;
  readonly #marks: Uint32Column;
  /** A stack of rows to be taken again. */
  readonly #free: Uint32Column;
  readonly #counts: Uint32Array;
  readonly #limit: number;

  /** @param limit most rows ever; taking one more is an error */
  constructor(columns: Columns, limit: number) {
    this.#limit = Math.min(limit, HANDLE_ROWS);
    const rows = Math.min(ROWS_AT_START, this.#limit);
    this.records = columns.records('events/rows', ROW_WORDS, rows);
    this.#marks = columns.uint32('events/marks', rows, 'grows');
    this.#free = columns.uint32('events/free', rows, 'grows');
    this.#counts = columns.uint32('events/counts', 2).data;
  }

  /** Rows that were ever taken are numbered below this. */
  get top(): number {
    return this.#counts[TOP];
  }

  /** Takes a row, whose fields hold whatever its last event left. */
  take(): number {
    const counts = this.#counts;
    const free = counts[FREE_LENGTH];
    let row: number;
    if (free > 0) {
      row = this.#free.data[free - 1];
      counts[FREE_LENGTH] = free - 1;
    } else {
      row = counts[TOP];
      if (row === this.#marks.data.length) this.#grow(row);
      counts[TOP] = row + 1;
    }
    this.#marks.data[row] += PENDING - FREE;
    return row;
  }

  /** Gives back the row of an event that fired or was cancelled; handles to it are stale from here. */
  give(row: number): void {
    const marks = this.#marks.data;
    const mark = marks[row];
    marks[row] = (mark & MARK_MASK) === PENDING ? aged(mark - PENDING) : mark - CANCELLED;
    const counts = this.#counts;
    this.#free.data[counts[FREE_LENGTH]] = row;
    counts[FREE_LENGTH] += 1;
  }

  handle(row: number): number {
    return ((this.#marks.data[row] >>> 2) + 1) * HANDLE_ROWS + row;
  }

  /** Marks the row of a handle as cancelled; false when its event has fired or was cancelled before. */
  cancel(handle: number): boolean {
    const generation = Math.floor(handle / HANDLE_ROWS);
    const row = handle - generation * HANDLE_ROWS;
    const marks = this.#marks.data;
    const mark = marks[row];
    if (mark !== (generation - 1) * MARK_STEP + PENDING) return false;
    marks[row] = aged(mark - PENDING) + CANCELLED;
    return true;
  }

  /** The row of a handle whose event was cancelled and whose row is not given back yet; NONE for any other. */
  cancelledRow(handle: number): number {
    const generation = Math.floor(handle / HANDLE_ROWS);
    const row = handle - generation * HANDLE_ROWS;
    const mark = aged((generation - 1) * MARK_STEP) + CANCELLED;
    return generation > 0 && this.#marks.data[row] === mark ? row : NONE;
  }

  /** Makes a cancelled row, which the caller has filled anew, one of a pending event. */
  revive(row: number): void {
    this.#marks.data[row] += PENDING - CANCELLED;
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
    return (this.#marks.data[row] & MARK_MASK) === PENDING;
  }

  isCancelled(row: number): boolean {
    return (this.#marks.data[row] & MARK_MASK) === CANCELLED;
  }

  #grow(rows: number): void {
    if (rows >= this.#limit) {
      throw new RangeError(
        `${rows} events are pending (or cancelled and not yet cleared): that is the limit`,
      );
    }
    const grown = Math.min(rows * 2, this.#limit);
    growColumn(this.records, grown * ROW_WORDS);
    growColumn(this.#marks, grown);
    growColumn(this.#free, grown);
  }
}

/** The mark of a free row, one generation on. */
function aged(mark: number): number {
  const next = mark + MARK_STEP;
  return next === GENERATIONS * MARK_STEP ? 0 : next;
}
