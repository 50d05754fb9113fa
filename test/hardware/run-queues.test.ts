import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { TimeSlices } from '../../src/hardware/run-queues.ts';
import { CpuHarness, type HarnessOptions } from './support/cpu-harness.ts';

const US = 1_000;
const MS = 1_000_000;
const SECOND = 1000 * MS;
const FOREVER_NS = 1_000_000 * SECOND;
/** As bench/sched measured them. */
const SLICES: TimeSlices = { tickNs: 4 * MS, phaseNs: 0, sliceNs: 1.4 * MS, protectedNs: 160 * US };

interface Machine {
  readonly cores?: number;
  /** Of every thread. */
  readonly hosts: readonly number[];
  readonly slices?: TimeSlices | null;
  readonly rest?: Partial<HarnessOptions>;
}

function machineOf({ cores = 1, hosts, slices = SLICES, rest }: Machine): CpuHarness {
  return new CpuHarness({
    hosts: Array.from({ length: Math.max(...hosts) + 1 }, () => ({ machine: 0, cores })),
    threads: hosts,
    ...(slices === null ? {} : { slices }),
    ...rest,
  });
}

/** CPU of every thread when all of them always have work: what is left is taken off by ending the run amid a long job. */
function sharesMs(machine: Machine, ms: number): number[] {
  const harness = machineOf({
    ...machine,
    rest: { done: (thread, { cpus }) => cpus.proceed(thread, 10 * US), ...machine.rest },
  });
  machine.hosts.forEach((_, thread) => {
    harness.at(0, thread, 10 * US);
  });
  harness.sim.run(ms * MS);
  return machine.hosts.map((_, thread) => harness.cpus.cpuNs(thread) / MS);
}

interface Waker {
  readonly periodUs: number;
  readonly workUs: number;
}

interface Wakes {
  readonly cpuShare: number;
  readonly meanUs: number;
  readonly quantileUs: (share: number) => number;
  readonly delayedShare: number;
}

/** Time from waking to the end of a job, of a thread that sleeps for half to one and a half periods between jobs. */
function wakesBeside(busyHosts: readonly number[], waker: Waker, slices: TimeSlices | null = SLICES): Wakes {
  const ms = 200_000;
  const { periodUs, workUs } = waker;
  const times: number[] = [];
  let due = 0;
  const harness = machineOf({
    hosts: [0, ...busyHosts],
    slices,
    rest: {
      started: (thread, workNs, { cpus, sim }) => {
        if (thread === 0) due = sim.nowNs;
        cpus.wake(thread, workNs);
      },
      done: (_, { sim }) => {
        times.push((sim.nowNs - due) / US);
        harness.at(Math.round(periodUs * US * (0.5 + sim.random.uniform(pauses))), 0, workUs * US);
      },
    },
  });
  const pauses = harness.sim.random.stream('pauses');
  harness.at(US, 0, workUs * US);
  busyHosts.forEach((_, index) => {
    harness.at(0, index + 1, FOREVER_NS);
  });
  harness.sim.run(ms * MS);
  times.sort((x, y) => x - y);
  return {
    cpuShare: harness.cpus.cpuNs(0) / (ms * MS),
    meanUs: times.reduce((sum, time) => sum + time, 0) / times.length,
    quantileUs: (share) => times[Math.floor(share * (times.length - 1))],
    delayedShare: times.filter((time) => time > workUs + 100).length / times.length,
  };
}

function assertNear(found: number, expected: number, error: number, what: string): void {
  assert.ok(Math.abs(found / expected - 1) <= error, `${what}: ${found}, expected ${expected}`);
}

describe('control groups that share a core', () => {
  test('get equal parts of it, whatever the number of their threads', () => {
    const [alone, ...five] = sharesMs({ hosts: [0, 1, 1, 1, 1, 1] }, 3000);
    // Measured: 1.499 s for the one, 0.298 to 0.302 for each of the five (bench/sched).
    assertNear(alone, 1500, 0.01, 'the one');
    for (const ms of five) assertNear(ms, 300, 0.02, 'one of the five');
  });

  test('are all threads alike without slices', () => {
    for (const ms of sharesMs({ hosts: [0, 1, 1, 1, 1, 1], slices: null }, 3000))
      assertNear(ms, 500, 0.01, 'each');
  });

  test('weigh on a core what part of their threads is on it', () => {
    // The first has a thread on each core, the second one beside it on the first core: weights 1/2 and 1.
    const [shared, own, other] = sharesMs({ cores: 2, hosts: [0, 0, 1] }, 3000);
    assertNear(shared, 1000, 0.01, 'thread on the shared core');
    assertNear(own, 3000, 0.001, 'thread alone');
    assertNear(other, 2000, 0.01, 'the other group');
  });

  test('get their parts to within a turn of each, for any numbers of threads', () => {
    const numbers = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(numbers, (threads) => {
        const hosts = threads.flatMap((count, host) => Array.from({ length: count }, () => host));
        const ms = sharesMs({ hosts }, 2000);
        assertNear(
          ms.reduce((sum, of) => sum + of, 0),
          2000,
          0.001,
          'all',
        );
        threads.forEach((count, host) => {
          const own = ms.filter((_, thread) => hosts[thread] === host);
          const sum = own.reduce((total, of) => total + of, 0);
          assert.ok(Math.abs(sum - 2000 / threads.length) <= 4 * threads.length, `group ${host}: ${sum} ms`);
          for (const of of own)
            assert.ok(Math.abs(of - sum / count) <= 4 * count * threads.length, `${of} of ${sum}`);
        });
      }),
      { seed: 1, numRuns: 15 },
    );
  });

  test('leave what they do not need to the others', () => {
    const { cpuShare } = wakesBeside([1, 1, 2], { periodUs: 1000, workUs: 100 });
    assert.ok(cpuShare > 0.07 && cpuShare < 0.1, `${cpuShare}`);
  });

  test('are kept to their part when they wake and sleep to get more', () => {
    const { cpuShare } = wakesBeside([0, 0, 0, 0], { periodUs: 20, workUs: 2000 });
    assert.ok(cpuShare > 0.15 && cpuShare < 0.21, `${cpuShare}`);
    const ofGroups = wakesBeside([1, 1, 2], { periodUs: 20, workUs: 2000 });
    assert.ok(ofGroups.cpuShare > 0.25 && ofGroups.cpuShare < 0.34, `${ofGroups.cpuShare}`);
  });
});

