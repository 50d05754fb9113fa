import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../../src/errors/errors.ts';
import { BlockWriter } from '../../src/trace/block-writer.ts';
import { BLOCK, BLOCK_EVENTS, FIELDS, type TraceEvent } from '../../src/trace/format.ts';
import { ShardRecorder } from '../../src/trace/shard-recorder.ts';
import { TraceFile } from '../../src/trace/trace-file.ts';
import {
  assertSameEvents,
  readEvents,
  scratch,
  tell,
  traceRun,
  withTrace,
  writeEvents,
} from './support/traces.ts';

const anyEvent: fc.Arbitrary<TraceEvent> = fc
  .tuple(
    fc.maxSafeNat(),
    ...FIELDS.slice(1).map(() => fc.oneof(fc.nat(300), fc.double(), fc.constantFrom(-0, Number.NaN))),
  )
  .map(
    (values) => Object.fromEntries(FIELDS.map((field, at) => [field, values[at]])) as unknown as TraceEvent,
  );

/** Events a nanosecond apart. */
function plainEvents(count: number): TraceEvent[] {
  return Array.from({ length: count }, (_, index) => ({
    timeNs: index,
    microstep: 0,
    priority: 0,
    target: index % 10,
    source: 0,
    sequence: index + 1,
    kind: 0,
    a: 0.5 * index,
    b: 0,
    c: 0,
    d: 0,
    scheduled: index,
  }));
}

