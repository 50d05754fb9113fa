import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseUnwrittenBytes } from '../../../src/local/admin/machine-rest.ts';
import { restlessInCluster } from '../../../src/local/admin/quiet.ts';

function partition(topic: string, isr: number[] = [1, 2], leader: number | null = 1) {
  const internal = topic === '__consumer_offsets';
  return { topic, internal, partition: 0, leader, replicas: [1, 2], isr };
}

function logDir(context: TestContext, directories: string[]): string {
  const root = mkdtempSync(join(tmpdir(), 'brokertwin-quiet-'));
  context.after(() => rmSync(root, { recursive: true }));
  for (const name of directories) mkdirSync(join(root, name));
  return root;
}

test("a cluster with Kafka's own topics in sync and nothing to delete is at rest", (context) => {
  const partitions = [partition('__consumer_offsets'), partition('__remote_log_metadata')];
  const dir = logDir(context, [
    '__consumer_offsets-0',
    '__cluster_metadata-0',
    'topic-0.11112222333344445555666677778888-stray',
  ]);
  const gone = join(dir, 'taken-away');
  assert.deepEqual(restlessInCluster({ partitions, underReplicated: [], offline: [] }, [dir, gone]), []);
});

test('each thing that a cluster has still to do is told in a line', (context) => {
  const lagging = partition('orders', [1]);
  const dead = partition('payments', [2], null);
  const dir = logDir(context, ['a-0.11-delete', 'b-0.22-delete', 'c-0.33-delete', 'forgotten-0', 'orders-0']);
  const partitions = [lagging, dead, partition('__consumer_offsets')];
  const lines = restlessInCluster({ partitions, underReplicated: [lagging], offline: [dead] }, [dir]);
  assert.deepEqual(lines.slice(0, 3), [
    '2 topics not deleted: orders, payments',
    'one partition without a leader',
    'one partition with replicas that are not in sync: orders-0',
  ]);
  assert.match(
    lines[3],
    /^4 directories of deleted replicas not removed yet, .*a-0\.11-delete.* and 1 more$/,
  );
  assert.equal(lines.length, 4);
});

test('dirty pages and those being written both wait for the disks', () => {
  const text =
    'MemTotal:  24684032 kB\nDirty:               1024 kB\nWriteback:           512 kB\nWritebackTmp:          7 kB\n';
  assert.equal(parseUnwrittenBytes(text), 1536 * 1024);
  assert.throws(() => parseUnwrittenBytes('Dirty: 1 kB\n'), /no line/);
});
