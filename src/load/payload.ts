/**
 * Bytes of values: cut from a pool of random ones, so that they neither repeat soon nor compress, or only as far as they
 * should: then each piece of PIECE_BYTES is random at its beginning and the same letter after.
 */
import type { Batch } from './accumulator.ts';
import type { Random } from './random.ts';

const POOL_BYTES = 4 * 1024 * 1024;
const DUE_TIME_BYTES = 8;
const WORD = 2 ** 32;
const PIECE_BYTES = 64;
const FILLER = 'x';

/** Bytes of one producer thread, of which that part is random. */
export function createPool(random: Random, randomPart = 1): Buffer {
  const words = new Uint32Array(POOL_BYTES / 4);
  for (let i = 0; i < words.length; i++) {
    words[i] = Math.floor(random() * WORD);
  }
  const pool = Buffer.from(words.buffer);
  const randomBytes = Math.round(PIECE_BYTES * randomPart);
  for (let at = 0; at < pool.length; at += PIECE_BYTES) {
    pool.fill(FILLER, at + randomBytes, at + PIECE_BYTES);
  }
  return pool;
}

/** The values of a batch, in one allocation; each begins with its due time if it has room for it. */
export function makeValues(batch: Batch, pool: Buffer, random: Random): Buffer[] {
  const total = batch.valueBytes.reduce((sum, bytes) => sum + bytes, 0);
  const slab = Buffer.allocUnsafe(total);
  for (let filled = 0; filled < total; ) {
    const from = Math.floor(random() * pool.length);
    filled += pool.copy(slab, filled, from, from + total - filled);
  }
  let at = 0;
  return batch.valueBytes.map((bytes, index) => {
    if (bytes >= DUE_TIME_BYTES) {
      const dueNs = batch.dueNs[index];
      const high = Math.floor(dueNs / WORD);
      slab.writeUInt32BE(high, at);
      slab.writeUInt32BE(Math.floor(dueNs - high * WORD), at + 4);
    }
    const value = slab.subarray(at, at + bytes);
    at += bytes;
    return value;
  });
}

/** The due time at the front of a value, nanoseconds on the common clock; null when the value has none. */
export function dueTimeOf(value: Buffer | null): number | null {
  return value === null || value.length < DUE_TIME_BYTES
    ? null
    : value.readUInt32BE(0) * WORD + value.readUInt32BE(4);
}
