import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FcfsServers, type FcfsStation } from '../../../src/kernel/resources/fcfs-servers.ts';
import { Simulation } from '../../../src/kernel/simulation.ts';

const ARRIVE = 0;
const DEPART = 1;

interface Visit {
  readonly atNs: number;
  readonly station: number;
  readonly serviceNs: number;
}

/** Visits at given times, and when each began and ended; a customer's number is its place in the list. */
class Visits {
  readonly kindNames = ['arrive', 'depart'];
  readonly sim: Simulation;
  readonly servers: FcfsServers;
  readonly startsNs: number[] = [];
  readonly endsNs: number[] = [];
  /** Customers in the order in which their service began. */
  readonly order: number[] = [];
  readonly #visits: readonly Visit[];

  constructor(stations: readonly Partial<FcfsStation>[], visits: readonly Visit[]) {
    this.#visits = visits;
    this.sim = new Simulation({
      seed: '7',
      entityBase: 0,
      limits: { eventsPending: 1000, eventsPerInstant: 1000 },
    });
    const entity = this.sim.entity('visits');
    this.servers = new FcfsServers(
      this.sim,
      'servers',
      stations.map((station, index) => ({ name: `desk ${index}`, servers: 1, waitingMax: 100, ...station })),
    );
    this.sim.setModel(this);
    visits.forEach(({ atNs, station }, customer) => {
      this.sim.schedule(atNs, entity, ARRIVE, station, customer);
    });
  }

  handle(kind: number, target: number, station: number, customer: number): void {
    if (kind === ARRIVE) {
      if (this.servers.arrive(station, customer)) this.#serve(target, station, customer);
      return;
    }
    this.endsNs[customer] = this.sim.nowNs;
    const next = this.servers.depart(station);
    if (next >= 0) this.#serve(target, station, next);
  }

  #serve(target: number, station: number, customer: number): void {
    this.startsNs[customer] = this.sim.nowNs;
    this.order.push(customer);
    this.sim.schedule(this.#visits[customer].serviceNs, target, DEPART, station, customer);
  }
}

function everyFive(count: number, serviceNs: number): Visit[] {
  return Array.from({ length: count }, (_, index) => ({ atNs: index * 5, station: 0, serviceNs }));
}

