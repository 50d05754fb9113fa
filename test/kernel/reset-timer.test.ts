import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Simulation } from '../../src/kernel/simulation.ts';
import { KINDS, type SmallSimulation, smallSimulation } from './support/small-simulation.ts';

const PING = KINDS.indexOf('ping');
const PONG = KINDS.indexOf('pong');
const TIMERS = 150;
const END_NS = 2_000_000;

type Reset = (sim: Simulation, handle: number, delayNs: number, timer: number) => number;

interface Step {
  readonly gapNs: number;
  readonly timer: number;
  readonly delayNs: number;
  /** Whether the timer is taken back some time before it is set again. */
  readonly cancels: boolean;
}

const again: Reset = (sim, handle, delayNs, timer) =>
  sim.resetTimer(handle, delayNs, 0, PONG, timer, sim.nowNs);
const afresh: Reset = (sim, handle, delayNs, timer) => {
  sim.cancel(handle);
  return sim.scheduleTimer(delayNs, 0, PONG, timer, sim.nowNs);
};

/** Timers that are set and taken back, a step an event. */
function play(steps: readonly Step[], reset: Reset): SmallSimulation {
  const handles = Array.from({ length: TIMERS }, () => 0);
  const small = smallSimulation(['only'], ({ kind, a }, sim) => {
    if (kind !== PING) return;
    const { timer, delayNs, cancels, gapNs } = steps[a];
    if (cancels) sim.cancel(handles[timer]);
    else handles[timer] = reset(sim, handles[timer], delayNs, timer);
    if (a + 1 < steps.length) sim.schedule(gapNs, 0, PING, a + 1);
  });
  // So many that they are spread over the lists of the queue, not all in its heap.
  handles.forEach((_, timer) => {
    handles[timer] = small.sim.scheduleTimer(1_000 + timer * 5_000, 0, PONG, timer);
  });
  small.sim.schedule(0, 0, PING, 0);
  small.sim.run(END_NS);
  return small;
}

describe('a timer that is set anew', () => {
  test('fires as one that is taken back and set does, and nothing else changes', () => {
    const step = fc.record({
      gapNs: fc.integer({ min: 0, max: 2_000 }),
      timer: fc.integer({ min: 0, max: TIMERS - 1 }),
      // Few and many different times, near and far: through the heap, the rungs and the top.
      delayNs: fc.oneof(fc.integer({ min: 0, max: 500_000 }), fc.constantFrom(0, 1, 1_000, 400_000)),
      cancels: fc.boolean(),
    });
    const steps = fc.array(step, { minLength: 1, maxLength: 1_500, size: 'max' });
    fc.assert(
      fc.property(steps, (drawn) => {
        const one = play(drawn, again);
        const other = play(drawn, afresh);
        assert.deepEqual(one.handled, other.handled);
        assert.equal(one.hash(), other.hash());
      }),
      { numRuns: 60 },
    );
  });

  test('takes no new row for each time that it is set for later', () => {
    const rows = [again, afresh].map((reset) => {
      const steps = Array.from({ length: 1_800 }, (_, index) => ({
        gapNs: 1_000,
        timer: index % TIMERS,
        delayNs: 500_000,
        cancels: false,
      }));
      const counts = play(steps, reset).sim.columns.checkpoint().columns.get('events/counts');
      assert.ok(counts !== undefined);
      return counts[1];
    });
    assert.ok(rows[0] <= TIMERS * 1.5, `${rows[0]} rows for ${TIMERS} timers`);
    assert.ok(rows[1] > rows[0] * 1.3, `${rows[1]} rows without it`);
  });
});
