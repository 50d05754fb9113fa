/** Producers in transactions against a real broker. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { consumerConfig, producerConfig } from '../../src/scenario/kafka-defaults.ts';
import { missing } from '../support/components.ts';
import { exampleConsumer, examplePhase, exampleProducer, exampleScenario } from './example-scenario.ts';
import { type Played, playPhase } from './real-phase.ts';

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

function play(transactionalId: string, count: number): Promise<Played> {
  return playPhase({
    scenario: exampleScenario({
      producers: [
        exampleProducer({
          count,
          transactionMs: 100,
          config: producerConfig({ acks: 'all', 'transactional.id': transactionalId }),
        }),
      ],
      consumers: [exampleConsumer({ config: consumerConfig({ 'isolation.level': 'read_committed' }) })],
    }),
    phase: examplePhase({ warmupMs: 500, durationMs: 2500 }),
    bootstrapServers: cluster?.bootstrapServers ?? assert.fail('no cluster'),
    verify: true,
  });
}

test('what transactions have committed is read, all of it and nothing else, by those who read committed records', {
  skip,
}, async () => {
  const { result, records } = await play('orders', 2);
  const [proof] = result.deliveries;
  assert.equal(proof.verdict, 'proven', [...proof.broken, ...proof.notJudged].join('; '));
  assert.equal(result.totals.recordsAcknowledged, 6000);
  assert.equal(result.totals.recordsConsumed, 6000);
  assert.deepEqual(result.errors, {});
  // Each transaction leaves a marker in every partition that it wrote to: of two clients for 3 s, at most every 100 ms.
  const markers = records - 6000;
  assert.ok(markers >= 10 && markers <= 2 * 30 * 6, `${markers}`);
});
