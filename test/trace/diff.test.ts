import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { diffTraces, type FirstDifference, type TraceDifference } from '../../src/trace/diff.ts';
import { differenceJson, differenceLines } from '../../src/trace/diff-text.ts';
import {
  BLOCK_EVENTS,
  FIELDS,
  ORDER_FIELDS,
  type TraceEvent,
  type TraceRun,
} from '../../src/trace/format.ts';
import { NOTHING } from './support/causal-shards.ts';
import { scratch, traceCausal, traceRun, withTrace, writeEvents } from './support/traces.ts';

type Parts = readonly (readonly TraceEvent[])[];

interface Compared {
  readonly difference: TraceDifference;
  readonly lines: readonly string[];
  readonly json: object;
}

function compare(a: string, b: string): Promise<Compared> {
  return withTrace(a, (traceA) =>
    withTrace(b, async (traceB) => {
      const difference = await diffTraces(traceA, traceB);
      return {
        difference,
        lines: differenceLines(traceA, traceB, difference),
        json: differenceJson(traceA, traceB, difference),
      };
    }),
  );
}

async function compareEvents(
  directory: string,
  a: Parts,
  b: Parts,
  runs: Partial<TraceRun>[] = [{}, {}],
): Promise<Compared> {
  const files = ['a.trace', 'b.trace'].map((name) => path.join(directory, name));
  for (const [index, parts] of [a, b].entries()) {
    const shards = parts.map((_, part) => `shard-${part}`);
    writeEvents(files[index], parts, traceRun({ shards, ...runs[index] }));
  }
  return compare(files[0], files[1]);
}

/** Two parts in the total order; entities 0 to 9 and 10 to 19. */
const anyParts: fc.Arbitrary<TraceEvent[][]> = fc.tuple(
  ...[0, 1].map((part) =>
    fc
      .array(fc.tuple(...FIELDS.map((field) => (field === 'timeNs' ? fc.nat(1000) : fc.nat(9)))), {
        minLength: 1,
        maxLength: 40,
      })
      .map((rows) =>
        rows
          .map(
            (row) => Object.fromEntries(FIELDS.map((field, at) => [field, row[at]])) as unknown as TraceEvent,
          )
          .map((event) => ({ ...event, target: event.target + 10 * part }))
          .sort(order),
      ),
  ),
);

function order(one: TraceEvent, other: TraceEvent): number {
  const field = FIELDS.slice(0, ORDER_FIELDS).find((name) => one[name] !== other[name]);
  return field === undefined ? 0 : one[field] - other[field];
}

/** The parts with the event at `index` of `part` replaced by others. */
function planted(
  parts: Parts,
  part: number,
  index: number,
  ...events: readonly TraceEvent[]
): TraceEvent[][] {
  return parts.map((list, at) => (at === part ? list.toSpliced(index, 1, ...events) : [...list]));
}

function found({ difference }: Compared): FirstDifference {
  assert.ok(difference.first !== null, 'no difference was found');
  return difference.first;
}

const anyPlace = fc.record({ part: fc.nat(1), at: fc.double({ min: 0, max: 0.999, noNaN: true }) });

