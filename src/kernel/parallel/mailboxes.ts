/**
 * Events between the shards of different workers, and of one: a mailbox for each worker and each receiver, in shared
 * memory.
 *
 *   worker 0 ─► [0 to 0] [0 to 1]      each twice: one is read while the next window's events go into the other
 *   worker 1 ─► [1 to 0] [1 to 1]
 *
 * How much is in a box does not stand in it: its writer brings that to the barrier.
 */
import { type EventRecords, ROW_WORDS } from '../event-rows.ts';

const EVENT_BYTES = ROW_WORDS * Float64Array.BYTES_PER_ELEMENT;
const EVENTS_AT_START = 200;
const PARITIES = 2;

/**
 * Memory for the mailboxes of all workers. Address space is taken for `eventsMax` events a box, memory as they fill.
 * @param eventsMax most events from the shards of one worker to those of one in a window
 */
export function mailboxMemory(workers: number, eventsMax: number): SharedArrayBuffer[] {
  return Array.from(
    { length: PARITIES * workers * workers },
    () =>
      new SharedArrayBuffer(Math.min(EVENTS_AT_START, eventsMax) * EVENT_BYTES, {
        maxByteLength: eventsMax * EVENT_BYTES,
      }),
  );
}

/** The mailboxes that one worker writes and reads. */
export class Mailboxes {
  readonly #outgoing: readonly (readonly Mailbox[])[];
  readonly #incoming: readonly (readonly Mailbox[])[];

  constructor(memory: readonly SharedArrayBuffer[], worker: number, workers: number) {
    const boxes = (place: (parity: number, other: number) => number): Mailbox[][] =>
      Array.from({ length: PARITIES }, (_, parity) =>
        Array.from({ length: workers }, (_, other) => new Mailbox(memory[place(parity, other)])),
      );
    this.#outgoing = boxes((parity, to) => (parity * workers + worker) * workers + to);
    this.#incoming = boxes((parity, from) => (parity * workers + from) * workers + worker);
  }

  /** The boxes to fill in this window, by receiver. */
  outgoing(parity: number): readonly Mailbox[] {
    return this.#outgoing[parity];
  }

  /** The boxes that were filled in the window before, by sender. */
  incoming(parity: number): readonly Mailbox[] {
    return this.#incoming[parity];
  }
}

export class Mailbox {
  readonly #memory: SharedArrayBuffer;
  #events: EventRecords;
  #length = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    this.#events = eventsIn(memory);
  }

  /** Events written since `clear`. */
  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Copies one of the events; false when the box holds as many as it may. */
  put(events: EventRecords, event: number): boolean {
    const to = this.#length * ROW_WORDS;
    if (to === this.#events.data.length && !this.#grow()) return false;
    const from = event * ROW_WORDS;
    const { data } = this.#events;
    for (let word = 0; word < ROW_WORDS; word += 1) data[to + word] = events.data[from + word];
    this.#length += 1;
    return true;
  }

  /** The first `length` events and perhaps more, for the reader: another worker's box may have grown. */
  read(length: number): EventRecords {
    if (length * ROW_WORDS > this.#events.data.length) this.#events = eventsIn(this.#memory);
    return this.#events;
  }

  #grow(): boolean {
    const { byteLength, maxByteLength } = this.#memory;
    if (byteLength === maxByteLength) return false;
    this.#memory.grow(Math.min(byteLength * 2, maxByteLength));
    this.#events = eventsIn(this.#memory);
    return true;
  }
}

/** Views of a fixed length are as fast as those of plain memory; views that follow their buffer are not. */
function eventsIn(memory: SharedArrayBuffer): EventRecords {
  const data = new Float64Array(memory, 0, memory.byteLength / Float64Array.BYTES_PER_ELEMENT);
  return { data, halves: new Uint32Array(memory, 0, data.length * 2) };
}
