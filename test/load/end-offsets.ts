import { Admin, ListOffsetTimestamps } from '@platformatic/kafka';
import type { TopicTask } from '../../src/load/topics.ts';
import { topicNames } from '../../src/scenario/topic-names.ts';

/** Records in the scenario's topics, by their log end offsets. */
export async function recordsInTopics({ scenario, bootstrapServers }: TopicTask): Promise<number> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [bootstrapServers] });
  try {
    const listed = await admin.listOffsets({
      topics: scenario.topics.flatMap((topics) =>
        topicNames(topics).map((name) => ({
          name,
          partitions: Array.from({ length: topics.partitions }, (_, partitionIndex) => ({
            partitionIndex,
            timestamp: ListOffsetTimestamps.LATEST,
          })),
        })),
      ),
    });
    return listed
      .flatMap(({ partitions }) => partitions)
      .reduce((sum, { offset }) => sum + Number(offset), 0);
  } finally {
    await admin.close();
  }
}
