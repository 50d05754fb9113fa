import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import {
  parseSchedule,
  parseSwitches,
  readThreads,
  type ThreadCounters,
  threadUseBetween,
} from '../../../src/local/observe/thread-use.ts';

function thread(threadId: number, name: string, runSeconds: number, switches = 0): ThreadCounters {
  return { threadId, name, runSeconds, runQueueWaitSeconds: runSeconds / 2, voluntarySwitches: switches };
}

const byName = (entry: ThreadCounters): string => entry.name;

test('schedstat and status are read in seconds and counts', () => {
  assert.deepEqual(parseSchedule('35624065 2708119 23\n'), {
    runSeconds: 0.035624065,
    runQueueWaitSeconds: 0.002708119,
  });
  const status = 'Name:\tjava\nvoluntary_ctxt_switches:\t1234\nnonvoluntary_ctxt_switches:\t99\n';
  assert.deepEqual(parseSwitches(status), { voluntarySwitches: 1234 });
});

test('use is the difference between two snapshots, summed by group', () => {
  const before = { processCpuSeconds: 3, threads: [thread(1, 'a', 1, 10), thread(2, 'a', 2, 20)] };
  const after = {
    processCpuSeconds: 6.5,
    threads: [thread(1, 'a', 2, 15), thread(2, 'a', 4, 21), thread(3, 'b', 0.5, 3)],
  };
  assert.deepEqual(threadUseBetween('broker-1', before, after, byName), [
    { process: 'broker-1', group: 'a', cpuSeconds: 3, wakeUps: 6, runQueueWaitSeconds: 1.5 },
    { process: 'broker-1', group: 'b', cpuSeconds: 0.5, wakeUps: 3, runQueueWaitSeconds: 0.25 },
  ]);
});

test('time of threads that ended in between is kept as other', () => {
  const before = { processCpuSeconds: 3, threads: [thread(1, 'a', 1), thread(2, 'a', 2)] };
  const after = { processCpuSeconds: 5, threads: [thread(1, 'a', 1.5)] };
  assert.deepEqual(
    threadUseBetween('p', before, after, byName).map(({ group, cpuSeconds }) => [group, cpuSeconds]),
    [
      ['a', 0.5],
      ['other', 1.5],
    ],
  );
});

test('the threads of this process add up to its CPU', () => {
  const snapshot = readThreads(process.pid);
  assert.ok(snapshot !== null);
  assert.ok(snapshot.threads.some(({ name }) => name === 'MainThread'));
  const sum = snapshot.threads.reduce((total, { runSeconds }) => total + runSeconds, 0);
  assert.ok(Math.abs(sum - snapshot.processCpuSeconds) < 0.1, `${sum} and ${snapshot.processCpuSeconds} s`);
});

test('a process that is gone has no threads', async () => {
  const child = spawn('true');
  await new Promise((resolve) => child.once('exit', resolve));
  assert.ok(child.pid !== undefined);
  assert.equal(readThreads(child.pid), null);
});
