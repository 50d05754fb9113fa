import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HaltPolls } from '../../src/hardware/halt-polls.ts';
import { Rows } from '../../src/kernel/rows.ts';
import { Simulation } from '../../src/kernel/simulation.ts';

const US = 1000;
const MAX_NS = 100 * US;

/** Whether a core still polled at the end of each of its sleeps. */
function polled(sleepsUs: readonly number[], maxNs = MAX_NS): boolean[] {
  const sim = new Simulation({
    seed: '1',
    entityBase: 0,
    limits: { eventsPending: 10, eventsPerInstant: 10 },
  });
  const polls = new HaltPolls(new Rows(sim.columns, 'cores', 2));
  return sleepsUs.map((us) => polls.wakes(1, us * US, maxNs));
}

describe('an idle core', () => {
  test('comes to poll long enough after short sleeps in a row: 10, 20, 40, 80 us', () => {
    assert.deepEqual(polled([50, 50, 50, 50, 50]), [false, false, false, false, true]);
  });

  test('stops to poll after a long sleep', () => {
    assert.deepEqual(polled([5, 5, 101, 5, 5]), [false, true, false, false, true]);
  });

  test('never polls longer than its max', () => {
    assert.deepEqual(polled([99, 99, 99, 99, 99, 100]), [false, false, false, false, false, true]);
  });

  test('does not poll at all without one', () => {
    assert.deepEqual(polled([5, 5, 5, 5], 0), [false, false, false, false]);
  });
});
