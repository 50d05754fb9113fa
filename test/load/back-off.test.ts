import assert from 'node:assert/strict';
import test from 'node:test';
import { exponentialBackOffMs } from '../../src/load/back-off.ts';
import { Stalls } from '../../src/load/stalls.ts';

test('waits double from the first to the maximum, a fifth less or more', () => {
  const waits = (random: number) =>
    [0, 1, 2, 3, 4, 50].map((failures) =>
      Math.round(exponentialBackOffMs(100, 1000, failures, () => random)),
    );
  assert.deepEqual(waits(0.5), [100, 200, 400, 800, 1000, 1000]);
  assert.deepEqual(waits(0), [80, 160, 320, 640, 800, 800]);
  assert.deepEqual(waits(1), [120, 240, 480, 960, 1200, 1200]);
});

test('a maximum below the first wait does not shorten it', () => {
  assert.equal(
    exponentialBackOffMs(100, 10, 3, () => 0.5),
    100,
  );
});

test('ticks that come late are stalls, those in time are none', () => {
  const stalls = new Stalls();
  for (const ms of [5, 6, 16, 27, 28, 128]) stalls.tick(ms * 1e6);
  assert.deepEqual(stalls.summary, { count: 2, maxMs: 100, totalMs: 111 });
});
