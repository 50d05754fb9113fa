/** Producers in transactions against a real broker. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { UserError } from '../../src/errors/errors.ts';
import { PLAINTEXT_ACCESS } from '../../src/load/access/cluster-access.ts';
import { libraryAccess } from '../../src/load/access/library-access.ts';
import { ClusterMetadata } from '../../src/load/cluster-metadata.ts';
import { TransactionCoordinator } from '../../src/load/producer/transaction-coordinator.ts';
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

function play(
  transactionalId: string,
  count: number,
  { durationMs = 2500, ...more }: { durationMs?: number; onWarm?: () => Promise<void> } = {},
): Promise<Played> {
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
    phase: examplePhase({ warmupMs: 500, durationMs }),
    ...more,
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

test('a producer whose transactional.id another one takes over ends with one line that says so', {
  skip,
  timeout: 90_000,
}, async () => {
  // It ends at once: the rest is what the other one may take to come.
  const playing = play('taken', 1, { durationMs: 60_000, onWarm: () => takeOver('taken-0') });
  await assert.rejects(playing, (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.lines.length, 1);
    assert.match(error.lines[0], /^transactional\.id taken-0: .*(?:PRODUCER_FENCED|INVALID_PRODUCER_EPOCH)/);
    return true;
  });
});

/** Another producer begins under this id. */
async function takeOver(transactionalId: string): Promise<void> {
  const bootstrapServers = cluster?.bootstrapServers ?? assert.fail('no cluster');
  const access = libraryAccess(PLAINTEXT_ACCESS, bootstrapServers);
  const timeouts = { connectTimeoutMs: 5000, requestTimeoutMs: 5000 };
  const metadata = new ClusterMetadata({
    ...{ bootstrapServers, access, clientId: 'other', topics: [] },
    ...{ ...timeouts, refreshBackoffMs: 100, maxAgeMs: 60_000 },
  });
  const coordinator = new TransactionCoordinator({
    ...{ clientId: 'other', transactionalId, access, metadata, ...timeouts },
    ...{ retryBackoffMs: 100, deadlineMs: 30_000, transactionTimeoutMs: 10_000 },
  });
  try {
    await coordinator.initProducerId();
  } finally {
    await coordinator.close();
    await metadata.close();
  }
}
