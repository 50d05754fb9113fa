/**
 * The cores of a host, shared by the threads of every process on it (brokers and clients alike).
 *
 * Formula: processor sharing among n runnable threads on c cores; every thread advances at r = min(1, c / n).
 *          In virtual time V with dV/dt = r, a job of w ns that starts at V ends at V + w, so that an arrival or an
 *          end changes one number (V's rate) and never the jobs themselves.
 *          A sleeping thread that is woken runs `wakeUpLatencyNs` later and spends `wakeUpCpuNs` more.
 * Units:   work and time in ns; use in core-ns.
 * Source:  egalitarian processor sharing as the limit of a fair scheduler with small slices (Linux CFS and EEVDF);
 *          wake-up costs are measured by calibration.
 * Range:   jobs longer than some slices (3 ms) or many runnable threads are served in slices in reality, which
 *          spreads completion times without changing their mean. Ends are rounded up to whole ns; jobs that end
 *          within half a ns of V of each other end together.
 * Error:   unvalidated alone; the host's share of a prediction's error is in the validation report.
 * Test:    test/hardware/cpu.test.ts (closed forms, conservation of work), processor-sharing.test.ts (queueing means).
 */
import type { Float64Column, Int32Column } from '../kernel/columns.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { Table } from '../kernel/table.ts';

/** What the CPU tells its user. */
export interface ThreadOwner {
  /** The thread's job is done; it sleeps unless the owner calls `proceed` before returning. */
  threadDone(thread: number): void;
}

export interface HostCpu {
  readonly entity: number;
  readonly cores: number;
  readonly wakeUpLatencyNs: number;
  readonly wakeUpCpuNs: number;
}

/** Event kinds of this file, as numbered by the model that owns the dispatch. */
export interface CpuKinds {
  readonly timer: number;
  readonly wake: number;
}

const THREADS_MAX = 1_000_000;
const NO_TIMER = -1;
/** Slack for the rounding of V: a job this close to its end is done. */
const DONE_NS = 0.5;

