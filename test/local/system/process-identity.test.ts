import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import {
  identify,
  identifySelf,
  isAlive,
  killNow,
  waitUntilGone,
} from '../../../src/local/system/process-identity.ts';
import { parseProcessStat } from '../../../src/local/system/process-stat.ts';
import { startSleeper } from './sleeper.ts';

test('a stat line is read past a command name with blanks and parentheses', () => {
  const line =
    '42 (a (b) c) S 1 42 42 0 -1 4194304 98 0 0 0 250 50 7 7 20 0 9 0 109159 3133440 388 18446744073709551615';
  assert.deepEqual(parseProcessStat(line), {
    state: 'S',
    running: true,
    cpuSeconds: 3,
    startTick: 109159,
  });
});

test('a zombie runs only while some of its threads do', () => {
  const line = (threads: number): string =>
    `42 (java) Z 1 42 42 0 -1 0 0 0 0 0 0 0 0 0 20 0 ${threads} 0 5 0 0`;
  assert.equal(parseProcessStat(line(1)).running, false);
  assert.equal(parseProcessStat(line(2)).running, true);
});

test('a running process is alive under its own start time alone', () => {
  const self = identifySelf();
  assert.equal(isAlive(self), true);
  assert.equal(isAlive({ ...self, startedAt: `${self.startedAt}0` }), false);
});

test('a process is killed only under its own start time', async () => {
  const sleeper = startSleeper();
  killNow({ ...sleeper, startedAt: 'another boot:1' });
  assert.equal(isAlive(sleeper), true);
  killNow(sleeper);
  assert.equal(await waitUntilGone([sleeper], 5_000), true);
  assert.equal(isAlive(sleeper), false);
});

test('nobody has the id of a process that has ended', async () => {
  const child = spawn('true');
  await new Promise((resolve) => child.once('exit', resolve));
  assert.ok(child.pid !== undefined);
  assert.equal(identify(child.pid), null);
});

test('waiting for a process that stays gives up in time', async () => {
  assert.equal(await waitUntilGone([identifySelf()], 30), false);
});
