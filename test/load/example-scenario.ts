/** A small scenario as the reader of scenario files would give it, for the tests of this room. */
import {
  brokerConfig,
  consumerConfig,
  producerConfig,
  topicConfig,
} from '../../src/scenario/kafka-defaults.ts';
import type {
  ConsumerClass,
  Phase,
  ProducerClass,
  Scenario,
  TopicClass,
} from '../../src/scenario/scenario.ts';

const broker = { config: brokerConfig({}, '4.3'), stated: {} };

export function exampleTopic(changes: Partial<TopicClass> = {}): TopicClass {
  return {
    name: 'orders',
    count: 1,
    cluster: 'cluster',
    partitions: 6,
    replicationFactor: 1,
    config: topicConfig({}, broker),
    stated: {},
    skew: null,
    placement: null,
    ...changes,
  };
}

export function exampleProducer(changes: Partial<ProducerClass> = {}): ProducerClass {
  return {
    name: 'checkout',
    cluster: 'cluster',
    host: 'local',
    client: 'brokertwin',
    topics: ['orders'],
    count: 2,
    rate: { kind: 'constant', recordsPerSecond: 2000 },
    record: { value: { kind: 'constant', bytes: 200 }, key: null, headersBytes: 0 },
    config: producerConfig({ acks: '1', 'batch.size': 16_384 }),
    stated: {},
    ...changes,
  };
}

export function exampleConsumer(changes: Partial<ConsumerClass> = {}): ConsumerClass {
  return {
    name: 'billing',
    cluster: 'cluster',
    host: 'local',
    client: 'brokertwin',
    topics: ['orders'],
    group: 'billing',
    count: 1,
    processUs: 0,
    config: consumerConfig({}),
    stated: {},
    ...changes,
  };
}

export function exampleScenario(changes: Partial<Scenario> = {}): Scenario {
  return {
    apiVersion: 'brokertwin/v1',
    name: 'example',
    question: null,
    hosts: [
      {
        name: 'local',
        profile: 'local',
        count: 1,
        zones: [],
        racks: [],
        hardware: {
          cores: null,
          memoryBytes: null,
          nicBytesPerSecond: null,
          nicBufferBytes: null,
          diskWriteBytesPerSecond: null,
        },
        logDirs: { count: 1, bytes: null },
      },
    ],
    clusters: [
      {
        name: 'cluster',
        count: 1,
        dataCentre: null,
        kafka: '4.3.1',
        kafkaVersions: ['4.3.1'],
        brokers: { host: 'local', count: 1, ...broker },
        controllers: { mode: 'combined', count: 1, host: null },
      },
    ],
    links: [],
    topics: [exampleTopic()],
    producers: [exampleProducer()],
    consumers: [exampleConsumer()],
    mirrors: [],
    operations: [],
    levels: [],
    run: { seed: 7, fidelity: 'auto', threads: { producers: 1, consumers: 1 }, phases: [examplePhase()] },
    ...changes,
  };
}

export function examplePhase(changes: Partial<Phase> = {}): Phase {
  return { name: 'paced', load: 1, warmupMs: 1000, durationMs: 4000, ...changes };
}
