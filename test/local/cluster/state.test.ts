import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../../../src/errors/errors.ts';
import type { ClusterRecord, NodeRecord } from '../../../src/local/cluster/record.ts';
import {
  cleanStaleClusters,
  clusterDirectory,
  createCluster,
  findStaleClusters,
  logDirectory,
  readClusters,
  removeClusterNow,
  saveCluster,
  stateRoot,
} from '../../../src/local/cluster/state.ts';
import { cacheDirectory } from '../../../src/local/system/cache-directory.ts';
import { whileLocked } from '../../../src/local/system/lock.ts';
import {
  identifySelf,
  isAlive,
  killNow,
  type ProcessIdentity,
  waitUntilGone,
} from '../../../src/local/system/process-identity.ts';
import { makeStagingDirectory } from '../../../src/local/system/staging.ts';
import { startSleeper } from '../system/sleeper.ts';
import { plannedRecord } from './planned-record.ts';

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

const untold = (): void => undefined;

const untaken = (): Error => new Error('nobody else has it');

/** A process of this boot that has ended. */
async function ended(): Promise<ProcessIdentity> {
  const identity = sleeper();
  killNow(identity);
  assert.equal(await waitUntilGone([identity], 5_000), true);
  return identity;
}

async function create(name: string, changes: Partial<ClusterRecord> = {}): Promise<ClusterRecord> {
  const record = { ...(await plannedRecord({ name, directory: join(root, 'elsewhere') })), ...changes };
  mkdirSync(record.dataDirectory, { recursive: true });
  writeFileSync(join(record.dataDirectory, 'segment.log'), 'records');
  await createCluster(record, root);
  return record;
}

/** The node of a cluster of one, with a process. */
async function nodeOf(identity: ProcessIdentity | null): Promise<NodeRecord> {
  return { ...(await plannedRecord()).nodes[0], process: identity };
}

test('a cluster is found again as it was recorded', async () => {
  const record = await create('one', { nodes: [await nodeOf(sleeper())] });
  assert.deepEqual(readClusters(root), [{ name: 'one', record, foreign: null }]);
});

test('a cluster whose command still runs is not stale, even before its brokers were started', async () => {
  await create('starting', { nodes: [await nodeOf(null)] });
  assert.deepEqual(findStaleClusters(root), []);
});

test('an attached cluster is stale when its command is gone, and its brokers are then stopped', async () => {
  const left = sleeper();
  const record = await create('crashed', { owner: GONE, nodes: [await nodeOf(left)] });
  const told: string[] = [];
  const cleaned = await cleanStaleClusters((message) => told.push(message), root);
  assert.deepEqual(told, ['removed cluster crashed, left behind: the command that ran it (pid 1) is gone']);
  assert.deepEqual(
    cleaned.map(({ name, reason }) => ({ name, reason })),
    [{ name: 'crashed', reason: 'the command that ran it (pid 1) is gone' }],
  );
  assert.equal(isAlive(left), false);
  assert.equal(existsSync(record.dataDirectory), false);
  assert.deepEqual(readdirSync(join(root, 'clusters')), []);
});

test('a detached cluster outlives its command, and is stale when the machine was started anew since', async () => {
  const running = sleeper();
  await create('up', { mode: 'detached', owner: GONE, nodes: [await nodeOf(GONE), await nodeOf(running)] });
  await create('dead', { mode: 'detached', owner: GONE, nodes: [await nodeOf(GONE)] });
  assert.deepEqual(
    findStaleClusters(root).map(({ name }) => name),
    ['dead'],
  );
});

test('a detached cluster is kept while its brokers are down, stopped or dead of a fault, until the machine starts anew', async () => {
  const owner = { ...identifySelf(), pid: GONE.pid };
  await create('stopped', { mode: 'detached', owner, nodes: [await nodeOf(null)] });
  await create('failed', { mode: 'detached', owner, nodes: [await nodeOf(await ended())] });
  assert.deepEqual(findStaleClusters(root), []);
  await create('before', { mode: 'detached', owner: GONE, nodes: [await nodeOf(null)] });
  assert.deepEqual(
    findStaleClusters(root).map(({ name }) => name),
    ['before'],
  );
});

test('cleaning leaves a process alone that merely has the id of a recorded broker', async () => {
  const innocent = sleeper();
  await create('rebooted', {
    owner: GONE,
    nodes: [await nodeOf({ ...innocent, startedAt: 'an earlier boot:7' })],
  });
  await cleanStaleClusters(untold, root);
  assert.equal(isAlive(innocent), true);
});

test('a record that cannot be read makes its cluster stale', async () => {
  await create('broken');
  writeFileSync(join(clusterDirectory('broken', root), 'cluster.json'), '{"format":');
  assert.deepEqual(await cleanStaleClusters(untold, root), [
    { name: 'broken', reason: 'its record cannot be read', record: null },
  ]);
  assert.deepEqual(readClusters(root), []);
});

