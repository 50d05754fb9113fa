/**
 * CPU quotas of hosts: bandwidth control of a control group, as containers and small machines have it.
 *
 * What:    the threads of a host use up its quota on as many cores as it has; then all of them stand still until the next
 *          period begins. What is left of a quota at the end of its period is lost (no burst).
 * Formula: at the begin of a period pool = q; while the host has n cores, d pool / dt = -n, where a core that it shares
 *          with other hosts of its machine counts as its part. At pool = 0 its threads stop; the next period begins with
 *          pool + q (what was used beyond the quota is paid back). Begins are at phase + k P, the phase fixed for each host.
 *          Throttled time grows by the number of cores with threads that stand still.
 *          A core that wakes for a thread does not use the quota meanwhile: its latency is put into the pool.
 * Symbols: q = cores x P, whole microseconds, 1 ms at least; P = 100 ms.
 * Source:  Linux, Documentation/scheduler/sched-bwc.rst and kernel/sched/fair.c: the period timer of a group starts at a
 *          random offset (init_cfs_bandwidth of recent kernels) and keeps it when the group was idle
 *          (start_cfs_bandwidth forwards it by whole periods); nr_throttled counts periods that ended throttled,
 *          throttled_time adds up the cores that had threads to run. q and P as src/local/hosts/cgroups.ts sets them.
 * Range:   one quota for the whole host, q up to the cores.
 * Error:   rate and time from stop to start within 1 and 3 % of measured ones, core time that stands still up to 18 % too long
 *          (bench/sched, docs/model.md). The kernel hands the quota to cores in slices of 5 ms, and charges at ticks: cores stop up to 5 ms
 *          apart (here all at once), a core that went idle keeps up to 1 ms for the next period, and one that runs may
 *          overrun by a tick, which it pays back; the mean rate is the same. Recent kernels stop threads when they leave
 *          a system call, not within it. A wake-up over the begin of a period is charged up to its latency too much.
 * Events:  one when the quota would be used up at the earliest (put off when it fires too early), one at the end of a
 *          period that is throttled, none for others.
 * Test:    test/hardware/cpu-quota.test.ts (closed forms, stepped oracle), test/arms/cpu-quota.test.ts (without it).
 */
import type { Float64Column, Int32Column } from '../kernel/columns.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { NS_PER_MS } from '../kernel/time.ts';

export interface CpuQuota {
  /** Below the cores of the host; 0.6 of them is 60 ms in each period. */
  readonly cores: number;
  /** Begin of the first whole period, below `QUOTA_PERIOD_NS`. */
  readonly phaseNs: number;
}

interface QuotaHost {
  readonly entity: number;
  readonly quota: CpuQuota | null;
}

interface QuotaOwner {
  /** The quota is used up: no thread of the host runs until `release`. */
  hold(host: number): void;
  release(host: number): void;
}

export const QUOTA_PERIOD_NS = 100 * NS_PER_MS;
const QUOTA_NS_MIN = NS_PER_MS;
/** The kernel takes quotas in microseconds. */
const QUOTA_NS_STEP = 1000;
const NONE = -1;
/** A job that ends in the moment in which the quota is used up has ended. */
const AFTER_JOBS = 1;

export class CpuQuotas {
  readonly #sim: Simulation;
  readonly #hosts: readonly QuotaHost[];
  readonly #kinds: { readonly usedUp: number; readonly period: number };
  readonly #owner: QuotaOwner;
  /** Infinity for a host without a quota. */
  readonly #quotaNs: readonly number[];
  /** Per host: what is left of the quota at `updated`; the cores that it has had since, or that have stood still. */
  readonly #poolNs: Float64Column;
  readonly #updatedNs: Float64Column;
  readonly #cores: Float64Column;
  readonly #throttled: Int32Column;
  readonly #throttledNs: Float64Column;
  readonly #throttledPeriods: Float64Column;
  /** The event for the quota's end and its time, which is never after that end. */
  readonly #timer: Float64Column;
  readonly #timerNs: Float64Column;

  constructor(options: {
    readonly sim: Simulation;
    readonly kinds: { readonly usedUp: number; readonly period: number };
    readonly hosts: readonly QuotaHost[];
    readonly owner: QuotaOwner;
  }) {
    const { sim, hosts } = options;
    this.#sim = sim;
    this.#kinds = options.kinds;
    this.#hosts = hosts;
    this.#owner = options.owner;
    this.#quotaNs = hosts.map(({ quota }) => (quota === null ? Number.POSITIVE_INFINITY : quotaNs(quota)));
    const { columns } = sim;
    this.#poolNs = columns.float64('quotas/pool', hosts.length);
    this.#poolNs.data.set(this.#quotaNs);
    this.#updatedNs = columns.float64('quotas/updated', hosts.length);
    this.#cores = columns.float64('quotas/cores', hosts.length);
    this.#throttled = columns.int32('quotas/throttled', hosts.length);
    this.#throttledNs = columns.float64('quotas/throttled-time', hosts.length);
    this.#throttledPeriods = columns.float64('quotas/throttled-periods', hosts.length);
    this.#timer = columns.float64('quotas/timer', hosts.length);
    this.#timer.data.fill(NONE);
    this.#timerNs = columns.float64('quotas/timer-time', hosts.length);
  }

