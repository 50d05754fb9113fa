/** What a verified run is made of: its streams, and what Kafka promises of them. */
import type { DeliveryPromises } from '../../result/delivery-proof.ts';
import type { ConsumerClass, ProducerClass, Scenario } from '../../scenario/scenario.ts';
import { topicNames } from '../../scenario/topic-names.ts';
import { StreamPlan } from './streams.ts';

const VERIFIER = 'verifier';

/** The streams of all producer clients, the same on every thread. */
export function streamPlanOf(scenario: Scenario): StreamPlan {
  const topics = scenario.topics.flatMap((topic) =>
    topicNames(topic).map((name) => ({ name, partitions: topic.partitions, of: topic.name })),
  );
  const numbersOf = (producer: ProducerClass): number[] =>
    topics.flatMap(({ of }, number) => (producer.topics.includes(of) ? [number] : []));
  const clients = scenario.producers.flatMap((producer, classIndex) =>
    Array.from({ length: producer.count }, (_, number) => ({
      name: `${producer.name}-${number}`,
      classIndex,
      topics: numbersOf(producer),
    })),
  );
  return new StreamPlan(topics, clients);
}

/** Number of a client in the plan. */
export function clientNumber(scenario: Scenario, classIndex: number, client: number): number {
  return scenario.producers.slice(0, classIndex).reduce((sum, { count }) => sum + count, client);
}

/** What Kafka promises a producer with these settings. */
export function promisesOf({ config }: ProducerClass): DeliveryPromises {
  const isIdempotent = config['enable.idempotence'];
  return {
    kept: config.acks === 'all',
    once: isIdempotent,
    ordered: isIdempotent || config['max.in.flight.requests.per.connection'] === 1 || config.retries === 0,
  };
}

/** The scenario with a consumer for the topics that nobody reads: what was written must be read to be proven. */
export function withVerifier(scenario: Scenario, consumer: ConsumerClass['config']): Scenario {
  const read = new Set(scenario.consumers.flatMap(({ topics }) => topics));
  const unread = [...new Set(scenario.producers.flatMap(({ topics }) => topics))].filter(
    (topic) => !read.has(topic),
  );
  const [producer] = scenario.producers;
  if (unread.length === 0) {
    return scenario;
  }
  const verifier: ConsumerClass = {
    name: VERIFIER,
    cluster: producer.cluster,
    host: producer.host,
    client: 'brokertwin',
    topics: unread,
    group: `brokertwin-${VERIFIER}`,
    count: 1,
    processUs: 0,
    config: consumer,
    stated: {},
  };
  return { ...scenario, consumers: [...scenario.consumers, verifier] };
}
