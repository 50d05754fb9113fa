/**
 * The cores of a host, shared by the threads of every process on it (brokers and clients alike).
 *
 * What:    every core has a run queue of its own. A woken thread goes to the core that it ran on last if that is idle,
 *          else to an idle one, else into the shortest queue, the waker's own core counting as the longer of equals. A core that runs out of work while another has threads
 *          waiting takes one of them only `idleBalanceNs` later: a scheduler does not keep short idle times from arising,
 *          so that saturated hosts do not reach all of their cores.
 * Formula: processor sharing on a core: n runnable threads each advance at 1 / n. In virtual time V with dV/dt = 1 / n,
 *          a job of w ns that starts at V ends at V + w, so that an arrival changes one number and never the jobs.
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
import type { Simulation } from '../kernel/simulation.ts';

/** What the CPU tells its user. */
export interface ThreadOwner {
  /** The thread's job is done; it sleeps unless the owner calls `proceed` before returning. */
  threadDone(thread: number): void;
}

export interface HostCpu {
  readonly entity: number;
  /** A whole number. */
  readonly cores: number;
  readonly wakeUpLatencyNs: number;
  readonly idleBalanceNs: number;
}

/** Event kinds of this file, as numbered by the model that owns the dispatch; both carry the core as `a`. */
export interface CpuKinds {
  readonly timer: number;
  readonly balance: number;
}

const NONE = -1;
/** Slack for the rounding of V: a job this close to its end is done. */
const DONE_NS = 0.5;

