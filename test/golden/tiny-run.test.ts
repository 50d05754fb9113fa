import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { golden } from '../kernel/support/golden.ts';
import { KINDS, smallSimulation } from '../kernel/support/small-simulation.ts';

const ENTITIES = ['east', 'west'];

/** A run without draws: each ping is answered, every third answer at once; `stop` ends it. */
function tinyRun(): string[] {
  const { sim, handled, hash } = smallSimulation(ENTITIES, ({ kind, target, a }) => {
    if (kind === KINDS.indexOf('stop')) return;
    const next = a === 9 ? KINDS.indexOf('stop') : 1 - kind;
    sim.schedule(a % 3 === 0 ? 0 : a * 1000 + 0.5, 1 - target, next, a + 1, -a, a / 4, 0, a % 2);
  });
  sim.schedule(0, 0, 0, 1);
  sim.schedule(1500, 1, 0, 4);
  sim.run(100_000);
  const chains = sim.hashChains();
  return [
    ...handled.map(({ nowNs, target, kind, a }) => `${nowNs} ${ENTITIES[target]} ${KINDS[kind]} ${a}`),
    ...ENTITIES.map((name, entity) => `chain ${name} ${chains[entity * 2]} ${chains[entity * 2 + 1]}`),
    `hash ${hash()}`,
  ];
}

describe('the golden trace of a tiny run', () => {
  test('is as it was', () => {
    assert.deepEqual(tinyRun(), golden('tiny-run.txt'));
  });
});
