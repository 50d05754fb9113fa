/**
 * Sets of whole numbers as disjoint intervals that do not touch, in ascending order: `Intervals` when finished, an
 * `IntervalSet` of bounded size while it grows.
 */

/** Pairs of numbers: from (in the set), to (the first behind). */
export type Intervals = Float64Array;

export const NO_INTERVALS: Intervals = new Float64Array(0);

/** The numbers from `from` to before `to`. */
export function interval(from: number, to: number): Intervals {
  return from < to ? Float64Array.of(from, to) : NO_INTERVALS;
}

/** How many numbers are in the set. */
export function sizeOf(intervals: Intervals): number {
  let size = 0;
  for (let at = 0; at < intervals.length; at += 2) {
    size += intervals[at + 1] - intervals[at];
  }
  return size;
}

/** True when the number is in the set. */
export function includes(intervals: Intervals, number: number): boolean {
  const at = 2 * firstEndingAfter(intervals, intervals.length / 2, number);
  return at < intervals.length && intervals[at] <= number;
}

export function union(a: Intervals, b: Intervals): Intervals {
  return sweep(a, b, (inA, inB) => inA || inB);
}

export function subtract(a: Intervals, b: Intervals): Intervals {
  return sweep(a, b, (inA, inB) => inA && !inB);
}

export function intersect(a: Intervals, b: Intervals): Intervals {
  return sweep(a, b, (inA, inB) => inA && inB);
}

/** The numbers of the set that are less than `limit`, which may be Infinity. */
export function below(intervals: Intervals, limit: number): Intervals {
  return limit === Number.POSITIVE_INFINITY ? intervals : intersect(intervals, interval(0, limit));
}

/** Walks over the ends of both sets in order, and keeps the stretches that `keep` wants. */
function sweep(a: Intervals, b: Intervals, keep: (inA: boolean, inB: boolean) => boolean): Intervals {
  if (b.length === 0) return keep(true, false) ? a : NO_INTERVALS;
  if (a.length === 0) return keep(false, true) ? b : NO_INTERVALS;
  const kept = new Float64Array(a.length + b.length);
  let length = 0;
  let atA = 0;
  let atB = 0;
  while (atA < a.length || atB < b.length) {
    const edge = Math.min(a[atA] ?? Number.POSITIVE_INFINITY, b[atB] ?? Number.POSITIVE_INFINITY);
    if (a[atA] === edge) atA++;
    if (b[atB] === edge) atB++;
    // An odd length is an open stretch.
    if (keep(atA % 2 === 1, atB % 2 === 1) !== (length % 2 === 1)) {
      kept[length++] = edge;
    }
  }
  return kept.slice(0, length);
}

/** Index of the first of `count` intervals that ends after `number`; `count` when none does. */
function firstEndingAfter(pairs: Float64Array, count: number, number: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pairs[2 * middle + 1] > number) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/** Room for intervals that many sets share, so that all of them together stay bounded. */
export class IntervalRoom {
  #free: number;

  /** `intervals`: how many, of 16 bytes each. */
  constructor(intervals: number) {
    this.#free = intervals;
  }

  get free(): number {
    return this.#free;
  }

  /** Takes room for so many, or for as many as there are; returns for how many. */
  take(intervals: number): number {
    const taken = Math.min(intervals, this.#free);
    this.#free -= taken;
    return taken;
  }

  give(intervals: number): void {
    this.#free += intervals;
  }
}

const CAPACITY_MIN = 4;

/**
 * A set that grows and shrinks in bounded memory. When an interval more does not fit, the set forgets its upper end: it
 * lowers its `horizon`, below which it stays exact and from which on it holds nothing, for good.
 */
export class IntervalSet {
  readonly #room: IntervalRoom;
  readonly #limit: number;
  #pairs: Float64Array = NO_INTERVALS;
  #count = 0;
  #horizon = Number.POSITIVE_INFINITY;

  /** `limit`: most intervals of this set; `room`: what it shares with others. */
  constructor(limit: number, room: IntervalRoom) {
    this.#limit = limit;
    this.#room = room;
  }

