/**
 * Pending events in a 4-ary implicit heap over columns, in a total order that depends on nothing but the model:
 *
 *   (time, microstep, priority, target entity, source entity, the source's own sequence)
 *
 *   heap position   0  1  2  3 ...        children of p: 4p+1 .. 4p+4
 *   heap time       the event's time, beside its row, so that sifting rarely leaves the heap
 *   heap row   ──►  event row: time, microstep, priority, target, source, sequence, kind, a, b, c, d
 */
import {
  type Columns,
  type Float64Column,
  growColumn,
  type Int32Column,
  type Uint32Column,
} from './columns.ts';
import { Table } from './table.ts';

const ARITY = 4;
const ROWS_AT_START = 1024;
/** A handle is (generation + 1) * HANDLE_ROWS + row: never 0, and exact in a float64 because generations wrap. */
const HANDLE_ROWS = 67_108_864;
/** A stale handle would be taken for a new one only after its row was used exactly this many times in between. */
const GENERATIONS = 134_217_727;

export class EventQueue {
  readonly #table: Table;
  readonly time: Float64Column;
  readonly microstep: Uint32Column;
  readonly priority: Uint32Column;
  readonly target: Uint32Column;
  readonly source: Uint32Column;
  readonly sequence: Float64Column;
  readonly kind: Uint32Column;
  readonly a: Float64Column;
  readonly b: Float64Column;
  readonly c: Float64Column;
  readonly d: Float64Column;
  readonly #generation: Uint32Column;
  readonly #position: Int32Column;
  readonly #heapTime: Float64Column;
  readonly #heapRow: Int32Column;
  readonly #size: Int32Column;

  /** @param limit most events pending; one more is an error */
  constructor(columns: Columns, limit: number) {
    this.#table = new Table(columns, 'events', ROWS_AT_START, Math.min(limit, HANDLE_ROWS));
    this.time = this.#table.float64('time');
    this.microstep = this.#table.uint32('microstep');
    this.priority = this.#table.uint32('priority');
    this.target = this.#table.uint32('target');
    this.source = this.#table.uint32('source');
    this.sequence = this.#table.float64('sequence');
    this.kind = this.#table.uint32('kind');
    this.a = this.#table.float64('a');
    this.b = this.#table.float64('b');
    this.c = this.#table.float64('c');
    this.d = this.#table.float64('d');
    this.#generation = this.#table.uint32('generation');
    this.#position = this.#table.int32('position');
    this.#heapTime = columns.float64('events/heap-time', ROWS_AT_START, 'grows');
    this.#heapRow = columns.int32('events/heap-row', ROWS_AT_START, 'grows');
    this.#size = columns.int32('events/size', 1);
  }

  get size(): number {
    return this.#size.data[0];
  }

  /** Time of the earliest event; Infinity when there is none. */
  get earliestNs(): number {
    return this.#size.data[0] === 0 ? Number.POSITIVE_INFINITY : this.#heapTime.data[0];
  }

  /** Takes a row for a new event; the caller fills its columns and then calls `insert`. */
  takeRow(): number {
    return this.#table.take();
  }

  /** Puts a filled row into the order and returns its handle, for `cancel`. */
  insert(row: number): number {
    const size = this.#size.data[0];
    if (size === this.#heapRow.data.length) {
      growColumn(this.#heapTime, size * 2);
      growColumn(this.#heapRow, size * 2);
    }
    this.#size.data[0] = size + 1;
    this.#siftUp(size, row);
    return (this.#generation.data[row] + 1) * HANDLE_ROWS + row;
  }

  /** Removes the earliest event from the order and returns its row; the caller gives the row back when it has read it. */
  pop(): number {
    const row = this.#heapRow.data[0];
    this.#removeAt(0);
    return row;
  }

  /** Gives back the row of a popped event; handles to it are stale from here. */
  giveRow(row: number): void {
    const next = this.#generation.data[row] + 1;
    this.#generation.data[row] = next === GENERATIONS ? 0 : next;
    this.#table.give(row);
  }

  /** Removes a pending event; false when it has fired or was cancelled before. */
  cancel(handle: number): boolean {
    const row = handle % HANDLE_ROWS;
    if (this.#generation.data[row] + 1 !== (handle - row) / HANDLE_ROWS) return false;
    this.#removeAt(this.#position.data[row]);
    this.giveRow(row);
    return true;
  }

  #removeAt(position: number): void {
    const last = this.#size.data[0] - 1;
    this.#size.data[0] = last;
    if (position === last) return;
    const row = this.#heapRow.data[last];
    if (position > 0 && this.#before(row, this.#heapRow.data[(position - 1) >> 2]))
      this.#siftUp(position, row);
    else this.#siftDown(position, row);
  }

  #siftUp(from: number, row: number): void {
    const heapTime = this.#heapTime.data;
    const heapRow = this.#heapRow.data;
    const place = this.#position.data;
    const time = this.time.data[row];
    let position = from;
    while (position > 0) {
      const parent = (position - 1) >> 2;
      const parentTime = heapTime[parent];
      const parentRow = heapRow[parent];
      if (time > parentTime || (time === parentTime && !this.#before(row, parentRow))) break;
      heapTime[position] = parentTime;
      heapRow[position] = parentRow;
      place[parentRow] = position;
      position = parent;
    }
    heapTime[position] = time;
    heapRow[position] = row;
    place[row] = position;
  }

  #siftDown(from: number, row: number): void {
    const heapTime = this.#heapTime.data;
    const heapRow = this.#heapRow.data;
    const place = this.#position.data;
    const size = this.#size.data[0];
    const time = this.time.data[row];
    let position = from;
    for (;;) {
      const first = position * ARITY + 1;
      if (first >= size) break;
      const end = Math.min(first + ARITY, size);
      let least = first;
      let leastTime = heapTime[first];
      for (let child = first + 1; child < end; child += 1) {
        const childTime = heapTime[child];
        if (
          childTime < leastTime ||
          (childTime === leastTime && this.#before(heapRow[child], heapRow[least]))
        ) {
          least = child;
          leastTime = childTime;
        }
      }
      const leastRow = heapRow[least];
      if (time < leastTime || (time === leastTime && this.#before(row, leastRow))) break;
      heapTime[position] = leastTime;
      heapRow[position] = leastRow;
      place[leastRow] = position;
      position = least;
    }
    heapTime[position] = time;
    heapRow[position] = row;
    place[row] = position;
  }

  /** Whether the event in row x comes before the one in row y, by the whole order. */
  #before(x: number, y: number): boolean {
    const byTime = this.time.data[x] - this.time.data[y];
    if (byTime !== 0) return byTime < 0;
    const byMicrostep = this.microstep.data[x] - this.microstep.data[y];
    if (byMicrostep !== 0) return byMicrostep < 0;
    const byPriority = this.priority.data[x] - this.priority.data[y];
    if (byPriority !== 0) return byPriority < 0;
    const byTarget = this.target.data[x] - this.target.data[y];
    if (byTarget !== 0) return byTarget < 0;
    const bySource = this.source.data[x] - this.source.data[y];
    if (bySource !== 0) return bySource < 0;
    return this.sequence.data[x] < this.sequence.data[y];
  }
}
