import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../../src/errors/errors.ts';
import type { TraceEvent, TraceRun } from '../../src/trace/format.ts';
import { writePerfetto } from '../../src/trace/perfetto.ts';
import { NOTHING } from './support/causal-shards.ts';
import { readEvents, scratch, traceCausal, traceRun, withTrace, writeEvents } from './support/traces.ts';
import { type Viewed, view } from './support/viewer.ts';

interface Written {
  readonly viewed: Viewed;
  readonly parts: readonly (readonly TraceEvent[])[];
}

async function causal(t: TestContext, seed: string, run: Partial<TraceRun> = {}): Promise<Written> {
  const file = path.join(scratch(t), 'a.trace');
  await traceCausal(file, { seed, run, untilNs: 8000 });
  await withTrace(file, (trace) => writePerfetto(trace, `${file}.json`));
  return { viewed: view(readFileSync(`${file}.json`, 'utf8')), parts: await readEvents(file) };
}

/** Every event that another of the trace caused has an arrow from it, and there are no others. */
function checkArrows({ viewed, parts }: Written): void {
  const known = new Set(parts.flat().map(({ b }) => b));
  const expected = parts
    .flat()
    .filter(({ a }) => a !== NOTHING && known.has(a))
    .map(({ a, b }) => `${a} ${b}`);
  assert.ok(expected.length > 100, `${expected.length} arrows`);
  assert.deepEqual(
    viewed.arrows.map(({ from, to }) => `${from.args.b} ${to.args.b}`).sort(),
    expected.sort(),
  );
}

describe('a trace for viewers', () => {
  test('has an arrow from each cause to its effect, within and between shards, and at one instant', async (t) => {
    for (const seed of ['7', '8', '9']) {
      const written = await causal(t, seed);
      checkArrows(written);
      const { arrows } = written.viewed;
      assert.ok(arrows.some(({ from, to }) => from.process !== to.process));
      assert.ok(arrows.some(({ from, to }) => from.timeNs === to.timeNs && from.thread !== to.thread));
      assert.ok(arrows.some(({ from, to }) => from.timeNs === to.timeNs && from.thread === to.thread));
    }
  });

  test('of a part of the run has the arrows between what is in it', (t) =>
    fc.assert(
      fc.asyncProperty(fc.nat(5000), fc.integer({ min: 2000, max: 4000 }), async (fromNs, lengthNs) => {
        checkArrows(await causal(t, '7', { fromNs, untilNs: fromNs + lengthNs }));
      }),
      { numRuns: 10 },
    ));

  test('has a slice for each event, at its nanosecond, on its thread', async (t) => {
    const { viewed, parts } = await causal(t, '7');
    const slices = new Map(viewed.slices.map((slice) => [slice.args.b, slice]));
    assert.equal(viewed.slices.length, parts.flat().length);
    for (const [part, events] of parts.entries()) {
      for (const { b, timeNs, target, kind, sequence } of events) {
        const slice = slices.get(b);
        assert.ok(slice !== undefined);
        assert.equal(slice.timeNs, timeNs);
        assert.equal(slice.process, `paced/cluster-${part}`);
        assert.equal(slice.thread, `entity ${target % 1_048_576}`);
        assert.equal(slice.name, ['step', 'echo "twice"', 'alarm'][kind]);
        assert.equal(slice.args.sequence, sequence);
      }
    }
    assert.deepEqual(viewed.otherData, traceRun());
  });

  test('names the sender, also in another shard', async (t) => {
    const { viewed } = await causal(t, '7');
    for (const { from, to } of viewed.arrows) {
      const shard = from.process.replace('paced/', '');
      assert.equal(to.args['sent by'], from.process === to.process ? from.thread : `${shard}/${from.thread}`);
    }
  });

  test('of several phases has processes for each, and no arrow between them', async (t) => {
    const { viewed } = await causal(t, '7', { phases: ['paced', 'saturating'] });
    assert.deepEqual(
      [...new Set(viewed.slices.map(({ process }) => process))].sort(),
      ['paced', 'saturating'].flatMap((phase) => [0, 1, 2].map((shard) => `${phase}/cluster-${shard}`)),
    );
    for (const { from, to } of viewed.arrows) {
      assert.equal(from.process.split('/')[0], to.process.split('/')[0]);
    }
  });

  test('begins an arrow to another shard also at the last event of its thread', async (t) => {
    const file = path.join(scratch(t), 'a.trace');
    const base = { microstep: 0, priority: 0, kind: 0, a: 0, c: 0, d: 0 };
    const cause = { ...base, timeNs: 5, target: 1, source: 1, sequence: 1, b: 1, scheduled: 1 };
    const effect = { ...base, timeNs: 9, target: 11, source: 1, sequence: 2, b: 2, scheduled: 0 };
    writeEvents(file, [[cause], [effect]], traceRun({ shards: ['one', 'other'] }));
    await withTrace(file, (trace) => writePerfetto(trace, `${file}.json`));
    const { arrows } = view(readFileSync(`${file}.json`, 'utf8'));
    assert.deepEqual(
      arrows.map(({ from, to }) => [from.args.b, to.args.b]),
      [[1, 2]],
    );
  });

  test('keeps times exact to the nanosecond up to the end of simulated time, and numbers that JSON lacks', async (t) => {
    const file = path.join(scratch(t), 'a.trace');
    const base = { microstep: 0, priority: 0, target: 1, source: 1, kind: 0, c: -0, scheduled: 2 };
    const times = [0, 1, 999, 1000, 1001, 123_456_789_012_345];
    const events = times.map((timeNs, index) => ({
      ...base,
      timeNs,
      sequence: index + 1,
      a: Number.NaN,
      b: Number.NEGATIVE_INFINITY,
      d: 0.1,
    }));
    writeEvents(file, [events], traceRun({ shards: ['only'] }));
    await withTrace(file, (trace) => writePerfetto(trace, `${file}.json`));
    const { slices } = view(readFileSync(`${file}.json`, 'utf8'));
    assert.deepEqual(
      slices.map(({ timeNs }) => timeNs),
      times,
    );
    const { a, b, c, d } = slices[0].args;
    assert.deepEqual([a, b, c, d], ['NaN', '-Infinity', 0, 0.1]);
  });

  test('is written whole or not at all', async (t) => {
    const directory = scratch(t);
    const file = path.join(directory, 'a.trace');
    await traceCausal(file);
    const stopped = AbortSignal.abort(new Error('enough'));
    await withTrace(file, (trace) =>
      assert.rejects(writePerfetto(trace, `${file}.json`, { signal: stopped }), /enough/),
    );
    await withTrace(file, (trace) =>
      assert.rejects(writePerfetto(trace, path.join(directory, 'no', 'such.json')), (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, /such\.json: expected a place that can be written, found: ENOENT/);
        return true;
      }),
    );
    mkdirSync(`${file}.folder`);
    await withTrace(file, (trace) =>
      assert.rejects(
        writePerfetto(trace, `${file}.folder`),
        /a\.trace\.folder: expected a place that can be written/,
      ),
    );
    assert.deepEqual(readdirSync(directory), ['a.trace', 'a.trace.folder']);
  });
});
