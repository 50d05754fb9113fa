import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { QUOTA_PERIOD_NS } from '../../src/hardware/cpu-quota.ts';
import { CpuHarness, type HarnessOptions } from './support/cpu-harness.ts';

const MS = 1_000_000;
const SECOND = 1000 * MS;
const END_NS = 1000 * SECOND;

interface Job {
  readonly atNs: number;
  readonly workNs: number;
}

interface Host {
  readonly cores?: number;
  /** Cores that the quota is worth; 0.6 is 60 ms in each period. */
  readonly quota: number;
  readonly phaseMs?: number;
}

function harnessOf(host: Host, threads: number, rest: Partial<HarnessOptions> = {}): CpuHarness {
  const { cores = 1, quota, phaseMs = 0 } = host;
  return new CpuHarness({
    ...rest,
    hosts: [{ cores, quota: { cores: quota, phaseNs: phaseMs * MS }, ...rest.hosts?.[0] }],
    threads: Array.from({ length: threads }, () => 0),
  });
}

/** One thread a job, run until all are done. */
function run(host: Host, jobs: readonly Job[], tieSeed = 0): CpuHarness {
  const harness = harnessOf(host, jobs.length);
  harness.sim.exploreTies(tieSeed);
  jobs.forEach(({ atNs, workNs }, thread) => {
    harness.at(atNs, thread, workNs);
  });
  harness.sim.run(END_NS);
  return harness;
}

/** Ends in ms, in the threads' order. */
function endsMs({ ends }: CpuHarness): number[] {
  return ends.toSorted(([x], [y]) => x - y).map(([, end]) => end / MS);
}

/** Jobs on one core under a quota, stepped in real time from one change to the next. */
function plainQuota({ quota, phaseMs = 0 }: Host, jobs: readonly Job[]): number[] {
  const left = jobs.map(({ workNs }) => workNs);
  const ends = jobs.map(() => Number.NaN);
  const quotaNs = quota * QUOTA_PERIOD_NS;
  let pool = quotaNs;
  let begin = phaseMs === 0 ? QUOTA_PERIOD_NS : phaseMs * MS;
  for (let now = 0; ends.some(Number.isNaN); ) {
    const running = jobs.flatMap(({ atNs }, job) => (atNs <= now && Number.isNaN(ends[job]) ? [job] : []));
    const mayRun = running.length > 0 && pool > 1e-6;
    const arrivals = jobs.map(({ atNs }) => atNs).filter((atNs) => atNs > now);
    const stops = mayRun
      ? [now + pool, now + Math.min(...running.map((job) => left[job])) * running.length]
      : [];
    const next = Math.min(begin, ...arrivals, ...stops);
    if (mayRun) {
      pool -= next - now;
      for (const job of running) {
        left[job] -= (next - now) / running.length;
        if (left[job] <= 1e-3) ends[job] = next;
      }
    }
    now = next;
    if (now === begin) {
      begin += QUOTA_PERIOD_NS;
      pool = quotaNs;
    }
  }
  return ends;
}

const quota = fc.integer({ min: 5, max: 95 }).map((percent) => percent / 100);
const phaseMs = fc.integer({ min: 0, max: 99 });
const job = fc.record({ atNs: fc.nat({ max: 400 * MS }), workNs: fc.nat({ max: 150 * MS }) });

