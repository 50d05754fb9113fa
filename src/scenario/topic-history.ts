/** The records that a topic holds when a phase begins: in every partition as many batches of one size, for both arms alike. */
import { BATCH_OVERHEAD_BYTES, recordBytes } from './record-format.ts';
import type { TopicClass } from './scenario.ts';

export interface EqualBatches {
  readonly bytes: number;
  readonly records: number;
  /** In each partition. */
  readonly count: number;
}

export const NO_BATCHES: EqualBatches = { bytes: 0, records: 0, count: 0 };

/** As many whole records in a batch as there is room for, and as many whole batches in a partition, at least one of each. */
export function historyBatches({ history, partitions }: TopicClass): EqualBatches {
  if (history === undefined) return NO_BATCHES;
  const each = recordBytes({ keyBytes: null, valueBytes: history.valueBytes, headersBytes: 1 }, 0);
  const records = Math.max(1, Math.floor((history.batchBytes - BATCH_OVERHEAD_BYTES) / each));
  const bytes = BATCH_OVERHEAD_BYTES + records * each;
  return { bytes, records, count: Math.max(1, Math.floor(history.bytes / partitions / bytes)) };
}

/** Of all topics of a class. */
export function historyRecords(topics: TopicClass): number {
  const { records, count } = historyBatches(topics);
  return topics.count * topics.partitions * count * records;
}
