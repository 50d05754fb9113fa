/**
 * Events between the shards of different workers, and of one: a mailbox for each worker and each receiver, in shared
 * memory.
 *
 *   worker 0 ─► [0 to 0] [0 to 1]      each twice: one is read while the next window's events go into the other
 *   worker 1 ─► [1 to 0] [1 to 1]
 *
 * How much is in a box does not stand in it: its writer brings that to the barrier.
 */
import { MESSAGE_WORDS } from '../simulation.ts';

const MESSAGE_BYTES = MESSAGE_WORDS * Float64Array.BYTES_PER_ELEMENT;
const MESSAGES_AT_START = 200;
const PARITIES = 2;

/**
 * Memory for the mailboxes of all workers. Address space is taken for `messagesMax` events a box, memory as they fill.
 * @param messagesMax most events from the shards of one worker to those of one in a window
 */
export function mailboxMemory(workers: number, messagesMax: number): SharedArrayBuffer[] {
  return Array.from(
    { length: PARITIES * workers * workers },
    () =>
      new SharedArrayBuffer(Math.min(MESSAGES_AT_START, messagesMax) * MESSAGE_BYTES, {
        maxByteLength: messagesMax * MESSAGE_BYTES,
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
  #data: Float64Array;
  #length = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    this.#data = new Float64Array(memory, 0, memory.byteLength / Float64Array.BYTES_PER_ELEMENT);
  }

  /** Numbers written since `clear`. */
  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Copies the event that begins at number `at`; false when the box holds as many as it may. */
  put(messages: Float64Array, at: number): boolean {
    const length = this.#length;
    if (length + MESSAGE_WORDS > this.#data.length && !this.#grow()) return false;
    const data = this.#data;
    for (let word = 0; word < MESSAGE_WORDS; word += 1) data[length + word] = messages[at + word];
    this.#length = length + MESSAGE_WORDS;
    return true;
  }

  /** The first `length` numbers and perhaps more, for the reader: another worker's box may have grown. */
  read(length: number): Float64Array {
    if (length > this.#data.length) this.#look();
    return this.#data;
  }

  #grow(): boolean {
    const { byteLength, maxByteLength } = this.#memory;
    if (byteLength === maxByteLength) return false;
    this.#memory.grow(Math.min(byteLength * 2, maxByteLength));
    this.#look();
    return true;
  }

  /** A view of a fixed length is as fast as one of plain memory; one that follows its buffer is not. */
  #look(): void {
    this.#data = new Float64Array(this.#memory, 0, this.#memory.byteLength / Float64Array.BYTES_PER_ELEMENT);
  }
}
