import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ProcessorSharing } from '../../../src/kernel/resources/processor-sharing.ts';
import { Rows } from '../../../src/kernel/rows.ts';
import { Simulation } from '../../../src/kernel/simulation.ts';

const END = 0;
const START = 1;
const REMOVE = 2;
const JOBS = 50;

interface Job {
  readonly atNs: number;
  readonly workNs: number;
  /** It is taken away so long after its start, if it is still there. */
  readonly stayNs?: number;
  readonly station?: number;
}

/** Jobs that come at given times, and when and how each left. */
class Jobs {
  readonly kindNames = ['end', 'start', 'remove'];
  readonly sim: Simulation;
  readonly sharing: ProcessorSharing;
  readonly endsNs = new Map<number, number>();
  readonly leftNs = new Map<number, number>();
  readonly #stations: readonly number[];
  readonly #done: (job: number, jobs: Jobs) => void;

  constructor(
    jobs: readonly Job[],
    options: {
      readonly stations?: number;
      readonly jobsMax?: number;
      readonly done?: (job: number, jobs: Jobs) => void;
    } = {},
  ) {
    this.sim = new Simulation({
      seed: '7',
      entityBase: 0,
      limits: { eventsPending: 1000, eventsPerInstant: 1000 },
    });
    this.#stations = jobs.map(({ station }) => station ?? 0);
    this.#done = options.done ?? (() => undefined);
    const stations = Array.from({ length: options.stations ?? 1 }, (_, index) => ({
      entity: this.sim.entity(`host ${index}`),
      jobsMax: options.jobsMax ?? JOBS,
    }));
    this.sharing = new ProcessorSharing({
      sim: this.sim,
      name: 'cores',
      stations,
      stationRows: new Rows(this.sim.columns, 'cores', stations.length),
      jobRows: new Rows(this.sim.columns, 'jobs', JOBS),
      endKind: END,
      owner: this,
    });
    this.sim.setModel(this);
    jobs.forEach(({ atNs, workNs, stayNs }, job) => {
      const { entity } = stations[this.#stations[job]];
      this.sim.schedule(atNs, entity, START, job, workNs);
      if (stayNs !== undefined) this.sim.schedule(atNs + stayNs, entity, REMOVE, job);
    });
  }

  handle(kind: number, _target: number, a: number, b: number): void {
    if (kind === END) this.sharing.onEnd(a);
    else if (kind === START) this.sharing.start(this.#stations[a], a, b);
    else if (!this.endsNs.has(a)) this.leftNs.set(a, this.sharing.remove(this.#stations[a], a));
  }

  jobDone(_station: number, job: number): void {
    this.endsNs.set(job, this.sim.nowNs);
    this.#done(job, this);
  }

  /** Runs to the end and gives the ends in the jobs' order. */
  ends(): (number | undefined)[] {
    this.sim.run(1_000_000);
    return this.#stations.map((_, job) => this.endsNs.get(job));
  }
}

/** One station stepped from one change to the next in real time, every job's work counted down. */
function plainSharing(jobs: readonly Job[]): {
  readonly endsNs: Map<number, number>;
  readonly leftNs: Map<number, number>;
} {
  const endsNs = new Map<number, number>();
  const leftNs = new Map<number, number>();
  const running = new Map<number, number>();
  const changes = [...new Set(jobs.flatMap(({ atNs, stayNs = 0 }) => [atNs, atNs + stayNs]))].sort(
    (x, y) => x - y,
  );
  let now = 0;
  for (let change = changes.shift(); change !== undefined || running.size > 0; ) {
    const endNs = now + Math.min(...running.values()) * Math.max(1, running.size);
    const next = Math.min(endNs, change ?? Number.POSITIVE_INFINITY);
    for (const [job, left] of running) running.set(job, left - (next - now) / running.size);
    now = next;
    for (const [job, left] of running) {
      if (left > 1e-6) continue;
      running.delete(job);
      endsNs.set(job, now);
    }
    if (now !== change) continue;
    jobs.forEach(({ atNs, workNs, stayNs = 0 }, job) => {
      if (atNs === now) running.set(job, workNs);
      const left = running.get(job);
      if (stayNs === 0 || atNs + stayNs !== now || left === undefined) return;
      running.delete(job);
      leftNs.set(job, left);
    });
    change = changes.shift();
  }
  return { endsNs, leftNs };
}

describe('jobs that share a station', () => {
  test('end after their work when they are alone', () => {
    assert.deepEqual(new Jobs([{ atNs: 100, workNs: 250 }]).ends(), [350]);
  });

  test('halve the rate of each other while there are two', () => {
    // The first has done 20 of 100 when the second comes; that one ends after 2 x 50, the first then has 30 left.
    const ends = new Jobs([
      { atNs: 0, workNs: 100 },
      { atNs: 20, workNs: 50 },
    ]).ends();
    assert.deepEqual(ends, [150, 120]);
  });

  test('give back the work that they have left when they are taken away', () => {
    const jobs = new Jobs([
      { atNs: 0, workNs: 100, stayNs: 50 },
      { atNs: 0, workNs: 100 },
    ]);
    assert.deepEqual(jobs.ends(), [undefined, 125]);
    assert.deepEqual([...jobs.leftNs], [[0, 75]]);
    assert.equal(jobs.sharing.busyNs(0), 125);
  });

  test('end with those of the same end, in the order of their numbers', () => {
    const order: number[] = [];
    const jobs = new Jobs(
      [0, 0, 0].map((atNs) => ({ atNs, workNs: 10 })),
      { done: (job) => order.push(job) },
    );
    assert.deepEqual(jobs.ends(), [30, 30, 30]);
    assert.deepEqual(order, [0, 1, 2]);
  });

  test('do not slow down those of another station', () => {
    const jobs = [0, 1, 1].map((station) => ({ atNs: 0, workNs: 100, station }));
    assert.deepEqual(new Jobs(jobs, { stations: 2 }).ends(), [100, 200, 200]);
  });

  test('may follow each other, and be taken away, while an end is told', () => {
    const jobs = new Jobs(
      [
        { atNs: 0, workNs: 10 },
        { atNs: 0, workNs: 100 },
      ],
      {
        done: (job, { sharing }) => {
          if (job !== 0) return;
          assert.equal(sharing.ending, 0);
          assert.equal(sharing.remove(0, 1), 90);
          sharing.start(0, 2, 5);
          sharing.start(0, 3, 7);
        },
      },
    );
    jobs.sim.run(1000);
    assert.equal(jobs.sharing.ending, -1);
    assert.deepEqual(
      [...jobs.endsNs],
      [
        [0, 20],
        [2, 30],
        [3, 32],
      ],
    );
  });

  test('end to the nanosecond after a month of work, once the station was idle', () => {
    const monthNs = 4e15;
    const jobs = new Jobs([
      { atNs: 0, workNs: monthNs },
      { atNs: monthNs + 1, workNs: 100.2 },
    ]);
    jobs.sim.run(monthNs + 1000);
    // At this V numbers are half a ns apart, and the 0.2 that fill up to a whole ns would be lost.
    assert.equal(jobs.endsNs.get(1), monthNs + 102);
  });

  test('know which of them would end last', () => {
    const { sim, sharing } = new Jobs([30, 50, 20, 50, 40].map((workNs) => ({ atNs: 0, workNs })));
    assert.equal(sharing.last(0), -1);
    sim.run(0);
    assert.equal(sharing.last(0), 3);
    sharing.remove(0, 3);
    assert.equal(sharing.last(0), 1);
  });

  test('do as a plain station does that counts every work down, and the station works all the while', () => {
    const atNs = fc.nat({ max: 2000 });
    const workNs = fc.integer({ min: 1, max: 1000 });
    const job = fc.oneof(
      fc.record({ atNs, workNs }),
      fc.record({ atNs, workNs, stayNs: fc.integer({ min: 1, max: 3000 }) }),
    );
    fc.assert(
      fc.property(fc.array(job, { minLength: 1, maxLength: JOBS }), (jobs) => {
        const run = new Jobs(jobs);
        run.sim.run(1_000_000);
        const plain = plainSharing(jobs);
        // Each end is up to 1 ns late, and takes that much from the others.
        const slackNs = jobs.length;
        let doneNs = 0;
        jobs.forEach(({ workNs }, index) => {
          const [endNs, plainEndNs] = [run.endsNs.get(index), plain.endsNs.get(index)];
          const [leftNs, plainLeftNs] = [run.leftNs.get(index) ?? 0, plain.leftNs.get(index) ?? 0];
          if (endNs !== undefined && plainEndNs !== undefined)
            assert.ok(Math.abs(endNs - plainEndNs) <= slackNs);
          assert.ok(Math.abs(leftNs - plainLeftNs) <= slackNs, `${leftNs} left, plainly ${plainLeftNs}`);
          assert.notEqual(run.endsNs.has(index), run.leftNs.has(index));
          doneNs += workNs - leftNs;
        });
        assert.ok(Math.abs(run.sharing.busyNs(0) - doneNs) <= slackNs);
        assert.equal(run.sharing.running(0), 0);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test('go on from a checkpoint as if nothing had been', () => {
    const some = Array.from({ length: 30 }, (_, index) => ({ atNs: index * 7, workNs: 11 + (index % 5) }));
    const [whole, stopped, restored] = [1, 2, 3].map(() => new Jobs(some));
    whole.sim.run(1000);
    stopped.sim.run(100);
    restored.sim.columns.restore(stopped.sim.columns.checkpoint());
    restored.sim.run(1000);
    assert.deepEqual(restored.sim.hashChains(), whole.sim.hashChains());
    assert.equal(restored.sharing.busyNs(0), whole.sharing.busyNs(0));
  });
});

describe('refused by a station, by name', () => {
  const started = () => {
    const jobs = new Jobs([{ atNs: 0, workNs: 100 }], { stations: 2, jobsMax: 2 });
    jobs.sim.run(0);
    return jobs.sharing;
  };

  for (const workNs of [-1, Number.NaN]) {
    test(`is a job of ${workNs} ns`, () => {
      assert.throws(() => started().start(1, 7, workNs), {
        name: 'RangeError',
        message: `start(job 7) at station 1 of "cores" (host 1): expected work of 0 ns or more, found ${workNs}`,
      });
    });
  }

  test('is a job that runs already, there or elsewhere', () => {
    assert.throws(() => started().start(1, 0, 5), {
      message: 'start(job 0) at station 1 of "cores" (host 1): the job is running already',
    });
  });

  test('is one job more than its limit', () => {
    const sharing = started();
    sharing.start(0, 1, 5);
    assert.throws(() => sharing.start(0, 2, 5), {
      name: 'RangeError',
      message: 'start(job 2) at station 0 of "cores" (host 0): 2 jobs run already, its limit',
    });
    sharing.start(1, 2, 5);
  });

  for (const [what, station, job] of [
    ['does not run', 0, 1],
    ['runs elsewhere', 1, 0],
  ] as const) {
    test(`is taking away a job that ${what}`, () => {
      const sharing = started();
      sharing.start(1, 5, 10);
      assert.throws(() => sharing.remove(station, job), {
        message: `remove(job ${job}) at station ${station} of "cores" (host ${station}): the job is not running there`,
      });
    });
  }
});
