import assert from 'node:assert/strict';
import test from 'node:test';
import { loadAssumptions, loadRefusals } from '../../src/load/refusals.ts';
import { producerConfig } from '../../src/scenario/kafka-defaults.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { exampleConsumer, exampleProducer, exampleScenario, exampleTopic } from './example-scenario.ts';

const paths = (changes: Partial<Scenario>) =>
  loadRefusals(exampleScenario(changes)).map(({ path }) => path.join('.'));
const value = (bytes: number) =>
  ({ value: { kind: 'constant', bytes }, key: null, headersBytes: 0 }) as const;

test('the example can be driven', () => {
  assert.deepEqual(loadRefusals(exampleScenario()), []);
});

const HISTORY = { bytes: 1_000_000, valueBytes: 100, batchBytes: 16_384 };
const QUOTA = { bytesPerSecond: 1000, requestPercentage: null };

test('every refusal names the place in the scenario', () => {
  const cases: readonly (readonly [Partial<Scenario>, string])[] = [
    [{ clusters: [] }, 'clusters'],
    [{ producers: [], consumers: [] }, 'producers'],
    [{ topics: [exampleTopic({ skew: { zipf: 1 } })] }, 'topics.orders.skew'],
    [{ topics: [exampleTopic({ placement: [] })] }, 'topics.orders.placement'],
    [{ topics: [exampleTopic({ history: HISTORY })] }, 'topics.orders.history'],
    [{ producers: [exampleProducer({ quota: QUOTA })] }, 'producers.checkout.quota'],
    [{ consumers: [exampleConsumer({ quota: QUOTA })] }, 'consumers.billing.quota'],
    [{ producers: [exampleProducer({ client: 'java' })] }, 'producers.checkout.client'],
    [
      { producers: [exampleProducer({ config: producerConfig({ 'transactional.id': 'x' }) })] },
      'producers.checkout.config.transactional.id',
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