test('logs stay when a cluster is removed, of the last ten clusters', async () => {
  for (let number = 0; number < 12; number += 1) {
    const record = await create(`run-${number}`);
    writeFileSync(join(logDirectory(record.name, root), 'broker.log'), 'text');
    removeClusterNow(record, root);
  }
  const kept = readdirSync(join(root, 'logs'));
  assert.equal(kept.length, 11);
  assert.ok(kept.includes('run-11'));
});

test('a new cluster starts with empty logs, also under a name that was used before', async () => {
  removeClusterNow(await create('again'), root);
  writeFileSync(join(logDirectory('again', root), 'broker.log'), 'old');
  await create('again');
  assert.deepEqual(readdirSync(logDirectory('again', root)), []);
});

test('a cluster of a name whose cluster is down says how to start that one', async () => {
  await create('down', { mode: 'detached', nodes: [await nodeOf(await ended())] });
  await assert.rejects(
    create('down'),
    /named down already, of which nothing runs: start it \(.*, take it down first \(/,
  );
  await create('up', { mode: 'detached', nodes: [await nodeOf(sleeper())] });
  await assert.rejects(
    create('up'),
    /named up already: take it down first \(brokertwin cluster down --name up\)/,
  );
});

test('a cluster that another version made is left alone and named as that', async () => {
  const record = await create('other', { owner: GONE });
  const file = join(clusterDirectory('other', root), 'cluster.json');
  writeFileSync(file, JSON.stringify({ ...record, format: 'brokertwin.cluster/99' }));
  assert.deepEqual(await cleanStaleClusters(untold, root), []);
  assert.equal(existsSync(record.dataDirectory), true);
  const [{ foreign }] = readClusters(root);
  assert.match(String(foreign), /another version of brokertwin \(format brokertwin\.cluster\/99\)/);
  await assert.rejects(create('other'), /named other already, which was made by another version/);
});

test('a stale cluster that cannot be removed is told, and keeps no other from its removal', async () => {
  const busy = await create('busy', { owner: GONE });
  // No system call takes such a path.
  saveCluster({ ...busy, dataDirectory: join(root, 'a\0b') }, root);
  await create('crashed', { owner: GONE });
  const told: string[] = [];
  const cleaned = await cleanStaleClusters((message) => told.push(message), root);
  assert.deepEqual(
    cleaned.map(({ name }) => name),
    ['crashed'],
  );
  assert.match(told[0], /^cluster busy, left behind \(.*\), could not be removed: .*null bytes/);
  assert.deepEqual(
    readClusters(root).map(({ name }) => name),
    ['busy'],
  );
});

test('two that clean at the same time remove a cluster once, and never a new one of its name', async () => {
  await create('same', { owner: GONE });
  const again = (async () => {
    const cleaned = await cleanStaleClusters(untold, root);
    const running = sleeper();
    await create('same', { nodes: [await nodeOf(running)] });
    return { cleaned, running };
  })();
  const [others, { cleaned, running }] = await Promise.all([cleanStaleClusters(untold, root), again]);
  assert.equal(others.length + cleaned.length, 1);
  assert.equal(isAlive(running), true);
  assert.equal(readClusters(root).length, 1);
});

test('a cluster is not made while another process cleans up', async () => {
  const lock = { directory: root, name: 'clusters', what: 'a test', waitMs: 0 };
  let made = false;
  const making = await whileLocked(lock, untaken, async () => {
    const creating = create('waiting').then(() => {
      made = true;
    });
    await sleep(150);
    assert.equal(made, false);
    return { creating };
  });
  await making.creating;
  assert.equal(made, true);
});

test('paths of the environment are absolute, since brokers run in directories of their own', () => {
  assert.equal(stateRoot({ BROKERTWIN_STATE: 'here' }), resolve('here'));
  assert.equal(stateRoot({ XDG_STATE_HOME: 'there' }), resolve('there', 'brokertwin'));
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: 'cache' }), resolve('cache', 'brokertwin'));
});

test('a second cluster of the same name is refused and the first one stays', async () => {
  const first = await create('twice');
  await assert.rejects(create('twice'), UserError);
  assert.deepEqual(readClusters(root), [{ name: 'twice', record: first, foreign: null }]);
});

test('a name that is no plain directory name is refused', async () => {
  await assert.rejects(create('../up'), /cluster name: expected letters/);
});

test('removing at once kills the brokers and removes all in one go', async () => {
  const running = sleeper();
  const record = await create('ending', { nodes: [await nodeOf(running)] });
  removeClusterNow(record, root);
  assert.deepEqual(readClusters(root), []);
  assert.equal(existsSync(record.dataDirectory), false);
  assert.equal(await waitUntilGone([running], 5_000), true);
});

test('a saved record replaces the old one and leaves no other file', async () => {
  const record = await create('saved');
  saveCluster({ ...record, mode: 'detached' }, root);
  assert.deepEqual(readdirSync(clusterDirectory('saved', root)), ['cluster.json']);
  assert.equal(readClusters(root)[0].record?.mode, 'detached');
});

test('what a dead process left half-made is removed by the next one, not what a living one makes', async () => {
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