describe('a trace', () => {
  test('gives back every event as it was told, whatever the numbers', (t) => {
    const file = path.join(scratch(t), 'any.trace');
    return fc.assert(
      fc.asyncProperty(fc.array(fc.array(anyEvent), { minLength: 1, maxLength: 3 }), async (parts) => {
        writeEvents(file, parts, traceRun({ shards: parts.map((_, part) => `shard ${part}`) }));
        assert.deepStrictEqual(await readEvents(file), parts);
      }),
    );
  });

  for (const count of [0, 1, BLOCK_EVENTS - 1, BLOCK_EVENTS, BLOCK_EVENTS + 1, 3 * BLOCK_EVENTS]) {
    test(`of ${count} events has all of them in their order`, async (t) => {
      const file = path.join(scratch(t), 'a.trace');
      const events = plainEvents(count);
      writeEvents(file, [events], traceRun({ shards: ['only'] }));
      const [read] = await readEvents(file);
      assertSameEvents(read, events);
      await withTrace(file, (trace) => assert.equal(trace.events, count));
    });
  }

  test('says what it is of, and what the numbers of entities and kinds mean', async (t) => {
    const file = path.join(scratch(t), 'a.trace');
    const run = traceRun({ phases: ['paced', 'saturating'], shards: ['east', 'west'] });
    writeEvents(file, [plainEvents(2), [], plainEvents(3), []], run);
    await withTrace(file, (trace) => {
      assert.deepEqual(trace.run, run);
      assert.equal(trace.cutOff, null);
      assert.deepEqual(
        trace.parts.map(({ phase, shard, events }) => `${phase} ${shard} ${events}`),
        ['paced east 2', 'paced west 0', 'saturating east 3', 'saturating west 0'],
      );
      assert.equal(trace.parts[3].entityBase, 30);
      assert.equal(trace.parts[3].entities[2], '3.2');
      assert.equal(trace.parts[1].kinds[9], '1.9');
    });
  });

  test('sorts out the blocks of parts that were written at the same time', async (t) => {
    const file = path.join(scratch(t), 'a.trace');
    const run = new BlockWriter(file);
    run.writeJson(BLOCK.run, 0, traceRun({ shards: ['one', 'other'] }));
    run.close();
    const writers = [new BlockWriter(file), new BlockWriter(file)];
    const recorders = writers.map(
      (writer, part) => new ShardRecorder(writer, part, { fromNs: 0, untilNs: null }),
    );
    const events = plainEvents(2 * BLOCK_EVENTS + 5);
    for (const event of events) {
      tell(recorders[0], event);
      tell(recorders[1], { ...event, kind: 1 });
    }
    for (const recorder of recorders.toReversed()) recorder.finish(true);
    for (const writer of writers) writer.close();
    const [one, other] = await readEvents(file);
    assertSameEvents(one, events);
    assertSameEvents(
      other,
      events.map((event) => ({ ...event, kind: 1 })),
    );
  });

  test('keeps the events from one time up to another, exclusive', async (t) => {
    const file = path.join(scratch(t), 'a.trace');
    writeEvents(file, [plainEvents(100)], traceRun({ shards: ['only'], fromNs: 10, untilNs: 20 }));
    const [read] = await readEvents(file);
    assert.deepEqual(
      read.map(({ timeNs }) => timeNs),
      [10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
    );
  });

  test('of ordinary events is small', (t) => {
    const file = path.join(scratch(t), 'a.trace');
    writeEvents(file, [plainEvents(50_000)], traceRun({ shards: ['only'] }));
    assert.ok(statSync(file).size < 50_000 * 12, `${statSync(file).size} bytes`);
  });
});

describe('a file that is not a whole trace', () => {
  const parts = [plainEvents(BLOCK_EVENTS + 10), plainEvents(3)];
  const run = traceRun({ shards: ['one', 'other'] });

  /** Reads all there is; what was wrong with it, or null. */
  function fault(file: string): string | null {
    try {
      const trace = new TraceFile(file);
      try {
        for (const part of trace.parts) for (const cursor = trace.cursor(part); cursor.next(); );
        return trace.cutOff;
      } finally {
        trace.close();
      }
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      assert.equal(error.lines.length, 1);
      return error.message;
    }
  }

  test('is recognised wherever it was cut off', (t) => {
    const file = path.join(scratch(t), 'a.trace');
    writeEvents(file, parts, run);
    const whole = readFileSync(file);
    assert.equal(fault(file), null);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        writeFileSync(file, whole.subarray(0, length));
        assert.match(fault(file) ?? 'nothing', /cut off|found another file/);
      }),
    );
  });

  test('is read as far as it goes when it was cut off between two events', async (t) => {
    const file = path.join(scratch(t), 'a.trace');
    writeEvents(file, parts, run);
    writeFileSync(file, readFileSync(file).subarray(0, -1));
    const [one, other] = await readEvents(file);
    assertSameEvents(one, parts[0]);
    assertSameEvents(other, parts[1]);
    assert.equal(fault(file), `${file}: the trace is cut off: paced/other ends after 3 events`);
  });

  test('is recognised whichever of its bits is wrong', (t) => {
    const file = path.join(scratch(t), 'a.trace');
    writeEvents(file, parts, run);
    const whole = readFileSync(file);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(7), (at, bit) => {
        const wrong = Buffer.from(whole);
        wrong[at] ^= 1 << bit;
        writeFileSync(file, wrong);
        assert.match(fault(file) ?? 'nothing', /damaged at byte|cut off|another file|of format 1, found/);
      }),
    );
  });

  const others: readonly (readonly [name: string, bytes: string | Buffer, message: RegExp])[] = [
    ['nothing', '', /expected a trace as brokertwin simulate --trace writes it, found another file$/],
    ['a text', 'apiVersion: brokertwin/v1\nkind: Scenario\n', /found another file$/],
    ['noise', Buffer.alloc(1000, 0x5a), /found another file$/],
  ];
  for (const [name, bytes, message] of others) {
    test(`is recognised when it is ${name}`, (t) => {
      const file = path.join(scratch(t), 'other');
      writeFileSync(file, bytes);
      assert.match(fault(file) ?? 'nothing', message);
    });
  }

  test('is refused when it is a trace of another version', (t) => {
    const file = path.join(scratch(t), 'a.trace');
    writeEvents(file, parts, run);
    const bytes = readFileSync(file);
    bytes.writeUInt16LE(2, 4);
    writeFileSync(file, bytes);
    assert.equal(fault(file), `${file}: expected a trace of format 1, found 2; trace the run again`);
  });

  test('is refused when something follows the trace', (t) => {
    const file = path.join(scratch(t), 'a.trace');
    writeEvents(file, parts, run);
    const { size } = statSync(file);
    writeFileSync(file, 'x', { flag: 'a' });
    assert.equal(fault(file), `${file}: the trace is damaged at byte ${size}; trace the run again`);
  });

  test('is refused when it is not there', (t) => {
    const file = path.join(scratch(t), 'none');
    assert.match(fault(file) ?? 'nothing', /none: expected a trace that can be read, found: ENOENT/);
  });
});
