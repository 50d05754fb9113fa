/** Record batches as a broker has stored them, read from its log segments. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface StoredBatch {
  readonly bytes: number;
  readonly records: number;
  /** When its first record was made, milliseconds since 1970. */
  readonly baseTimestampMs: number;
}

/** Of the head of a record batch, version 2 (clients, DefaultRecordBatch). */
const LENGTH_AT = 8;
const LENGTH_END = 12;
const BASE_TIMESTAMP_AT = 27;
const RECORDS_AT = 57;
const HEAD_BYTES = 61;

/** Log segments of a topic under a cluster's directory. */
export function segmentsOf(directory: string, topic: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.includes(`/${topic}-`) && file.endsWith('.log'))
    .map((file) => join(directory, file));
}

/** All whole batches of these segments. */
export function storedBatches(segments: readonly string[]): StoredBatch[] {
  return segments.flatMap((segment) => {
    const log = readFileSync(segment);
    const batches: StoredBatch[] = [];
    for (let at = 0; at + HEAD_BYTES <= log.length; ) {
      const bytes = LENGTH_END + log.readInt32BE(at + LENGTH_AT);
      if (at + bytes > log.length) break;
      batches.push({
        bytes,
        records: log.readInt32BE(at + RECORDS_AT),
        baseTimestampMs: Number(log.readBigInt64BE(at + BASE_TIMESTAMP_AT)),
      });
      at += bytes;
    }
    return batches;
  });
}
