import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/kernel/checkpoint.ts';
import { Columns } from '../../src/kernel/columns.ts';
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
        const events = event % whole.timesNs.length;

        const stopped = new RandomModel(seed, entities);
        assert.equal(stopped.sim.run(END_NS, events), false);
        const checkpoint = structuredClone(stopped.sim.columns.checkpoint());
        const restored = new RandomModel(seed, entities);
        restored.sim.columns.restore(checkpoint);
        assert.deepEqual(
          [restored.sim.events, restored.sim.nowNs, restored.hash()],
          [events, stopped.sim.nowNs, stopped.hash()],
        );
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

  test('forks a hundred futures of their own draws, each the same whenever it is taken', () => {
    const model = new RandomModel('7', 3);
    model.sim.run(100);
    const checkpoint = model.sim.columns.checkpoint();
    const future = (name: string): string => {
      model.sim.columns.restore(checkpoint);
      model.sim.random.branch(name);
      model.sim.run(END_NS);
      return model.hash();
    };
    const hashes = Array.from({ length: 100 }, (_, fork) => future(`future-${fork}`));
    assert.equal(new Set(hashes).size, 100);
    assert.equal(future('future-42'), hashes[42]);
  });

  test('written down and continued in a new process gives the trace of the run that never stopped', (t) => {
    const whole = new RandomModel('7', 3);
    whole.sim.run(END_NS);
    const stopped = new RandomModel('7', 3);
    stopped.sim.run(END_NS, 77);
    const folder = mkdtempSync(join(tmpdir(), 'bt-checkpoint-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'run.checkpoint');
    writeFileSync(file, encodeCheckpoint(stopped.sim.columns.checkpoint()));
    const program = fileURLToPath(new URL('./support/continue-run.ts', import.meta.url));
    const output = execFileSync(process.execPath, [program, file, '7', '3', String(END_NS)], {
      encoding: 'utf8',
    });
    assert.deepEqual(JSON.parse(output), {
      from: 77,
      events: whole.sim.events,
      hash: whole.hash(),
    });
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

  test('is the same after it was written down and read', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), fc.array(fc.nat({ max: 255 })), (numbers, bytes) => {
        const columns = new Columns();
        columns.label('entity/größer');
        columns.float64('numbers', numbers.length).data.set(numbers);
        columns.uint8('bytes', bytes.length).data.set(bytes);
        columns.int32('none', 0);
        const checkpoint = columns.checkpoint();
        assert.deepEqual(decodeCheckpoint(encodeCheckpoint(checkpoint)), checkpoint);
      }),
      { seed: 1 },
    );
  });

  test('is refused when it is cut off, of another version, or something else', () => {
    const columns = new Columns();
    columns.float64('clock', 4);
    const whole = encodeCheckpoint(columns.checkpoint());
    for (let length = 0; length < whole.length; length += 1) {
      assert.throws(() => decodeCheckpoint(whole.subarray(0, length)), /^Error: restore: the checkpoint/);
    }
    assert.throws(() => decodeCheckpoint(whole.subarray(0, -1)), /it ends after \d+ bytes, in "clock"$/);
    const other = Uint8Array.from(whole);
    other[other.indexOf('1'.charCodeAt(0))] = '0'.charCodeAt(0);
    assert.throws(
      () => decodeCheckpoint(other),
      /it is "brokertwin.checkpoint\/0", this version reads "brokertwin.checkpoint\/1"/,
    );
    const text = new TextEncoder().encode('question: how many brokers?\n');
    assert.throws(() => decodeCheckpoint(text), /these bytes do not begin as a checkpoint does/);
  });
});
