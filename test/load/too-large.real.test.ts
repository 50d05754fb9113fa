import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { type ProducerConfig, producerConfig } from '../../src/scenario/kafka-defaults.ts';
import type { ProducerClass } from '../../src/scenario/scenario.ts';
import { missing } from '../support/components.ts';
import {
  exampleConsumer,
  examplePhase,
  exampleProducer,
  exampleScenario,
  exampleTopic,
} from './example-scenario.ts';
import { type Played, playPhase } from './real-phase.ts';

const MAX_MESSAGE_BYTES = 20_000;

const skip = missing(['java', 'maven']) ?? false;
let cluster: LocalCluster | null = null;

before(async () => {
  if (skip === false) {
    cluster = await startLocalCluster({
      version: '4.3.1',
      brokers: 1,
      jmx: false,
      progress: () => undefined,
    });
  }
});

after(() => cluster?.stop());

/** A verified phase on a topic that takes batches of 20 kB, by producers that make them of 100 kB. */
function play(
  config: Partial<ProducerConfig>,
  record: Partial<ProducerClass['record']> = {},
): Promise<Played> {
  return playPhase({
    scenario: exampleScenario({
      topics: [exampleTopic({ partitions: 2, stated: { 'max.message.bytes': `${MAX_MESSAGE_BYTES}` } })],
      producers: [
        exampleProducer({
          rate: { kind: 'constant', recordsPerSecond: 4000 },
          record: { value: { kind: 'constant', bytes: 1000 }, key: null, headersBytes: 20, ...record },
          config: producerConfig({ acks: 'all', 'batch.size': 100_000, 'linger.ms': 50, ...config }),
        }),
      ],
      consumers: [exampleConsumer()],
    }),
    phase: examplePhase({ warmupMs: 500, durationMs: 2500 }),
    bootstrapServers: cluster?.bootstrapServers ?? assert.fail('no cluster'),
    verify: true,
  });
}

function assertDelivered({ result, records }: Played, failed = 0): void {
  const { made, acknowledged, lost, duplicated, failed: refused } = result.deliveries[0].total;
  assert.deepEqual([made, acknowledged, refused], [12_000, 12_000 - failed, failed]);
  assert.deepEqual([lost, duplicated], [0, 0]);
  assert.equal(records, acknowledged);
  const split = Object.entries(result.errors).filter(([error]) =>
    error.startsWith('MESSAGE_TOO_LARGE (split)'),
  );
  assert.ok(split.length > 0, JSON.stringify(result.errors));
}

function assertProven(played: Played, failed = 0): void {
  assertDelivered(played, failed);
  const [proof] = played.result.deliveries;
  assert.equal(proof.verdict, 'proven', [...proof.broken, ...proof.notJudged].join('; '));
}

for (const idempotent of [true, false]) {
  for (const compression of ['none', 'lz4', 'gzip'] as const) {
    const who = idempotent ? 'an idempotent producer' : 'a producer with one request in flight';
    test(`${who} splits batches that are too large for the topic, with ${compression}: all are delivered`, {
      skip,
    }, async () => {
      const inFlight = idempotent ? 5 : 1;
      const played = await play({
        'compression.type': compression,
        'enable.idempotence': idempotent,
        'max.in.flight.requests.per.connection': inFlight,
      });
      // A broker takes any first sequence of a producer that it does not know yet (ProducerAppendInfo.checkSequence): with
      // several requests in flight the second batch of a partition may be written though the first was refused.
      if (idempotent) {
        assertDelivered(played);
      } else {
        assertProven(played);
      }
      const { errors } = played.result;
      assert.ok(
        Object.keys(errors).every((error) => !error.startsWith('MESSAGE_TOO_LARGE:')),
        JSON.stringify(errors),
      );
    });
  }
}

test('records that are too large alone fail, and all others are delivered', {
  skip,
}, async () => {
  // With more in flight a broker may take the second batch of a new producer though it refused the first.
  const played = await play(
    { 'enable.idempotence': true, 'max.in.flight.requests.per.connection': 1 },
    { value: { kind: 'lognormal', medianBytes: 2000, p99Bytes: 20_000 } },
  );
  const { failed } = played.result.deliveries[0].total;
  assert.ok(failed > 20 && failed < 600, `${failed}`);
  assertProven(played, failed);
  assert.equal(played.result.errors.MESSAGE_TOO_LARGE, failed, JSON.stringify(played.result.errors));
});