export class Cpus {
  readonly #sim: Simulation;
  readonly #kinds: CpuKinds;
  readonly #hosts: readonly HostCpu[];
  readonly #owner: ThreadOwner;
  readonly #threads: Table;
  readonly #threadHost: number[] = [];
  /** Virtual time at which the thread's job ends; while it wakes up, the work that it will then start. */
  readonly #finish: Float64Column;
  readonly #work: Float64Column;
  readonly #cpuNs: Float64Column;
  readonly #wakeUps: Float64Column;
  readonly #virtualNs: Float64Column;
  readonly #updatedNs: Float64Column;
  readonly #busyCoreNs: Float64Column;
  readonly #timer: Float64Column;
  readonly #runnable: Int32Column;
  /** Per host a binary heap of runnable threads by (finish, thread), `#heapBase[host]` its first place. */
  readonly #heap: Int32Column;
  readonly #heapBase: number[];
  #inTimer = false;

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
    this.#threads = new Table(sim.columns, 'threads', Math.max(1, threadHosts.length), THREADS_MAX);
    this.#finish = this.#threads.float64('finish');
    this.#work = this.#threads.float64('work');
    this.#cpuNs = this.#threads.float64('cpu');
    this.#wakeUps = this.#threads.float64('wake-ups');
    this.#virtualNs = sim.columns.float64('cpu/virtual', hosts.length);
    this.#updatedNs = sim.columns.float64('cpu/updated', hosts.length);
    this.#busyCoreNs = sim.columns.float64('cpu/busy', hosts.length);
    this.#timer = sim.columns.float64('cpu/timer', hosts.length);
    this.#timer.data.fill(NO_TIMER);
    this.#runnable = sim.columns.int32('cpu/runnable', hosts.length);
    this.#heap = sim.columns.int32('cpu/heap', threadHosts.length);
    this.#heapBase = hosts.map(() => 0);
    const counts = hosts.map((_, host) => threadHosts.filter((of) => of === host).length);
    for (let host = 1; host < hosts.length; host += 1) {
      this.#heapBase[host] = this.#heapBase[host - 1] + counts[host - 1];
    }
    for (const host of threadHosts) {
      this.#threads.take();
      this.#threadHost.push(host);
    }
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
    // Only read: advancing V here would round it at one more point, and looking would change the run.
    return this.#busyCoreNs.data[host] + this.#busySinceUpdateNs(host);
  }

  /**
   * Wakes a sleeping thread to do `workNs` of work.
   * @throws RangeError when the work is negative or not a number
   */
  wake(thread: number, workNs: number): void {
    if (!(workNs >= 0)) this.#failWork('wake', thread, workNs);
    const host = this.#hosts[this.#threadHost[thread]];
    this.#wakeUps.data[thread] += 1;
    this.#work.data[thread] = workNs + host.wakeUpCpuNs;
    this.#sim.schedule(host.wakeUpLatencyNs, host.entity, this.#kinds.wake, thread);
  }

  /**
   * Gives a thread that is awake (its job just ended) its next job.
   * @throws RangeError when the work is negative or not a number
   */
  proceed(thread: number, workNs: number): void {
    if (!(workNs >= 0)) this.#failWork('proceed', thread, workNs);
    const host = this.#threadHost[thread];
    this.#advance(host);
    const wasRunnable = this.#runnable.data[host];
    this.#work.data[thread] = workNs;
    this.#finish.data[thread] = this.#virtualNs.data[host] + workNs;
    this.#push(host, thread);
    const base = this.#heapBase[host];
    if (this.#inTimer) return;
    if (this.#heap.data[base] === thread || wasRunnable >= this.#hosts[host].cores) this.#arm(host);
  }

  /** The wake-up of a thread has come to its end. */
  onWake(thread: number): void {
    this.proceed(thread, this.#work.data[thread]);
  }

  /** The earliest job of the host is done. */
  onTimer(hostEntity: number): void {
    const host = this.#hostOf(hostEntity);
    this.#timer.data[host] = NO_TIMER;
    this.#inTimer = true;
    this.#advance(host);
    const base = this.#heapBase[host];
    while (this.#runnable.data[host] > 0) {
      const thread = this.#heap.data[base];
      if (this.#finish.data[thread] > this.#virtualNs.data[host] + DONE_NS) break;
      this.#popFirst(host);
      this.#cpuNs.data[thread] += this.#work.data[thread];
      this.#owner.threadDone(thread);
    }
    this.#inTimer = false;
    this.#arm(host);
  }

  #hostOf(entity: number): number {
    return entity - this.#hosts[0].entity;
  }

  #advance(host: number): void {
    const now = this.#sim.nowNs;
    const elapsed = now - this.#updatedNs.data[host];
    if (elapsed === 0) return;
    const runnable = this.#runnable.data[host];
    const cores = this.#hosts[host].cores;
    if (runnable > 0) {
      this.#virtualNs.data[host] += runnable <= cores ? elapsed : (elapsed * cores) / runnable;
      this.#busyCoreNs.data[host] += this.#busySinceUpdateNs(host);
    }
    this.#updatedNs.data[host] = now;
  }

  #busySinceUpdateNs(host: number): number {
    const elapsed = this.#sim.nowNs - this.#updatedNs.data[host];
    return elapsed * Math.min(this.#runnable.data[host], this.#hosts[host].cores);
  }

  #failWork(call: string, thread: number, workNs: number): never {
    const host = this.#sim.entityNames[this.#hosts[this.#threadHost[thread]].entity - this.#sim.entityBase];
    throw new RangeError(
      `${call}(thread ${thread}) on ${host}: expected work of 0 ns or more, found ${workNs}`,
    );
  }

  #arm(host: number): void {
    if (this.#timer.data[host] !== NO_TIMER) this.#sim.cancel(this.#timer.data[host]);
    const runnable = this.#runnable.data[host];
    if (runnable === 0) {
      this.#timer.data[host] = NO_TIMER;
      return;
    }
    const cores = this.#hosts[host].cores;
    const left = this.#finish.data[this.#heap.data[this.#heapBase[host]]] - this.#virtualNs.data[host];
    const realLeft = left <= 0 ? 0 : runnable <= cores ? left : (left * runnable) / cores;
    this.#timer.data[host] = this.#sim.schedule(
      Math.ceil(realLeft),
      this.#hosts[host].entity,
      this.#kinds.timer,
    );
  }

  #before(x: number, y: number): boolean {
    const byFinish = this.#finish.data[x] - this.#finish.data[y];
    return byFinish < 0 || (byFinish === 0 && x < y);
  }

  #push(host: number, thread: number): void {
    const heap = this.#heap.data;
    const base = this.#heapBase[host];
    let place = this.#runnable.data[host];
    this.#runnable.data[host] = place + 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[base + parent];
      if (!this.#before(thread, above)) break;
      heap[base + place] = above;
      place = parent;
    }
    heap[base + place] = thread;
  }

  #popFirst(host: number): void {
    const heap = this.#heap.data;
    const base = this.#heapBase[host];
    const size = this.#runnable.data[host] - 1;
    this.#runnable.data[host] = size;
    const thread = heap[base + size];
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(heap[base + child + 1], heap[base + child])) child += 1;
      if (!this.#before(heap[base + child], thread)) break;
      heap[base + place] = heap[base + child];
      place = child;
    }
    if (size > 0) heap[base + place] = thread;
  }
}
