/**
 * Pending events: a ladder queue whose lowest part is a small heap.
 *
 *   heap       every event before `heapEndNs`, in the total order
 *   rungs      lists by time, unsorted: rung 0 spans a long time in wide buckets; rung k + 1 spans one bucket of rung k
 *   top        one unsorted list of everything from `topNs` on
 *
 *   0 ──── heapEndNs ──── rung 1 ──── rung 0 ──── topNs ────►      with few events there is only the heap
 *
 * An event is put into its place at the cost of a division and moves down at most once a rung, when the heap has run
 * empty: a bucket with few events goes into the heap, one with many becomes the next rung. So the heap stays small
 * enough for the processor's first cache however many events are pending. What is in which list never matters to the
 * order: the heap alone decides it.
 *
 * A cancelled event keeps its place until it comes up, or until such rows are half of all and are swept out. Its row may
 * be taken again for a later event: then it lies in a bucket before its time, and moves on when that is opened.
 *
 * Source: W. T. Tang, R. S. M. Goh, I. L.-J. Thng, "Ladder queue: an O(1) priority queue structure for large-scale
 * discrete event simulation", ACM TOMACS 15 (2005); widths here are powers of two, so that bucket bounds are exact.
 * Chosen by measurement: docs/decisions/0006.
 */
import { type Columns, growColumn, type Uint32Column } from './columns.ts';
import { EventHeap } from './event-heap.ts';
import { EventRows, NEXT, ROW_HALVES, ROW_WORDS, TIME } from './event-rows.ts';

const NO_ROW = -1;
const RUNGS_MAX = 8;
/** A bucket with more events than this becomes a rung. */
const BUCKET_EVENTS_MAX = 32;
/** Buckets of a new rung: so many that each holds this many events on average. */
const BUCKET_EVENTS_MEAN = 8;
const BUCKETS_MIN = 64;
const BUCKETS_MAX = 65_536;
/** The heap becomes a rung when it is longer than this and has doubled since it was filled. */
const HEAP_EVENTS_MAX = 64;
/** Cancelled events that are not worth a sweep. */
const CANCELLED_MIN = 64;

/** Places of `#bounds`, ns. */
const HEAP_END = 0;
const TOP_START = 1;
const TOP_LEAST = 2;
const TOP_MOST = 3;
/** Places of `#counts`. */
const PENDING = 0;
const CANCELLED = 1;
const RUNGS = 2;
const HEAP_LIMIT = 3;
/** Places of rung k in `#rungs`, from k * RUNG_WORDS; its buckets lie together in `#buckets`. */
const RUNG_WORDS = 7;
const START = 0;
const END = 1;
const WIDTH = 2;
const FIRST_BUCKET = 3;
const BUCKETS = 4;
const NEXT_BUCKET = 5;
const EVENTS = 6;
/** The top list is bucket 0. */
const TOP_BUCKET = 0;
const BUCKET_HALVES = 2;
const HEAD = 0;
const LENGTH = 1;

export class EventQueue {
  readonly rows: EventRows;
  readonly #heap: EventHeap;
  readonly #bounds: Float64Array;
  readonly #counts: Uint32Array;
  readonly #rungs: Float64Array;
  /** Head row and length of every bucket's list. */
  readonly #buckets: Uint32Column;

  /** @param pendingMax most events pending, which the caller sees to; as many again may be cancelled and not yet swept out */
  constructor(columns: Columns, pendingMax: number) {
    this.rows = new EventRows(columns, (pendingMax + CANCELLED_MIN) * 2);
    this.#heap = new EventHeap(columns, this.rows);
    this.#bounds = columns.float64('events/bounds', 4).data;
    this.#counts = columns.uint32('events/queue', 4).data;
    this.#rungs = columns.float64('events/rungs', RUNGS_MAX * RUNG_WORDS).data;
    this.#buckets = columns.uint32('events/buckets', (1 + BUCKETS_MIN) * BUCKET_HALVES, 'grows');
    this.#counts[HEAP_LIMIT] = HEAP_EVENTS_MAX;
    this.#forgetTop();
  }

