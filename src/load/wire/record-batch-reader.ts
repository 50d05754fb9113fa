/**
 * Record batches as a fetch response carries them (format v2, drawn in record-batch-writer.ts), read in place: a record is
 * told as places in a buffer, so that nothing is made for it.
 */
import { crc32c } from '@node-rs/crc32';
import { BATCH_OVERHEAD_BYTES } from '../../scenario/record-format.ts';
import { decompress } from './codecs.ts';

const LENGTH_AT = 8;
const LENGTH_END = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const BASE_TIMESTAMP_AT = 27;
const RECORDS_AT = 57;
const MAGIC = 2;
const TWO_TO_32 = 2 ** 32;
const CODEC_MASK = 7;
const CONTROL_BIT = 0x20;

/** A batch whose bytes are not what its writer made of it, or that no Kafka from 0.11 on writes. */
export class CorruptBatch extends Error {}

/** Told of every record. The bytes are valid during the call only; places and lengths are in bytes. */
export interface RecordVisitor {
  /** `keyBytes` and `valueBytes` are -1 for null. */
  record(
    bytes: Buffer,
    keyAt: number,
    keyBytes: number,
    valueAt: number,
    valueBytes: number,
    offset: number,
    timestampMs: number,
  ): void;
}

/** The offset after the last whole batch in bytes[start, end), or `otherwise` when there is none. */
export function nextOffsetOf(bytes: Buffer, start: number, end: number, otherwise: number): number {
  let next = otherwise;
  for (let at = start; at + BATCH_OVERHEAD_BYTES <= end; ) {
    const after = at + LENGTH_END + bytes.readInt32BE(at + LENGTH_AT);
    if (after > end || after < at + BATCH_OVERHEAD_BYTES) {
      break;
    }
    next = readInt64(bytes, at) + bytes.readInt32BE(at + LAST_OFFSET_DELTA_AT) + 1;
    at = after;
  }
  return next;
}

/**
 * Visits the records from `fromOffset` on of all whole batches in bytes[start, end); the last one may be cut off. Markers of
 * transactions are no records.
 *
 * @throws CorruptBatch
 */
export function visitRecords(
  bytes: Buffer,
  start: number,
  end: number,
  options: { readonly fromOffset: number; readonly checkCrcs: boolean },
  visitor: RecordVisitor,
): void {
  for (let at = start; at + BATCH_OVERHEAD_BYTES <= end; ) {
    const after = at + LENGTH_END + bytes.readInt32BE(at + LENGTH_AT);
    if (after > end) {
      return;
    }
    if (after < at + BATCH_OVERHEAD_BYTES) {
      throw new CorruptBatch(`a batch of ${after - at} bytes, less than its head has`);
    }
    visitBatch(bytes, at, after, options, visitor);
    at = after;
  }
}

function visitBatch(
  bytes: Buffer,
  at: number,
  end: number,
  { fromOffset, checkCrcs }: { readonly fromOffset: number; readonly checkCrcs: boolean },
  visitor: RecordVisitor,
): void {
  const baseOffset = readInt64(bytes, at);
  if (bytes[at + MAGIC_AT] !== MAGIC) {
    throw new CorruptBatch(`a batch of format ${bytes[at + MAGIC_AT]} at offset ${baseOffset}, expected 2`);
  }
  if (checkCrcs) {
    const found = crc32c(bytes.subarray(at + ATTRIBUTES_AT, end));
    const stated = bytes.readUInt32BE(at + CRC_AT);
    if (found !== stated) {
      throw new CorruptBatch(`the batch at offset ${baseOffset} has CRC ${found}, and says ${stated}`);
    }
  }
  const attributes = bytes.readInt16BE(at + ATTRIBUTES_AT);
  if ((attributes & CONTROL_BIT) !== 0) {
    return;
  }
  const records = bytes.readInt32BE(at + RECORDS_AT);
  const baseTimestampMs = readInt64(bytes, at + BASE_TIMESTAMP_AT);
  const recordsAt = at + BATCH_OVERHEAD_BYTES;
  if ((attributes & CODEC_MASK) === 0) {
    visitAll(bytes, recordsAt, end, records, baseOffset, baseTimestampMs, fromOffset, visitor);
  } else {
    const plain = decompress(attributes, bytes.subarray(recordsAt, end));
    visitAll(plain, 0, plain.length, records, baseOffset, baseTimestampMs, fromOffset, visitor);
  }
}

/** Numbers in a row instead of an object: called for each batch, and its loop for each record. */
function visitAll(
  bytes: Buffer,
  start: number,
  end: number,
  records: number,
  baseOffset: number,
  baseTimestampMs: number,
  fromOffset: number,
  visitor: RecordVisitor,
): void {
  let at = start;
  // The place after a varint comes back through this, so that none is made for it.
  const place = { at };
  for (let index = 0; index < records; index++) {
    place.at = at;
    const length = readVarint(bytes, place);
    const after = place.at + length;
    if (length < 0 || after > end) {
      throw new CorruptBatch(`record ${index} of the batch at offset ${baseOffset} ends outside of it`);
    }
    place.at++;
    const timestampMs = baseTimestampMs + readVarint(bytes, place);
    const offset = baseOffset + readVarint(bytes, place);
    const keyBytes = readVarint(bytes, place);
    const keyAt = place.at;
    place.at += Math.max(0, keyBytes);
    const valueBytes = readVarint(bytes, place);
    const valueAt = place.at;
    if (valueAt + Math.max(0, valueBytes) > after) {
      throw new CorruptBatch(`record ${index} of the batch at offset ${baseOffset} is longer than it says`);
    }
    if (offset >= fromOffset) {
      visitor.record(bytes, keyAt, keyBytes, valueAt, valueBytes, offset, timestampMs);
    }
    at = after;
  }
}

/** A zig-zag varint of at most 32 bits, or the lowest 32 of a longer one. */
export function readVarint(bytes: Buffer, place: { at: number }): number {
  let byte = bytes[place.at++];
  if (byte < 0x80) {
    return (byte >>> 1) ^ -(byte & 1);
  }
  let value = byte & 0x7f;
  for (let shift = 7; shift < 63; shift += 7) {
    byte = bytes[place.at++];
    if (shift < 32) {
      value |= (byte & 0x7f) << shift;
    }
    if (byte < 0x80) {
      return (value >>> 1) ^ -(value & 1);
    }
  }
  throw new CorruptBatch('a varint of more than 9 bytes');
}

function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * TWO_TO_32 + bytes.readUInt32BE(at + 4);
}
