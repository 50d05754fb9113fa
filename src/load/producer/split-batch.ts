/**
 * What becomes of a batch that the broker finds too large (MESSAGE_TOO_LARGE), as with Kafka's RecordAccumulator and
 * ProducerBatch of 4.2 and newer: its records go, in their order, into batches of at most `batch.size`, or of half its size
 * when it came of such a split itself (KAFKA-8350), so that in the end they fit or stand alone.
 */
import { batchBytesUpperBound } from '../../scenario/record-format.ts';
import { type PlainRecord, plainRecords } from '../wire/plain-records.ts';
import { RecordBatchWriter } from '../wire/record-batch-writer.ts';
import type { BatchMakings } from './accumulator.ts';
import { ProducerBatch } from './producer-batch.ts';

/** Like the buffers of Kafka's split batches, theirs are not of `buffer.memory`. */
const NOT_RESERVED = 0;

/**
 * The batches that take the place of a sealed one; they know when it was created and sent, and have no sequences yet.
 *
 * @param batchBytes `batch.size`
 * @param compressionRatio by which their sizes are expected; null: not compressed
 */
export function splitBatch(
  batch: ProducerBatch,
  batchBytes: number,
  { memories, pool }: BatchMakings,
  compressionRatio: number | null,
): ProducerBatch[] {
  const { writer, dueNs, enteredNs } = batch;
  const records = plainRecords(writer.plainRecords, writer.baseTimestampMs);
  const bounds = records.map(upperBound);
  const targetBytes = batch.isPart
    ? bounds.reduce((most, bound) => Math.max(most, bound), Math.floor(writer.sealedBytes / 2))
    : batchBytes;
  // A bound is more than a record takes: two parts at least, or one large record beside a tiny one would stay one for ever.
  const recordsMax = batch.isPart ? Math.ceil(records.length / 2) : Number.POSITIVE_INFINITY;
  const parts: ProducerBatch[] = [];
  let limitBytes = 0;
  for (const [index, record] of records.entries()) {
    const { timestampMs, key, value, headers } = record;
    const append = (part: ProducerBatch, roomBytes: number): boolean => {
      const [due, entered] = [dueNs[index], enteredNs[index]];
      return part.writer.append(roomBytes, due, entered, timestampMs, key, value.length, headers, value);
    };
    let part = parts.at(-1);
    const isFull = part !== undefined && part.records >= recordsMax;
    if (part === undefined || isFull || !append(part, limitBytes - part.bytes)) {
      limitBytes = Math.max(targetBytes, bounds[index]);
      const ofPart = new RecordBatchWriter(memories, pool, timestampMs, bounds[index]);
      part = new ProducerBatch(batch.queue, batch.createdNs, NOT_RESERVED, ofPart, compressionRatio);
      part.partOf(batch, index);
      append(part, Number.POSITIVE_INFINITY);
      parts.push(part);
    }
    part.payloadBytes += value.length + (key?.length ?? 0);
  }
  return parts;
}

function upperBound({ key, value, headers }: PlainRecord): number {
  return batchBytesUpperBound({
    keyBytes: key?.length ?? null,
    valueBytes: value.length,
    headersBytes: headers.length,
  });
}
