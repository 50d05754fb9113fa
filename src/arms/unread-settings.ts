/** Kafka settings that a scenario states and the simulator does not read: said in the report, so that none is ignored unseen. */
import type { Scenario } from '../scenario/scenario.ts';

const READ = {
  brokers: [
    'num.network.threads',
    'num.io.threads',
    'queued.max.requests',
    'num.replica.fetchers',
    'replica.fetch.min.bytes',
    'replica.fetch.max.bytes',
    'replica.fetch.response.max.bytes',
    'replica.fetch.wait.max.ms',
  ],
  topics: [],
  producers: [
    'acks',
    'linger.ms',
    'batch.size',
    'buffer.memory',
    'max.request.size',
    'max.in.flight.requests.per.connection',
    'compression.type',
  ],
  consumers: ['fetch.min.bytes', 'fetch.max.bytes', 'fetch.max.wait.ms', 'max.partition.fetch.bytes'],
} as const satisfies Record<string, readonly string[]>;

/** One sentence that names every such setting with its place, or none. */
export function unreadSettings(scenario: Scenario): string[] {
  const unread = (
    place: string,
    stated: Readonly<Record<string, string>>,
    read: readonly string[],
  ): string[] =>
    Object.keys(stated)
      .filter((name) => !read.includes(name))
      .map((name) => `${name} of ${place}`);
  const all = [
    ...scenario.clusters.flatMap(({ name, brokers }) => unread(name, brokers.stated, READ.brokers)),
    ...scenario.topics.flatMap((topic) => unread(topic.name, topic.stated, READ.topics)),
    ...scenario.producers.flatMap((producer) => unread(producer.name, producer.stated, READ.producers)),
    ...scenario.consumers.flatMap((consumer) => unread(consumer.name, consumer.stated, READ.consumers)),
  ];
  return all.length === 0 ? [] : [`The simulator does not read these settings: ${all.join(', ')}.`];
}
