import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CpuHarness } from './support/cpu-harness.ts';

const END_NS = 1_000_000;

interface Job {
  readonly atNs: number;
  readonly workNs: number;
}

/** One host, one thread a job. */
function run(cores: number, jobs: readonly Job[]): CpuHarness {
  const harness = new CpuHarness({ hosts: [{ cores }], threads: jobs.map(() => 0) });
  jobs.forEach(({ atNs, workNs }, thread) => {
    harness.at(atNs, thread, workNs);
  });
  harness.sim.run(END_NS);
  return harness;
}

/** Ends of jobs under processor sharing on one core in real time, from one arrival or end to the next. */
function plainSharing(jobs: readonly Job[]): number[] {
  const left = jobs.map(({ workNs }) => workNs);
  const ends = jobs.map(() => Number.NaN);
  const arrivals = [...new Set(jobs.map(({ atNs }) => atNs))].sort((x, y) => x - y);
  let now = 0;
  for (;;) {
    const running = jobs.flatMap(({ atNs }, job) => (atNs <= now && Number.isNaN(ends[job]) ? [job] : []));
    const arrival = arrivals.find((time) => time > now) ?? Number.POSITIVE_INFINITY;
    if (running.length === 0 && arrival === Number.POSITIVE_INFINITY) return ends;
    const rate = 1 / Math.max(1, running.length);
    const nextEnd = now + Math.min(...running.map((job) => left[job])) / rate;
    const next = Math.min(nextEnd, arrival);
    for (const job of running) {
      left[job] -= (next - now) * rate;
      if (left[job] <= 1e-6) ends[job] = next;
    }
    now = next;
  }
}

const job = fc.record({ atNs: fc.nat({ max: 2000 }), workNs: fc.nat({ max: 1000 }) });
const jobs = fc.array(job, { minLength: 1, maxLength: 30 });
const cores = fc.integer({ min: 1, max: 6 });