describe('two traces', () => {
  const property = (
    t: TestContext,
    check: (directory: string, parts: TraceEvent[][], part: number, index: number) => Promise<void>,
  ) => {
    const directory = scratch(t);
    return fc.assert(
      fc.asyncProperty(anyParts, anyPlace, async (parts, { part, at }) =>
        check(directory, parts, part, Math.floor(at * parts[part].length)),
      ),
    );
  };

  test('with the same events have no difference', (t) =>
    property(t, async (directory, parts) => {
      const { difference } = await compareEvents(directory, parts, parts);
      assert.deepEqual(difference, { runs: [], layout: [], first: null });
    }));

  test('differ first at the event whose contents were changed, wherever it is', (t) =>
    property(t, async (directory, parts, part, index) => {
      const event = parts[part][index];
      const changed = { ...event, kind: (event.kind + 1) % 10, c: -1 };
      const first = found(await compareEvents(directory, parts, planted(parts, part, index, changed)));
      assert.equal(first.part, `paced/shard-${part}`);
      assert.equal(first.in, 'both');
      assert.deepEqual(first.fields, ['kind', 'c']);
      assert.deepEqual([first.a?.index, first.b?.index], [index, index]);
      assert.deepEqual([first.a?.event, first.b?.event], [event, changed]);
      assert.equal(
        first.lastInCommon?.index ?? -1,
        parts[part].findLastIndex(({ target }, at) => at < index && target === event.target),
      );
    }));

  test('differ first at the event that only one of them has', (t) =>
    property(t, async (directory, parts, part, index) => {
      const event = parts[part][index];
      // The next of its kind would take its place.
      if (parts[part].slice(index + 1).some((other) => order(event, other) === 0)) return;
      const without = planted(parts, part, index);
      for (const [runs, owner] of [
        [[parts, without], 'a'],
        [[without, parts], 'b'],
      ] as const) {
        const first = found(await compareEvents(directory, runs[0], runs[1]));
        assert.equal(first.in, owner);
        assert.deepEqual(first[owner]?.event, event);
        assert.equal(first[owner]?.index, index);
        const isLast = index === parts[part].length - 1;
        assert.equal(first[owner === 'a' ? 'b' : 'a'] === null, isLast, 'null where the other run has ended');
      }
    }));

  test('differ first in the shard whose difference comes first in the total order', (t) =>
    property(t, async (directory, parts) => {
      const changed = parts.map((events) => events.map((event) => ({ ...event, d: -1 })));
      const first = found(await compareEvents(directory, parts, changed));
      const [earliest] = parts.map(([event]) => event).sort(order);
      assert.deepEqual(first.a?.event, earliest);
    }));

  test('tell a NaN and a zero below zero from other numbers, and not from themselves', async (t) => {
    const event: TraceEvent = {
      ...Object.fromEntries(FIELDS.map((field) => [field, 0])),
      a: Number.NaN,
      b: -0,
    } as TraceEvent;
    const directory = scratch(t);
    assert.equal((await compareEvents(directory, [[event]], [[event]])).difference.first, null);
    const first = found(await compareEvents(directory, [[event]], [[{ ...event, a: 1, b: 0 }]]));
    assert.deepEqual(first.fields, ['a', 'b']);
  });

  test('differ first after blocks that are the same', async (t) => {
    const events = Array.from(
      { length: 2 * BLOCK_EVENTS + 100 },
      (_, index) =>
        Object.fromEntries(FIELDS.map((field) => [field, field === 'timeNs' ? index : 0])) as TraceEvent,
    );
    const index = 2 * BLOCK_EVENTS + 50;
    const changed = planted([events], 0, index, { ...events[index], d: 1 });
    assert.equal(found(await compareEvents(scratch(t), [events], changed)).a?.index, index);
  });

  test('are compared where both were traced', async (t) => {
    const events = Array.from(
      { length: 100 },
      (_, index) =>
        Object.fromEntries(FIELDS.map((field) => [field, field === 'timeNs' ? index : 0])) as TraceEvent,
    );
    const directory = scratch(t);
    const windows = [{ fromNs: 10, untilNs: 60 }, { fromNs: 30 }];
    const { difference } = await compareEvents(directory, [events], [events], windows);
    assert.equal(difference.first, null);
    assert.deepEqual(difference.runs, [
      { of: 'traced from', a: '10 ns', b: '30 ns' },
      { of: 'traced until', a: '60 ns', b: 'the end' },
    ]);
    const changed = planted([events], 0, 40, { ...events[40], kind: 1 });
    const first = found(await compareEvents(directory, [events], changed, windows));
    assert.deepEqual([first.a?.index, first.b?.index, first.a?.event.timeNs], [30, 10, 40]);
  });

  test('of other seeds, profiles and versions say so, which is no difference by itself', async (t) => {
    const { difference, lines } = await compareEvents(
      scratch(t),
      [[]],
      [[]],
      [{}, { seed: 8, profile: { name: 'local', hash: 'f00e' }, brokertwin: '1.3.0' }],
    );
    assert.deepEqual(difference.layout, []);
    assert.equal(difference.first, null);
    assert.deepEqual(lines.slice(2), [
      'not the same: seed: 7 in a, 8 in b',
      'not the same: profile: reference in a, local in b',
      'not the same: hash of the profile: f00d in a, f00e in b',
      'not the same: brokertwin: 1.2.3 in a, 1.3.0 in b',
    ]);
  });

  test('of other shards say which', async (t) => {
    const { difference } = await compareEvents(scratch(t), [[], []], [[]]);
    assert.deepEqual(difference.layout, [{ of: 'shard, number 2', a: 'shard-1', b: 'none' }]);
  });
});

