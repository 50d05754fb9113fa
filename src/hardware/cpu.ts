/**
 * The cores of a host, shared by the threads of every process on it (brokers and clients alike).
 *
 * What:    every core has a run queue of its own. A woken thread goes to the core that it ran on last if that is idle,
 *          else to an idle one, else into the shortest queue, the waker's own core counting as the longer of equals. A core that runs out of work while another has threads
 *          waiting takes one of them only `idleBalanceNs` later: a scheduler does not keep short idle times from arising,
 *          so that saturated hosts do not reach all of their cores. A host may have a quota, which stops all of its
 *          cores when it is used up (cpu-quota.ts).
 * Formula: processor sharing on a core: n runnable threads each advance at 1 / n (kernel/resources/processor-sharing.ts).
 *          A thread that is woken on an idle core starts `wakeUpLatencyNs` later, in which that core does nothing else, and
 *          spends its `coldNs` more (its caches are cold); in a busy core's queue neither. Use = time with a runnable thread,
 *          less the time spent waking.
 * Units:   work and time in ns; use in core-ns.
 * Source:  Linux CFS and EEVDF (select_idle_sibling, newidle balancing given up for short idle times), as the limit of
 *          small slices; the times are measured by calibration.
 * Range:   jobs longer than some slices (3 ms) are served in slices in reality, which spreads their ends without changing
 *          the mean. Ends are rounded up to whole ns; jobs that end within half a ns of V of each other end together.
 * Error:   unvalidated alone; predicted and measured CPU of every host is in each report.
 * Test:    test/hardware/cpu.test.ts (closed forms, conservation of work), processor-sharing.test.ts (queueing means).
 */
import type { Float64Column, Int32Column } from '../kernel/columns.ts';
import { ProcessorSharing } from '../kernel/resources/processor-sharing.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { type CpuQuota, CpuQuotas } from './cpu-quota.ts';

/** What the CPU tells its user. */
export interface ThreadOwner {
  /** The thread's job is done; it sleeps unless the owner calls `proceed` before returning. */
  threadDone(thread: number): void;
}

export interface HostCpu {
  readonly entity: number;
  /** A whole number. */
  readonly cores: number;
  /** null: all of them at all times. */
  readonly quota: CpuQuota | null;
  readonly wakeUpLatencyNs: number;
  readonly idleBalanceNs: number;
}

/**
 * Event kinds of this file, as numbered by the model that owns the dispatch: the first two carry the core as `a`, the
 * quota's two the host.
 */
export interface CpuKinds {
  readonly timer: number;
  readonly balance: number;
  readonly usedUp: number;
  readonly period: number;
}

const NONE = -1;

export class Cpus {
  readonly #sim: Simulation;
  readonly #kinds: CpuKinds;
  readonly #hosts: readonly HostCpu[];
  readonly #owner: ThreadOwner;
  readonly #threadHost: readonly number[];
  /** Cores of host h are numbered firstCore[h] .. firstCore[h + 1] - 1. */
  readonly #firstCore: number[] = [0];
  readonly #coreHost: number[] = [];
  /** Each core is a station, the runnable threads are its jobs. */
  readonly #sharing: ProcessorSharing;
  readonly #quotas: CpuQuotas;
  /** Per thread: the core that it runs or last ran on, its job's work, the CPU that it was charged for jobs done. */
  readonly #core: Int32Column;
  readonly #work: Float64Column;
  readonly #cpuNs: Float64Column;
  readonly #wakeUps: Float64Column;
  /** Per core. */
  readonly #wakingNs: Float64Column;

