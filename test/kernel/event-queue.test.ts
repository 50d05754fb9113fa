import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Columns } from '../../src/kernel/columns.ts';
import { EventQueue } from '../../src/kernel/event-queue.ts';

interface Event {
  readonly time: number;
  readonly microstep: number;
  readonly priority: number;
  readonly target: number;
  readonly source: number;
  readonly sequence: number;
}

const ORDER = ['time', 'microstep', 'priority', 'target', 'source', 'sequence'] as const;

function compare(x: Event, y: Event): number {
  for (const field of ORDER) {
    if (x[field] !== y[field]) return x[field] - y[field];
  }
  return 0;
}

function schedule(queue: EventQueue, event: Event): number {
  const row = queue.takeRow();
  for (const field of ORDER) queue[field].data[row] = event[field];
  return queue.insert(row);
}

function pop(queue: EventQueue): Event {
  const row = queue.pop();
  const event = {
    time: queue.time.data[row],
    microstep: queue.microstep.data[row],
    priority: queue.priority.data[row],
    target: queue.target.data[row],
    source: queue.source.data[row],
    sequence: queue.sequence.data[row],
  };
  queue.giveRow(row);
  return event;
}

function at(time: number, sequence = 0): Event {
  return { time, microstep: 0, priority: 0, target: 0, source: 0, sequence };
}

/** The plain twin of the queue: a list, sorted when it is asked. */
class SortedList {
  readonly #pending = new Map<number, Event>();