  /** Events pending. */
  get size(): number {
    return this.#counts[PENDING];
  }

  /** Time of the earliest event, Infinity when there is none. */
  get earliestNs(): number {
    return this.bringUp() ? this.#heap.firstNs : Number.POSITIVE_INFINITY;
  }

  /** Time of the event that `bringUp` found. */
  get firstNs(): number {
    return this.#heap.firstNs;
  }

  /** Brings the earliest event to where `pop` takes it; false when none is pending. */
  bringUp(): boolean {
    const heap = this.#heap;
    for (;;) {
      while (heap.size === 0) if (!this.#refill()) return false;
      if (this.rows.isPending(heap.firstRow)) return true;
      this.#bury(heap.pop());
    }
  }

  /** Removes the earliest event and returns its row, which the caller gives back. Follows a `bringUp` that found one. */
  pop(): number {
    this.#counts[PENDING] -= 1;
    return this.#heap.pop();
  }

  /** Puts a row, taken and filled by the caller, into the order. */
  insert(row: number): void {
    this.#counts[PENDING] += 1;
    this.#place(row);
    if (this.#heap.size > this.#counts[HEAP_LIMIT]) this.#spillHeap();
  }

  /** Removes a pending event; false when it has fired or was cancelled before. */
  cancel(handle: number): boolean {
    if (!this.rows.cancel(handle)) return false;
    const counts = this.#counts;
    counts[PENDING] -= 1;
    counts[CANCELLED] += 1;
    if (counts[CANCELLED] > CANCELLED_MIN && counts[CANCELLED] * 2 > this.rows.top) this.#sweep();
    return true;
  }

  /**
   * The row of a cancelled event, to be filled for one at `timeNs` or later and given to `reinsert`; NO_ROW when it has
   * been given back, or would come up too late from where it lies.
   */
  reusable(handle: number, timeNs: number): number {
    const row = this.rows.cancelledRow(handle);
    if (row === NO_ROW) return NO_ROW;
    const placedNs = this.rows.records.data[row * ROW_WORDS + TIME];
    // Before the heap's end it lies in the heap, which its new fields would put out of order.
    return placedNs >= this.#bounds[HEAP_END] && timeNs >= placedNs ? row : NO_ROW;
  }

  /** Makes the event of a reusable row, filled anew, pending where it lies. */
  reinsert(row: number): void {
    this.#counts[PENDING] += 1;
    this.#counts[CANCELLED] -= 1;
    this.rows.revive(row);
  }

  /** Orders what happens in the same microstep by another seed, a whole number below 2^32; 0 for the plain order. */
  set tieSeed(seed: number) {
    this.#heap.clear();
    this.#heap.tieSeed = seed;
    this.#sweep();
  }

  #bury(row: number): void {
    this.#counts[CANCELLED] -= 1;
    this.rows.give(row);
  }

  #place(row: number): void {
    const timeNs = this.rows.records.data[row * ROW_WORDS + TIME];
    const bounds = this.#bounds;
    if (timeNs < bounds[HEAP_END]) {
      this.#heap.push(row);
      return;
    }
    if (timeNs >= bounds[TOP_START]) {
      if (timeNs < bounds[TOP_LEAST]) bounds[TOP_LEAST] = timeNs;
      if (timeNs > bounds[TOP_MOST]) bounds[TOP_MOST] = timeNs;
      this.#link(TOP_BUCKET, row);
      return;
    }
    const rungs = this.#rungs;
    let at = (this.#counts[RUNGS] - 1) * RUNG_WORDS;
    while (timeNs >= rungs[at + END]) at -= RUNG_WORDS;
    rungs[at + EVENTS] += 1;
    this.#link(rungs[at + FIRST_BUCKET] + Math.floor((timeNs - rungs[at + START]) / rungs[at + WIDTH]), row);
  }

  #link(bucket: number, row: number): void {
    const buckets = this.#buckets.data;
    const at = bucket * BUCKET_HALVES;
    this.rows.records.halves[row * ROW_HALVES + NEXT] = buckets[at + HEAD];
    buckets[at + HEAD] = row;
    buckets[at + LENGTH] += 1;
  }

