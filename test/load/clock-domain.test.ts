import assert from 'node:assert/strict';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { clockDomain, clocked, ofThisClock } from '../../src/load/clock-domain.ts';

test('a message is of the clock of its machine, and is taken by who has the same', () => {
  assert.deepEqual(ofThisClock(clocked({ kind: 'stop' })), { kind: 'stop', clock: clockDomain });
});

test('every thread of a machine has the same clock', async () => {
  const module = new URL('../../src/load/clock-domain.ts', import.meta.url).href;
  const worker = new Worker(
    `import(${JSON.stringify(module)}).then(({ clockDomain }) => require('node:worker_threads').parentPort.postMessage(clockDomain));`,
    { eval: true },
  );
  const theirs = await new Promise((resolve) => worker.once('message', resolve));
  assert.equal(theirs, clockDomain);
  await worker.terminate();
});

test('times of another clock are refused', () => {
  assert.throws(
    () => ofThisClock({ kind: 'start', clock: 'monotonic of elsewhere' }),
    /clock "monotonic of elsewhere"/,
  );
});