describe('a thread that wakes beside busy ones', () => {
  for (const others of [1, 2, 4]) {
    test(`waits for the tick as often and as long as the closed form says, beside ${others} of its group`, () => {
      const found = wakesBeside(
        Array.from({ length: others }, () => 0),
        { periodUs: 20_000, workUs: 100 },
      );
      // Whoever comes in the first k x protectedNs after a tick waits for the next one.
      const tickUs = SLICES.tickNs / US;
      const safeUs = (others * SLICES.protectedNs) / US;
      assertNear(found.delayedShare, safeUs / tickUs, 0.1, 'share that waits');
      assertNear(found.meanUs - 100, (safeUs / tickUs) * (tickUs - safeUs / 2), 0.12, 'mean wait');
    });

    test(`waits as beside one when the ${others} are of another group`, () => {
      const busy = Array.from({ length: others }, () => 1);
      const found = wakesBeside(busy, { periodUs: 20_000, workUs: 100 });
      assertNear(found.delayedShare, 0.04, 0.1, 'share that waits');
    });
  }

  test('does not come sooner for the ends of their jobs, after which they go on', () => {
    const endsMs = (jobUs: number): number => {
      const harness = machineOf({
        hosts: [0, 1],
        rest: { done: (thread, { cpus }) => thread === 1 && cpus.proceed(thread, jobUs * US) },
      });
      harness.at(0, 1, jobUs * US);
      harness.at(8 * MS + 100 * US, 0, MS);
      harness.sim.run(20 * MS);
      return (harness.ends.find(([thread]) => thread === 0)?.[1] ?? 0) / MS;
    };
    // It comes 100 us after a tick and waits for the next one.
    assert.deepEqual([endsMs(30), endsMs(100_000)], [13, 13]);
  });

  test('takes the core from the one that wakes it amid its jobs, at once if that has run for long', () => {
    const harness = machineOf({
      hosts: [0, 1],
      rest: {
        done: (thread, { cpus, ends }) => {
          if (thread !== 1) return;
          if (ends.length === 1) cpus.wake(0, 100 * US);
          if (ends.length < 3) cpus.proceed(thread, MS);
        },
      },
    });
    harness.at(0, 1, MS);
    harness.sim.run(20 * MS);
    assert.deepEqual(harness.ends, [
      [1, MS],
      [0, 1.1 * MS],
      [1, 2.1 * MS],
    ]);
  });

  test('takes as long as measured, to a quarter', () => {
    // bench/sched: mean from due to done less the 28 us of an idle one's wake-up, us; beside busy threads of its group.
    for (const [periodUs, workUs, others, measuredUs] of [
      [10_000, 100, 1, 234],
      [10_000, 100, 2, 422],
      [10_000, 100, 4, 746],
      [1000, 200, 1, 318],
      [1000, 200, 4, 1131],
      [500, 200, 1, 242],
      [500, 200, 2, 661],
    ]) {
      const busy = Array.from({ length: others }, () => 0);
      const { meanUs } = wakesBeside(busy, { periodUs, workUs });
      assertNear(meanUs, measuredUs, 0.25, `${workUs} us every ${periodUs} beside ${others}`);
    }
  });

  test('most often has the core at once, and sometimes only after milliseconds; without slices never either', () => {
    const waker = { periodUs: 10_000, workUs: 100 };
    const sliced = wakesBeside([0, 0], waker);
    assert.deepEqual([sliced.quantileUs(0.5), sliced.quantileUs(0.9)], [100, 100]);
    assert.ok(sliced.quantileUs(0.99) > 3500);
    const plain = wakesBeside([0, 0], waker, null);
    assert.deepEqual([plain.quantileUs(0.5), plain.quantileUs(0.99)], [300, 300]);
  });
});

