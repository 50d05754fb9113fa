import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { lostAfter, WorkingSets } from '../../src/hardware/working-sets.ts';
import { Rows } from '../../src/kernel/rows.ts';
import { Simulation } from '../../src/kernel/simulation.ts';

const LIFE_NS = 3e6;

function setsOf(...setOf: number[]): WorkingSets {
  const sim = new Simulation({
    seed: '1',
    entityBase: 0,
    limits: { eventsPending: 10, eventsPerInstant: 10 },
  });
  return new WorkingSets(sim.columns, new Rows(sim.columns, 'threads', setOf.length), setOf);
}

describe('what is left in the caches of a working set', () => {
  test('is nothing before its first use', () => {
    assert.equal(setsOf(0).lost(0, 0, LIFE_NS), 1);
  });

  test('goes with the time since its last use', () => {
    const sets = setsOf(0);
    sets.begin(0);
    sets.end(0, 1000);
    assert.equal(sets.lost(0, 1000, LIFE_NS), 0);
    assert.ok(Math.abs(sets.lost(0, 1000 + LIFE_NS, LIFE_NS) - (1 - 1 / Math.E)) < 1e-12);
    assert.equal(sets.lost(0, 1000 + 100 * LIFE_NS, LIFE_NS), 1);
  });

  test('is all of it while another thread works with it, and for that thread alone', () => {
    const sets = setsOf(0, 0, 1);
    sets.begin(0);
    assert.equal(sets.lost(1, 1e9, LIFE_NS), 0);
    assert.equal(sets.lost(2, 1e9, LIFE_NS), 1);
    sets.end(0, 2e9);
    assert.ok(sets.lost(1, 2e9 + 1000, LIFE_NS) < 0.001);
  });

  test('is never less than nothing nor more than all, and never grows by waiting', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(1e9), fc.nat(1e8), (one, more, lifeNs) => {
        const before = lostAfter(one, lifeNs);
        const after = lostAfter(one + more, lifeNs);
        assert.ok(before >= 0 && before <= after && after <= 1, `${before} ${after}`);
      }),
    );
  });
});