  get size(): number {
    return this.#pending.size;
  }
  schedule(handle: number, event: Event): void {
    assert.ok(!this.#pending.has(handle), 'a pending event has this handle');
    this.#pending.set(handle, event);
  }
  cancel(handle: number): boolean {
    return this.#pending.delete(handle);
  }
  pop(): Event {
    const [[handle, event]] = [...this.#pending].sort(([, x], [, y]) => compare(x, y));
    this.#pending.delete(handle);
    return event;
  }
}

const few = fc.nat({ max: 2 });
const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('schedule' as const),
      time: fc.nat({ max: 3 }),
      microstep: few,
      priority: few,
      target: few,
      source: few,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pop' as const) }) },
);

describe('the event queue', () => {
  test('gives events in their total order under any scheduling, cancelling and popping', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const queue = new EventQueue(new Columns(), 1000);
        const list = new SortedList();
        const handles: number[] = [];
        operations.forEach((step, index) => {
          if (step.kind === 'schedule') {
            const event = { ...step, sequence: operations.length - index };
            const handle = schedule(queue, event);
            list.schedule(handle, event);
            handles.push(handle);
          } else if (step.kind === 'cancel' && handles.length > 0) {
            // Any handle that ever was, so that most are stale.
            const handle = handles[step.which % handles.length];
            assert.equal(queue.cancel(handle), list.cancel(handle));
          } else if (step.kind === 'pop' && list.size > 0) {
            assert.equal(compare(pop(queue), list.pop()), 0);
          }
          assert.equal(queue.size, list.size);
        });
        while (list.size > 0) assert.equal(compare(pop(queue), list.pop()), 0);
        assert.equal(queue.earliestNs, Number.POSITIVE_INFINITY);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test('stays in order when events are cancelled in its middle', () => {
    const many = fc.array(fc.tuple(fc.nat({ max: 99 }), fc.boolean()), { minLength: 30, maxLength: 300 });
    fc.assert(
      fc.property(many, (events) => {
        const queue = new EventQueue(new Columns(), 1000);
        const handles = events.map(([time], index) => schedule(queue, at(time, index)));
        const kept = events.flatMap(([time, keep], index) => (keep ? [at(time, index)] : []));
        handles.forEach((handle, index) => {
          if (!events[index][1]) assert.equal(queue.cancel(handle), true);
        });
        assert.deepEqual(
          kept.map(() => pop(queue)),
          kept.toSorted(compare),
        );
        assert.equal(queue.size, 0);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  for (const [place, field] of ORDER.entries()) {
    test(`puts the lower ${field} first, whatever the fields after it`, () => {
      const before = Object.fromEntries(ORDER.map((name, index) => [name, index > place ? 7 : 3]));
      const after = Object.fromEntries(ORDER.map((name, index) => [name, index > place ? 1 : 3]));
      const [first, second] = [
        { ...before, [field]: 3 },
        { ...after, [field]: 4 },
      ] as unknown as Event[];
      for (const events of [
        [first, second],
        [second, first],
      ]) {
        const queue = new EventQueue(new Columns(), 10);
        for (const event of events) schedule(queue, event);
        assert.deepEqual([pop(queue), pop(queue)], [first, second]);
      }
    });
  }

  test('keeps its order when it grows', () => {
    const queue = new EventQueue(new Columns(), 10_000);
    const count = 5000;
    for (let index = 0; index < count; index += 1) schedule(queue, at((index * 7919) % count));
    assert.equal(queue.size, count);
    const times = Array.from({ length: count }, () => {
      assert.equal(queue.earliestNs <= count, true);
      return pop(queue).time;
    });
    assert.deepEqual(
      times,
      Array.from({ length: count }, (_, index) => index),
    );
  });

  test('keeps handles good when it grows', () => {
    const queue = new EventQueue(new Columns(), 10_000);
    const handles = Array.from({ length: 3000 }, (_, index) => schedule(queue, at(index)));
    handles.forEach((handle, index) => {
      if (index % 3 !== 0) assert.equal(queue.cancel(handle), true);
    });
    for (let index = 0; index < 3000; index += 3) assert.equal(pop(queue).time, index);
  });

  for (const limit of [10, 1500]) {
    test(`refuses event ${limit + 1} when ${limit} may be pending, naming its table`, () => {
      const queue = new EventQueue(new Columns(), limit);
      for (let index = 0; index < limit; index += 1) schedule(queue, at(index));
      assert.throws(() => schedule(queue, at(0)), {
        name: 'RangeError',
        message: `table "events" is full: ${limit} rows are its limit`,
      });
      assert.equal(pop(queue).time, 0);
      schedule(queue, at(5));
      assert.equal(queue.size, limit);
    });
  }

  test('does not cancel an event that fired, was cancelled, or whose row another event has taken', () => {
    const queue = new EventQueue(new Columns(), 10);
    const fired = schedule(queue, at(1));
    pop(queue);
    assert.equal(queue.cancel(fired), false);
    const cancelled = schedule(queue, at(2));
    assert.equal(queue.cancel(cancelled), true);
    assert.equal(queue.cancel(cancelled), false);
    const later = schedule(queue, at(3));
    for (const stale of [fired, cancelled]) assert.equal(queue.cancel(stale), false);
    assert.equal(queue.size, 1);
    assert.equal(queue.cancel(later), true);
    assert.equal(queue.size, 0);
  });

  test('never gives the handle 0, which stands for an event that cannot be cancelled', () => {
    const queue = new EventQueue(new Columns(), 10);
    assert.notEqual(schedule(queue, at(1)), 0);
    assert.equal(queue.cancel(0), false);
    assert.equal(queue.size, 1);
  });

  test('keeps handles exact and stale ones stale however often a row is used', () => {
    const columns = new Columns();
    const queue = new EventQueue(columns, 10);
    const checkpoint = columns.checkpoint();
    const lastGeneration = 134_217_726;
    checkpoint.get('events/generation')?.fill(lastGeneration);
    columns.restore(checkpoint);
    const handles = Array.from({ length: 3 }, () => {
      const handle = schedule(queue, at(1));
      pop(queue);
      return handle;
    });
    assert.ok(handles.every((handle) => Number.isSafeInteger(handle)));
    assert.equal(new Set(handles).size, handles.length);
    schedule(queue, at(1));
    for (const stale of handles) assert.equal(queue.cancel(stale), false);
    assert.equal(queue.size, 1);
  });
});