describe('run queues', () => {
  const quota = fc.integer({ min: 5, max: 190 }).map((percent) => ({ cores: percent / 100, phaseNs: 0 }));
  const works = fc.array(fc.array(fc.nat({ max: 30 * MS }), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 12,
  });

  test('do all work, and with no quota in no more time than the cores need', () => {
    fc.assert(
      fc.property(fc.array(fc.option(quota), { minLength: 2, maxLength: 4 }), works, (quotas, threads) => {
        const next = threads.map(() => 1);
        const harness = new CpuHarness({
          hosts: quotas.map((of) => ({ machine: 0, cores: 2, quota: of, idleBalanceNs: 50_000 })),
          threads: threads.map((_, thread) => thread % quotas.length),
          slices: SLICES,
          done: (thread, { cpus }) => {
            const workNs = threads[thread][next[thread]];
            next[thread] += 1;
            if (workNs !== undefined) cpus.proceed(thread, workNs);
          },
        });
        threads.forEach(([first], thread) => {
          harness.at(0, thread, first);
        });
        harness.sim.run(FOREVER_NS);
        const allNs = threads.flat().reduce((sum, of) => sum + of, 0);
        assert.equal(harness.ends.length, threads.flat().length);
        assert.equal(
          quotas.reduce((sum, _, host) => sum + harness.cpus.busyCoreNs(host), 0),
          allNs,
        );
        if (quotas.some((of) => of !== null)) return;
        const longestNs = Math.max(...threads.map((of) => of.reduce((sum, one) => sum + one, 0)));
        const endNs = Math.max(...harness.ends.map(([, end]) => end));
        const idleNs = 50_000 * threads.length;
        assert.ok(endNs <= allNs / 2 + longestNs + idleNs, `ended at ${endNs} with ${allNs} on two cores`);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test('hold a group to its quota, whatever the number of its threads', () => {
    // Measured on two cores: 0.605 cores, still for 38, 115 to 135 and 135 to 138 ms of core time a period (bench/sched).
    for (const [threads, stillMs] of [
      [1, 40],
      [2, 140],
      [4, 140],
    ]) {
      const harness = new CpuHarness({
        hosts: [{ machine: 0, cores: 2, quota: { cores: 0.6, phaseNs: 0 } }],
        threads: Array.from({ length: threads }, () => 0),
        slices: SLICES,
        done: (thread, { cpus }) => cpus.proceed(thread, 10 * US),
      });
      for (let thread = 0; thread < threads; thread += 1) harness.at(0, thread, 10 * US);
      harness.sim.run(10 * SECOND);
      assertNear(harness.cpus.busyCoreNs(0), 6 * SECOND, 0.001, 'use');
      assertNear(harness.cpus.throttledCoreNs(0), 100 * stillMs * MS, 0.001, 'standing still');
    }
  });

  test('charge the quota of the group that has the core, not of those that wait for it', () => {
    const one = { machine: 0, cores: 1 };
    const harness = new CpuHarness({
      hosts: [{ ...one, quota: { cores: 0.3, phaseNs: 0 } }, one],
      threads: [0, 1, 1],
      slices: SLICES,
    });
    for (const thread of [0, 1, 2]) harness.at(0, thread, SECOND);
    harness.sim.run(SECOND);
    // Half of the core until 60 ms in every period, to a tick.
    assertNear(harness.cpus.throttledCoreNs(0), 400 * MS, 0.06, 'standing still');
    assert.equal(harness.cpus.throttledPeriods(0), 10);
  });

  const some = Array.from({ length: 30 }, (_, index) => ({
    atNs: index * 1_300_000,
    workNs: (1 + ((index * 7) % 11)) * MS,
  }));
  function started(): CpuHarness {
    const harness = machineOf({
      cores: 2,
      hosts: some.map((_, thread) => thread % 3),
      rest: { done: (thread, { cpus, ends }) => ends.length < 200 && cpus.proceed(thread, 700 * US) },
    });
    some.forEach(({ atNs, workNs }, thread) => {
      harness.at(atNs, thread, workNs);
    });
    return harness;
  }

  test('go on from a checkpoint, and do the same when someone looks', () => {
    const whole = started();
    whole.sim.run(SECOND);
    for (let atMs = 1; atMs < 150; atMs += 7) {
      const first = started();
      first.sim.run(atMs * MS);
      first.cpus.busyCoreNs(0);
      const second = started();
      second.sim.columns.restore(first.sim.columns.checkpoint());
      // The count of ends, which decides who goes on, is not a column.
      second.ends.push(...first.ends);
      second.sim.run(SECOND);
      assert.deepEqual(second.sim.hashChains(), whole.sim.hashChains());
      assert.deepEqual(second.ends, whole.ends);
    }
  });

  test('have a timer tick only while threads wait', () => {
    const harness = machineOf({ cores: 2, hosts: [0, 1] });
    for (const thread of [0, 1]) harness.at(0, thread, SECOND);
    harness.sim.run(2 * SECOND);
    assert.equal(harness.sim.events, 4);
  });
});
