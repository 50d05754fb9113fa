/** Records of a batch in the making, read back one by one. */
import { readVarint } from './record-batch-reader.ts';

export interface PlainRecord {
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer;
  /** Encoded, their number in front. */
  readonly headers: Buffer;
}

/** The records in bytes that hold nothing else (clients, DefaultRecord); they share the memory of `bytes`. */
export function plainRecords(bytes: Buffer, baseTimestampMs: number): PlainRecord[] {
  const records: PlainRecord[] = [];
  const place = { at: 0 };
  while (place.at < bytes.length) {
    const recordBytes = readVarint(bytes, place);
    const end = place.at + recordBytes;
    // Attributes are of no use yet; the offset delta is the place in the list.
    place.at++;
    const timestampMs = baseTimestampMs + readVarint(bytes, place);
    readVarint(bytes, place);
    const keyBytes = readVarint(bytes, place);
    const keyAt = place.at;
    place.at += Math.max(0, keyBytes);
    const valueBytes = readVarint(bytes, place);
    const headersAt = place.at + valueBytes;
    records.push({
      timestampMs,
      key: keyBytes < 0 ? null : bytes.subarray(keyAt, keyAt + keyBytes),
      value: bytes.subarray(place.at, headersAt),
      headers: bytes.subarray(headersAt, end),
    });
    place.at = end;
  }
  return records;
}
