/**
 * What a verified record carries at the front of its value:
 *
 *     byte  0        8        12      16       20         26            length
 *           | due    | check  | run   | stream | sequence | payload ... |
 *
 * * due: nanoseconds, as in every value (payload.ts).
 * * check: XXH32 of all bytes from `run` to the end, the due time being the seed. The hash takes in the number of bytes,
 *   so that a value cut short is seen like one whose bytes were changed, swapped or taken from another record.
 * * run: a number drawn for each run, which tells its records from those that an earlier run left in the topic.
 * * stream, sequence: which producer client and partition, and the how manieth of its records there, from 0.
 *
 * All are big-endian. XXH32 because it is the fastest here that looks at every byte: what goes to native code
 * (zlib.crc32, Buffer.compare against a pool known by its seed) pays more for the call than a value of 100 bytes costs.
 */

/** Smallest value that can be stamped. */
export const STAMP_BYTES = 26;
export const SEQUENCE_LIMIT = 2 ** 48;

/** What `checkStamp` finds. */
export const STAMP = {
  good: 0,
  /** Of this run by its number, but not the bytes that were stamped. */
  corrupt: 1,
  /** Whole, and stamped by another run. */
  foreign: 2,
  /** Not ours, or so damaged that nothing says that it was. */
  unstamped: 3,
} as const;
export type StampFinding = (typeof STAMP)[keyof typeof STAMP];

const DUE = 0;
const CHECK = 8;
const RUN = 12;
const STREAM = 16;
const SEQUENCE_HIGH = 20;
const SEQUENCE_LOW = 22;
const WORD = 2 ** 32;

const PRIME_1 = 0x9e3779b1 | 0;
const PRIME_2 = 0x85ebca77 | 0;
const PRIME_3 = 0xc2b2ae3d | 0;
const PRIME_4 = 0x27d4eb2f | 0;
const PRIME_5 = 0x165667b1 | 0;
const STRIPE_BYTES = 16;

let viewed: ArrayBufferLike | null = null;
let view: DataView = new DataView(new ArrayBuffer(0));

/**
 * Stamps the value of `length` bytes at `at` of the view, whose due time and payload are already there; nothing may be written to it
 * afterwards. `run` and `stream` are unsigned 32-bit numbers. Throws when the value or the sequence does not fit.
 */
export function writeStamp(
  data: DataView,
  at: number,
  length: number,
  run: number,
  stream: number,
  sequence: number,
): void {
  if (length < STAMP_BYTES || at + length > data.byteLength) {
    throw new RangeError(`a value of ${length} bytes at ${at} of ${data.byteLength} has no room for a stamp`);
  }
  if (!(sequence >= 0 && sequence < SEQUENCE_LIMIT)) {
    throw new RangeError(`${sequence} is no sequence`);
  }
  const high = Math.floor(sequence / WORD);
  data.setUint32(at + RUN, run);
  data.setUint32(at + STREAM, stream);
  data.setUint16(at + SEQUENCE_HIGH, high);
  data.setUint32(at + SEQUENCE_LOW, sequence - high * WORD);
  data.setUint32(at + CHECK, checkWord(data, at, length));
}

/** Judges the value of `length` bytes at `at`; `stampStream` and `stampSequence` hold only when it is good. */
export function checkStamp(bytes: Uint8Array, at: number, length: number, run: number): StampFinding {
  if (length < STAMP_BYTES) {
    return STAMP.unstamped;
  }
  const data = viewOf(bytes);
  const start = bytes.byteOffset + at;
  const whole = data.getUint32(start + CHECK) === checkWord(data, start, length);
  if (data.getUint32(start + RUN) === run) {
    return whole ? STAMP.good : STAMP.corrupt;
  }
  return whole ? STAMP.foreign : STAMP.unstamped;
}

/** The stream number in the stamp of the value at `at`. */
export function stampStream(bytes: Uint8Array, at: number): number {
  return wordAt(bytes, at + STREAM);
}

/** The sequence number in the stamp of the value at `at`. */
export function stampSequence(bytes: Uint8Array, at: number): number {
  const high = (bytes[at + SEQUENCE_HIGH] << 8) | bytes[at + SEQUENCE_HIGH + 1];
  return high * WORD + wordAt(bytes, at + SEQUENCE_LOW);
}

/** XXH32 of the bytes from `from` to before `to`; the seed is a signed 32-bit number. Unsigned. */
export function xxHash32(bytes: Uint8Array, from: number, to: number, seed: number): number {
  return hash(viewOf(bytes), bytes.byteOffset + from, bytes.byteOffset + to, seed);
}

/** Values lie side by side in few large buffers, so that a view made for each buffer is hardly ever made. */
function viewOf(bytes: Uint8Array): DataView {
  const { buffer } = bytes;
  if (buffer !== viewed) {
    viewed = buffer;
    view = new DataView(buffer);
  }
  return view;
}

/** Four bytes by themselves are read sooner than their buffer is asked for. */
function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

function checkWord(data: DataView, start: number, length: number): number {
  const seed = Math.imul(data.getInt32(start + DUE), PRIME_1) ^ data.getInt32(start + DUE + 4);
  return hash(data, start + RUN, start + length, seed);
}

function hash(data: DataView, from: number, to: number, seed: number): number {
  let at = from;
  let sum: number;
  if (to - from >= STRIPE_BYTES) {
    let a = (seed + PRIME_1 + PRIME_2) | 0;
    let b = (seed + PRIME_2) | 0;
    let c = seed | 0;
    let d = (seed - PRIME_1) | 0;
    for (const last = to - STRIPE_BYTES; at <= last; at += STRIPE_BYTES) {
      a = Math.imul(turn((a + Math.imul(data.getInt32(at, true), PRIME_2)) | 0, 13), PRIME_1);
      b = Math.imul(turn((b + Math.imul(data.getInt32(at + 4, true), PRIME_2)) | 0, 13), PRIME_1);
      c = Math.imul(turn((c + Math.imul(data.getInt32(at + 8, true), PRIME_2)) | 0, 13), PRIME_1);
      d = Math.imul(turn((d + Math.imul(data.getInt32(at + 12, true), PRIME_2)) | 0, 13), PRIME_1);
    }
    sum = (turn(a, 1) + turn(b, 7) + turn(c, 12) + turn(d, 18)) | 0;
  } else {
    sum = (seed + PRIME_5) | 0;
  }
  sum = (sum + to - from) | 0;
  for (; at + 4 <= to; at += 4) {
    sum = Math.imul(turn((sum + Math.imul(data.getInt32(at, true), PRIME_3)) | 0, 17), PRIME_4);
  }
  for (; at < to; at++) {
    sum = Math.imul(turn((sum + Math.imul(data.getUint8(at), PRIME_5)) | 0, 11), PRIME_1);
  }
  sum = Math.imul(sum ^ (sum >>> 15), PRIME_2);
  sum = Math.imul(sum ^ (sum >>> 13), PRIME_3);
  return (sum ^ (sum >>> 16)) >>> 0;
}

function turn(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
