import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { causeOf } from '../../src/trace/look-up.ts';
import { unfinishedTrace } from '../../src/trace/start-trace.ts';
import { NOTHING } from './support/causal-shards.ts';
import {
  assertSameEvents,
  eventsOf,
  readEvents,
  scratch,
  traceCausal,
  traceRun,
  withTrace,
} from './support/traces.ts';

describe('the trace of shards that talk to each other', () => {
  test('is the same on 1, 2 and 3 workers, part by part', async (t) => {
    const directory = scratch(t);
    const [one, two, three] = await Promise.all(
      [1, 2, 3].map(async (workers) => {
        const file = path.join(directory, `${workers}.trace`);
        await traceCausal(file, { workers });
        return readEvents(file);
      }),
    );
    assert.equal(one.length, 3);
    for (const part of one) assert.ok(part.length > 500, `${part.length} events`);
    for (const [part, events] of one.entries()) {
      assertSameEvents(two[part], events);
      assertSameEvents(three[part], events);
    }
  });

  test('has the events of each phase in the order of their times', async (t) => {
    const file = path.join(scratch(t), 'a.trace');
    await traceCausal(file, { run: { phases: ['paced', 'saturating'] } });
    await withTrace(file, (trace) => {
      assert.equal(trace.parts.length, 6);
      for (const part of trace.parts) {
        const times = eventsOf(trace, part).map(({ timeNs }) => timeNs);
        assert.deepEqual(
          times,
          times.toSorted((left, right) => left - right),
        );
        assert.ok((times.at(-1) ?? 0) <= 20_000);
        assert.deepEqual(part.kinds, ['step', 'echo "twice"', 'alarm']);
        assert.equal(part.entities[3], 'entity 3');
      }
    });
  });

  test('tells of every event which one caused it, in whichever shard', async (t) => {
    const file = path.join(scratch(t), 'a.trace');
    await traceCausal(file, { untilNs: 5000 });
    await withTrace(file, async (trace) => {
      let foreign = 0;
      for (const part of trace.parts) {
        for (const [index, event] of eventsOf(trace, part).entries()) {
          const cause = await causeOf(trace, { part, index, event }, undefined);
          assert.equal(cause?.event.b ?? NOTHING, event.a);
          if (cause !== null && cause.part !== part) foreign += 1;
        }
      }
      assert.ok(foreign > 20, `${foreign} events from other shards`);
    });
  });

  test('stays unfinished when a shard fails, and says how far the shards came', async (t) => {
    const file = path.join(scratch(t), 'a.trace');
    for (const workers of [1, 2]) {
      await assert.rejects(traceCausal(file, { failsAtNs: 8000, workers }), /out of ideas/);
      assert.equal(existsSync(file), false);
      await withTrace(unfinishedTrace(file), (trace) => {
        assert.match(
          trace.cutOff ?? '',
          /the trace is cut off: paced\/cluster-0 ends after \d+ events, paced\//,
        );
        assert.ok(trace.parts[0].events > 100);
        const times = eventsOf(trace, trace.parts[0]).map(({ timeNs }) => timeNs);
        assert.equal(times.at(-1), 8000);
      });
    }
  });

  test('takes the place of an older one only when it is whole', async (t) => {
    const file = path.join(scratch(t), 'a.trace');
    writeFileSync(file, 'older');
    await assert.rejects(traceCausal(file, { failsAtNs: 8000 }));
    assert.equal(readFileSync(file, 'utf8'), 'older');
    await traceCausal(file);
    await withTrace(file, (trace) => assert.equal(trace.cutOff, null));
    assert.equal(existsSync(unfinishedTrace(file)), false);
  });

  test('has the events of a window that the whole trace has there', async (t) => {
    const directory = scratch(t);
    const [whole, window] = [path.join(directory, 'whole'), path.join(directory, 'window')];
    await traceCausal(whole);
    await traceCausal(window, { run: traceRun({ fromNs: 3000, untilNs: 9000 }) });
    const expected = (await readEvents(whole)).map((part) =>
      part.filter(({ timeNs }) => timeNs >= 3000 && timeNs < 9000),
    );
    assert.ok(expected[0].length > 100);
    const read = await readEvents(window);
    for (const [part, events] of expected.entries()) assertSameEvents(read[part], events);
  });
});
