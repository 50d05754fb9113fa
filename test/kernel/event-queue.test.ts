import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import seedrandom from 'seedrandom';
import { Columns } from '../../src/kernel/columns.ts';
import { EventQueue } from '../../src/kernel/event-queue.ts';
import {
  MICROSTEP,
  PRIORITY,
  ROW_HALVES,
  ROW_WORDS,
  SEQUENCE,
  SOURCE,
  TARGET,
  TIME,
} from '../../src/kernel/event-rows.ts';

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
  const row = queue.rows.take();
  const { data, halves } = queue.rows.records;
  data[row * ROW_WORDS + TIME] = event.time;
  data[row * ROW_WORDS + SEQUENCE] = event.sequence;
  halves[row * ROW_HALVES + MICROSTEP] = event.microstep;
  halves[row * ROW_HALVES + PRIORITY] = event.priority;
  halves[row * ROW_HALVES + TARGET] = event.target;
  halves[row * ROW_HALVES + SOURCE] = event.source;
  queue.insert(row);
  return queue.rows.handle(row);
}

function pop(queue: EventQueue): Event {
  assert.ok(queue.bringUp());
  const row = queue.pop();
  const { data, halves } = queue.rows.records;
  const event = {
    time: data[row * ROW_WORDS + TIME],
    microstep: halves[row * ROW_HALVES + MICROSTEP],
    priority: halves[row * ROW_HALVES + PRIORITY],
    target: halves[row * ROW_HALVES + TARGET],
    source: halves[row * ROW_HALVES + SOURCE],
    sequence: data[row * ROW_WORDS + SEQUENCE],
  };
  queue.rows.give(row);
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

/** A plain twin for many events: a list that is always in order. */
class OrderedList {
  readonly #events: Event[] = [];

  get size(): number {
    return this.#events.length;
  }
  add(event: Event): void {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.#events[middle], event) < 0) high = middle;
      else low = middle + 1;
    }
    this.#events.splice(low, 0, event);
  }
  shift(): Event | undefined {
    return this.#events.pop();
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

  // Every part of the ladder: bursts at one instant, a heap that outgrows itself, rungs in rungs, the top, sweeps.
  const mixes: readonly (readonly [title: string, delays: readonly number[], cancelled: number])[] = [
    ['near and far', [0, 1, 100, 5_000, 1e6, 1e9, 3e10], 0.2],
    ['mostly cancelled and far', [1e6, 3e10], 0.9],
    ['all at few instants', [0, 0, 0, 64], 0.1],
    ['spread evenly', [1e6], 0],
    ['up to the end of time', [10, 2 ** 40, 2 ** 52], 0.3],
  ];
  for (const [title, delays, cancelled] of mixes) {
    for (const pending of [3, 60, 3_000]) {
      test(`gives ${pending} events that are ${title} in order while others come and go`, () => {
        const queue = new EventQueue(new Columns(), 100_000);
        const list = new OrderedList();
        const random = seedrandom.alea(`${title} ${pending}`);
        let now = 0;
        for (let sequence = 0; sequence < pending * 2 + 6_000; sequence += 1) {
          const delay = Math.floor(random() * delays[Math.floor(random() * delays.length)]);
          const event = {
            ...at(Math.min(now + delay, Number.MAX_SAFE_INTEGER), sequence),
            target: Math.floor(random() * 3),
          };
          const handle = schedule(queue, event);
          if (random() < cancelled) assert.equal(queue.cancel(handle), true);
          else list.add(event);
          while (list.size > pending || (list.size > 0 && random() < 0.3)) {
            const event = pop(queue);
            assert.deepEqual(event, list.shift());
            now = event.time;
          }
          assert.equal(queue.size, list.size);
        }
        while (list.size > 0) assert.deepEqual(pop(queue), list.shift());
        assert.equal(queue.bringUp(), false);
      });
    }
  }

  test('keeps rows for no more events than are pending, and as many cancelled', () => {
    const queue = new EventQueue(new Columns(), 100_000);
    const handles: number[] = [];
    for (let sequence = 0; sequence < 50_000; sequence += 1) {
      handles.push(schedule(queue, at(1e9 + sequence, sequence)));
      if (handles.length > 2_000) assert.ok(queue.cancel(handles.shift() ?? 0));
    }
    assert.equal(queue.size, 2_000);
    assert.ok(queue.rows.top <= 4_100, `${queue.rows.top} rows`);
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
    const lastGeneration = 134_217_726;
    schedule(queue, at(1));
    pop(queue);
    const checkpoint = columns.checkpoint();
    checkpoint.columns.get('events/marks')?.fill(lastGeneration * 4);
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

  describe('with a tie seed', () => {
    const tied = Array.from(
      { length: 24 },
      (_, index): Event => ({
        time: 5,
        microstep: index >> 4,
        priority: (index >> 3) & 1,
        target: (index >> 2) & 1,
        source: (index >> 1) & 1,
        sequence: index & 1,
      }),
    );

    function order(seed: number, events: readonly Event[]): Event[] {
      const queue = new EventQueue(new Columns(), 100);
      for (const event of events) schedule(queue, event);
      queue.tieSeed = seed;
      return events.map(() => pop(queue));
    }

    test('gives the same order for the same seed, whatever the order of scheduling', () => {
      for (let seed = 1; seed < 50; seed += 1) {
        assert.deepEqual(order(seed, tied.toReversed()), order(seed, tied));
      }
    });

    test('gives other orders for other seeds, all of them legal', () => {
      const orders = new Set<string>();
      for (let seed = 0; seed < 50; seed += 1) {
        const events = order(seed, tied);
        orders.add(JSON.stringify(events));
        events.slice(1).forEach((event, index) => {
          const before = events[index];
          assert.ok(before.microstep <= event.microstep);
          if (before.microstep === event.microstep) assert.ok(before.priority <= event.priority);
        });
        for (const { target, source, microstep, priority } of tied) {
          const sequences = events.filter(
            (event) =>
              event.target === target &&
              event.source === source &&
              event.microstep === microstep &&
              event.priority === priority,
          );
          assert.deepEqual(
            sequences.map(({ sequence }) => sequence),
            [0, 1],
          );
        }
      }
      assert.ok(orders.size > 40, `${orders.size} orders`);
    });

    test('0 is the plain order again', () => {
      const queue = new EventQueue(new Columns(), 100);
      for (const event of tied) schedule(queue, event);
      queue.tieSeed = 7;
      queue.tieSeed = 0;
      assert.deepEqual(
        tied.map(() => pop(queue)),
        tied.toSorted(compare),
      );
    });

    test('leaves events at different times alone', () => {
      const events = [3, 1, 2].map((time) => at(time));
      assert.deepEqual(
        order(9, events).map(({ time }) => time),
        [1, 2, 3],
      );
    });
  });
});
