/**
 * OMB's files as a scenario file would say it. In OMB a producer writes to one topic, and each topic has groups of its own,
 * so every topic is a class with classes of clients of its own. Above TOPIC_CLASSES_MAX topics, several share theirs: their
 * producers then give records to several topics in turn.
 */
import type { Path } from '../yaml-source.ts';
import type { OmbPlan } from './omb-workload.ts';

/** More classes would only make results hard to read: with that many topics, a batch holds few records in either case. */
export const TOPIC_CLASSES_MAX = 100;

/** OMB's keys: so many, of 7 random bytes each in Base64. */
const KEYS = 10_000;
const KEY_BYTES = 10;

/** Little enough that values are made without any random bytes, as OMB's of ratio 0 are. */
const LEAST_COMPRESSION_RATE = 0.005;

/** Where OMB begins its search for the highest rate; a saturating phase does not use it. */
const SEARCH_BEGINS_AT = 10_000;

const NAME_MAX = 100;

/** A name for files, topics and groups: what Kafka and directories allow of it. */
export function ombName(workload: string): string {
  const name = workload.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '');
  return name.slice(0, NAME_MAX).replace(/-+$/, '') || 'test-topic';
}

/** The scenario file, as data. */
export function ombScenario(plan: OmbPlan): Record<string, unknown> {
  const { facts, settings } = plan;
  const name = ombName(facts.workload);
  const classes = topicClasses(name, facts.topics);
  return {
    apiVersion: 'brokertwin/v1',
    name,
    cluster: { brokers: { count: plan.replicationFactor } },
    topics: Object.fromEntries(
      classes.map(({ topic, count }) => [
        topic,
        {
          ...(count > 1 ? { count } : {}),
          partitions: facts.partitions,
          'replication.factor': plan.replicationFactor,
          config: settings.topics,
        },
      ]),
    ),
    producers: Object.fromEntries(
      classes.map(({ topic, count, suffix }) => [`producer${suffix}`, producers(plan, topic, count)]),
    ),
    consumers: Object.fromEntries(classes.flatMap((one) => consumers(plan, one))),
    run: {
      warmup: `${plan.warmupMinutes}m`,
      duration: `${plan.durationMinutes}m`,
      ...(plan.recordsPerSecond === 0 ? { phases: [{ name: 'run', load: 'max' }] } : {}),
    },
  };
}

interface TopicClassData {
  readonly topic: string;
  readonly count: number;
  /** Of the names of its classes of clients. */
  readonly suffix: string;
}

function topicClasses(name: string, topics: number): TopicClassData[] {
  const classes = Math.min(topics, TOPIC_CLASSES_MAX);
  return Array.from({ length: classes }, (_, index) => {
    const count = Math.floor(((index + 1) * topics) / classes) - Math.floor((index * topics) / classes);
    const number = index + 1;
    return {
      // All are alike when all are numbered twice, though some may have one topic only.
      topic: count > 1 ? `${name}-${number}-*` : `${name}-${number}${topics > classes ? '-1' : ''}`,
      count,
      suffix: classes === 1 ? '' : `-${number}`,
    };
  });
}

function producers(plan: OmbPlan, topic: string, count: number): Record<string, unknown> {
  const { facts, recordsPerSecond, randomized, settings } = plan;
  const rate = recordsPerSecond === 0 ? SEARCH_BEGINS_AT : recordsPerSecond;
  return {
    topics: topic,
    count: count * facts.producersPerTopic,
    rate: `${(rate * count) / facts.topics}/s`,
    record: {
      value: `${facts.messageSize}B`,
      ...(plan.keys === 'NO_KEY' ? {} : { key: { cardinality: KEYS, size: `${KEY_BYTES}B` } }),
      ...(randomized === null ? {} : { compressionRate: Math.max(randomized.share, LEAST_COMPRESSION_RATE) }),
    },
    config: settings.producers,
  };
}

function consumers(plan: OmbPlan, { topic, count, suffix }: TopicClassData): [string, unknown][] {
  const { facts, settings } = plan;
  if (facts.consumersPerTopic === 0) return [];
  return Array.from({ length: facts.subscriptionsPerTopic }, (_, index) => {
    const subscription = `sub-${String(index).padStart(3, '0')}`;
    return [
      `${subscription}${suffix}`,
      {
        topics: topic,
        group: `${ombName(facts.workload)}${suffix}-${subscription}`,
        count: count * facts.consumersPerTopic,
        config: settings.consumers,
      },
    ];
  });
}

/** What of OMB's files a place of that scenario comes from: `['driver', 'producerConfig', 'linger.ms']`. */
export function ombPlace(path: Path, isStated: (place: Path) => boolean): Path {
  const [section, name, key, inner] = path;
  const config = (block: string): Path => {
    if (inner === undefined) return ['driver', block];
    const own = ['driver', block, inner];
    const common = ['driver', 'commonConfig', inner];
    if (isStated(own) || block === 'topicConfig') return own;
    return isStated(common) ? common : own;
  };
  const workload = (of: string): Path => ['workload', of];
  switch (section) {
    case 'cluster':
      return ['driver', 'replicationFactor'];
    case 'topics':
      if (key === 'config') return config('topicConfig');
      if (key === 'replication.factor') return ['driver', 'replicationFactor'];
      return workload(key === 'partitions' ? 'partitionsPerTopic' : 'topics');
    case 'producers':
      if (key === 'config') return config('producerConfig');
      if (key === 'record') return workload(RECORD[inner ?? 'value'] ?? 'messageSize');
      return workload(key === 'rate' ? 'producerRate' : 'producersPerTopic');
    case 'consumers':
      if (key === 'config') return config('consumerConfig');
      return workload(key === 'count' ? 'consumerPerSubscription' : 'subscriptionsPerTopic');
    case 'run':
      return workload(RUN[name ?? ''] ?? 'testDurationMinutes');
    default:
      return workload('name');
  }
}

const RECORD: Readonly<Record<string, string>> = {
  value: 'messageSize',
  key: 'keyDistributor',
  compressionRate: 'randomBytesRatio',
};

const RUN: Readonly<Record<string, string>> = { warmup: 'warmupDurationMinutes', phases: 'producerRate' };
