/** Faults of connections and quotas under load: the run goes on, what happened is counted, and no memory grows. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin } from '@platformatic/kafka';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { producerConfig } from '../../src/scenario/kafka-defaults.ts';
import { missing } from '../support/components.ts';
import { exampleConsumer, examplePhase, exampleProducer, exampleScenario } from './example-scenario.ts';
import { playPhase } from './real-phase.ts';
import { ResettingProxy } from './resetting-proxy.ts';

const RATE = 2000;
const RESETS = 5;
const QUOTA_BYTES_PER_SECOND = 120_000;

describe('a broker with faults', { skip: missing(['java', 'maven']) ?? false }, () => {
  let cluster: LocalCluster;

  before(async () => {
    cluster = await startLocalCluster({
      version: '4.3.1',
      brokers: 1,
      jmx: false,
      // A quota that bites at once.
      config: { 'quota.window.num': '2', 'quota.window.size.seconds': '1' },
      progress: () => undefined,
    });
  });

  after(() => cluster?.stop());

  test('connections that are reset again and again lose and double nothing, and each loss is counted', async () => {
    const proxy = new ResettingProxy(cluster.brokers[0].port);
    try {
      const { result, records } = await playPhase(
        {
          scenario: exampleScenario({
            producers: [exampleProducer({ config: producerConfig({ acks: 'all' }) })],
            consumers: [exampleConsumer({ count: 2 })],
          }),
          phase: examplePhase({ durationMs: 4000 }),
          bootstrapServers: await proxy.listen(),
          verify: true,
          onWarm: async () => {
            for (let left = RESETS; left > 0; left--) {
              assert.ok(proxy.reset() >= 2, 'clients come by way of the proxy');
              await sleep(600);
            }
          },
        },
        cluster,
      );
      const [proof] = result.deliveries;
      assert.equal(proof.verdict, 'proven', [...proof.broken, ...proof.notJudged].join('; '));
      assert.equal(proof.total.acknowledged, 5 * RATE);
      assert.equal(records, 5 * RATE);
      assert.equal(result.totals.recordsConsumed, records);
      assert.equal(result.counts.recordsFailed, 0);
      // Of two producers and two consumers; a fetch of each is always under way.
      const lost = result.errors['connection to broker 1 lost'];
      assert.ok(lost >= 2 * RESETS && lost <= 4 * RESETS, JSON.stringify(result.errors));
      const sentAgain = Object.keys(result.errors).filter((message) => message.includes('(sent again)'));
      assert.ok(sentAgain.length > 0, JSON.stringify(result.errors));
      const maxMs = result.publishLatencyMs?.max ?? assert.fail();
      assert.ok(maxMs > 20 && maxMs < 1500, `${maxMs} ms`);
    } finally {
      await proxy.close();
    }
  });

  test('a quota shows as latency, holds back the clients, and lets nothing pile up', async () => {
    const bufferBytes = 128 * 1024;
    const { bootstrapServers } = cluster;
    await setProducerQuota(bootstrapServers, QUOTA_BYTES_PER_SECOND);
    try {
      const { result, records } = await playPhase({
        scenario: exampleScenario({
          producers: [
            exampleProducer({
              config: producerConfig({ acks: 'all', 'batch.size': 16_384, 'buffer.memory': bufferBytes }),
            }),
          ],
        }),
        phase: examplePhase({ durationMs: 4000 }),
        bootstrapServers,
      });
      assert.deepEqual(result.errors, {});
      assert.equal(result.counts.recordsFailed, 0);
      assert.equal(records, 5 * RATE);
      assert.equal(result.totals.recordsConsumed, records);
      // Two clients have a quota each, for values and what is around them.
      const valuesPerSecond = result.throughputBytesPerSecond;
      assert.ok(valuesPerSecond < 1.2 * 2 * QUOTA_BYTES_PER_SECOND, `${valuesPerSecond} B/s`);
      assert.ok(valuesPerSecond > 0.5 * 2 * QUOTA_BYTES_PER_SECOND, `${valuesPerSecond} B/s`);
      assert.ok((result.publishLatencyMs?.max ?? 0) > 1000, `${result.publishLatencyMs?.max} ms`);
      assert.ok(result.generator.keptSchedule, result.generator.reason ?? '');
      // Little's law: the mean time of a record in the two buffers times the rate is what they hold.
      const heldBytes = ((result.responseLatencyMs?.mean ?? 0) / 1000) * valuesPerSecond;
      assert.ok(heldBytes < 2.2 * bufferBytes, `${heldBytes} bytes`);
    } finally {
      await setProducerQuota(bootstrapServers, null);
    }
  });
});

/** For each client id; null takes it back. */
async function setProducerQuota(bootstrapServers: string, bytesPerSecond: number | null): Promise<void> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [bootstrapServers] });
  const key = 'producer_byte_rate';
  try {
    await admin.alterClientQuotas({
      entries: [
        {
          entities: [{ entityType: 'client-id', entityName: null }],
          ops: [
            bytesPerSecond === null ? { key, remove: true } : { key, value: bytesPerSecond, remove: false },
          ],
        },
      ],
    });
  } finally {
    await admin.close();
  }
}