export class Cpus {
  readonly #sim: Simulation;
  readonly #kinds: CpuKinds;
  readonly #hosts: readonly HostCpu[];
  readonly #owner: ThreadOwner;
  readonly #threadHost: readonly number[];
  /** Cores of host h are numbered firstCore[h] .. firstCore[h + 1] - 1. */
  readonly #firstCore: number[] = [0];
  readonly #coreHost: number[] = [];
  /** Per thread: the core that it runs or last ran on, V at its job's end, the CPU that the job is charged. */
  readonly #core: Int32Column;
  readonly #finish: Float64Column;
  readonly #work: Float64Column;
  readonly #cpuNs: Float64Column;
  readonly #wakeUps: Float64Column;
  /** Per core. */
  readonly #virtualNs: Float64Column;
  readonly #updatedNs: Float64Column;
  readonly #busyNs: Float64Column;
  readonly #wakingNs: Float64Column;
  readonly #timer: Float64Column;
  readonly #runnable: Int32Column;
  /** Per core a binary heap of runnable threads by (finish, thread), from its place in #heapBase. */
  readonly #heap: Int32Column;
  readonly #heapBase: number[] = [];
  /** The core whose finished threads are being told to the owner: a thread that wakes others still runs on it. */
  #atCore = NONE;

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
    let places = 0;
    hosts.forEach(({ cores }, host) => {
      const threads = threadHosts.filter((of) => of === host).length;
      for (let core = 0; core < cores; core += 1) {
        this.#coreHost.push(host);
        this.#heapBase.push(places);
        places += threads;
      }
      this.#firstCore.push(this.#coreHost.length);
    });
    const { columns } = sim;
    const cores = this.#coreHost.length;
    this.#core = columns.int32('threads/core', threadHosts.length);
    this.#finish = columns.float64('threads/finish', threadHosts.length);
    this.#work = columns.float64('threads/work', threadHosts.length);
    this.#cpuNs = columns.float64('threads/cpu', threadHosts.length);
    this.#wakeUps = columns.float64('threads/wake-ups', threadHosts.length);
    this.#virtualNs = columns.float64('cores/virtual', cores);
    this.#updatedNs = columns.float64('cores/updated', cores);
    this.#busyNs = columns.float64('cores/busy', cores);
    this.#wakingNs = columns.float64('cores/waking', cores);
    this.#timer = columns.float64('cores/timer', cores);
    this.#timer.data.fill(NONE);
    this.#runnable = columns.int32('cores/runnable', cores);
    this.#heap = columns.int32('cores/heap', places);
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
    // Only read: advancing V here would round it at one more point, and looking would change the run.
    let busy = 0;
    for (let core = this.#firstCore[host]; core < this.#firstCore[host + 1]; core += 1) {
      busy += this.#busyNs.data[core] + this.#busySinceUpdateNs(core) - this.#wakingNs.data[core];
    }
    return busy;
  }

  /**
   * Wakes a sleeping thread to do `workNs` of work, and `coldNs` more on an idle core.
   * @returns the time until it runs, as far as that is the waking of a core, ns
   * @throws RangeError when the work is negative or not a number
   */
  wake(thread: number, workNs: number, coldNs = 0): number {
    if (!(workNs >= 0)) this.#failWork('wake', thread, workNs);
    const host = this.#hosts[this.#threadHost[thread]];
    const core = this.#place(thread);
    this.#wakeUps.data[thread] += 1;
    if (!this.#isIdle(core)) {
      this.#start(thread, core, workNs, 0);
      return 0;
    }
    this.#wakingNs.data[core] += host.wakeUpLatencyNs;
    this.#start(thread, core, workNs + coldNs, host.wakeUpLatencyNs);
    return host.wakeUpLatencyNs;
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
    this.#timer.data[core] = NONE;
    this.#atCore = core;
    this.#advance(core);
    while (this.#runnable.data[core] > 0) {
      const thread = this.#heap.data[this.#heapBase[core]];
      if (this.#finish.data[thread] > this.#virtualNs.data[core] + DONE_NS) break;
      this.#popAt(core, 0);
      this.#cpuNs.data[thread] += this.#work.data[thread];
      this.#owner.threadDone(thread);
    }
    this.#atCore = NONE;
    this.#arm(core);
    if (this.#runnable.data[core] === 0 && this.#busiest(core) !== NONE) {
      const host = this.#hosts[this.#coreHost[core]];
      this.#sim.schedule(host.idleBalanceNs, host.entity, this.#kinds.balance, core);
    }
  }

  /** A core that ran out of work some time ago takes a thread that waits elsewhere, if it is still idle. */
  onBalance(core: number): void {
    const from = this.#busiest(core);
    if (this.#runnable.data[core] > 0 || from === NONE) return;
    this.#advance(from);
    const thread = this.#popAt(from, this.#lastPlace(from));
    const leftNs = Math.max(0, this.#finish.data[thread] - this.#virtualNs.data[from]);
    this.#arm(from);
    this.#advance(core);
    this.#finish.data[thread] = this.#virtualNs.data[core] + leftNs;
    this.#core.data[thread] = core;
    this.#push(core, thread);
    this.#arm(core);
  }

  #start(thread: number, core: number, workNs: number, latencyNs: number): void {
    this.#advance(core);
    this.#core.data[thread] = core;
    this.#work.data[thread] = workNs;
    this.#finish.data[thread] = this.#virtualNs.data[core] + latencyNs + workNs;
    this.#push(core, thread);
    if (core !== this.#atCore) this.#arm(core);
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
      const threads = this.#runnable.data[core] + (core === this.#atCore ? 1.5 : 0);
      if (threads < fewest) {
        fewest = threads;
        place = core;
      }
    }
    return place;
  }

  #isIdle(core: number): boolean {
    return this.#runnable.data[core] === 0 && core !== this.#atCore;
  }

  /** The core of the same host with the most threads, at least two; NONE when there is none. */
  #busiest(core: number): number {
    const host = this.#coreHost[core];
    let busiest = NONE;
    let most = 1;
    for (let other = this.#firstCore[host]; other < this.#firstCore[host + 1]; other += 1) {
      if (this.#runnable.data[other] > most) {
        busiest = other;
        most = this.#runnable.data[other];
      }
    }
    return busiest;
  }

  /** The heap place of the thread that would end last. */
  #lastPlace(core: number): number {
    const base = this.#heapBase[core];
    let last = 0;
    for (let place = 1; place < this.#runnable.data[core]; place += 1) {
      if (this.#before(this.#heap.data[base + last], this.#heap.data[base + place])) last = place;
    }
    return last;
  }

  #advance(core: number): void {
    const elapsed = this.#sim.nowNs - this.#updatedNs.data[core];
    if (elapsed === 0) return;
    const runnable = this.#runnable.data[core];
    if (runnable > 0) {
      this.#virtualNs.data[core] += elapsed / runnable;
      this.#busyNs.data[core] += elapsed;
    }
    this.#updatedNs.data[core] = this.#sim.nowNs;
  }

  #busySinceUpdateNs(core: number): number {
    return this.#runnable.data[core] === 0 ? 0 : this.#sim.nowNs - this.#updatedNs.data[core];
  }

  #failWork(call: string, thread: number, workNs: number): never {
    const host = this.#sim.entityNames[this.#hosts[this.#threadHost[thread]].entity - this.#sim.entityBase];
    throw new RangeError(
      `${call}(thread ${thread}) on ${host}: expected work of 0 ns or more, found ${workNs}`,
    );
  }

  #arm(core: number): void {
    if (this.#timer.data[core] !== NONE) this.#sim.cancel(this.#timer.data[core]);
    const runnable = this.#runnable.data[core];
    if (runnable === 0) {
      this.#timer.data[core] = NONE;
      return;
    }
    const left = this.#finish.data[this.#heap.data[this.#heapBase[core]]] - this.#virtualNs.data[core];
    const { entity } = this.#hosts[this.#coreHost[core]];
    const delayNs = left <= 0 ? 0 : Math.ceil(left * runnable);
    this.#timer.data[core] = this.#sim.schedule(delayNs, entity, this.#kinds.timer, core);
  }

  #before(x: number, y: number): boolean {
    const byFinish = this.#finish.data[x] - this.#finish.data[y];
    return byFinish < 0 || (byFinish === 0 && x < y);
  }

  #push(core: number, thread: number): void {
    const place = this.#runnable.data[core];
    this.#runnable.data[core] = place + 1;
    this.#siftUp(core, place, thread);
  }

  /** Takes the thread at a place of the core's heap out of it. */
  #popAt(core: number, place: number): number {
    const heap = this.#heap.data;
    const base = this.#heapBase[core];
    const size = this.#runnable.data[core] - 1;
    this.#runnable.data[core] = size;
    const thread = heap[base + place];
    if (place === size) return thread;
    const moved = heap[base + size];
    if (place > 0 && this.#before(moved, heap[base + ((place - 1) >> 1)])) this.#siftUp(core, place, moved);
    else this.#siftDown(core, place, moved);
    return thread;
  }

  #siftUp(core: number, from: number, thread: number): void {
    const heap = this.#heap.data;
    const base = this.#heapBase[core];
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[base + parent];
      if (!this.#before(thread, above)) break;
      heap[base + place] = above;
      place = parent;
    }
    heap[base + place] = thread;
  }

  #siftDown(core: number, from: number, thread: number): void {
    const heap = this.#heap.data;
    const base = this.#heapBase[core];
    const size = this.#runnable.data[core];
    let place = from;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(heap[base + child + 1], heap[base + child])) child += 1;
      if (!this.#before(heap[base + child], thread)) break;
      heap[base + place] = heap[base + child];
      place = child;
    }
    heap[base + place] = thread;
  }
}
