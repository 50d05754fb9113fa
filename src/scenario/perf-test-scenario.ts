/** What kafka-producer-perf-test is asked to do, as a scenario: one producer, one topic that is there. */
import { UserError } from '../errors/errors.ts';
import {
  brokerConfig,
  PRODUCER_PROPERTIES,
  type ProducerConfig,
  producerConfig,
  topicConfig,
} from './kafka-defaults.ts';
import { parseProperty } from './kafka-property.ts';
import { shownSetting, suggestion } from './nearest.ts';
import type { Scenario } from './scenario.ts';

export interface PerfTestRequest {
  readonly topic: string;
  readonly partitions: number;
  /** -1 for as many as possible. */
  readonly recordsPerSecond: number;
  /** Of the largest. */
  readonly valueBytes: number;
  readonly seed: number;
  /** How long a transaction takes records, where the settings have a transactional id. */
  readonly transactionMs: number;
  /** The producer's settings by Kafka's names, and where each comes from. */
  readonly stated: ReadonlyMap<string, { readonly value: string; readonly place: string }>;
}

/** Settings of Java's producer that mean nothing here. */
const WITHOUT_EFFECT = new Set(['client.id', 'key.serializer', 'value.serializer', 'metric.reporters']);
const KAFKA_LINE = '4.3';

/** Throws one UserError with a line for every setting that cannot be honoured. */
export function perfTestScenario(request: PerfTestRequest): Scenario {
  const { topic, partitions, recordsPerSecond, valueBytes } = request;
  const broker = { config: brokerConfig({}, KAFKA_LINE), stated: {} };
  return {
    apiVersion: 'brokertwin/v1',
    name: 'perf-test',
    question: null,
    hosts: [HOST],
    clusters: [
      {
        name: 'cluster',
        count: 1,
        dataCentre: null,
        kafka: '4.3.1',
        kafkaVersions: ['4.3.1'],
        brokers: { host: HOST.name, count: 1, ...broker },
        controllers: { mode: 'combined', count: 1, host: null },
      },
    ],
    links: [],
    topics: [
      {
        name: topic,
        count: 1,
        cluster: 'cluster',
        partitions,
        replicationFactor: 1,
        config: topicConfig({}, broker),
        stated: {},
        skew: null,
        placement: null,
      },
    ],
    producers: [
      {
        name: request.stated.get('client.id')?.value ?? 'perf-producer-client',
        cluster: 'cluster',
        host: HOST.name,
        client: 'brokertwin',
        topics: [topic],
        count: 1,
        rate: { kind: 'constant', recordsPerSecond: Math.max(0, recordsPerSecond) },
        record: { value: { kind: 'constant', bytes: valueBytes }, key: null, headersBytes: 0 },
        config: configOf(request.stated),
        transactionMs: request.transactionMs,
        isSingle: true,
        stated: {},
      },
    ],
    consumers: [],
    mirrors: [],
    operations: [],
    levels: [],
    run: {
      seed: request.seed,
      fidelity: 'auto',
      threads: { producers: 1, consumers: 1 },
      phases: [{ name: 'perf-test', load: recordsPerSecond < 0 ? 'max' : 1, warmupMs: 0, durationMs: 0 }],
    },
  };
}

const HOST: Scenario['hosts'][number] = {
  name: 'client',
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
};

function configOf(stated: PerfTestRequest['stated']): ProducerConfig {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  const known = Object.keys(PRODUCER_PROPERTIES);
  for (const [name, { value, place }] of stated) {
    if (WITHOUT_EFFECT.has(name)) continue;
    const property = Object.entries(PRODUCER_PROPERTIES).find(([key]) => key === name)?.[1];
    if (property === undefined) {
      problems.push(
        `${place}: unknown producer setting ${shownSetting(name, known)}${suggestion(name, known)}`,
      );
      continue;
    }
    const parsed = parseProperty(property, value);
    if ('problem' in parsed) problems.push(`${place}: ${name}: ${parsed.problem}`);
    else values[name] = parsed.value;
  }
  if (problems.length > 0) throw new UserError(problems);
  return producerConfig(values as Partial<ProducerConfig>);
}