  /** Whether the host's threads stand still. */
  isThrottled(host: number): boolean {
    return this.#throttled.data[host] === 1;
  }

  /** Time until threads of the host may run: 0 unless they stand still. */
  heldNs(host: number): number {
    return this.isThrottled(host) ? this.#nextBeginNs(host) - this.#sim.nowNs : 0;
  }

  /** Time for which cores had a thread that the quota held back, since the start, core-ns. */
  throttledCoreNs(host: number): number {
    const since = this.isThrottled(host) ? this.#sim.nowNs - this.#updatedNs.data[host] : 0;
    return this.#throttledNs.data[host] + since * this.#cores.data[host];
  }

  /** Periods that ended with the quota used up. */
  throttledPeriods(host: number): number {
    return this.#throttledPeriods.data[host];
  }

  /** Periods that ended since the start; 0 without a quota. */
  periods(host: number): number {
    const { quota } = this.#hosts[host];
    return quota === null ? 0 : beginsUntil(this.#sim.nowNs, quota) - beginsUntil(0, quota);
  }

  /** A core starts for a thread of the host, which takes it `wakingNs` that the host is not charged. */
  coreWakes(host: number, wakingNs: number): void {
    if (this.#hosts[host].quota === null) return;
    this.#settle(host);
    this.#poolNs.data[host] += wakingNs;
  }

  /** From now on the host has so many cores; or, while its threads stand still, they do so on so many. */
  setCores(host: number, cores: number): void {
    if (this.#cores.data[host] === cores) return;
    this.#settle(host);
    this.#cores.data[host] = cores;
    this.#arm(host);
  }

  /** The event of the time at which the quota could be used up. */
  onUsedUp(host: number): void {
    this.#timer.data[host] = NONE;
    this.#settle(host);
    if (this.#cores.data[host] === 0) return;
    if (this.#poolNs.data[host] > 0) {
      this.#arm(host);
      return;
    }
    this.#throttled.data[host] = 1;
    this.#owner.hold(host);
    const { entity } = this.#hosts[host];
    this.#sim.schedule(this.heldNs(host), entity, this.#kinds.period, host);
  }

  /** The end of a period in which the host was throttled. */
  onPeriod(host: number): void {
    this.#settle(host);
    this.#throttled.data[host] = 0;
    this.#throttledPeriods.data[host] += 1;
    this.#poolNs.data[host] += this.#quotaNs[host];
    this.#owner.release(host);
    this.#arm(host);
  }

  /** Brings the pool, or the throttled time, up to now: the cores have been the same since the last call. */
  #settle(host: number): void {
    const now = this.#sim.nowNs;
    const from = this.#updatedNs.data[host];
    if (now === from) return;
    this.#updatedNs.data[host] = now;
    const cores = this.#cores.data[host];
    if (this.#throttled.data[host] === 1) {
      this.#throttledNs.data[host] += cores * (now - from);
      return;
    }
    const begin = this.#nextBeginNs(host) - QUOTA_PERIOD_NS;
    if (begin > from) this.#poolNs.data[host] = this.#quotaNs[host] - cores * (now - begin);
    else this.#poolNs.data[host] -= cores * (now - from);
  }

  /** Sees to it that an event comes no later than the quota's end, were the cores in use to stay the same. */
  #arm(host: number): void {
    const cores = this.#cores.data[host];
    if (cores === 0 || this.#throttled.data[host] === 1) return;
    const now = this.#sim.nowNs;
    const begin = this.#nextBeginNs(host);
    const pool = this.#poolNs.data[host];
    let at = now + (pool <= 0 ? 0 : Math.ceil(pool / cores));
    if (at >= begin) {
      // The pool lasts for this period; every later one is as the next.
      const lasts = Math.ceil(this.#quotaNs[host] / cores);
      if (lasts >= QUOTA_PERIOD_NS) return;
      at = begin + lasts;
    }
    if (this.#timer.data[host] !== NONE) {
      if (this.#timerNs.data[host] <= at) return;
      this.#sim.cancel(this.#timer.data[host]);
    }
    const { entity } = this.#hosts[host];
    this.#timerNs.data[host] = at;
    this.#timer.data[host] = this.#sim.scheduleTimer(
      at - now,
      entity,
      this.#kinds.usedUp,
      host,
      0,
      0,
      0,
      AFTER_JOBS,
    );
  }

  /** Begin of the first period after now, on a host with a quota. */
  #nextBeginNs(host: number): number {
    const { quota } = this.#hosts[host];
    if (quota === null) throw new Error(`host ${host} has no quota`);
    return quota.phaseNs + (beginsUntil(this.#sim.nowNs, quota) + 1) * QUOTA_PERIOD_NS;
  }
}

/** Whole periods from the phase until then, negative before it. */
function beginsUntil(timeNs: number, { phaseNs }: CpuQuota): number {
  return Math.floor((timeNs - phaseNs) / QUOTA_PERIOD_NS);
}

function quotaNs({ cores }: CpuQuota): number {
  const steps = Math.round((cores * QUOTA_PERIOD_NS) / QUOTA_NS_STEP);
  return Math.max(QUOTA_NS_MIN, steps * QUOTA_NS_STEP);
}