describe('the cores of a host', () => {
  test('do a single job in the time of its work, on one core or many', () => {
    for (const count of [1, 2, 16]) {
      assert.deepEqual(run(count, [{ atNs: 100, workNs: 250 }]).ends, [[0, 350]]);
    }
  });

  test('serve as many jobs as there are cores without sharing', () => {
    const works = [300, 100, 200];
    const { ends } = run(
      3,
      works.map((workNs) => ({ atNs: 0, workNs })),
    );
    assert.deepEqual(ends, [
      [1, 100],
      [2, 200],
      [0, 300],
    ]);
  });

  test('finish equal jobs, as many on each core, after their number times their work over the cores', () => {
    for (const [count, on, workNs] of [
      [2, 1, 100],
      [4, 2, 100],
      [12, 4, 500],
      [50, 2, 40],
    ]) {
      const { ends } = run(
        on,
        Array.from({ length: count }, () => ({ atNs: 0, workNs })),
      );
      assert.deepEqual(
        ends.map(([, end]) => end),
        Array.from({ length: count }, () => (count * workNs) / on),
      );
    }
  });

  test('share in equal parts: jobs of 100, 200 and 300 ns end at 300, 500 and 600 on one core', () => {
    const three = [100, 200, 300].map((workNs) => ({ atNs: 0, workNs }));
    assert.deepEqual(
      run(1, three).ends.map(([, end]) => end),
      [300, 500, 600],
    );
    // On two cores the third shares the first's core until 200, then has it for itself.
    assert.deepEqual(
      run(2, three).ends.map(([, end]) => end),
      [200, 200, 400],
    );
  });

  test('leave a core idle for a while before it takes a thread that waits for another', () => {
    const harness = new CpuHarness({ hosts: [{ cores: 2, idleBalanceNs: 30 }], threads: [0, 0, 0] });
    for (const thread of [0, 1, 2]) harness.at(0, thread, 100);
    harness.sim.run(END_NS);
    // The second is alone until 100; the others are half done then, and 35 ns from their ends 30 ns later.
    assert.deepEqual(harness.ends, [
      [1, 100],
      [0, 165],
      [2, 165],
    ]);
    assert.equal(harness.cpus.busyCoreNs(0), 300);
  });

  test('take no thread when work has come in the meantime', () => {
    const harness = new CpuHarness({ hosts: [{ cores: 2, idleBalanceNs: 30 }], threads: [0, 0, 0] });
    for (const thread of [0, 1, 2]) harness.at(0, thread, 100);
    harness.at(110, 1, 50);
    harness.sim.run(END_NS);
    assert.deepEqual(harness.ends, [
      [1, 100],
      [1, 160],
      [0, 195],
      [2, 195],
    ]);
  });

  test('give a woken thread an idle core, its last one first', () => {
    const harness = new CpuHarness({ hosts: [{ cores: 2 }], threads: [0, 0, 0] });
    harness.at(0, 0, 100);
    harness.at(10, 2, 40);
    harness.at(60, 2, 20);
    harness.sim.run(END_NS);
    // The third ran first on the core of the second, since its own was busy; it finds that one idle again.
    assert.deepEqual(harness.ends, [
      [2, 50],
      [2, 80],
      [0, 100],
    ]);
  });

  test('slow a job down when another comes, and speed it up when that one leaves', () => {
    const { ends } = run(1, [
      { atNs: 0, workNs: 1000 },
      { atNs: 400, workNs: 100 },
    ]);
    assert.deepEqual(ends, [
      [1, 600],
      [0, 1100],
    ]);
  });

  test('round ends up to whole nanoseconds', () => {
    const { ends } = run(
      1,
      [100, 100, 100.5].map((workNs) => ({ atNs: 0, workNs })),
    );
    // Within half a ns of V the third ends with the others.
    assert.deepEqual(
      ends.map(([, end]) => end),
      [300, 300, 300],
    );
    assert.deepEqual(run(1, [{ atNs: 0, workNs: 7.6 }]).ends, [[0, 8]]);
  });

  test('give the ends of plain processor sharing for any jobs on one core', () => {
    fc.assert(
      fc.property(jobs, (some) => {
        const exact = plainSharing(some);
        const { ends } = run(1, some);
        assert.equal(ends.length, some.length);
        // Each end is rounded up, and that nanosecond is shared among those still running; half a ns of V
        // is n / 2 of real time.
        const slackNs = 1 + 1.5 * some.length;
        for (const [thread, end] of ends) {
          const error = Math.abs(end - exact[thread]);
          assert.ok(error <= slackNs, `thread ${thread} ended at ${end}, exactly at ${exact[thread]}`);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  test('use exactly the work that they are given, wake-ups included', () => {
    const costs = fc.record({ wakeUpCpuNs: fc.nat({ max: 50 }), wakeUpLatencyNs: fc.nat({ max: 50 }) });
    const works = fc.array(fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(cores, costs, works, (count, wakeUp, threads) => {
        // Every thread does its first job after a wake-up and goes on with the others.
        const next = threads.map(() => 1);
        const harness = new CpuHarness({
          hosts: [{ cores: count, ...wakeUp }],
          threads: threads.map(() => 0),
          done: (thread, { cpus }) => {
            const workNs = threads[thread][next[thread]];
            next[thread] += 1;
            if (workNs !== undefined) cpus.proceed(thread, workNs);
          },
        });
        threads.forEach(([first], thread) => {
          harness.at(thread * 37, thread, first);
        });
        harness.sim.run(END_NS);

        const jobCount = threads.flat().length;
        const chargedNs = threads.reduce((sum, _, thread) => sum + harness.cpus.cpuNs(thread), 0);
        const busyNs = harness.cpus.busyCoreNs(0);
        // An end is rounded up to the ns, in which the cores stay busy, or falls half a ns early.
        assert.ok(Math.abs(busyNs - chargedNs) <= jobCount * count, `busy ${busyNs}, charged ${chargedNs}`);
        threads.forEach((own, thread) => {
          const extraNs = harness.cpus.cpuNs(thread) - own.reduce((sum, work) => sum + work, 0);
          // Waking costs on an idle core only; the first thread always finds one.
          assert.ok(extraNs === wakeUp.wakeUpCpuNs || (thread > 0 && extraNs === 0), `extra ${extraNs}`);
          assert.equal(harness.cpus.wakeUps.count(thread), 1);
        });
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test('count what they use while jobs run', () => {
    const some = [0, 130, 170, 500].map((atNs) => ({ atNs, workNs: 333 }));
    const harness = new CpuHarness({ hosts: [{ cores: 2 }], threads: some.map(() => 0) });
    some.forEach(({ atNs, workNs }, thread) => {
      harness.at(atNs, thread, workNs);
    });
    const busy = Array.from({ length: 1500 }, (_, now) => {
      harness.sim.run(now);
      return harness.cpus.busyCoreNs(0);
    });
    assert.deepEqual([busy[100], busy[130], busy[150], busy[200]], [100, 130, 170, 270]);
    const added = busy.slice(1).map((now, index) => now - busy[index]);
    assert.ok(added.every((coreNs) => coreNs >= 0 && coreNs <= 2));
  });

  test('do not do otherwise when someone looks', () => {
    fc.assert(
      fc.property(cores, jobs, (count, some) => {
        const unwatched = run(count, some);
        const watched = new CpuHarness({ hosts: [{ cores: count }], threads: some.map(() => 0) });
        some.forEach(({ atNs, workNs }, thread) => {
          watched.at(atNs, thread, workNs);
        });
        for (let now = 0; now <= 4000; now += 1) {
          watched.sim.run(now);
          watched.cpus.busyCoreNs(0);
        }
        watched.sim.run(END_NS);
        assert.deepEqual(watched.sim.hashChains(), unwatched.sim.hashChains());
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  test('belong to their own host', () => {
    const harness = new CpuHarness({ hosts: [{ cores: 1 }, { cores: 1 }], threads: [1, 0, 1] });
    for (const thread of [0, 1, 2]) harness.at(0, thread, 100);
    harness.sim.run(END_NS);
    assert.deepEqual(harness.ends, [
      [1, 100],
      [0, 200],
      [2, 200],
    ]);
    assert.deepEqual([harness.cpus.busyCoreNs(0), harness.cpus.busyCoreNs(1)], [100, 200]);
  });
});

describe('a sleeping thread', () => {
  test('starts a wake-up latency after it is woken, and does the work of waking first', () => {
    const harness = new CpuHarness({ hosts: [{ wakeUpLatencyNs: 30, wakeUpCpuNs: 5 }], threads: [0] });
    harness.at(100, 0, 200);
    harness.sim.run(END_NS);
    assert.deepEqual(harness.ends, [[0, 335]]);
    assert.equal(harness.cpus.busyCoreNs(0), 205);
  });

  test('keeps a core that wakes for it from other threads, without using it', () => {
    const harness = new CpuHarness({ hosts: [{ wakeUpLatencyNs: 50 }], threads: [0, 0] });
    harness.at(0, 0, 100);
    harness.at(10, 1, 10);
    harness.sim.run(END_NS);
    // The first needs 150 of the core, 40 when the second comes; the second finds the core awake and shares it.
    assert.deepEqual(harness.ends, [
      [1, 30],
      [0, 160],
    ]);
    assert.equal(harness.cpus.busyCoreNs(0), 110);
  });

  test('queues at once when no core is idle', () => {
    const harness = new CpuHarness({ hosts: [{ wakeUpLatencyNs: 50, cores: 2 }], threads: [0, 0, 0] });
    for (const thread of [0, 1, 2]) harness.at(0, thread, 100);
    harness.sim.run(END_NS);
    // Two cores wake for the first two, which need 150 each. The third shares the first's until 150, when it has 25 left
    // and the other core takes over the 75 of the first.
    assert.deepEqual(harness.ends, [
      [1, 150],
      [2, 175],
      [0, 225],
    ]);
  });

  test('pays for waking once, however many jobs it then does', () => {
    const harness = new CpuHarness({
      hosts: [{ wakeUpLatencyNs: 30, wakeUpCpuNs: 5 }],
      threads: [0],
      done: (thread, { cpus, ends }) => {
        if (ends.length < 3) cpus.proceed(thread, 10);
      },
    });
    harness.at(0, 0, 10);
    harness.sim.run(END_NS);
    assert.deepEqual(
      harness.ends.map(([, end]) => end),
      [45, 55, 65],
    );
    assert.deepEqual([harness.cpus.cpuNs(0), harness.cpus.wakeUps.count(0)], [35, 1]);
  });

  test('works longer the more of its working set was lost, also on a busy core', () => {
    const LIFE = 1000;
    const harness = new CpuHarness({
      hosts: [{ coldCpuNs: 100, cacheLifeNs: LIFE }],
      threads: [0, 0, 0],
      workingSets: [0, 0, 1],
    });
    harness.at(0, 0, 10);
    // A life after the end of the first, which shares its set; and one that shares nothing, on the core that is busy with it.
    harness.at(110 + LIFE, 1, 1000);
    harness.at(111 + LIFE, 2, 10);
    harness.sim.run(END_NS);
    assert.deepEqual(
      [0, 1, 2].map((thread) => Math.round(harness.cpus.cpuNs(thread))),
      [110, 1063, 110],
    );
    assert.equal(harness.cpus.wakeUps.cold(2), 1);
  });

  test('waits longer for a core that has slept for long, and less for one that polls', () => {
    const harness = new CpuHarness({
      hosts: [
        {
          wakeUpLatencyNs: 30_000,
          coldWakeUpLatencyNs: 60_000,
          cacheLifeNs: 1e6,
          pollNs: 100_000,
          polledWakeUpLatencyNs: 10_000,
          wakeUpCpuNs: 5000,
        },
      ],
      threads: [0],
    });
    // Sleeps of 0.9 ms, 49 and 12 us, after which it polls for 20 us; of 14 us; of a hundred lives.
    const atNs = [0, 1_000_000, 1_120_000, 1_170_000, 1_220_000, 101_220_000];
    for (const ns of atNs) harness.at(ns, 0, 0);
    harness.sim.run(200_000_000);
    const latenciesUs = harness.ends.map(([, end], index) => Math.round((end - atNs[index]) / 1000));
    assert.deepEqual(latenciesUs, [95, 71, 38, 36, 10, 95]);
    assert.equal(harness.cpus.wakeUps.halted(0), 5);
  });

  for (const workNs of [-1, Number.NaN]) {
    test(`cannot be given ${workNs} ns of work`, () => {
      const { cpus } = new CpuHarness({ hosts: [{}], threads: [0] });
      const message = `(thread 0) on host 0: expected work of 0 ns or more, found ${workNs}`;
      assert.throws(() => cpus.wake(0, workNs), { name: 'RangeError', message: `wake${message}` });
      assert.throws(() => cpus.proceed(0, workNs), { name: 'RangeError', message: `proceed${message}` });
    });
  }
});

describe('hosts that are parts of one machine', () => {
  const MS = 1_000_000;
  const FOREVER_NS = 1_000_000 * MS;
  const machine = { machine: 0, cores: 2 };

  test('share its cores', () => {
    const harness = new CpuHarness({ hosts: [machine, machine, machine], threads: [0, 1, 2, 2] });
    for (const thread of [0, 1, 2, 3]) harness.at(0, thread, 100);
    harness.sim.run(FOREVER_NS);
    assert.deepEqual(
      harness.ends.map(([, end]) => end),
      [200, 200, 200, 200],
    );
    assert.deepEqual(
      [0, 1, 2].map((host) => harness.cpus.busyCoreNs(host)),
      [100, 100, 200],
    );
  });

  test('have a core each while there are enough', () => {
    const harness = new CpuHarness({ hosts: [machine, machine], threads: [0, 1] });
    for (const thread of [0, 1]) harness.at(0, thread, 100);
    harness.sim.run(FOREVER_NS);
    assert.deepEqual(
      harness.ends.map(([, end]) => end),
      [100, 100],
    );
  });

  test('leave what the quota of one keeps it from to the others', () => {
    const one = { machine: 0, cores: 1 };
    const harness = new CpuHarness({
      hosts: [{ ...one, quota: { cores: 0.3, phaseNs: 0 } }, one],
      threads: [0, 1],
    });
    harness.at(0, 0, 90 * MS);
    harness.at(0, 1, 500 * MS);
    harness.sim.run(FOREVER_NS);
    // Half a core each until 60 in every period; then the second alone. 30 and 70 in each, until the first is done.
    assert.deepEqual(harness.ends, [
      [0, 260 * MS],
      [1, 590 * MS],
    ]);
    assert.equal(harness.cpus.throttledPeriods(0), 2);
    assert.equal(harness.cpus.throttledCoreNs(0), 80 * MS);
  });

  test('use up their quotas by their parts of the cores', () => {
    const host = (cores: number) => ({ machine: 0, cores: 1, quota: { cores, phaseNs: 0 } });
    const harness = new CpuHarness({ hosts: [host(0.2), host(0.5)], threads: [0, 1, 1] });
    for (const thread of [0, 1, 2]) harness.at(0, thread, 1000 * MS);
    harness.sim.run(1000 * MS);
    // A third each: 20 and 40 at 60, when the first stops; the other's last 10 take until 70.
    const throttledMs = [0, 1].map((host) => Math.round(harness.cpus.throttledCoreNs(host) / MS));
    assert.deepEqual(throttledMs, [400, 300]);
  });

  test('do all their work, whatever stops and moves them', () => {
    const quota = fc.integer({ min: 5, max: 190 }).map((percent) => ({ cores: percent / 100, phaseNs: 0 }));
    const works = fc.array(fc.nat({ max: 60 * MS }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(fc.option(quota), { minLength: 2, maxLength: 4 }), works, (quotas, jobs) => {
        const harness = new CpuHarness({
          hosts: quotas.map((of) => ({ ...machine, quota: of, idleBalanceNs: 50_000 })),
          threads: jobs.map((_, thread) => thread % quotas.length),
        });
        jobs.forEach((workNs, thread) => {
          harness.at(thread * 3 * MS, thread, workNs);
        });
        harness.sim.run(FOREVER_NS);
        assert.equal(harness.ends.length, jobs.length);
        const usedNs = quotas.reduce((sum, _, host) => sum + harness.cpus.busyCoreNs(host), 0);
        assert.equal(
          usedNs,
          jobs.reduce((sum, workNs) => sum + workNs, 0),
        );
        for (const [thread, end] of harness.ends) {
          const of = quotas[thread % quotas.length];
          const atNs = thread * 3 * MS;
          const whole = of === null ? 0 : Math.floor(jobs[thread] / (of.cores * 100 * MS));
          assert.ok(end - atNs >= jobs[thread] - 1, `thread ${thread} was too fast`);
          if (whole > 1)
            assert.ok(
              end - atNs >= (whole - 1) * 100 * MS * Math.max(0, 1 - (of?.cores ?? 0)),
              'the quota held',
            );
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
