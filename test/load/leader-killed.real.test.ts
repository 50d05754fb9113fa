/** A leader is killed under load and comes back: what the proof of delivery says, by what producers were promised. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { type ProducerConfig, producerConfig } from '../../src/scenario/kafka-defaults.ts';
import { RealCluster, until } from '../local/real-cluster.ts';
import { missing } from '../support/components.ts';
import {
  exampleConsumer,
  examplePhase,
  exampleProducer,
  exampleScenario,
  exampleTopic,
} from './example-scenario.ts';
import { playPhase } from './real-phase.ts';

const RATE = 2000;
const WARMUP_MS = 1000;
/** Clients have so long to find the new leader, and it to be followed, on a busy machine: 1 to 3 seconds otherwise. */
const FOLLOWED_MS = 6000;

describe('three brokers of which one is killed', { skip: missing(['java', 'maven']) ?? false }, () => {
  let real: RealCluster;

  before(async () => {
    const cluster = await startLocalCluster({
      version: '4.3.1',
      brokers: 3,
      heapMiB: 256,
      jmx: false,
      config: {
        'broker.session.timeout.ms': '2000',
        'broker.heartbeat.interval.ms': '500',
        'replica.lag.time.max.ms': '2000',
      },
      progress: () => undefined,
    });
    real = new RealCluster(cluster);
  });

  after(() => real?.cluster.stop());

  /** Plays a verified phase in which the leader of the first partition is killed and started again. */
  async function play(config: Partial<ProducerConfig>, durationMs: number) {
    let downMs = 0;
    const played = await playPhase({
      scenario: exampleScenario({
        topics: [exampleTopic({ replicationFactor: 3, stated: { 'min.insync.replicas': '2' } })],
        producers: [
          exampleProducer({
            rate: { kind: 'constant', recordsPerSecond: RATE },
            record: {
              value: { kind: 'constant', bytes: 200 },
              key: { cardinality: 1000, bytes: 8, zipf: null },
              headersBytes: 0,
            },
            config: producerConfig(config),
          }),
        ],
        consumers: [exampleConsumer({ count: 2 })],
      }),
      phase: examplePhase({ warmupMs: WARMUP_MS, durationMs }),
      bootstrapServers: real.cluster.bootstrapServers,
      verify: true,
      onWarm: async () => {
        const { leader } = await real.partition('orders');
        const killed = leader ?? assert.fail('no leader');
        const killedMs = performance.now();
        await real.do({ action: 'kill', brokers: [killed] });
        await until('another leader', async () => {
          const now = (await real.partition('orders')).leader;
          return now !== null && now !== killed;
        });
        await sleep(FOLLOWED_MS);
        downMs = performance.now() - killedMs;
        await real.do({ action: 'start', brokers: [killed] });
      },
    });
    return { ...played, downMs };
  }

  test('with acks=all and idempotence nothing is lost or doubled, order is kept, and the errors are counted', async () => {
    const durationMs = 5000;
    const { result, records, downMs } = await play({ acks: 'all', 'enable.idempotence': true }, durationMs);
    const [proof] = result.deliveries;
    assert.equal(proof.verdict, 'proven', [...proof.broken, ...proof.notJudged].join('; '));
    assert.equal(proof.total.made, (RATE * (WARMUP_MS + durationMs)) / 1000);
    assert.equal(proof.total.acknowledged, proof.total.made);
    assert.equal(proof.total.lost + proof.total.duplicated + proof.total.reordered, 0);
    assert.equal(records, proof.total.made);
    assert.equal(result.totals.recordsConsumed, records);
    assert.ok(result.errors['NETWORK_EXCEPTION (sent again): orders-0'] > 0, JSON.stringify(result.errors));
    // Clients find who leads now, before the one that was killed is back.
    const maxMs = result.publishLatencyMs?.max ?? assert.fail();
    assert.ok(maxMs > 500 && maxMs < downMs, `${maxMs} ms of ${downMs} ms`);
  });

  test('with acks=1 and without idempotence the run goes on, and what was lost is told', async () => {
    await real.untilWhole();
    const { result, records } = await play({ acks: '1', 'enable.idempotence': false }, 3000);
    const [{ total, verdict, broken, permitted, log }] = result.deliveries;
    assert.equal(total.made, RATE * 4);
    assert.equal(total.acknowledged + total.failed + total.indeterminate, total.made);
    // Whether records are lost is a matter of milliseconds; those that are must be told of.
    const told = permitted.some((clause) => /^\d+ acknowledged records .* are not in the log/.test(clause));
    assert.equal(told, total.lost > 0, permitted.join('; '));
    assert.equal(verdict, 'proven', broken.join('; '));
    assert.equal(log.records, records);
  });
});
