import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type EventRecords,
  KIND,
  PRIORITY,
  ROW_HALVES,
  ROW_WORDS,
  SOURCE,
  TARGET,
} from '../../src/kernel/event-rows.ts';
import { Simulation } from '../../src/kernel/simulation.ts';
import { TIME_NS_MAX } from '../../src/kernel/time.ts';
import { KINDS, smallSimulation } from './support/small-simulation.ts';

const PING = KINDS.indexOf('ping');
const PONG = KINDS.indexOf('pong');
const STOP = KINDS.indexOf('stop');

function targets(handled: readonly { readonly target: number }[]): number[] {
  return handled.map(({ target }) => target);
}

describe('the order of events', () => {
  test('puts an event without delay for another entity into the next microstep', () => {
    const { sim, handled } = smallSimulation(['first', 'second', 'third'], ({ kind, target }) => {
      if (kind === PING && target === 1) sim.schedule(0, 0, PONG);
    });
    sim.schedule(10, 1, PING);
    sim.schedule(10, 2, PING);
    sim.run(10);
    assert.deepEqual(targets(handled), [1, 2, 0]);
    assert.ok(handled.every(({ nowNs }) => nowNs === 10));
  });

  test('puts an event without delay into the next microstep for the entity itself, too', () => {
    const { sim, handled } = smallSimulation(['first', 'second'], ({ kind, target }) => {
      if (kind === PING && target === 0) sim.schedule(0, 0, PONG);
    });
    sim.schedule(10, 0, PING);
    sim.schedule(10, 1, PING);
    sim.run(10);
    assert.deepEqual(targets(handled), [0, 1, 0]);
  });

  test('takes a delay below half a nanosecond for none', () => {
    const { sim, handled } = smallSimulation(['first', 'second', 'third'], ({ kind, target }) => {
      if (kind === PING && target === 1) sim.schedule(0.4, 0, PONG);
    });
    sim.schedule(10, 1, PING);
    sim.schedule(10, 2, PING);
    sim.run(10);
    assert.deepEqual(targets(handled), [1, 2, 0]);
  });

  test('begins every instant at its first microstep', () => {
    const { sim, handled } = smallSimulation(['first', 'second', 'third'], ({ kind, target, nowNs }) => {
      if (nowNs === 10 && kind === PING && target === 2) {
        // From microstep 1 of this instant, and of a later one: there it must not come after the others.
        sim.schedule(0, 2, PONG);
      }
      if (nowNs === 10 && kind === PONG) sim.schedule(5, 0, PING);
    });
    sim.schedule(10, 2, PING);
    sim.schedule(15, 1, PING);
    sim.run(20);
    assert.deepEqual(targets(handled), [2, 2, 0, 1]);
  });

  test('is by priority before it is by entity', () => {
    const { sim, handled } = smallSimulation(['first', 'second']);
    sim.schedule(10, 0, PING, 0, 0, 0, 0, 1);
    sim.schedule(10, 1, PING);
    sim.run(10);
    assert.deepEqual(targets(handled), [1, 0]);
  });

  test('is by the source before it is by its sequence', () => {
    const { sim, handled } = smallSimulation(['first', 'second', 'third'], ({ kind, target, a }) => {
      if (kind === PING) sim.schedule(10 - a, 0, PONG, target);
    });
    // The second entity sends after the third and has sent more before.
    sim.schedule(1, 2, PING, 1);
    sim.schedule(2, 1, PING, 3);
    sim.schedule(2, 1, PING, 2);
    sim.run(100);
    assert.deepEqual(
      handled.filter(({ kind }) => kind === PONG).map(({ nowNs, a }) => [nowNs, a]),
      [
        [9, 1],
        [10, 1],
        [10, 2],
      ],
    );
  });

  test("keeps one source's events of one instant as they were sent", () => {
    const { sim, handled } = smallSimulation(['source', 'target'], ({ kind }) => {
      if (kind === PONG) return;
      for (let number = 0; number < 100; number += 1) sim.schedule(number % 2 === 0 ? 5 : 4, 1, PONG, number);
    });
    sim.schedule(1, 0, PING);
    sim.run(10);
    const sent = Array.from({ length: 50 }, (_, index) => index * 2);
    assert.deepEqual(
      handled.slice(1).map(({ a }) => a),
      [...sent.map((even) => even + 1), ...sent],
    );
  });

  test('does not depend on the order in which different entities were given their events', () => {
    const perEntity = fc.array(fc.array(fc.nat({ max: 3 }), { maxLength: 5 }), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(perEntity, fc.infiniteStream(fc.nat({ max: 2 })), (delays, turns) => {
        const run = (order: Iterable<number>): unknown => {
          const { sim, handled, hash } = smallSimulation(['a', 'b', 'c'], ({ kind, target, a }) => {
            if (kind === PING) sim.schedule(a, (target + 1) % 3, PONG, target);
          });
          const left = delays.map((list) => [...list]);
          const schedule = (entity: number): void => {
            const delay = left[entity].shift();
            if (delay !== undefined) sim.schedule(delay, entity, PING, delay);
          };
          for (const entity of order) {
            if (left.every((list) => list.length === 0)) break;
            schedule(entity);
          }
          for (const entity of [0, 1, 2]) while (left[entity].length > 0) schedule(entity);
          sim.run(100);
          return { handled, hash: hash() };
        };
        assert.deepEqual(run(turns), run([]));
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});

describe('running', () => {
  test('handles events up to the end, the end included, and sets the clock there', () => {
    const { sim, handled } = smallSimulation(['only']);
    for (const time of [0, 99, 100, 101]) sim.schedule(time, 0, PING, time);
    sim.run(100);
    assert.deepEqual(
      handled.map(({ nowNs, a }) => [nowNs, a]),
      [
        [0, 0],
        [99, 99],
        [100, 100],
      ],
    );
    assert.deepEqual([sim.nowNs, sim.events, sim.earliestNs], [100, 3, 101]);
    sim.run(500);
    assert.deepEqual(
      [sim.nowNs, sim.events, sim.earliestNs, handled.length],
      [500, 4, Number.POSITIVE_INFINITY, 4],
    );
  });

  test('gives the same trace in one go and in pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 60 }), { maxLength: 10 }), (stops) => {
        const run = (ends: readonly number[]): unknown => {
          const { sim, handled, hash } = smallSimulation(['a', 'b'], ({ target, a }) => {
            if (a < 20) sim.schedule(a % 4, 1 - target, PING, a + 1);
          });
          sim.schedule(3, 0, PING);
          sim.schedule(3, 1, PONG, 5);
          for (const end of ends) sim.run(end);
          return { handled, hash: hash(), now: sim.nowNs, events: sim.events };
        };
        assert.deepEqual(run([...stops.toSorted((x, y) => x - y), 60]), run([60]));
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  test('counts delays from the time of the event, or from the end of the last run', () => {
    const { sim, handled } = smallSimulation(['only'], ({ kind }) => {
      if (kind === PING) sim.schedule(7, 0, PONG);
    });
    sim.schedule(5, 0, PING);
    sim.run(8);
    sim.schedule(1, 0, PONG);
    sim.run(20);
    assert.deepEqual(
      handled.map(({ nowNs }) => nowNs),
      [5, 9, 12],
    );
  });

  test('does not give a cancelled event', () => {
    const { sim, handled } = smallSimulation(['only']);
    const handle = sim.scheduleTimer(5, 0, PING);
    sim.schedule(6, 0, PONG);
    assert.equal(sim.cancel(handle), true);
    assert.equal(sim.cancel(handle), false);
    sim.run(10);
    assert.deepEqual(
      handled.map(({ kind }) => kind),
      [PONG],
    );
  });

  test('stops a model that schedules without end, naming what most pending events are', () => {
    const { sim } = smallSimulation(['broker', 'client'], undefined, { eventsPending: 5 });
    sim.schedule(10, 1, 0);
    for (let timer = 0; timer < 4; timer += 1) sim.schedule(20, 0, 1);
    assert.throws(() => sim.schedule(30, 1, 2), {
      name: 'RangeError',
      message:
        'schedule(stop) for client at 0 ns: 5 events are pending, the limit: 4 pong for broker, 1 ping for client',
    });
  });

  test('may have as many events cancelled as it likes', () => {
    const { sim } = smallSimulation(['broker'], undefined, { eventsPending: 5 });
    for (let timer = 0; timer < 20_000; timer += 1) assert.ok(sim.cancel(sim.scheduleTimer(1e9, 0, 0)));
    for (let timer = 0; timer < 5; timer += 1) sim.schedule(1e9, 0, 0);
    sim.run(2e9);
    assert.equal(sim.events, 5);
  });

  test('stops a model in which time stands still, naming the entities and kinds that go round', () => {
    const { sim, handled } = smallSimulation(
      ['idle', 'busy'],
      ({ target, kind }) => {
        if (handled.length < 3) sim.schedule(0, target, STOP);
        else sim.schedule(0, 1 - target, kind === PING ? PONG : PING);
      },
      { eventsPerInstant: 500 },
    );
    sim.schedule(5, 1, PING);
    assert.throws(() => sim.run(10), {
      message:
        '500 events passed at 5 ns without time moving on; ' +
        'the last 100: 50 pong for busy, 50 ping for idle',
    });
    assert.equal(handled.length, 500);
  });

  for (const startNs of [0, 5]) {
    test(`allows as many events at ${startNs} ns as the limit says`, () => {
      const { sim } = smallSimulation(['only'], () => undefined, { eventsPerInstant: 100 });
      for (let event = 0; event < 100; event += 1) sim.schedule(startNs, 0, PING);
      sim.run(10);
      sim.schedule(0, 0, PING);
      sim.run(10);
      assert.equal(sim.events, 101);
    });
  }

  test("leaves another entity's draws alone when an entity and its stream are added", () => {
    const run = (withMore: boolean): number[] => {
      const sim = new Simulation({
        seed: '7',
        entityBase: 0,
        limits: { eventsPending: 100, eventsPerInstant: 100 },
      });
      const more = withMore ? sim.random.stream('gc/broker-9') : null;
      const stream = sim.random.stream('gc/broker-1');
      const entities = ['broker-1', ...(withMore ? ['broker-9'] : [])].map((name) => sim.entity(name));
      const drawn: number[] = [];
      sim.setModel({
        kindNames: ['tick'],
        handle(_kind, target) {
          const draw = sim.random.uniform(target === 1 && more !== null ? more : stream);
          if (target === 0) drawn.push(draw);
          sim.schedule(Math.floor(draw * 10), target, 0);
        },
      });
      for (const entity of entities) sim.schedule(1, entity, 0);
      sim.run(200);
      return drawn;
    };
    const alone = run(false);
    assert.ok(alone.length > 20);
    assert.deepEqual(run(true), alone);
  });
});

describe('events of other shards', () => {
  /** Events as another shard's outbox has them: from its entity 1000, each with its time and target. */
  function messages(...list: readonly (readonly [time: number, target: number])[]): EventRecords {
    const data = new Float64Array(list.length * ROW_WORDS);
    const halves = new Uint32Array(data.buffer);
    list.forEach(([time, target], index) => {
      data.set([time, index, index], index * ROW_WORDS);
      halves[index * ROW_HALVES + TARGET] = target;
      halves[index * ROW_HALVES + SOURCE] = 1000;
      halves[index * ROW_HALVES + KIND] = PONG;
    });
    return { data, halves };
  }

  function inWords({ data, halves }: EventRecords): number[][] {
    return Array.from({ length: data.length / ROW_WORDS }, (_, event) => [
      ...data.slice(event * ROW_WORDS, event * ROW_WORDS + 6),
      ...[TARGET, SOURCE, KIND, PRIORITY].map((place) => halves[event * ROW_HALVES + place]),
    ]);
  }

  test('take their place in the order as if they were its own', () => {
    const { sim, handled } = smallSimulation(['first', 'second', 'third']);
    sim.schedule(10, 1, PING);
    sim.deliver(messages([10, 2], [10, 0], [9, 2]));
    sim.run(10);
    assert.deepEqual(
      handled.map(({ nowNs, target }) => [nowNs, target]),
      [
        [9, 2],
        [10, 0],
        [10, 1],
        [10, 2],
      ],
    );
  });

  test('leave by the outbox, once, with the number that their source counts', () => {
    const { sim } = smallSimulation(['a', 'b'], ({ a }) => {
      assert.equal(sim.scheduleTimer(100 + a, 2000, PONG, a, 1, 2, 3, 4), 0);
    });
    sim.joinShards(100);
    for (const number of [1, 2]) sim.schedule(number, 1, PING, number);
    sim.run(10);
    assert.deepEqual(inWords(sim.takeOutbox()), [
      [102, 3, 1, 1, 2, 3, 2000, 1, PONG, 4],
      [104, 4, 2, 1, 2, 3, 2000, 1, PONG, 4],
    ]);
    assert.deepEqual(inWords(sim.takeOutbox()), []);
  });

  test('wait in the outbox of a checkpoint', () => {
    const make = () => {
      const made = smallSimulation(['a'], () => {
        for (let number = 0; number < 50; number += 1) made.sim.schedule(100, 2000, PONG, number);
      });
      made.sim.joinShards(100);
      return made.sim;
    };
    const sim = make();
    sim.schedule(1, 0, PING);
    sim.run(10);
    const restored = make();
    restored.columns.restore(sim.columns.checkpoint());
    const events = inWords(restored.takeOutbox());
    assert.deepEqual(
      events.map(([, , number]) => number),
      Array.from({ length: 50 }, (_, number) => number),
    );
    assert.deepEqual(inWords(sim.takeOutbox()), events);
  });

  test('are refused when the shard has run through their time, or has no such entity', () => {
    const { sim } = smallSimulation(['a', 'b']);
    sim.run(10);
    assert.throws(() => sim.deliver(messages([10, 1])), {
      name: 'RangeError',
      message: 'deliver(pong) for b at 10 ns: the shard has run to 10 ns',
    });
    assert.throws(() => sim.deliver(messages([11, 2])), {
      name: 'RangeError',
      message: 'deliver(pong): the shard has no entity 2',
    });
    sim.deliver(messages([11, 1]));
  });

  test('are not sent before an entity runs', () => {
    const { sim } = smallSimulation(['a']);
    sim.joinShards(100);
    assert.throws(() => sim.schedule(100, 2000, PING), {
      message: 'schedule(ping) for entity 2000 in 100 ns: only a running entity can reach another shard',
    });
  });
});

describe('bad input to a simulation', () => {
  const DELAY = 'expected a delay from 0 to the end of simulated time at 2^53 - 1 ns';
  for (const delay of [-1, -1e-9, Number.NaN, Number.POSITIVE_INFINITY, TIME_NS_MAX, 2 * TIME_NS_MAX]) {
    test(`is a delay of ${delay} ns, refused with the kind, the entity and the time`, () => {
      const { sim, handled } = smallSimulation(['a', 'broker-1'], () => {
        sim.schedule(delay, 1, PONG);
      });
      sim.schedule(5, 0, PING);
      assert.throws(() => sim.run(10), {
        name: 'RangeError',
        message: `schedule(pong) for broker-1 in ${delay} ns, at 5 ns: ${DELAY}`,
      });
      assert.equal(handled.length, 1);
    });
  }

  test('is not the last moment of simulated time', () => {
    const { sim, handled } = smallSimulation(['only'], () => {
      sim.schedule(1, 0, PONG);
    });
    sim.schedule(TIME_NS_MAX - 1, 0, PING);
    assert.throws(() => sim.run(TIME_NS_MAX), /at 9007199254740991 ns: expected a delay/);
    assert.deepEqual(
      handled.map(({ nowNs }) => nowNs),
      [TIME_NS_MAX - 1, TIME_NS_MAX],
    );
  });

  for (const priority of [-1, 0.5, 2 ** 32, Number.NaN]) {
    test(`is the priority ${priority}, refused with the kind and the entity`, () => {
      const { sim } = smallSimulation(['broker']);
      assert.throws(() => sim.schedule(1, 0, 0, 0, 0, 0, 0, priority), {
        name: 'RangeError',
        message: `schedule(ping) for broker: expected a priority from 0 to 2^32 - 1, a whole number, found ${priority}`,
      });
    });
  }

  for (const seed of [-1, 0.5, 2 ** 32]) {
    test(`is the tie seed ${seed}`, () => {
      const { sim } = smallSimulation(['broker']);
      assert.throws(() => sim.exploreTies(seed), {
        name: 'RangeError',
        message: `exploreTies(${seed}): expected a whole number from 0 to 2^32 - 1`,
      });
    });
  }

  for (const kind of [0.5, KINDS.length, -1, Number.NaN]) {
    test(`is the kind ${kind}, refused with the entity`, () => {
      const { sim } = smallSimulation(['broker-1']);
      assert.throws(() => sim.schedule(1, 0, kind), {
        name: 'RangeError',
        message: `schedule(unknown kind ${kind}) for broker-1: the model knows kinds 0 to 2`,
      });
    });
  }

  for (const target of [3, -1, Number.NaN]) {
    test(`is the entity ${target}, refused with the kind`, () => {
      const { sim } = smallSimulation(['a', 'b', 'c'], () => {
        sim.schedule(5, target, PONG);
      });
      sim.schedule(1, 0, PING);
      assert.throws(() => sim.run(10), {
        name: 'RangeError',
        message: `schedule(pong) for entity ${target} in 5 ns: there is no such entity, and no other shard to have it`,
      });
    });
  }

  test('is an event before there is a model', () => {
    const sim = new Simulation({
      seed: '7',
      entityBase: 0,
      limits: { eventsPending: 1, eventsPerInstant: 1 },
    });
    const entity = sim.entity('a');
    assert.throws(() => sim.schedule(1, entity, 0), /for a: the simulation has no model yet/);
    assert.throws(() => sim.run(1), { message: 'run: the simulation has no model' });
  });

  test('is a second entity of one name', () => {
    const { sim } = smallSimulation(['broker-1']);
    assert.throws(() => sim.entity('broker-1'), /"entity\/broker-1" exists already/);
  });

  for (const [end, shown] of [
    [5, '5'],
    [Number.NaN, 'NaN'],
    [10.5, '10.5'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ] as const) {
    test(`is a run from 10 ns to ${shown}`, () => {
      const { sim } = smallSimulation(['a']);
      sim.run(10);
      assert.throws(() => sim.run(end), {
        name: 'RangeError',
        message: `run(${shown}): expected a whole number of ns from 10 (now) to 2^53 - 1`,
      });
      assert.equal(sim.nowNs, 10);
    });
  }
});
