/** Sizes of records, batches and requests as clients count them. */
import { LogNormal } from '../../kernel/distributions.ts';
import type { ProducerConfig } from '../../scenario/kafka-defaults.ts';
import { BATCH_OVERHEAD_BYTES, recordBytes } from '../../scenario/record-format.ts';
import type { ProducerClass, Size } from '../../scenario/scenario.ts';
import { ESTIMATE_FACTOR, javaBatchRecords } from '../compression.ts';

/** Mean bytes of a value. */
export function meanValueBytes(size: Size): number {
  return size.kind === 'constant'
    ? size.bytes
    : LogNormal.ofPercentiles(size.medianBytes, size.p99Bytes).mean;
}

/** Mean bytes of a record in a batch that is about full. */
export function recordBytesOf(record: ProducerClass['record'], batchBytes: number): number {
  const valueBytes = meanValueBytes(record.value);
  const shape = {
    keyBytes: record.key?.bytes ?? null,
    valueBytes: Math.round(valueBytes),
    headersBytes: record.headersBytes === 0 ? 1 : record.headersBytes,
  };
  return recordBytes(shape, Math.floor(batchBytes / Math.max(1, valueBytes) / 2));
}

/**
 * What a producer's batches and requests may hold of records of that mean size.
 *
 * @param javaRate what a Java producer's batches come to when it compresses, by which it fills them; null for others
 */
export function producerLimits(
  config: ProducerConfig,
  bytes: number,
  javaRate: number | null,
): { readonly batchBytes: number; readonly fillBytes: number; readonly requestBytesMax: number } {
  const batchBytes = Math.max(config['batch.size'], Math.ceil(bytes) + BATCH_OVERHEAD_BYTES);
  const requestBytesMax = config['max.request.size'];
  if (javaRate === null) return { batchBytes, fillBytes: batchBytes, requestBytesMax };
  return {
    batchBytes,
    fillBytes: Math.ceil(BATCH_OVERHEAD_BYTES + javaBatchRecords(batchBytes, bytes, javaRate) * bytes),
    requestBytesMax: requestBytesMax / (ESTIMATE_FACTOR * javaRate),
  };
}
