import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { windowEndNs } from '../../../src/kernel/parallel/windows.ts';

const plan = { startNs: 0, untilNs: 1000, lookaheadNs: 30 };

describe('the next window', () => {
  test('begins at the earliest pending event and is as long as the lookahead', () => {
    assert.equal(windowEndNs(plan, 0, 0), 30);
    assert.equal(windowEndNs(plan, 30, 35), 65);
    assert.equal(windowEndNs(plan, 30, 500), 530);
  });

  test('begins where the last one ended when an event is pending at its very end', () => {
    assert.equal(windowEndNs(plan, 30, 30), 60);
  });

  test('takes in the end of the run and nothing after it', () => {
    assert.equal(windowEndNs(plan, 30, 990), 1001);
    assert.equal(windowEndNs(plan, 30, 1000), 1001);
    assert.equal(windowEndNs(plan, 30, 5000), 1001);
    assert.equal(windowEndNs(plan, 30, Number.POSITIVE_INFINITY), 1001);
  });

  test('is at most a second long where shards never talk', () => {
    const silent = { ...plan, untilNs: 1e12, lookaheadNs: null };
    assert.equal(windowEndNs(silent, 0, 7), 1_000_000_007);
  });

  test('holds no event that another can still be sent before, and comes to the end', () => {
    const time = fc.integer({ min: 0, max: 2000 });
    fc.assert(
      fc.property(
        fc.array(time),
        fc.integer({ min: 1, max: 100 }),
        time,
        (eventsNs, lookaheadNs, untilNs) => {
          const pending = new Set(eventsNs);
          let nowNs = 0;
          for (let windows = 0; nowNs <= untilNs; windows += 1) {
            const earliestNs = Math.min(...pending);
            const endNs = windowEndNs({ startNs: 0, untilNs, lookaheadNs }, nowNs, earliestNs);
            assert.ok(endNs > nowNs && endNs <= untilNs + 1);
            assert.ok(
              endNs <= earliestNs + lookaheadNs || endNs === nowNs + lookaheadNs || earliestNs > untilNs,
            );
            assert.ok(windows <= eventsNs.length, 'a window has an event, but for the last');
            for (const eventNs of eventsNs) if (eventNs < endNs) pending.delete(eventNs);
            nowNs = endNs;
          }
          assert.ok(eventsNs.every((eventNs) => eventNs > untilNs || !pending.has(eventNs)));
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });
});