describe('a quota of CPU time', () => {
  test('gives one thread that always wants to run its rate', () => {
    for (const [cores, of] of [
      [1, 0.6],
      [2, 0.6],
      [8, 0.07],
    ]) {
      const harness = harnessOf({ cores, quota: of }, 1);
      harness.at(0, 0, 100 * SECOND);
      harness.sim.run(SECOND);
      const usedNs = Math.round(of * SECOND);
      assert.equal(harness.cpus.busyCoreNs(0), usedNs);
      assert.equal(harness.cpus.throttledCoreNs(0), SECOND - usedNs);
      assert.deepEqual([harness.cpus.quotaPeriods(0), harness.cpus.throttledPeriods(0)], [10, 10]);
    }
  });

  test('makes a job that starts with a period last a period for each quota that it uses up, and the rest', () => {
    fc.assert(
      fc.property(quota, fc.integer({ min: 1, max: 500 * MS }), (of, workNs) => {
        const quotaNs = Math.round(of * QUOTA_PERIOD_NS);
        const usedUp = Math.ceil(workNs / quotaNs) - 1;
        const expected = usedUp * QUOTA_PERIOD_NS + workNs - usedUp * quotaNs;
        assert.deepEqual(run({ cores: 2, quota: of }, [{ atNs: 0, workNs }]).ends, [[0, expected]]);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  test('is used up the sooner the more cores have threads', () => {
    const threads = [45, 45].map((ms) => ({ atNs: 0, workNs: ms * MS }));
    const two = run({ cores: 2, quota: 0.6 }, threads);
    // Both stand still from 30 to 100, each on its core.
    assert.deepEqual(endsMs(two), [115, 115]);
    assert.equal(two.cpus.throttledCoreNs(0), 140 * MS);
    assert.equal(two.cpus.throttledPeriods(0), 1);
    // One after the other's half on one core: 60 of 90 until the quota is used up.
    const one = run({ cores: 1, quota: 0.6 }, threads);
    assert.deepEqual(endsMs(one), [130, 130]);
    assert.equal(one.cpus.throttledCoreNs(0), 40 * MS);
    // A quota of more than a core stops two threads, and never one.
    assert.deepEqual(
      endsMs(
        run(
          { cores: 2, quota: 1.5 },
          [90, 90].map((ms) => ({ atNs: 0, workNs: ms * MS })),
        ),
      ),
      [115, 115],
    );
    assert.deepEqual(endsMs(run({ cores: 2, quota: 1.5 }, [{ atNs: 0, workNs: 900 * MS }])), [900]);
  });

  test('of which less is used stops nobody, and costs an event a period or so', () => {
    const host = { quota: 0.6 };
    const jobs = Array.from({ length: 1000 }, (_, ms) => ({ atNs: ms * MS, workNs: 0.59 * MS }));
    const harness = run(host, jobs);
    assert.deepEqual(
      endsMs(harness),
      jobs.map(({ atNs, workNs }) => (atNs + workNs) / MS),
    );
    assert.deepEqual([harness.cpus.throttledCoreNs(0), harness.cpus.throttledPeriods(0)], [0, 0]);
    const free = new CpuHarness({ hosts: [{}], threads: jobs.map(() => 0) });
    jobs.forEach(({ atNs, workNs }, thread) => {
      free.at(atNs, thread, workNs);
    });
    free.sim.run(END_NS);
    const extra = harness.sim.events - free.sim.events;
    assert.ok(extra <= 50, `${extra} events in 10 periods`);
  });

  test('costs two events for each period in which it is used up', () => {
    const harness = run({ quota: 0.6 }, [{ atNs: 0, workNs: 6 * SECOND }]);
    // Its start, its end, and the last quota, used up as the job ends.
    assert.equal(harness.sim.events, 2 + 2 * 99 + 1);
  });

  test('does not last longer for having been left unused', () => {
    const jobs = [{ atNs: 200 * MS, workNs: 100 * MS }];
    assert.deepEqual(endsMs(run({ quota: 0.6 }, jobs)), [340]);
  });

  test('begins anew at times that lie fixed for the host, whenever its threads come', () => {
    const host = { quota: 0.6, phaseMs: 30 };
    assert.deepEqual(endsMs(run(host, [{ atNs: 0, workNs: 70 * MS }])), [70]);
    assert.deepEqual(endsMs(run(host, [{ atNs: 0, workNs: 100 * MS }])), [140]);
    assert.deepEqual(endsMs(run(host, [{ atNs: 200 * MS, workNs: 91 * MS }])), [331]);
    const { cpus, sim } = harnessOf(host, 1);
    const periods = [0, 30, 129, 130, 1000].map((ms) => {
      sim.run(ms * MS);
      return cpus.quotaPeriods(0);
    });
    assert.deepEqual(periods, [0, 1, 1, 2, 10]);
  });

  test('is a millisecond at least', () => {
    assert.deepEqual(endsMs(run({ quota: 0.0001 }, [{ atNs: 0, workNs: 2.5 * MS }])), [200.5]);
  });

  test('lets a job that ends as it is used up end, in any order of what happens at that time', () => {
    // At 75 the first two end and the quota is used up; 5 of the third's 30 are left when the fourth comes at 100.
    const jobs = [
      { atNs: 0, workNs: 25 * MS },
      { atNs: 0, workNs: 25 * MS },
      { atNs: 0, workNs: 30 * MS },
      { atNs: 100 * MS, workNs: 20 * MS },
    ];
    const plain = run({ quota: 0.75 }, jobs);
    assert.deepEqual(endsMs(plain), [75, 75, 110, 125]);
    for (let tieSeed = 1; tieSeed <= 20; tieSeed += 1) {
      const tied = run({ quota: 0.75 }, jobs, tieSeed);
      assert.deepEqual(endsMs(tied), endsMs(plain));
      assert.equal(tied.cpus.throttledCoreNs(0), plain.cpus.throttledCoreNs(0));
      assert.equal(tied.cpus.busyCoreNs(0), plain.cpus.busyCoreNs(0));
    }
  });

  test('gives the ends of a stepped one for any jobs on one core', () => {
    fc.assert(
      fc.property(quota, phaseMs, fc.array(job, { minLength: 1, maxLength: 12 }), (of, phase, some) => {
        const host = { quota: of, phaseMs: phase };
        const exact = plainQuota(host, some);
        const found = endsMs(run(host, some));
        assert.equal(found.length, some.length);
        found.forEach((end, thread) => {
          const errorNs = Math.abs(end * MS - exact[thread]);
          assert.ok(
            errorNs <= 100 * some.length,
            `thread ${thread} ended at ${end * MS}, exactly at ${exact[thread]}`,
          );
        });
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test('loses no work and is not overdrawn in any period, on any cores with any wake-ups', () => {
    const works = fc.array(fc.array(fc.nat({ max: 40 * MS }), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 10,
    });
    const latency = fc.nat({ max: MS });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        quota,
        phaseMs,
        latency,
        works,
        (cores, of, phase, wake, threads) => {
          const next = threads.map(() => 1);
          const harness = harnessOf({ cores, quota: of * cores, phaseMs: phase }, threads.length, {
            hosts: [{ wakeUpLatencyNs: wake, idleBalanceNs: 50_000 }],
            done: (thread, { cpus }) => {
              const workNs = threads[thread][next[thread]];
              next[thread] += 1;
              if (workNs !== undefined) cpus.proceed(thread, workNs);
            },
          });
          threads.forEach(([first], thread) => {
            harness.at(thread * 7 * MS, thread, first);
          });
          const quotaNs = Math.round(of * cores * 100_000) * 1000;
          let busyBefore = 0;
          for (
            let begin = phase * MS;
            harness.ends.length < threads.flat().length;
            begin += QUOTA_PERIOD_NS
          ) {
            assert.ok(begin < END_NS);
            harness.sim.run(begin);
            const busyNs = harness.cpus.busyCoreNs(0);
            // Waking is taken off when it begins, which may be in the period before.
            assert.ok(
              busyNs - busyBefore <= quotaNs + cores * (wake + 1),
              `${busyNs - busyBefore} of ${quotaNs}`,
            );
            busyBefore = busyNs;
          }
          const workNs = threads.flat().reduce((sum, of) => sum + of, 0);
          const slackNs = threads.flat().length * cores * 20;
          assert.ok(Math.abs(harness.cpus.busyCoreNs(0) - workNs) <= slackNs);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  test('does not count the time in which a core wakes', () => {
    const harness = harnessOf({ quota: 0.6 }, 1, { hosts: [{ wakeUpLatencyNs: 5 * MS }] });
    harness.at(0, 0, 60 * MS);
    harness.sim.run(END_NS);
    assert.deepEqual(endsMs(harness), [65]);
    assert.equal(harness.cpus.throttledPeriods(0), 0);
  });

  test('does not count it either when a thread is woken while it is used up', () => {
    const harness = harnessOf({ cores: 2, quota: 0.6 }, 2, { hosts: [{ wakeUpLatencyNs: 5 * MS }] });
    harness.at(0, 0, 80 * MS);
    harness.at(70 * MS, 1, 60 * MS);
    harness.sim.run(END_NS);
    // The first runs from 5 to 65 and from 100 to 120, the second from 105 to 145: 20 and 40 in the second period.
    assert.deepEqual(endsMs(harness), [120, 220]);
  });

  test('tells a thread that is woken meanwhile when it will run', () => {
    const told: number[] = [];
    const harness = harnessOf({ cores: 2, quota: 0.6 }, 3, {
      hosts: [{ wakeUpLatencyNs: 1000 }],
      started: (thread, workNs, { cpus }) => told.push(cpus.wake(thread, workNs)),
    });
    harness.at(0, 0, 80 * MS);
    harness.at(70 * MS, 1, MS);
    harness.at(80 * MS, 2, MS);
    harness.sim.run(END_NS);
    // The third finds a thread on both cores, which are awake when it may run.
    assert.deepEqual(told, [1000, 30 * MS + 1000, 20 * MS]);
    assert.equal(harness.cpus.throttledCoreNs(0), (40 - 0.001 + 30) * MS);
  });

  test('keeps an idle core from taking threads that stand still', () => {
    const harness = harnessOf({ cores: 2, quota: 0.6 }, 3, { hosts: [{ idleBalanceNs: 3 * MS }] });
    for (const [thread, ms] of [40, 29, 40].entries()) harness.at(0, thread, ms * MS);
    harness.sim.run(END_NS);
    // The second is alone on its core until 29; the others stand still from 31 on, and share a core until 103.
    assert.deepEqual(endsMs(harness), [126, 29, 126]);
    assert.equal(harness.cpus.throttledCoreNs(0), 69 * MS);
  });

  const someJobs = Array.from({ length: 20 }, (_, index) => ({
    atNs: index * 13 * MS,
    workNs: (5 + ((index * 7) % 30)) * MS,
  }));

  test('does the same when someone looks', () => {
    const host = { cores: 2, quota: 0.6, phaseMs: 12 };
    const watched = harnessOf(host, someJobs.length);
    someJobs.forEach(({ atNs, workNs }, thread) => {
      watched.at(atNs, thread, workNs);
    });
    let before = 0;
    for (let now = 0; now <= 2 * SECOND; now += 777_777) {
      watched.sim.run(now);
      const throttled = watched.cpus.throttledCoreNs(0);
      assert.ok(throttled >= before && throttled - before <= 2 * 777_777);
      before = throttled;
    }
    watched.sim.run(END_NS);
    assert.deepEqual(watched.sim.hashChains(), run(host, someJobs).sim.hashChains());
  });

  test('goes on from a checkpoint amid a period in which it is used up, and from any other', () => {
    const host = { cores: 2, quota: 0.6, phaseMs: 12 };
    const whole = run(host, someJobs);
    let throttled = 0;
    for (let atMs = 0; atMs < 1200; atMs += 17) {
      const first = harnessOf(host, someJobs.length);
      someJobs.forEach(({ atNs, workNs }, thread) => {
        first.at(atNs, thread, workNs);
      });
      first.sim.run(atMs * MS);
      const before = first.cpus.throttledCoreNs(0);
      const second = harnessOf(host, someJobs.length);
      second.sim.columns.restore(first.sim.columns.checkpoint());
      assert.equal(second.cpus.throttledCoreNs(0), before);
      second.sim.run(END_NS);
      assert.deepEqual(second.sim.hashChains(), whole.sim.hashChains());
      assert.deepEqual([...first.ends, ...second.ends], whole.ends);
      assert.equal(second.cpus.throttledCoreNs(0), whole.cpus.throttledCoreNs(0));
      assert.equal(second.cpus.throttledPeriods(0), whole.cpus.throttledPeriods(0));
      first.sim.run((atMs + 1) * MS);
      if (first.cpus.throttledCoreNs(0) > before) throttled += 1;
    }
    assert.ok(throttled > 20, `${throttled} checkpoints with threads held back`);
  });
});
