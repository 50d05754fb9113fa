import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RandomModel } from './support/random-model.ts';
import { smallSimulation } from './support/small-simulation.ts';

const END_NS = 300;

describe('a checkpoint', () => {
  test('taken at any event and continued in a fresh simulation gives the trace of the run that never stopped', () => {
    const model = fc.record({ seed: fc.string(), entities: fc.integer({ min: 1, max: 5 }), event: fc.nat() });
    fc.assert(
      fc.property(model, ({ seed, entities, event }) => {
        const whole = new RandomModel(seed, entities);
        whole.sim.run(END_NS);
        assert.ok(whole.sim.events > 50);
        const cutNs = whole.timesNs[event % whole.timesNs.length];

        const stopped = new RandomModel(seed, entities);
        stopped.sim.run(cutNs);
        const checkpoint = structuredClone(stopped.sim.columns.checkpoint());
        const restored = new RandomModel(seed, entities);
        restored.sim.columns.restore(checkpoint);
        assert.deepEqual([restored.sim.nowNs, restored.hash()], [cutNs, stopped.hash()]);
        restored.sim.run(END_NS);
        assert.deepEqual(
          { hash: restored.hash(), events: restored.sim.events, state: restored.sim.columns.checkpoint() },
          { hash: whole.hash(), events: whole.sim.events, state: whole.sim.columns.checkpoint() },
        );
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test('is a place to fork from: the futures do not touch each other', () => {
    const whole = new RandomModel('7', 3);
    whole.sim.run(END_NS);
    const model = new RandomModel('7', 3);
    model.sim.run(100);
    const checkpoint = model.sim.columns.checkpoint();
    for (let fork = 0; fork < 3; fork += 1) {
      model.sim.columns.restore(checkpoint);
      // What happens in one future: an event more than in the run that never stopped.
      if (fork === 1) model.sim.schedule(3, 0, 0);
      model.sim.run(END_NS);
      assert.equal(model.hash() === whole.hash(), fork !== 1);
    }
  });

  test('of a model with other entities is refused by name', () => {
    const { sim } = smallSimulation(['broker-1', 'broker-2']);
    const checkpoint = sim.columns.checkpoint();
    assert.throws(
      () => smallSimulation(['broker-1']).sim.columns.restore(checkpoint),
      /^Error: restore: the checkpoint is of another model or version: it has "entity\/broker-2", which this/,
    );
    assert.throws(
      () => smallSimulation(['broker-2', 'broker-1']).sim.columns.restore(checkpoint),
      /it has "entity\/broker-1" where this model has "entity\/broker-2"/,
    );
  });
});
