/** The scenario of the benchmark: cluster.yaml, whose one topic with its producers is made a thousand of. */
import { join } from 'node:path';
import type { ShardInput } from '../../src/kafka/cluster/build-cluster.ts';
import { Columns } from '../../src/kernel/columns.ts';
import { Random } from '../../src/kernel/random.ts';
import { NS_PER_MS } from '../../src/kernel/time.ts';
import { readProfile } from '../../src/profile/read-profile.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';
import type { TopicClass } from '../../src/scenario/scenario.ts';

const FILE = join(import.meta.dirname, 'cluster.yaml');

/** Less than the warm-up. */
const START_OVER_NS = 500 * NS_PER_MS;

export interface Shape {
  readonly topics: number;
  readonly partitions: number;
  /** Topics without producers and consumers, besides. */
  readonly idleTopics: number;
  readonly lingerMs: number;
  readonly warmupMs: number;
  readonly durationMs: number;
}

/** What the cluster's shard is built from. */
export function shardInput(shape: Shape): ShardInput {
  const { topics, partitions, idleTopics, lingerMs } = shape;
  const { scenario } = readScenario(FILE, {
    set: [`producers.events.config.linger.ms=${lingerMs}`, `topics.events.partitions=${partitions}`],
  });
  const [topic] = scenario.topics;
  const [producer] = scenario.producers;
  const names = Array.from({ length: topics }, (_, index) => `events-${index + 1}`);
  const idle = Array.from({ length: idleTopics }, (_, index) => `idle-${index + 1}`);
  const [run] = scenario.run.phases;
  // A scenario's own path to a profile counts from where the command runs: here from this file.
  const profiles = scenario.hosts.map(({ name, profile }) => [
    name,
    readProfile(profile.endsWith('.json') ? join(import.meta.dirname, profile) : profile),
  ]);
  return {
    scenario: {
      ...scenario,
      topics: [
        ...names.map((name) => ({
          ...topic,
          name,
          placement: striped(name, topic, scenario.clusters[0].brokers.count),
        })),
        ...idle.map((name) => ({ ...topic, name })),
      ],
      producers: names.map((name) => ({ ...producer, name, topics: [name] })),
      consumers: scenario.consumers.map((consumer) => ({ ...consumer, topics: names })),
    },
    profiles: Object.fromEntries(profiles),
    phase: { ...run, warmupMs: shape.warmupMs, durationMs: shape.durationMs },
    tieSeed: 0,
    sharedCores: null,
    // Else all 2,000 would send at the same moments, and one fetch would bring what 50 of them sent.
    producersStartOverNs: START_OVER_NS,
  };
}

/**
 * Replicas as Kafka's StripedReplicaPlacer has them on brokers of one rack: the brokers are shuffled for each topic, a
 * partition is led by the next of them and followed by those after it.
 */
function striped(name: string, topic: TopicClass, brokers: number): NonNullable<TopicClass['placement']> {
  const random = new Random(new Columns(), 'bench-model');
  const stream = random.stream(name);
  const order = Array.from({ length: brokers }, (_, index) => index + 1);
  for (let left = brokers; left > 1; left -= 1) {
    const drawn = random.integer(stream, left);
    [order[left - 1], order[drawn]] = [order[drawn], order[left - 1]];
  }
  return Array.from({ length: topic.partitions }, (_, partition) => ({
    topic: name,
    partition,
    replicas: Array.from({ length: topic.replicationFactor }, (_, r) => order[(partition + r) % brokers]),
    recordsPerSecond: null,
  }));
}
