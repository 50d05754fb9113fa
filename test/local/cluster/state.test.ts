import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { UserError } from '../../../src/errors/errors.ts';
import {
  type ClusterRecord,
  cleanStaleClusters,
  clusterDirectory,
  createCluster,
  findStaleClusters,
  logDirectory,
  newClusterRecord,
  readClusters,
  removeClusterNow,
  saveCluster,
} from '../../../src/local/cluster/state.ts';
import {
  identifySelf,
  isAlive,
  killNow,
  type ProcessIdentity,
  waitUntilGone,
} from '../../../src/local/system/process-identity.ts';
import { makeStagingDirectory } from '../../../src/local/system/staging.ts';
import { startSleeper } from '../system/sleeper.ts';

const GONE: ProcessIdentity = { pid: 1, startedAt: 'an earlier boot:1' };

let root = '';
let sleepers: ProcessIdentity[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'brokertwin-state-'));
});

afterEach(() => {
  for (const sleeper of sleepers) killNow(sleeper);
  sleepers = [];
  rmSync(root, { recursive: true, force: true });
});

function sleeper(): ProcessIdentity {
  const identity = startSleeper();
  sleepers.push(identity);
  return identity;
}

function create(name: string, changes: Partial<ClusterRecord> = {}): ClusterRecord {
  const dataDirectory = join(root, 'elsewhere', name);
  mkdirSync(dataDirectory, { recursive: true });
  writeFileSync(join(dataDirectory, 'segment.log'), 'records');
  const record = { ...newClusterRecord({ name, version: '4.3.1', dataDirectory, brokers: [] }), ...changes };
  createCluster(record, root);
  return record;
}

function broker(identity: ProcessIdentity | null): ClusterRecord['brokers'][number] {
  return { id: 1, port: 1, jolokiaPort: null, process: identity };
}

test('a cluster is found again as it was recorded', () => {
  const record = create('one', { brokers: [broker(sleeper())] });
  assert.deepEqual(readClusters(root), [{ name: 'one', record }]);
});

test('a cluster whose command still runs is not stale, even before its brokers were started', () => {
  create('starting', { brokers: [broker(null)] });
  assert.deepEqual(findStaleClusters(root), []);
});

test('an attached cluster is stale when its command is gone, and its brokers are then stopped', async () => {
  const left = sleeper();
  const record = create('crashed', { owner: GONE, brokers: [broker(left)] });
  const cleaned = await cleanStaleClusters(root);
  assert.deepEqual(
    cleaned.map(({ name, reason }) => ({ name, reason })),
    [{ name: 'crashed', reason: 'the command that ran it (pid 1) is gone' }],
  );
  assert.equal(isAlive(left), false);
  assert.equal(existsSync(record.dataDirectory), false);
  assert.deepEqual(readdirSync(join(root, 'clusters')), []);
});

test('a detached cluster outlives its command and is stale only when none of its brokers runs', () => {
  const running = sleeper();
  create('up', { mode: 'detached', owner: GONE, brokers: [broker(GONE), broker(running)] });
  create('dead', { mode: 'detached', owner: GONE, brokers: [broker(GONE)] });
  assert.deepEqual(
    findStaleClusters(root).map(({ name }) => name),
    ['dead'],
  );
});

test('cleaning leaves a process alone that merely has the id of a recorded broker', async () => {
  const innocent = sleeper();
  create('rebooted', { owner: GONE, brokers: [broker({ ...innocent, startedAt: 'an earlier boot:7' })] });
  await cleanStaleClusters(root);
  assert.equal(isAlive(innocent), true);
});

test('a record that cannot be read makes its cluster stale', async () => {
  create('broken');
  writeFileSync(join(clusterDirectory('broken', root), 'cluster.json'), '{"format":');
  assert.deepEqual(await cleanStaleClusters(root), [
    { name: 'broken', reason: 'its record cannot be read', record: null },
  ]);
  assert.deepEqual(readClusters(root), []);
});

test('logs stay when a cluster is removed, of the last ten clusters', async () => {
  for (let number = 0; number < 12; number += 1) {
    const record = create(`run-${number}`);
    writeFileSync(join(logDirectory(record.name, root), 'broker.log'), 'text');
    removeClusterNow(record, root);
  }
  const kept = readdirSync(join(root, 'logs'));
  assert.equal(kept.length, 11);
  assert.ok(kept.includes('run-11'));
});

test('a new cluster starts with empty logs, also under a name that was used before', () => {
  removeClusterNow(create('again'), root);
  writeFileSync(join(logDirectory('again', root), 'broker.log'), 'old');
  create('again');
  assert.deepEqual(readdirSync(logDirectory('again', root)), []);
});

test('a second cluster of the same name is refused and the first one stays', () => {
  const first = create('twice');
  assert.throws(() => create('twice', { version: '4.0.2' }), UserError);
  assert.deepEqual(readClusters(root), [{ name: 'twice', record: first }]);
});

test('a name that is no plain directory name is refused', () => {
  assert.throws(() => create('../up'), /cluster name: expected letters/);
});

test('removing at once kills the brokers and removes all in one go', async () => {
  const running = sleeper();
  const record = create('ending', { brokers: [broker(running)] });
  removeClusterNow(record, root);
  assert.deepEqual(readClusters(root), []);
  assert.equal(existsSync(record.dataDirectory), false);
  assert.equal(await waitUntilGone([running], 5_000), true);
});

test('a saved record replaces the old one and leaves no other file', () => {
  const record = create('saved');
  saveCluster({ ...record, mode: 'detached' }, root);
  assert.deepEqual(readdirSync(clusterDirectory('saved', root)), ['cluster.json']);
  assert.equal(readClusters(root)[0].record?.mode, 'detached');
});

test('what a dead process left half-made is removed by the next one, not what a living one makes', () => {
  const parent = join(root, 'clusters');
  mkdirSync(join(parent, '.staging_1_an-earlier-boot:1_abcdef'), { recursive: true });
  const mine = makeStagingDirectory(parent);
  const other = makeStagingDirectory(parent);
  assert.deepEqual(
    readdirSync(parent).sort(),
    [mine, other].map((path) => path.slice(parent.length + 1)).sort(),
  );
  assert.ok(mine.includes(String(identifySelf().pid)));
});
