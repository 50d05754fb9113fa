import assert from 'node:assert/strict';
import test from 'node:test';
import { loadAssumptions, loadRefusals } from '../../src/load/refusals.ts';
import { producerConfig } from '../../src/scenario/kafka-defaults.ts';
import type { Scenario, TopicClass } from '../../src/scenario/scenario.ts';
import { exampleConsumer, exampleProducer, exampleScenario, exampleTopic } from './example-scenario.ts';

const paths = (changes: Partial<Scenario>) =>
  loadRefusals(exampleScenario(changes)).map(({ path }) => path.join('.'));
const value = (bytes: number) =>
  ({ value: { kind: 'constant', bytes }, key: null, headersBytes: 0 }) as const;

test('the example can be driven', () => {
  assert.deepEqual(loadRefusals(exampleScenario()), []);
});

const PLACED = { topic: 'orders', partition: 0, replicas: [1], recordsPerSecond: 100 };
const QUOTA = { bytesPerSecond: 1000, requestPercentage: null };

test('every refusal names the place in the scenario', () => {
  const cases: readonly (readonly [Partial<Scenario>, string])[] = [
    [{ clusters: [] }, 'clusters'],
    [{ producers: [], consumers: [] }, 'producers'],
    [{ topics: [exampleTopic({ placement: [PLACED] })] }, 'topics.orders.placement'],
    [{ producers: [exampleProducer({ client: 'java' })] }, 'producers.checkout.client'],
    [
      {
        producers: [
          exampleProducer({
            config: producerConfig({ 'transactional.id': 'x', 'enable.idempotence': false }),
          }),
        ],
      },
      'producers.checkout.config.transactional.id',
    ],
    [{ producers: [exampleProducer({ transactionMs: 100 })] }, 'producers.checkout.transaction'],
    [
      {
        producers: [
          exampleProducer({ config: producerConfig({ 'transactional.id': 'x' }), transactionMs: 60_000 }),
        ],
      },
      'producers.checkout.transaction',
    ],
    [
      { producers: [exampleProducer({ stated: { 'compression.lz4.level': '3' } })] },
      'producers.checkout.config.compression.lz4.level',
    ],
    [
      { producers: [exampleProducer({ config: producerConfig({ 'partitioner.class': 'x' }) })] },
      'producers.checkout.config.partitioner.class',
    ],
    [{ producers: [exampleProducer({ record: value(7) })] }, 'producers.checkout.record.value'],
    [{ producers: [exampleProducer({ record: value(2_000_000) })] }, 'producers.checkout.record'],
    [
      {
        producers: [
          exampleProducer({ record: { ...value(100), key: { cardinality: 257, bytes: 1, zipf: null } } }),
        ],
      },
      'producers.checkout.record.key.cardinality',
    ],
    [{ consumers: [exampleConsumer({ client: 'java' })] }, 'consumers.billing.client'],
    [
      { consumers: [exampleConsumer({ stated: { 'partition.assignment.strategy': 'x' } })] },
      'consumers.billing.config.partition.assignment.strategy',
    ],
  ];
  for (const [changes, path] of cases) {
    assert.deepEqual(paths(changes), [path]);
  }
});

test('short values are fine when nobody measures end-to-end latency', () => {
  assert.deepEqual(paths({ producers: [exampleProducer({ record: value(1) })], consumers: [] }), []);
});

test('idempotence and the levels of gzip and zstd are honoured, so that nothing is said of them', () => {
  const stated = {
    'enable.idempotence': 'true',
    'compression.gzip.level': '9',
    'compression.zstd.level': '5',
  };
  const scenario = exampleScenario({
    producers: [exampleProducer({ config: producerConfig({ acks: 'all' }), stated })],
  });
  assert.deepEqual(loadRefusals(scenario), []);
  assert.ok(loadAssumptions(scenario).every((sentence) => !sentence.includes('idempoten')));
});

test('what is asked of topics, quotas and security can be driven', () => {
  const [cluster] = exampleScenario().clusters;
  const scenario = exampleScenario({
    clusters: [{ ...cluster, security: { clients: 'SASL_SSL', brokers: 'SSL', saslMechanism: 'PLAIN' } }],
    topics: [
      exampleTopic({ skew: { zipf: 1.1 } }),
      exampleTopic({ name: 'placed', partitions: 1, placement: [{ ...PLACED, topic: 'placed' }] }),
      exampleTopic({ name: 'old', history: { bytes: 1_000_000, valueBytes: 100, batchBytes: 16_384 } }),
    ],
    producers: [exampleProducer({ quota: QUOTA })],
    consumers: [exampleConsumer({ quota: QUOTA, pauses: [{ atMs: 0, durationMs: 10 }] })],
  });
  assert.deepEqual(loadRefusals(scenario), []);
  assert.ok(loadAssumptions(scenario).some((sentence) => sentence.includes('page cache')));
});

test('a client is said to take its topics in turn only where no skew decides', () => {
  const inTurn = (changes: Partial<TopicClass>) =>
    loadAssumptions(exampleScenario({ topics: [exampleTopic({ count: 3, ...changes })] })).some((sentence) =>
      sentence.includes('in turn'),
    );
  assert.equal(inTurn({}), true);
  assert.equal(inTurn({ count: 1 }), false);
  assert.equal(inTurn({ skew: { zipf: 1 } }), false);
});