  /** Fills the empty heap with the next events in time; false when there are none. */
  #refill(): boolean {
    const counts = this.#counts;
    const bounds = this.#bounds;
    for (;;) {
      if (counts[RUNGS] === 0) {
        if (this.#buckets.data[TOP_BUCKET + LENGTH] === 0) return false;
        if (this.#openTop()) return true;
      }
      const at = (counts[RUNGS] - 1) * RUNG_WORDS;
      if (this.#rungs[at + EVENTS] === 0) {
        bounds[HEAP_END] = this.#rungs[at + END];
        counts[RUNGS] -= 1;
      } else if (this.#openBucket(at)) return true;
    }
  }

  /** Makes the top list the heap, when it is short (true), or else rung 0. */
  #openTop(): boolean {
    const bounds = this.#bounds;
    const least = bounds[TOP_LEAST];
    const end = bounds[TOP_MOST] + 1;
    const length = this.#buckets.data[TOP_BUCKET + LENGTH];
    this.#forgetTop();
    if (length <= BUCKET_EVENTS_MAX) {
      bounds[HEAP_END] = Number.POSITIVE_INFINITY;
      bounds[TOP_START] = Number.POSITIVE_INFINITY;
      this.#emptyIntoHeap(TOP_BUCKET);
      return true;
    }
    bounds[HEAP_END] = least;
    const at = this.#addRung(least, end, length);
    // Rung 0 may reach beyond the last event: what comes in later need not pass through the top.
    const rungs = this.#rungs;
    rungs[at + END] = least + rungs[at + WIDTH] * rungs[at + BUCKETS];
    bounds[TOP_START] = rungs[at + END];
    this.#emptyIntoRung(TOP_BUCKET, at);
    return false;
  }

  /** Makes the next bucket of the lowest rung the heap, when it is short or instantaneous (true), or else a rung. */
  #openBucket(at: number): boolean {
    const rungs = this.#rungs;
    const buckets = this.#buckets.data;
    const first = rungs[at + FIRST_BUCKET];
    let bucket = rungs[at + NEXT_BUCKET];
    while (buckets[(first + bucket) * BUCKET_HALVES + LENGTH] === 0) bucket += 1;
    const length = buckets[(first + bucket) * BUCKET_HALVES + LENGTH];
    const width = rungs[at + WIDTH];
    const start = rungs[at + START] + bucket * width;
    const end = Math.min(start + width, rungs[at + END]);
    rungs[at + NEXT_BUCKET] = bucket + 1;
    rungs[at + EVENTS] -= length;
    if (length <= BUCKET_EVENTS_MAX || width === 1 || this.#counts[RUNGS] === RUNGS_MAX) {
      this.#bounds[HEAP_END] = end;
      this.#emptyIntoHeap(first + bucket);
      return true;
    }
    this.#bounds[HEAP_END] = start;
    this.#emptyIntoRung(first + bucket, this.#addRung(start, end, length));
    return false;
  }