describe('the first difference of two runs', () => {
  test('comes with the event that caused it and the last that its entity had in common', async (t) => {
    const directory = scratch(t);
    const [a, b] = ['a.trace', 'b.trace'].map((name) => path.join(directory, name));
    await traceCausal(a, { workers: 1 });
    await traceCausal(b, { workers: 2, straysAtNs: 10_000 });
    const first = found(await compare(a, b));
    const owner = first[first.in === 'b' ? 'b' : 'a'];
    assert.ok(owner !== null && first.lastInCommon !== null);
    assert.equal(first.cause?.event.b ?? NOTHING, owner.event.a);
    assert.equal(first.lastInCommon.event.target, owner.event.target);
    assert.ok(first.lastInCommon.index < owner.index);
    assert.equal(first.part, 'paced/cluster-1');
    assert.ok(owner.event.timeNs >= 10_000 && owner.event.timeNs < 11_000, `${owner.event.timeNs} ns`);
  });

  test('is told in lines that line up and as an object', async (t) => {
    const base = { microstep: 0, priority: 0, b: 0, c: 0, d: 0 };
    const events: TraceEvent[] = [
      { ...base, timeNs: 1_000_000_001, target: 2, source: 2, sequence: 1, kind: 0, a: 5, scheduled: 1 },
      { ...base, timeNs: 1_500_000_000, target: 3, source: 2, sequence: 2, kind: 1, a: 17, scheduled: 0 },
    ];
    const other = [events[0], { ...events[1], a: 18_000, d: -0 }];
    const directory = scratch(t);
    const { lines, json } = await compareEvents(directory, [events], [other]);
    assert.deepEqual(lines, [
      `a  ${directory}/a.trace  causal  seed 7  2 events`,
      `b  ${directory}/b.trace  causal  seed 7  2 events`,
      'first difference: event 2 of paced/shard-0: both have it, not the same',
      '  0.1 for 0.3 at 1.500000000 s, sent by 0.2',
      '     a   b',
      '  a  17  18000',
      '  d  0   -0',
      'last in common for 0.3: none',
      'caused by: 0.0 for 0.2 at 1.000000001 s (event 1 of paced/shard-0)',
    ]);
    const { first } = JSON.parse(JSON.stringify(json)) as { first: Record<string, unknown> };
    assert.equal(first.in, 'both');
    assert.deepEqual(first.cause, {
      part: 'paced/shard-0',
      index: 0,
      ...events[0],
      target: '0.2',
      source: '0.2',
      kind: '0.0',
    });
    assert.equal(first.lastInCommon, null);
  });

  test('tells that one run has ended', async (t) => {
    const event: TraceEvent = {
      timeNs: 7,
      microstep: 0,
      priority: 0,
      target: 2,
      source: 2,
      sequence: 1,
      kind: 0,
      a: 5,
      b: 0,
      c: 0,
      d: 0,
      scheduled: 1,
    };
    const { lines } = await compareEvents(
      scratch(t),
      [[event]],
      [[event, { ...event, timeNs: 9, sequence: 2 }]],
    );
    assert.match(lines[2], /^first difference: event 2 of paced\/shard-0: only b has it$/);
    assert.equal(lines[4], '  a has ended there');
    assert.equal(lines.at(-1), 'caused by: 0.0 for 0.2 at 0.000000007 s (event 1 of paced/shard-0)');
  });
});
