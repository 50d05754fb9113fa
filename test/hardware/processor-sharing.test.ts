import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mmcWait } from '../kernel/resources/support/erlang.ts';
import { CpuHarness } from './support/cpu-harness.ts';

const JOBS = 25_000;
const WARM_UP_JOBS = 2_000;
const THREADS = 400;
const SERVICE_NS = 100_000;
const SEEDS = ['1', '2', '3', '4'];
/** About three standard errors of the mean over all seeds at the loads below. */
const TOLERANCE = 0.04;

interface Load {
  readonly cores: number;
  /** Work that comes in per core and time. */
  readonly utilisation: number;
  readonly service: 'exponential' | 'constant';
}

/** Mean time that jobs spend on a host to which they come at random, each on a thread of its own, ns. */
function meanSojournNs({ cores, utilisation, service }: Load, seed: string): number {
  const idle = Array.from({ length: THREADS }, (_, thread) => thread);
  const startedNs = new Float64Array(THREADS);
  const betweenNs = SERVICE_NS / (cores * utilisation);
  let started = 0;
  let ended = 0;
  let sojournNs = 0;
  const harness = new CpuHarness({
    seed,
    hosts: [{ cores }],
    threads: idle.map(() => 0),
    started: () => {
      const thread = idle.pop();
      if (thread === undefined) throw new Error('no thread is idle');
      startedNs[thread] = sim.nowNs;
      harness.cpus.wake(
        thread,
        service === 'constant' ? SERVICE_NS : sim.random.exponential(services, SERVICE_NS),
      );
      started += 1;
      if (started < JOBS) harness.at(sim.random.exponential(arrivals, betweenNs), 0, 0);
    },
    done: (thread) => {
      idle.push(thread);
      ended += 1;
      if (ended > WARM_UP_JOBS) sojournNs += sim.nowNs - startedNs[thread];
    },
  });
  const { sim } = harness;
  const arrivals = sim.random.stream('arrivals');
  const services = sim.random.stream('services');
  harness.at(0, 0, 0);
  sim.run(Math.round(2 * JOBS * betweenNs));
  assert.equal(ended, JOBS);
  return sojournNs / (JOBS - WARM_UP_JOBS);
}

/** Processor sharing with exponential service, or on one core, keeps jobs as long in the mean as M/M/c: service and wait. */
function mmcSojournNs({ cores, utilisation }: Load): number {
  return SERVICE_NS + mmcWait(cores, utilisation, SERVICE_NS).mean;
}

describe('jobs that come at random to shared cores', () => {
  const loads: readonly (readonly [title: string, load: Load])[] = [
    ['M/M/1-PS at 60 %', { cores: 1, utilisation: 0.6, service: 'exponential' }],
    // Processor sharing does not care how service times are spread; in order of arrival it would be 1.75, not 2.5 services.
    ['M/D/1-PS at 60 %', { cores: 1, utilisation: 0.6, service: 'constant' }],
    ['M/M/4-PS at 70 %', { cores: 4, utilisation: 0.7, service: 'exponential' }],
  ];
  for (const [title, load] of loads) {
    test(`spend as long there as the closed form says: ${title}`, () => {
      const found = SEEDS.reduce((sum, seed) => sum + meanSojournNs(load, seed), 0) / SEEDS.length;
      const expected = mmcSojournNs(load);
      const error = found / expected - 1;
      assert.ok(Math.abs(error) < TOLERANCE, `${found} ns, expected ${expected} ns: ${error}`);
    });
  }

  test('spend 1 / (mu - lambda) on one core, by the closed form of this test', () => {
    const load: Load = { cores: 1, utilisation: 0.7, service: 'exponential' };
    assert.ok(Math.abs(mmcSojournNs(load) - SERVICE_NS / (1 - 0.7)) < 1e-6);
  });
});
