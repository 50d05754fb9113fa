/** Scenarios with security, measured end to end on clusters that are started for them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCluster } from '../../src/arms/local-arm.ts';
import { measure } from '../../src/arms/measure.ts';
import { UserError } from '../../src/errors/errors.ts';
import { describeAccess, PLAINTEXT_ACCESS } from '../../src/load/access/cluster-access.ts';
import { emptyDirectory } from '../load/access/directory.ts';
import { load } from '../scenario/scratch.ts';
import { missing } from '../support/components.ts';

const skip = missing(['java', 'maven']) ?? false;

const scenario = (security: string, name: string) => `apiVersion: brokertwin/v1
name: ${name}
cluster: { brokers: { count: 2 }, security: ${security} }
topics:
  orders: { partitions: 4, replication.factor: 2 }
producers:
  checkout: { topics: orders, rate: 1k/s, count: 2, config: { acks: all } }
consumers:
  billing: { topics: orders }
run: { warmup: 1s, duration: 2s }
`;

for (const [security, entered] of [
  ['{ clients: SSL, brokers: SSL }', /^SSL$/],
  [
    '{ clients: SASL_SSL, brokers: SASL_PLAINTEXT, sasl.mechanism: SCRAM-SHA-256 }',
    /^SASL_SSL SCRAM-SHA-256 as client$/,
  ],
] as const) {
  test(`a cluster with ${security} is started, entered and measured`, { skip }, async (t) => {
    process.env.BROKERTWIN_STATE = emptyDirectory(t);
    const loaded = load(scenario(security, 'secured'));
    const cluster = await openCluster({ loaded, progress: () => undefined });
    try {
      assert.match(describeAccess(cluster.access), entered);
      assert.notEqual(cluster.management.bootstrapServers, cluster.bootstrapServers);
      const { phases } = await measure({ loaded, cluster, warmUp: false, verify: true });
      const [phase] = phases;
      assert.equal(phase.counts.recordsDue, 2000);
      assert.equal(phase.counts.recordsAcknowledged, 2000);
      assert.equal(phase.counts.recordsConsumed, 2000);
      assert.deepEqual(
        phase.deliveries?.map(({ verdict }) => verdict),
        ['proven'],
      );
      assert.equal(phase.topicCheck?.recordsInTopics, phase.topicCheck?.recordsAcknowledged);
      assert.deepEqual(
        phase.events.filter(({ what }) => !what.startsWith('cold until ')),
        [],
      );
    } finally {
      await cluster.close();
    }
  });
}

test('a cluster that is there is entered as the scenario says, or not at all', async () => {
  const loaded = load(scenario('{ clients: SASL_SSL }', 'secured'));
  const open = openCluster({
    loaded,
    bootstrapServer: '127.0.0.1:1',
    access: PLAINTEXT_ACCESS,
    progress: () => undefined,
  });
  await assert.rejects(open, (error) => {
    assert.ok(error instanceof UserError);
    assert.match(
      error.lines[0],
      /expected the properties of SASL_SSL clients, found PLAINTEXT; give --command-config/,
    );
    return true;
  });
});
