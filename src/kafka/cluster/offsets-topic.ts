/** The topic in which a cluster keeps its groups' offsets. Kafka makes it, whole, for its first group. */
import { topicConfig } from '../../scenario/kafka-defaults.ts';
import type { ClusterTemplate, TopicClass } from '../../scenario/scenario.ts';

export const OFFSETS_TOPIC = '__consumer_offsets';
/** offsets.topic.segment.bytes, which scenarios do not have. */
const SEGMENT_BYTES = 104_857_600;

/** As many replicas as offsets.topic.replication.factor says, or brokers there are (as local clusters are set up). */
export function offsetsTopic({ name, brokers }: ClusterTemplate): TopicClass {
  const { config } = brokers;
  return {
    name: OFFSETS_TOPIC,
    count: 1,
    cluster: name,
    partitions: config['offsets.topic.num.partitions'],
    replicationFactor: Math.min(config['offsets.topic.replication.factor'], brokers.count),
    config: topicConfig(
      { 'cleanup.policy': ['compact'], 'segment.bytes': SEGMENT_BYTES },
      { config, stated: {} },
    ),
    stated: {},
    skew: null,
    placement: null,
  };
}

/**
 * Whether a partition costs a look at each fetch of a session: all but those of __consumer_offsets that keep no group.
 * Kafka walks these too. But perPartition is fitted where sessions have a few partitions, and has much of the cost of a
 * request in it (the profile says so): charged for some dozen empty partitions in every fetcher it would be far too much.
 */
export function lookedAt(
  firstOfOffsets: number | undefined,
  kept: ReadonlySet<number>,
): (partition: number) => boolean {
  if (firstOfOffsets === undefined) return () => true;
  return (partition) => partition < firstOfOffsets || kept.has(partition);
}
