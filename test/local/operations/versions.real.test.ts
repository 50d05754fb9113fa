import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Consumer, type Message, stringDeserializers } from '@platformatic/kafka';
import { clusterDown } from '../../../src/local/cluster/cluster-commands.ts';
import { startLocalCluster } from '../../../src/local/cluster/local-cluster.ts';
import { missing } from '../../support/components.ts';
import { RealCluster } from '../real-cluster.ts';

const OLD = '3.9.1';
const NEW = '4.3.1';

const skip = missing(['java', 'maven', 'namespaces']) ?? false;

describe('brokers of two versions with three controllers of their own', { skip, timeout: 240_000 }, () => {
  let root = '';
  let real: RealCluster;

  before(
    async () => {
      root = mkdtempSync(join(tmpdir(), 'brokertwin-versions-'));
      process.env.BROKERTWIN_STATE = root;
      const cluster = await startLocalCluster({
        version: [OLD, NEW],
        brokers: 2,
        separateControllers: 3,
        network: 'shaped',
        jmx: false,
        heapMiB: 256,
        config: { 'offsets.topic.num.partitions': '1' },
        progress: () => undefined,
      });
      real = new RealCluster(cluster);
      await real.createTopic('across', [
        [1, 2],
        [2, 1],
      ]);
    },
    { timeout: 180_000 },
  );

  after(async () => {
    await clusterDown({ all: true });
    rmSync(root, { recursive: true, force: true });
  });

  function nodes() {
    return real.cluster.handle.record.nodes.map(({ id, version, process: identity }) => ({
      id,
      version,
      pid: identity?.pid,
    }));
  }

  /** Produces the words by way of one broker and reads them by way of the other. */
  async function exchange(words: readonly string[]): Promise<void> {
    const producer = real.producer(real.servers([1]));
    for (const [partition, word] of words.entries()) {
      await producer.send({ messages: [{ topic: 'across', partition, value: Buffer.from(word) }] });
    }
    await producer.close();
    const consumer = new Consumer({
      clientId: 'test',
      groupId: `readers-${words[0]}`,
      bootstrapBrokers: real.servers([2]),
      deserializers: stringDeserializers,
    });
    const stream = await consumer.consume({ topics: ['across'], mode: 'earliest' });
    const read = new Set<string>();
    for await (const { value } of stream as AsyncIterable<Message<string, string, string, string>>) {
      read.add(value);
      if (words.every((word) => read.has(word))) break;
    }
    await consumer.close(true);
  }

  test('what is written to either is read from the other', async () => {
    assert.deepEqual(
      nodes().map(({ id, version }) => [id, version]),
      [
        [1, OLD],
        [2, NEW],
        [101, NEW],
        [102, NEW],
        [103, NEW],
      ],
    );
    assert.equal(real.cluster.handle.record.releaseVersion, '3.9');
    await exchange(['old', 'new']);
  });

  test('a controller is killed and started, its quorum whole again', async () => {
    await real.do({ action: 'kill', brokers: [102] });
    await real.do({ action: 'start', brokers: [102] });
    const { quorum } = await real.describe();
    assert.deepEqual(quorum?.voters.map(({ id }) => id).sort(), [101, 102, 103]);
  });

  test('an upgrade restarts who is older, and a downgrade goes through brokers and controllers', async () => {
    const before = nodes();
    await real.do({ action: 'upgrade', kafka: NEW, waitMs: 0 });
    const upgraded = nodes();
    assert.ok(upgraded.every(({ version }) => version === NEW));
    assert.deepEqual(
      upgraded.filter(({ pid }, index) => pid !== before[index].pid).map(({ id }) => id),
      [1],
    );
    await exchange(['up', 'graded']);
    await real.do({ action: 'upgrade', kafka: OLD, waitMs: 0 });
    assert.ok(nodes().every(({ version }) => version === OLD));
    assert.ok(nodes().every(({ pid }, index) => pid !== upgraded[index].pid));
    await real.untilWhole();
    await exchange(['down', 'back']);
  });
});