  /** A heap that grows while it is in use holds too long a time: its events become the lowest rung, or the top. */
  #spillHeap(): void {
    const heap = this.#heap;
    const { size } = heap;
    const counts = this.#counts;
    const bounds = this.#bounds;
    const start = heap.firstNs;
    const end = bounds[HEAP_END];
    counts[HEAP_LIMIT] = size * 2;
    if (counts[RUNGS] === RUNGS_MAX || end - start < BUCKETS_MIN) return;
    if (counts[RUNGS] === 0) bounds[TOP_START] = start;
    else this.#addRung(start, end, size);
    bounds[HEAP_END] = start;
    heap.clear();
    for (let place = 0; place < size; place += 1) this.#place(heap.rowAt(place));
  }

  /** Adds a lowest rung over [start, end) for so many events; returns its place in `#rungs`. */
  #addRung(start: number, end: number, events: number): number {
    const counts = this.#counts;
    const rungs = this.#rungs;
    const at = counts[RUNGS] * RUNG_WORDS;
    let buckets = BUCKETS_MIN;
    while (buckets * BUCKET_EVENTS_MEAN < events && buckets < BUCKETS_MAX) buckets *= 2;
    let width = 1;
    while (width * buckets < end - start) width *= 2;
    const above = at - RUNG_WORDS;
    const first = at === 0 ? TOP_BUCKET + 1 : rungs[above + FIRST_BUCKET] + rungs[above + BUCKETS];
    const halves = (first + buckets) * BUCKET_HALVES;
    if (halves > this.#buckets.data.length) growColumn(this.#buckets, halves);
    rungs[at + START] = start;
    rungs[at + END] = end;
    rungs[at + WIDTH] = width;
    rungs[at + FIRST_BUCKET] = first;
    rungs[at + BUCKETS] = buckets;
    rungs[at + NEXT_BUCKET] = 0;
    rungs[at + EVENTS] = 0;
    counts[RUNGS] += 1;
    return at;
  }

  #emptyIntoHeap(bucket: number): void {
    const { data, halves } = this.rows.records;
    const buckets = this.#buckets.data;
    const at = bucket * BUCKET_HALVES;
    const end = this.#bounds[HEAP_END];
    let row = buckets[at + HEAD];
    let left = buckets[at + LENGTH];
    buckets[at + LENGTH] = 0;
    for (; left > 0; left -= 1) {
      const next = halves[row * ROW_HALVES + NEXT];
      if (data[row * ROW_WORDS + TIME] < end) this.#heap.push(row);
      else this.#place(row);
      row = next;
    }
    const { size } = this.#heap;
    this.#counts[HEAP_LIMIT] = Math.max(size * 2, HEAP_EVENTS_MAX);
  }

  #emptyIntoRung(bucket: number, rung: number): void {
    const { data, halves } = this.rows.records;
    const rungs = this.#rungs;
    const buckets = this.#buckets.data;
    const at = bucket * BUCKET_HALVES;
    const start = rungs[rung + START];
    const first = rungs[rung + FIRST_BUCKET];
    const perNs = 1 / rungs[rung + WIDTH];
    const end = rungs[rung + END];
    let row = buckets[at + HEAD];
    let left = buckets[at + LENGTH];
    buckets[at + LENGTH] = 0;
    for (; left > 0; left -= 1) {
      const next = halves[row * ROW_HALVES + NEXT];
      const timeNs = data[row * ROW_WORDS + TIME];
      if (timeNs < end) {
        rungs[rung + EVENTS] += 1;
        this.#link(first + Math.floor((timeNs - start) * perNs), row);
      } else this.#place(row);
      row = next;
    }
  }

  /** Puts every pending event into its place afresh, and gives the rows of cancelled ones back. */
  #sweep(): void {
    const counts = this.#counts;
    const rungs = this.#rungs;
    this.#heap.clear();
    this.#buckets.data.fill(0);
    this.#forgetTop();
    for (let rung = 0; rung < counts[RUNGS]; rung += 1) rungs[rung * RUNG_WORDS + EVENTS] = 0;
    for (let row = 0; row < this.rows.top; row += 1) {
      if (this.rows.isPending(row)) this.#place(row);
      else if (this.rows.isCancelled(row)) this.rows.give(row);
    }
    counts[CANCELLED] = 0;
  }

  #forgetTop(): void {
    this.#bounds[TOP_LEAST] = Number.POSITIVE_INFINITY;
    this.#bounds[TOP_MOST] = Number.NEGATIVE_INFINITY;
  }
}
