import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { UserError } from '../../../src/errors/errors.ts';
import { clusterDown, clusterStatus } from '../../../src/local/cluster/cluster-commands.ts';
import type { LocalClusterOptions } from '../../../src/local/cluster/cluster-options.ts';
import { exclusively } from '../../../src/local/cluster/exclusive.ts';
import { clusterDirectory, createCluster, readClusters } from '../../../src/local/cluster/state.ts';
import { plannedRecord } from './planned-record.ts';

let root = '';
const stated = process.env.BROKERTWIN_STATE;

before(() => {
  root = mkdtempSync(join(tmpdir(), 'brokertwin-commands-'));
  process.env.BROKERTWIN_STATE = root;
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

after(() => {
  if (stated === undefined) delete process.env.BROKERTWIN_STATE;
  else process.env.BROKERTWIN_STATE = stated;
});

/** A kept cluster of which nothing was ever started. */
async function keep(name: string, options: Partial<LocalClusterOptions> = {}): Promise<void> {
  await createCluster({ ...(await plannedRecord({ name, ...options })), mode: 'detached' });
}

function names(): string[] {
  return readClusters().map(({ name }) => name);
}

test('the state of one cluster is asked for by its name, which has to be there', async () => {
  await keep('one');
  await keep('two');
  const of = async (which: { name?: string }) => (await clusterStatus(which)).map(({ name }) => name);
  assert.deepEqual(await of({}), ['one', 'two']);
  assert.deepEqual(await of({ name: 'two' }), ['two']);
  await assert.rejects(
    async () => of({ name: 'three' }),
    /expected a cluster named three, found only one, two/,
  );
});

test('a cluster whose machines are gone, as after a restart, has a state too', async () => {
  await keep('shaped', { network: 'shaped' });
  const [{ machines }] = await clusterStatus();
  assert.deepEqual(
    machines.map(({ cutFrom }) => cutFrom),
    [[], []],
  );
});

test('a cluster is not taken down while somebody operates on it', async () => {
  await keep('one');
  await exclusively('one', 'an operation', () =>
    assert.rejects(clusterDown({ name: 'one' }), /found "an operation" under way/),
  );
  assert.deepEqual(names(), ['one']);
  assert.deepEqual(await clusterDown({ name: 'one' }), ['one']);
  assert.deepEqual(names(), []);
});

test('a cluster of another version is not taken down, and keeps no other from it', async () => {
  await keep('newer');
  await keep('ours');
  const file = join(clusterDirectory('newer'), 'cluster.json');
  writeFileSync(file, JSON.stringify({ format: 'brokertwin.cluster/99' }));
  const refused =
    /^cluster newer was made by another version of brokertwin \(format brokertwin\.cluster\/99\): take it down with that one$/;
  await assert.rejects(clusterDown({ all: true }), (error: UserError) => {
    assert.equal(error.exitCode, 3);
    assert.match(error.message, refused);
    return true;
  });
  assert.deepEqual(names(), ['newer']);
  await assert.rejects(async () => clusterStatus({ name: 'newer' }), { message: refused });
  assert.ok(existsSync(file));
});