/** Starts by the rule itself: in order of arrival, each at the server that is free first. */
function plainStarts(stations: readonly { readonly servers: number }[], visits: readonly Visit[]): number[] {
  const freeNs = stations.map(({ servers }) => Array.from({ length: servers }, () => 0));
  const startsNs: number[] = [];
  const byArrival = visits.map((visit, customer) => ({ ...visit, customer })).sort((x, y) => x.atNs - y.atNs);
  for (const { atNs, station, serviceNs, customer } of byArrival) {
    const free = freeNs[station].sort((x, y) => x - y);
    startsNs[customer] = Math.max(atNs, free[0]);
    free[0] = startsNs[customer] + serviceNs;
  }
  return startsNs;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('customers at a station', () => {
  test('do not wait when each is served before the next comes: D/D/1 below its capacity', () => {
    const run = new Visits([{}], everyFive(10, 4));
    run.sim.run(100);
    assert.deepEqual(run.servers.statistics(0), {
      arrivals: 10,
      started: 10,
      served: 10,
      busyServerNs: 40,
      waitingCustomerNs: 0,
      waitSumNs: 0,
      waitSquareSumNs2: 0,
    });
  });

  test('wait two units longer each when service takes two longer than the time between them: D/D/1 above', () => {
    const run = new Visits([{}], everyFive(10, 7));
    run.sim.run(100);
    const waitsNs = Array.from({ length: 10 }, (_, customer) => customer * 2);
    assert.deepEqual(
      run.startsNs,
      waitsNs.map((waitNs, customer) => customer * 5 + waitNs),
    );
    const { waitSumNs, waitSquareSumNs2, waitingCustomerNs, busyServerNs } = run.servers.statistics(0);
    assert.deepEqual([waitSumNs, waitingCustomerNs, busyServerNs], [90, 90, 70]);
    assert.equal(waitSquareSumNs2, sum(waitsNs.map((waitNs) => waitNs * waitNs)));
  });

  test('are served side by side by as many servers as there are', () => {
    const together = [10, 20, 30, 40].map((serviceNs) => ({ atNs: 0, station: 0, serviceNs }));
    const run = new Visits([{ servers: 2 }], together);
    run.sim.run(100);
    assert.deepEqual(run.endsNs, [10, 20, 40, 60]);
  });

  test('are counted while they are there, without a change to what follows', () => {
    const run = new Visits([{}], everyFive(10, 20));
    run.sim.run(22);
    // That of 0 is served until 20, that of 5 from then on; those of 10, 15 and 20 wait.
    assert.deepEqual([run.servers.busy(0), run.servers.waiting(0)], [1, 3]);
    const expected = {
      arrivals: 5,
      started: 2,
      served: 1,
      busyServerNs: 22,
      waitingCustomerNs: 15 + 12 + 7 + 2,
      waitSumNs: 15,
      waitSquareSumNs2: 15 * 15,
    };
    assert.deepEqual(run.servers.statistics(0), expected);
    assert.deepEqual(run.servers.statistics(0), expected);
  });

  test('begin as the plain rule says, at any stations, in order of arrival, and every sum is exact', () => {
    const visit = fc.record({
      atNs: fc.nat({ max: 300 }),
      station: fc.nat({ max: 2 }),
      serviceNs: fc.nat({ max: 40 }),
    });
    const servers = fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 1, max: 4 })));
    fc.assert(
      fc.property(fc.array(visit, { maxLength: 60 }), servers, (visits, counts) => {
        const stations = counts.map((count) => ({ servers: count }));
        const run = new Visits(stations, visits);
        run.sim.run(10_000);
        const startsNs = plainStarts(stations, visits);
        assert.deepEqual(run.startsNs, startsNs);
        for (const station of stations.keys()) {
          const here = visits.flatMap((visit, customer) => (visit.station === station ? [customer] : []));
          const arrivals = run.order
            .filter((customer) => here.includes(customer))
            .map((customer) => visits[customer].atNs);
          assert.deepEqual(
            arrivals,
            arrivals.toSorted((x, y) => x - y),
          );
          const waitsNs = here.map((customer) => startsNs[customer] - visits[customer].atNs);
          assert.deepEqual(run.servers.statistics(station), {
            arrivals: here.length,
            started: here.length,
            served: here.length,
            busyServerNs: sum(here.map((customer) => visits[customer].serviceNs)),
            waitingCustomerNs: sum(waitsNs),
            waitSumNs: sum(waitsNs),
            waitSquareSumNs2: sum(waitsNs.map((waitNs) => waitNs * waitNs)),
          });
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test('go on from a checkpoint as if nothing had been', () => {
    const visits = everyFive(60, 12);
    const stations = [{ servers: 2 }];
    const [whole, stopped, restored] = [1, 2, 3].map(() => new Visits(stations, visits));
    whole.sim.run(1000);
    stopped.sim.run(143);
    restored.sim.columns.restore(stopped.sim.columns.checkpoint());
    restored.sim.run(1000);
    assert.deepEqual(restored.servers.statistics(0), whole.servers.statistics(0));
    assert.deepEqual(restored.sim.hashChains(), whole.sim.hashChains());
  });
});

describe('refused at a station, by name', () => {
  test('is one customer more than its limit, while another station has room', () => {
    const { servers } = new Visits([{ waitingMax: 2 }, { waitingMax: 3 }], []);
    for (const customer of [0, 1, 2]) servers.arrive(0, customer);
    assert.throws(() => servers.arrive(0, 3), {
      name: 'RangeError',
      message: 'arrive(customer 3) at desk 0: 2 customers wait already, its limit',
    });
    assert.equal(servers.statistics(0).arrivals, 3);
    for (const customer of [0, 1, 2, 3]) servers.arrive(1, customer);
    assert.equal(servers.waiting(1), 3);
  });

  test('is anyone who would wait where nobody may', () => {
    const { servers } = new Visits([{ waitingMax: 0 }], []);
    assert.equal(servers.arrive(0, 0), true);
    assert.throws(() => servers.arrive(0, 1), /at desk 0: 0 customers wait already/);
  });

  for (const customer of [-1, Number.NaN]) {
    test(`is customer ${customer}`, () => {
      const { servers } = new Visits([{}], []);
      assert.throws(() => servers.arrive(0, customer), {
        name: 'RangeError',
        message: `arrive at desk 0: expected a customer's number from 0, found ${customer}`,
      });
    });
  }

  test('is a departure when no server is busy', () => {
    const { servers } = new Visits([{}, {}], []);
    servers.arrive(0, 0);
    assert.throws(() => servers.depart(1), { message: 'depart at desk 1: no server is busy' });
  });

  for (const [field, found, least] of [
    ['servers', 0, 1],
    ['servers', 1.5, 1],
    ['waitingMax', -1, 0],
    ['waitingMax', Number.POSITIVE_INFINITY, 0],
  ] as const) {
    test(`is ${field} of ${found}`, () => {
      assert.throws(() => new Visits([{ [field]: found }], []), {
        name: 'RangeError',
        message: `station desk 0: expected ${field} to be a whole number from ${least}, found ${found}`,
      });
    });
  }
});
