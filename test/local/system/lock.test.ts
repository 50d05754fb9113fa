import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lock, type LockHolder, whileLocked } from '../../../src/local/system/lock.ts';
import { identifySelf } from '../../../src/local/system/process-identity.ts';

const MODULE = new URL('../../../src/local/system/lock.ts', import.meta.url).href;

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'brokertwin-lock-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const lockFor = (waitMs: number, what = 'a test'): Lock => ({ directory, name: 'work', what, waitMs });
const busy = ({ pid, what }: LockHolder): Error => new Error(`${what} by ${pid}`);

test('who finds it taken is told by whom and for what, and the lock is free after that', async () => {
  await whileLocked(lockFor(0, 'the first'), busy, async () => {
    await assert.rejects(whileLocked(lockFor(0), busy, assert.fail), {
      message: `the first by ${process.pid}`,
    });
  });
  assert.equal(await whileLocked(lockFor(0), busy, () => 'mine'), 'mine');
  assert.deepEqual(readdirSync(directory), []);
});

test('a failure of the work frees the lock and is passed on', async () => {
  await assert.rejects(
    whileLocked(lockFor(0), busy, () => assert.fail('mine')),
    /mine/,
  );
  assert.deepEqual(readdirSync(directory), []);
});

test('however many want it at once, each gets it alone', async () => {
  let inside = 0;
  let done = 0;
  await Promise.all(
    Array.from({ length: 12 }, () =>
      whileLocked(lockFor(20_000), busy, async () => {
        inside += 1;
        assert.equal(inside, 1);
        await sleep(2);
        inside -= 1;
        done += 1;
      }),
    ),
  );
  assert.equal(done, 12);
});

test('the lock of a process that was killed is free, for one of many at a time', async () => {
  const script = `
    import { whileLocked } from ${JSON.stringify(MODULE)};
    await whileLocked(${JSON.stringify(lockFor(0))}, String, () => {
      console.log('taken');
      return new Promise((resolve) => setTimeout(resolve, 30_000));
    });`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  await assert.rejects(whileLocked(lockFor(0), busy, assert.fail), { message: `a test by ${holder.pid}` });
  holder.kill('SIGKILL');
  await once(holder, 'close');
  assert.equal(readdirSync(directory).length, 1);
  let inside = 0;
  const take = () =>
    whileLocked(lockFor(10_000), busy, async () => {
      inside += 1;
      assert.equal(inside, 1);
      await sleep(2);
      inside -= 1;
    });
  await Promise.all([take(), take(), take()]);
  assert.deepEqual(readdirSync(directory), []);
});

test('a living process with the number of a dead holder does not have its lock', async () => {
  writeFileSync(join(directory, `.work_${identifySelf().pid}_another-boot:1_abcdef`), 'old');
  assert.equal(await whileLocked(lockFor(0), busy, () => 'mine'), 'mine');
});
