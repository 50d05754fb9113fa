import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnHeld } from '../../../src/local/system/held-process.ts';
import { identify, isAlive, killNow, waitUntilGone } from '../../../src/local/system/process-identity.ts';
import { readIfThere } from '../../../src/local/system/system-files.ts';

const MODULE = new URL('../../../src/local/system/held-process.ts', import.meta.url).href;

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'brokertwin-held-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a program begins when it is let go, under the identity that it was recorded with', async () => {
  const output = openSync(join(directory, 'output'), 'a');
  // As on a machine: a shell in front of the program.
  const command = ['/bin/sh', '-c', 'exec "$@"', 'sh', 'sleep', '30'];
  const { child, go } = spawnHeld(command, { cwd: directory, env: process.env, output });
  closeSync(output);
  assert.ok(child.pid !== undefined);
  const recorded = identify(child.pid) ?? assert.fail('it is there');
  await sleep(100);
  assert.doesNotMatch(String(readIfThere(`/proc/${child.pid}/comm`)), /sleep/, 'it waits');
  go();
  const deadline = performance.now() + 5_000;
  while (readIfThere(`/proc/${child.pid}/comm`) !== 'sleep\n') {
    assert.ok(performance.now() < deadline, 'it begins');
    await sleep(10);
  }
  assert.equal(isAlive(recorded), true);
  killNow(recorded);
  await once(child, 'close');
});

test('a program reads nothing and writes where it was told to', async () => {
  const output = openSync(join(directory, 'output'), 'a');
  const command = ['sh', '-c', 'cat; pwd; echo "$WORD" >&2'];
  const { child, go } = spawnHeld(command, {
    cwd: directory,
    env: { ...process.env, WORD: 'given' },
    output,
  });
  closeSync(output);
  go();
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  assert.match(readFileSync(join(directory, 'output'), 'utf8'), /brokertwin-held-\w+\ngiven\n$/);
});

test('a program whose starter is killed before it was let go ends by itself and never began', async () => {
  const begun = join(directory, 'begun');
  const script = `
    import { openSync } from 'node:fs';
    import { spawnHeld } from ${JSON.stringify(MODULE)};
    const output = openSync('/dev/null', 'a');
    const command = ['sh', '-c', 'echo > ${begun}; sleep 30'];
    const { child } = spawnHeld(command, { cwd: '/', env: process.env, output });
    console.log(child.pid);
    setInterval(() => {}, 1000);`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(starter.stdout, 'data');
  const held = identify(Number(String(line))) ?? assert.fail('it is there');
  starter.kill('SIGKILL');
  await once(starter, 'close');
  assert.equal(await waitUntilGone([held], 5_000), true);
  assert.equal(existsSync(begun), false);
});
