/** A case in the simulator, with the catalogue's times of the scheduler and a wake-up that costs nothing. */
import { Cpus } from '../../src/hardware/cpu.ts';
import { QUOTA_PERIOD_NS } from '../../src/hardware/cpu-quota.ts';
import { costsOf } from '../../src/kafka/costs.ts';
import { Simulation } from '../../src/kernel/simulation.ts';
import { readProfile } from '../../src/profile/read-profile.ts';
import type { Case, Found } from './cases.ts';

const KINDS = { timer: 0, balance: 1, usedUp: 2, period: 3, tick: 4 };
const WAKES = 5;
const US = 1_000;
const SECOND = 1_000_000_000;
const SECONDS = 60;
/** A busy thread's job, again and again. */
const TURN_NS = 100 * US;

export function predict({ threads, cores, quotaCores }: Case): Found {
  const { tickNs, sliceNs, protectedNs, idleBalanceNs } = costsOf(readProfile('reference-2core'));
  const groups = [...new Set(threads.map(({ group }) => group))];
  const sim = new Simulation({
    seed: '7',
    entityBase: 0,
    limits: { eventsPending: 10_000, eventsPerInstant: 10_000 },
  });
  const ends: number[] = [];
  const dueNs = threads.map(() => 0);
  const hosts = groups.map((group) => ({
    entity: sim.entity(group),
    machine: 0,
    cores,
    quota: quotaCores !== null && group === 'a' ? { cores: quotaCores, phaseNs: 0 } : null,
    pollNs: 0,
    polledWakeUpLatencyNs: 0,
    wakeUpLatencyNs: 0,
    coldWakeUpLatencyNs: 0,
    cacheLifeNs: 0,
    idleBalanceNs,
  }));
  const own = sim.entity('wakers');
  const threadDone = (thread: number): void => {
    const { wake } = threads[thread];
    if (wake === null) {
      cpus.proceed(thread, TURN_NS);
      return;
    }
    if (thread === 0) ends.push((sim.nowNs - dueNs[thread]) / US);
    sim.schedule(Math.round(wake.periodUs * US * (0.5 + sim.random.uniform(pauses))), own, WAKES, thread);
  };
  const cpus = new Cpus({
    sim,
    kinds: KINDS,
    hosts,
    threadHosts: threads.map(({ group }) => groups.indexOf(group)),
    slices: { tickNs, sliceNs, protectedNs, phaseNs: 0 },
    owner: { threadDone },
  });
  const pauses = sim.random.stream('pauses');
  sim.setModel({
    kindNames: [...Object.keys(KINDS), 'wakes'],
    handle: (kind, _target, a) => {
      if (kind === KINDS.timer) cpus.onTimer(a);
      else if (kind === KINDS.balance) cpus.onBalance(a);
      else if (kind === KINDS.usedUp) cpus.onUsedUp(a);
      else if (kind === KINDS.period) cpus.onPeriod(a);
      else if (kind === KINDS.tick) cpus.onTick(a);
      else {
        dueNs[a] = sim.nowNs;
        cpus.wake(a, (threads[a].wake?.workUs ?? 0) * US || TURN_NS);
      }
    },
  });
  threads.forEach((_, thread) => {
    sim.schedule(0, own, WAKES, thread);
  });
  sim.run(SECONDS * SECOND);
  ends.sort((x, y) => x - y);
  const periods = (SECONDS * SECOND) / QUOTA_PERIOD_NS;
  return {
    cores: Object.fromEntries(groups.map((group, host) => [group, usedNs(host) / SECOND / SECONDS])),
    endUs: threads[0].wake === null ? null : figuresOf(ends),
    throttledMs: quotaCores === null ? null : cpus.throttledCoreNs(0) / periods / US / US,
  };

  function usedNs(host: number): number {
    const of = threads.map(({ group }, thread) => (group === groups[host] ? cpus.cpuNs(thread) : 0));
    return of.reduce((sum, one) => sum + one, 0);
  }
}

/** @param sorted ascending */
function figuresOf(sorted: readonly number[]) {
  const quantile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))];
  const mean = sorted.reduce((sum, of) => sum + of, 0) / sorted.length;
  return { mean, p50: quantile(0.5), p99: quantile(0.99) };
}
