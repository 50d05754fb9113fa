/**
 * The nearest pending events, in a 4-ary implicit heap. Their order is total and depends on nothing but the model:
 *
 *   (time, microstep, priority, [tie key,] target entity, source entity, the source's own sequence)
 *
 *   position    0  1  2  3 ...        children of p: 4p+1 .. 4p+4
 *   time        the event's time, beside its row, so that sifting leaves the heap only for ties
 *   row    ──►  EventRows
 *
 * The tie key is 0, or with a tie seed a hash of the time and the two entities: another legal order of what happens in
 * the same microstep, in which what one entity sends another still arrives in the order of sending.
 */
import { type Columns, type Float64Column, growColumn, type Int32Column } from './columns.ts';
import {
  type EventRows,
  MICROSTEP,
  PRIORITY,
  ROW_HALVES,
  ROW_WORDS,
  SEQUENCE,
  SOURCE,
  TARGET,
  TIME,
} from './event-rows.ts';

const ARITY = 4;
const PLACES_AT_START = 256;
/** Places of `#state`. */
const SIZE = 0;
const TIE_SEED = 1;
const TWO_TO_32 = 4_294_967_296;

export class EventHeap {
  readonly #rows: EventRows;
  readonly #times: Float64Column;
  readonly #order: Int32Column;
  readonly #state: Uint32Array;

  constructor(columns: Columns, rows: EventRows) {
    this.#rows = rows;
    this.#times = columns.float64('events/heap-time', PLACES_AT_START, 'grows');
    this.#order = columns.int32('events/heap-row', PLACES_AT_START, 'grows');
    this.#state = columns.uint32('events/heap', 2).data;
  }

  get size(): number {
    return this.#state[SIZE];
  }

  /** Time of the first event; the heap must not be empty. */
  get firstNs(): number {
    return this.#times.data[0];
  }

  /** Row of the first event; the heap must not be empty. */
  get firstRow(): number {
    return this.#order.data[0];
  }

  /** The row at a place from 0 to size - 1, in no order. */
  rowAt(place: number): number {
    return this.#order.data[place];
  }

  /** The seed of another legal order, a whole number below 2^32; 0 for the plain one. The heap must be empty. */
  set tieSeed(seed: number) {
    this.#state[TIE_SEED] = seed;
  }

  clear(): void {
    this.#state[SIZE] = 0;
  }

  push(row: number): void {
    const timeNs = this.#rows.records.data[row * ROW_WORDS + TIME];
    const state = this.#state;
    let place = state[SIZE];
    if (place === this.#times.data.length) this.#grow(place * 2);
    state[SIZE] = place + 1;
    const times = this.#times.data;
    const order = this.#order.data;
    while (place > 0) {
      const parent = (place - 1) >> 2;
      const parentNs = times[parent];
      if (timeNs > parentNs || (timeNs === parentNs && !this.#before(row, order[parent]))) break;
      times[place] = parentNs;
      order[place] = order[parent];
      place = parent;
    }
    times[place] = timeNs;
    order[place] = row;
  }

  /** Removes the first event and returns its row; the heap must not be empty. */
  pop(): number {
    const times = this.#times.data;
    const order = this.#order.data;
    const first = order[0];
    const size = this.#state[SIZE] - 1;
    this.#state[SIZE] = size;
    if (size === 0) return first;
    const timeNs = times[size];
    const row = order[size];
    let place = 0;
    for (let child = 1; child < size; child = place * ARITY + 1) {
      const end = Math.min(child + ARITY, size);
      let least = child;
      let leastNs = times[child];
      for (let next = child + 1; next < end; next += 1) {
        const nextNs = times[next];
        if (nextNs < leastNs || (nextNs === leastNs && this.#before(order[next], order[least]))) {
          least = next;
          leastNs = nextNs;
        }
      }
      if (timeNs < leastNs || (timeNs === leastNs && this.#before(row, order[least]))) break;
      times[place] = leastNs;
      order[place] = order[least];
      place = least;
    }
    times[place] = timeNs;
    order[place] = row;
    return first;
  }

  /** Whether event x comes before event y, which is at the same time. */
  #before(x: number, y: number): boolean {
    const { halves, data } = this.#rows.records;
    const left = x * ROW_HALVES;
    const right = y * ROW_HALVES;
    const byMicrostep = halves[left + MICROSTEP] - halves[right + MICROSTEP];
    if (byMicrostep !== 0) return byMicrostep < 0;
    const byPriority = halves[left + PRIORITY] - halves[right + PRIORITY];
    if (byPriority !== 0) return byPriority < 0;
    const seed = this.#state[TIE_SEED];
    if (seed !== 0) {
      const byKey = this.#tieKey(x, seed) - this.#tieKey(y, seed);
      if (byKey !== 0) return byKey < 0;
    }
    const byTarget = halves[left + TARGET] - halves[right + TARGET];
    if (byTarget !== 0) return byTarget < 0;
    const bySource = halves[left + SOURCE] - halves[right + SOURCE];
    if (bySource !== 0) return bySource < 0;
    return data[x * ROW_WORDS + SEQUENCE] < data[y * ROW_WORDS + SEQUENCE];
  }

  #tieKey(row: number, seed: number): number {
    const { halves, data } = this.#rows.records;
    const at = row * ROW_HALVES;
    const time = data[row * ROW_WORDS];
    let key = mixed(seed, time % TWO_TO_32);
    key = mixed(key, Math.floor(time / TWO_TO_32));
    key = mixed(key, halves[at + MICROSTEP]);
    key = mixed(key, halves[at + TARGET]);
    return mixed(key, halves[at + SOURCE]) >>> 0;
  }

  #grow(places: number): void {
    growColumn(this.#times, places);
    growColumn(this.#order, places);
  }
}

/** One round of MurmurHash3's mixing with its finalizer. */
function mixed(key: number, word: number): number {
  let mix = Math.imul(key ^ word, 0xcc9e2d51 | 0);
  mix ^= mix >>> 15;
  mix = Math.imul(mix, 0x85ebca6b | 0);
  mix ^= mix >>> 13;
  mix = Math.imul(mix, 0xc2b2ae35 | 0);
  return mix ^ (mix >>> 16);
}