  /** @param threadHosts the host index of every thread, in the order of the threads' numbers */
  constructor(options: {
    readonly sim: Simulation;
    readonly kinds: CpuKinds;
    readonly hosts: readonly HostCpu[];
    readonly threadHosts: readonly number[];
    readonly owner: ThreadOwner;
  }) {
    const { sim, hosts, threadHosts } = options;
    this.#sim = sim;
    this.#kinds = options.kinds;
    this.#hosts = hosts;
    this.#owner = options.owner;
    this.#threadHost = threadHosts;
    const stations = hosts.flatMap(({ entity, cores }, host) => {
      const jobsMax = threadHosts.filter((of) => of === host).length;
      return Array.from({ length: cores }, () => ({ entity, jobsMax }));
    });
    hosts.forEach(({ cores }, host) => {
      for (let core = 0; core < cores; core += 1) this.#coreHost.push(host);
      this.#firstCore.push(this.#coreHost.length);
    });
    this.#sharing = new ProcessorSharing({
      sim,
      name: 'cores',
      stations,
      jobs: threadHosts.length,
      endKind: options.kinds.timer,
      owner: this,
    });
    this.#quotas = new CpuQuotas({ sim, kinds: options.kinds, hosts, owner: this });
    const { columns } = sim;
    this.#core = columns.int32('threads/core', threadHosts.length);
    this.#work = columns.float64('threads/work', threadHosts.length);
    this.#cpuNs = columns.float64('threads/cpu', threadHosts.length);
    this.#wakeUps = columns.float64('threads/wake-ups', threadHosts.length);
    this.#wakingNs = columns.float64('cores/waking', stations.length);
    const placed = hosts.map(() => 0);
    threadHosts.forEach((host, thread) => {
      this.#core.data[thread] = this.#firstCore[host] + (placed[host] % hosts[host].cores);
      placed[host] += 1;
    });
  }

  /** CPU time that the thread has been charged for jobs done, ns. */
  cpuNs(thread: number): number {
    return this.#cpuNs.data[thread];
  }

  /** Times the thread was woken from sleep. */
  wakeUps(thread: number): number {
    return this.#wakeUps.data[thread];
  }

  /** Use of the host's cores since the start, core-ns. */
  busyCoreNs(host: number): number {
    let busy = 0;
    for (let core = this.#firstCore[host]; core < this.#firstCore[host + 1]; core += 1) {
      busy += this.#sharing.busyNs(core) - this.#wakingNs.data[core];
    }
    return busy;
  }

  /** Time for which the host's cores had a thread that its quota held back, since the start, core-ns. */
  throttledCoreNs(host: number): number {
    return this.#quotas.throttledCoreNs(host);
  }

  /** Quota periods of the host that ended since the start: all, and those that ended with the quota used up. */
  quotaPeriods(host: number): number {
    return this.#quotas.periods(host);
  }

  throttledPeriods(host: number): number {
    return this.#quotas.throttledPeriods(host);
  }

  /**
   * Wakes a sleeping thread to do `workNs` of work, and `coldNs` more on an idle core.
   * @returns the time until it runs, as far as that is the waking of a core or the quota, ns
   * @throws RangeError when the work is negative or not a number
   */
  wake(thread: number, workNs: number, coldNs = 0): number {
    if (!(workNs >= 0)) this.#failWork('wake', thread, workNs);
    const host = this.#threadHost[thread];
    const { wakeUpLatencyNs } = this.#hosts[host];
    const heldNs = this.#quotas.heldNs(host);
    const core = this.#place(thread);
    this.#wakeUps.data[thread] += 1;
    if (!this.#isIdle(core)) {
      this.#start(thread, core, workNs, 0);
      return heldNs;
    }
    this.#wakingNs.data[core] += wakeUpLatencyNs;
    this.#start(thread, core, workNs + coldNs, wakeUpLatencyNs);
    return heldNs + wakeUpLatencyNs;
  }

  /**
   * Gives a thread that is awake (its job just ended) its next job, on the same core.
   * @throws RangeError when the work is negative or not a number
   */
  proceed(thread: number, workNs: number): void {
    if (!(workNs >= 0)) this.#failWork('proceed', thread, workNs);
    this.#start(thread, this.#core.data[thread], workNs, 0);
  }

  /** The earliest job of a core is done. */
  onTimer(core: number): void {
    this.#sharing.onEnd(core);
    if (this.#sharing.running(core) > 0) return;
    this.#quotas.coreStops(this.#coreHost[core]);
    if (this.#busiest(core) !== NONE) this.#balanceIn(core, 0);
  }

  /** A core that ran out of work some time ago takes a thread that waits elsewhere, if it is still idle. */
  onBalance(core: number): void {
    const from = this.#busiest(core);
    if (this.#sharing.running(core) > 0 || from === NONE) return;
    const host = this.#coreHost[core];
    if (this.#quotas.isThrottled(host)) {
      // Threads that stand still are not moved.
      this.#balanceIn(core, this.#quotas.heldNs(host));
      return;
    }
    const thread = this.#sharing.last(from);
    const leftNs = this.#sharing.remove(from, thread);
    this.#core.data[thread] = core;
    this.#quotas.coreStarts(host, 0);
    this.#sharing.start(core, thread, leftNs);
  }

  /** The host's quota may be used up. */
  onUsedUp(host: number): void {
    this.#quotas.onUsedUp(host);
  }

  /** A period ends in which the host's quota was used up. */
  onPeriod(host: number): void {
    this.#quotas.onPeriod(host);
  }

  /** For the quotas alone: no thread of the host runs until `release`. */
  hold(host: number): void {
    for (let core = this.#firstCore[host]; core < this.#firstCore[host + 1]; core += 1) {
      this.#sharing.pause(core);
    }
  }

  /** For the quotas alone. */
  release(host: number): void {
    for (let core = this.#firstCore[host]; core < this.#firstCore[host + 1]; core += 1) {
      this.#sharing.resume(core);
    }
  }

  /** For the cores alone: a thread's job has ended. */
  jobDone(_core: number, thread: number): void {
    this.#cpuNs.data[thread] += this.#work.data[thread];
    this.#owner.threadDone(thread);
  }

  #start(thread: number, core: number, workNs: number, latencyNs: number): void {
    if (this.#isIdle(core)) this.#quotas.coreStarts(this.#coreHost[core], latencyNs);
    this.#core.data[thread] = core;
    this.#work.data[thread] = workNs;
    this.#sharing.start(core, thread, latencyNs + workNs);
  }

  #balanceIn(core: number, heldNs: number): void {
    const { entity, idleBalanceNs } = this.#hosts[this.#coreHost[core]];
    this.#sim.schedule(heldNs + idleBalanceNs, entity, this.#kinds.balance, core);
  }

  /** The core for a woken thread: its last if that is idle, an idle one, or the one with the fewest threads. */
  #place(thread: number): number {
    const last = this.#core.data[thread];
    if (this.#isIdle(last)) return last;
    const host = this.#threadHost[thread];
    let place = last;
    let fewest = Number.POSITIVE_INFINITY;
    for (let core = this.#firstCore[host]; core < this.#firstCore[host + 1]; core += 1) {
      // The thread that wakes this one is still on its core; between equals it is better to be elsewhere.
      const threads = this.#sharing.running(core) + (core === this.#sharing.ending ? 1.5 : 0);
      if (threads < fewest) {
        fewest = threads;
        place = core;
      }
    }
    return place;
  }

  #isIdle(core: number): boolean {
    return this.#sharing.running(core) === 0 && core !== this.#sharing.ending;
  }

  /** The core of the same host with the most threads, at least two; NONE when there is none. */
  #busiest(core: number): number {
    const host = this.#coreHost[core];
    let busiest = NONE;
    let most = 1;
    for (let other = this.#firstCore[host]; other < this.#firstCore[host + 1]; other += 1) {
      const threads = this.#sharing.running(other);
      if (threads > most) {
        busiest = other;
        most = threads;
      }
    }
    return busiest;
  }

  #failWork(call: string, thread: number, workNs: number): never {
    const host = this.#sim.entityNames[this.#hosts[this.#threadHost[thread]].entity - this.#sim.entityBase];
    throw new RangeError(
      `${call}(thread ${thread}) on ${host}: expected work of 0 ns or more, found ${workNs}`,
    );
  }
}