  /** Numbers from here on are not held; Infinity as long as every interval has fitted. */
  get horizon(): number {
    return this.#horizon;
  }

  /** Number of intervals. */
  get count(): number {
    return this.#count;
  }

  /** Intervals that it has taken room for. */
  get capacity(): number {
    return this.#pairs.length / 2;
  }

  /** Adds the numbers from `from` to before `to`. At once when they continue the last interval. */
  add(from: number, to: number): void {
    const end = Math.min(to, this.#horizon);
    if (from >= end) {
      return;
    }
    const pairs = this.#pairs;
    const last = 2 * this.#count - 1;
    if (this.#count === 0 || from > pairs[last]) {
      this.#insert(this.#count, from, end);
      return;
    }
    if (from === pairs[last]) {
      pairs[last] = end;
      return;
    }
    const first = firstEndingAfter(pairs, this.#count, from - 1);
    const behind = this.#firstBeginningFrom(end + 1);
    if (first === behind) {
      this.#insert(first, from, end);
      return;
    }
    pairs[2 * first] = Math.min(pairs[2 * first], from);
    pairs[2 * first + 1] = Math.max(pairs[2 * behind - 1], end);
    this.#delete(first + 1, behind);
  }

  /** Removes the numbers from `from` to before `to`, as far as they are there. */
  remove(from: number, to: number): void {
    const pairs = this.#pairs;
    let first = firstEndingAfter(pairs, this.#count, from);
    let behind = this.#firstBeginningFrom(to);
    if (from >= to || first >= behind) {
      return;
    }
    const head = pairs[2 * first] < from;
    const rest = pairs[2 * behind - 1];
    if (head) {
      pairs[2 * first + 1] = from;
      first++;
    }
    if (rest > to) {
      if (first === behind) {
        this.#insert(first, to, rest);
        return;
      }
      behind--;
      pairs[2 * behind] = to;
    }
    this.#delete(first, behind);
  }

  has(number: number): boolean {
    const at = firstEndingAfter(this.#pairs, this.#count, number);
    return at < this.#count && this.#pairs[2 * at] <= number;
  }

  /** A copy of what it holds. */
  intervals(): Intervals {
    return this.#pairs.slice(0, 2 * this.#count);
  }

  #firstBeginningFrom(number: number): number {
    const at = firstEndingAfter(this.#pairs, this.#count, number - 1);
    return at < this.#count && this.#pairs[2 * at] < number ? at + 1 : at;
  }

  #insert(at: number, from: number, to: number): void {
    if (2 * this.#count === this.#pairs.length && !this.#grow()) {
      if (at === this.#count) {
        this.#horizon = from;
        return;
      }
      this.#count--;
      this.#horizon = this.#pairs[2 * this.#count];
    }
    this.#pairs.copyWithin(2 * at + 2, 2 * at, 2 * this.#count);
    this.#pairs[2 * at] = from;
    this.#pairs[2 * at + 1] = to;
    this.#count++;
  }

  #delete(first: number, behind: number): void {
    this.#pairs.copyWithin(2 * first, 2 * behind, 2 * this.#count);
    this.#count -= behind - first;
    const capacity = this.#pairs.length / 2;
    if (this.#count === 0 || (capacity > CAPACITY_MIN && 4 * this.#count < capacity)) {
      const smaller = 2 * this.#count;
      this.#pairs = this.#count === 0 ? NO_INTERVALS : this.#pairs.slice(0, 2 * smaller);
      this.#room.give(capacity - this.#pairs.length / 2);
    }
  }

  #grow(): boolean {
    const capacity = this.#pairs.length / 2;
    const wanted = Math.min(this.#limit, Math.max(CAPACITY_MIN, 2 * capacity)) - capacity;
    const taken = this.#room.take(wanted);
    if (taken === 0) {
      return false;
    }
    const grown = new Float64Array(2 * (capacity + taken));
    grown.set(this.#pairs);
    this.#pairs = grown;
    return true;
  }
}
