import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Barrier, barrierMemory, stopBarrier } from '../../../src/kernel/parallel/barrier.ts';

const ROUNDS = 3000;
const LIMIT = { timeout: 20_000 };

/** Meets again and again; says the sum of all that the others brought, or -1 when it was sent home. */
const PROGRAM = `
  const { workerData, parentPort } = require('node:worker_threads');
  const { url, memory, options, rounds } = workerData;
  import(url).then(({ Barrier }) => {
    const barrier = new Barrier(memory, options);
    let sum = 0;
    for (let round = 0; round < rounds; round += 1) {
      barrier.mine[0] = round;
      barrier.mine[1] = (options.worker + 1) * round;
      if (!barrier.meet()) return parentPort.postMessage(-1);
      for (let other = 0; other < options.workers; other += 1) {
        if (barrier.brought(other, 0) !== round) return parentPort.postMessage('of another round');
        sum += barrier.brought(other, 1);
      }
    }
    parentPort.postMessage(sum);
  });
`;

function meetInThread(
  memory: SharedArrayBuffer,
  worker: number,
  workers: number,
  spins: number,
): Promise<unknown> {
  const url = new URL('../../../src/kernel/parallel/barrier.ts', import.meta.url).href;
  const options = { worker, workers, numbers: 2, spins };
  const thread = new Worker(PROGRAM, { eval: true, workerData: { url, memory, options, rounds: ROUNDS } });
  return new Promise((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
  });
}

describe('a barrier', () => {
  for (const [workers, spins] of [
    [3, 0],
    [2, 30_000],
  ]) {
    test(`brings to all what each has brought to this round, with ${spins} spins`, LIMIT, async () => {
      const memory = barrierMemory(workers, 2);
      const threads = Array.from({ length: workers }, (_, worker) =>
        meetInThread(memory, worker, workers, spins),
      );
      const sum = (((workers * (workers + 1)) / 2) * ROUNDS * (ROUNDS - 1)) / 2;
      assert.deepEqual(
        await Promise.all(threads),
        threads.map(() => sum),
      );
    });
  }

  test('sends home who waits in vain', LIMIT, async () => {
    const memory = barrierMemory(3, 2);
    const waiting = [meetInThread(memory, 0, 3, 0), meetInThread(memory, 2, 3, 30_000)];
    await new Promise((resolve) => setTimeout(resolve, 300));
    stopBarrier(memory, 3, 2);
    assert.deepEqual(await Promise.all(waiting), [-1, -1]);
  });

  test('lets a single worker pass', () => {
    const barrier = new Barrier(barrierMemory(1, 1), { worker: 0, workers: 1, numbers: 1, spins: 0 });
    for (const number of [3, 5]) {
      barrier.mine[0] = number;
      assert.equal(barrier.meet(), true);
      assert.equal(barrier.brought(0, 0), number);
    }
  });
});
