/** The records that a topic holds when a phase begins: in every partition as many batches of one size, for both arms alike. */
import { BATCH_OVERHEAD_BYTES, recordBytes } from './record-format.ts';
import type { ConsumerClass, Scenario, TopicClass } from './scenario.ts';
import { topicNames } from './topic-names.ts';

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

/** By topic, the offset at which the history of each of its partitions ends. */
export function historyEnds({ topics }: Scenario): Map<string, number> {
  return new Map(
    topics.flatMap((topic) => {
      const { records, count } = historyBatches(topic);
      return topicNames(topic).map((name) => [name, records * count] as const);
    }),
  );
}

/** Records of histories that the members of a class, all together, read before anything else. */
export function historyRecordsRead({ topics }: Scenario, consumer: ConsumerClass): number {
  if (consumer.config['auto.offset.reset'] !== 'earliest') return 0;
  return topics
    .filter(({ name }) => consumer.topics.includes(name))
    .reduce((sum, topic) => sum + historyRecords(topic), 0);
}
