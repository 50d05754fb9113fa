import assert from 'node:assert/strict';
import test from 'node:test';
import { hasJavaClients, javaAssumptions, javaRefusals } from '../../src/java-clients/refusals.ts';
import { producerConfig } from '../../src/scenario/kafka-defaults.ts';
import type { ConsumerClass, ProducerClass, Scenario } from '../../src/scenario/scenario.ts';
import { exampleConsumer, exampleProducer, exampleScenario, exampleTopic } from '../load/example-scenario.ts';

const producer = (changes: Partial<ProducerClass> = {}) => exampleProducer({ client: 'java', ...changes });
const consumer = (changes: Partial<ConsumerClass> = {}) => exampleConsumer({ client: 'java', ...changes });
const java = (changes: Partial<Scenario> = {}) =>
  exampleScenario({ producers: [producer()], consumers: [consumer()], ...changes });

test('Java clients can be driven, with idempotence too', () => {
  assert.ok(hasJavaClients(java()) && !hasJavaClients(exampleScenario()));
  const config = producerConfig({ acks: 'all' });
  const stated = { 'enable.idempotence': 'true' };
  assert.deepEqual(javaRefusals(java({ producers: [producer({ config, stated })] })), []);
  assert.ok(javaAssumptions(java()).some((line) => /from send\(\).*hide the backlog of a stall/.test(line)));
});

test('what the perf tools cannot do is refused at its place', () => {
  const key = { cardinality: 10, bytes: 8, zipf: null };
  const value = { kind: 'constant', bytes: 100 } as const;
  const lognormal = { kind: 'lognormal', medianBytes: 100, p99Bytes: 500 } as const;
  const diurnal = {
    kind: 'diurnal',
    peakRecordsPerSecond: 2,
    troughRecordsPerSecond: 1,
    peakAtMs: 0,
  } as const;
  const cases: readonly (readonly [Partial<Scenario>, string])[] = [
    [{ clusters: [] }, 'clusters'],
    [{ producers: [] }, 'producers'],
    [{ topics: [exampleTopic({ skew: { zipf: 1 } })] }, 'topics.orders.skew'],
    [{ topics: [exampleTopic({ placement: [] })] }, 'topics.orders.placement'],
    [
      { topics: [exampleTopic({ history: { bytes: 1, valueBytes: 1, batchBytes: 1 } })] },
      'topics.orders.history',
    ],
    [
      { consumers: [consumer({ quota: { bytesPerSecond: 1, requestPercentage: null } })] },
      'consumers.billing.quota',
    ],
    [{ topics: [exampleTopic({ count: 2 })], consumers: [] }, 'producers.checkout.topics'],
    [
      {
        topics: [exampleTopic(), exampleTopic({ name: 'b' })],
        consumers: [consumer({ topics: ['orders', 'b'] })],
      },
      'consumers.billing.topics',
    ],
    [{ consumers: [exampleConsumer()] }, 'consumers.billing.client'],
    [{ producers: [exampleProducer()] }, 'producers.checkout.client'],
    [{ producers: [producer({ record: { value, key, headersBytes: 0 } })] }, 'producers.checkout.record.key'],
    [
      { producers: [producer({ record: { value, key: null, headersBytes: 9 } })] },
      'producers.checkout.record.headers',
    ],
    [
      { producers: [producer({ record: { value: lognormal, key: null, headersBytes: 0 } })] },
      'producers.checkout.record.value',
    ],
    [{ producers: [producer({ rate: diurnal })] }, 'producers.checkout.rate'],
    [
      { producers: [producer({ config: producerConfig({ 'transactional.id': 'x' }) })] },
      'producers.checkout.config.transactional.id',
    ],
    [{ consumers: [consumer({ processUs: 5 })] }, 'consumers.billing.process'],
    [{ consumers: [consumer({ pauses: [{ atMs: 0, durationMs: 1 }] })] }, 'consumers.billing.pause'],
    [
      { consumers: [consumer({ stated: { 'auto.offset.reset': 'none' } })] },
      'consumers.billing.config.auto.offset.reset',
    ],
    [{ consumers: [consumer({ stated: { 'check.crcs': 'true' } })] }, 'consumers.billing.config.check.crcs'],
  ];
  for (const [changes, path] of cases) {
    assert.deepEqual(
      javaRefusals(java(changes)).map((refusal) => refusal.path.join('.')),
      [path],
    );
  }
});
