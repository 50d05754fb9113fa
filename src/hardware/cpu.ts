/**
 * The cores of a machine, shared by the threads of every process on it (brokers and clients alike), whether they are of one
 * host or of several that are parts of the machine (containers, network namespaces).
 *
 * What:    every core has a run queue of its own. A woken thread goes to the core that it ran on last if that is idle,
 *          else to an idle one, else it stays, unless another queue is shorter; the thread that wakes it counts in its core's. A core that runs out of work while another has threads
 *          waiting takes one of them only `idleBalanceNs` later: a scheduler does not keep short idle times from arising,
 *          so that saturated machines do not reach all of their cores. A host may have a quota, which stops all of its
 *          threads when it is used up (cpu-quota.ts).
 * Formula: where several hosts share a machine, and times of slices are given, groups and threads take turns (run-queues.ts);
 *          else processor sharing on a core: n runnable threads each advance at 1 / n (kernel/resources/processor-sharing.ts).
 *          What it takes to wake a thread: wake-ups.ts. While a core wakes it does nothing else.
 *          Use = time with a runnable thread, less the time spent waking; of a host that shares its machine the CPU of the jobs that its
 *          threads have done.
 * Units:   work and time in ns; use in core-ns.
 * Source:  Linux CFS and EEVDF (select_idle_sibling, newidle balancing given up for short idle times), as the limit of
 *          small slices; the times are measured by calibration.
 * Range:   jobs longer than some slices (3 ms) are served in slices in reality, which spreads their ends without changing
 *          the mean. Ends are rounded up to whole ns; jobs that end within half a ns of V of each other end together.
 * Error:   unvalidated alone; predicted and measured CPU of every host is in each report.
 * Test:    test/hardware/cpu.test.ts (closed forms, conservation of work), processor-sharing.test.ts (queueing means).
 */
import type { Int32Column } from '../kernel/columns.ts';
import { ProcessorSharing } from '../kernel/resources/processor-sharing.ts';
import { type Field, Rows } from '../kernel/rows.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { CpuQuotas } from './cpu-quota.ts';
import { IdleCores } from './idle-cores.ts';
import { type HostCpu, type Machine, machinesOf, machineWith } from './machines.ts';
import { RunQueues, type TimeSlices } from './run-queues.ts';
import { type WakeUpCpu, WakeUps } from './wake-ups.ts';

/** What the CPU tells its user. */
export interface ThreadOwner {
  /** The thread's job is done; it sleeps unless the owner calls `proceed` before returning. */
  threadDone(thread: number): void;
}

/**
 * Event kinds of this file, as numbered by the model that owns the dispatch: the first three carry the core as `a`, the
 * quota's two the host.
 */
export interface CpuKinds {
  readonly timer: number;
  readonly balance: number;
  readonly tick: number;
  readonly usedUp: number;
  readonly period: number;
}

const NONE = -1;

export class Cpus {
  readonly wakeUps: WakeUps;
  readonly #sim: Simulation;
  readonly #kinds: CpuKinds;
  readonly #hosts: readonly HostCpu[];
  readonly #owner: ThreadOwner;
  readonly #threadHost: Int32Array;
  /** Per host. */
  readonly #threads: readonly (readonly number[])[];
  readonly #machines: readonly Machine[];
  readonly #machineOf: readonly Machine[];
  /** Per core. */
  readonly #coreMachine: Machine[] = [];
  /** Of every machine. */
  readonly #idle: IdleCores;
  /** Per machine: threads that run. */
  readonly #running: Int32Column;
  /** Each core is a station, the runnable threads are its jobs. */
  readonly #sharing: ProcessorSharing | RunQueues;
  /** The same where threads take turns in slices, else null. */
  readonly #queues: RunQueues | null;
  readonly #quotas: CpuQuotas;
  /** Per thread: the core that it runs or last ran on, its job's work, the CPU that it was charged for jobs done. */
  readonly #core: Field;
  readonly #work: Field;
  readonly #cpuNs: Field;
  /** Per thread: what is left of its job while a quota or a stop of its process keeps it from running, else NONE; whether it is stopped. */
  readonly #heldWork: Field;
  readonly #stopped: Field;
  /** Per core and host of the shard, where a quota has to know it: threads that run or are held back. */
  readonly #runnable: Int32Column;
  /** Per core: the time that it spent waking. */
  readonly #wakingNs: Field;

  /** @param threadHosts the host index of every thread, in the order of the threads' numbers */
  constructor(options: {
    readonly sim: Simulation;
    readonly kinds: CpuKinds;
    readonly hosts: readonly HostCpu[];
    readonly threadHosts: readonly number[];
    /** What waking costs each of them; without it nothing. */
    readonly wakeUpCpu?: readonly WakeUpCpu[];
    /** The working set of every thread; without them each has its own. */
    readonly workingSets?: readonly number[];
    /** Without them, or null, all threads of a core share it in equal parts, in slices of no length. */
    readonly slices?: TimeSlices | null;
    readonly owner: ThreadOwner;
  }) {
    const { sim, hosts, threadHosts, kinds, slices } = options;
    this.#sim = sim;
    this.#kinds = options.kinds;
    this.#hosts = hosts;
    this.#owner = options.owner;
    this.#threadHost = Int32Array.from(threadHosts);
    const threads: number[][] = hosts.map(() => []);
    threadHosts.forEach((host, thread) => {
      threads[host].push(thread);
    });
    this.#threads = threads;
    this.#machines = machinesOf(hosts);
    this.#machineOf = hosts.map((_, host) => machineWith(this.#machines, host));
    const stations = this.#machines.flatMap((machine) => {
      const jobsMax = machine.hosts.reduce((sum, host) => sum + threads[host].length, 0);
      const { entity } = hosts[machine.hosts[0]];
      return Array.from({ length: machine.cores }, () => ({ entity, jobsMax }));
    });
    for (const machine of this.#machines) {
      for (let core = 0; core < machine.cores; core += 1) this.#coreMachine.push(machine);
    }
    const { columns } = sim;
    const stationRows = new Rows(columns, 'cores', stations.length);
    const jobRows = new Rows(columns, 'threads', threadHosts.length);
    const endKind = kinds.timer;
    const ofQueues = { hosts: hosts.length, threadHost: this.#threadHost };
    this.#queues = slices
      ? new RunQueues({
          sim,
          kinds: { end: endKind, tick: kinds.tick },
          cores: stations,
          ...ofQueues,
          slices,
          owner: this,
        })
      : null;
    this.#sharing =
      this.#queues ??
      new ProcessorSharing({ sim, name: 'cores', stations, stationRows, jobRows, endKind, owner: this });
    this.#quotas = new CpuQuotas({ sim, kinds: options.kinds, hosts, owner: this });
    this.#core = jobRows.field();
    this.#work = jobRows.field();
    this.#cpuNs = jobRows.field();
    this.#heldWork = jobRows.field(NONE);
    this.#stopped = jobRows.field();
    this.#wakingNs = stationRows.field();
    this.wakeUps = new WakeUps({
      sim,
      hosts,
      threadHost: this.#threadHost,
      costs: options.wakeUpCpu ?? null,
      workingSets: options.workingSets ?? null,
      threadRows: jobRows,
      coreRows: stationRows,
    });
    this.#idle = new IdleCores(
      columns,
      this.#machines.map(({ cores }) => cores),
    );
    this.#running = columns.int32('machines/running', this.#machines.length);
    const hasQuotas = this.#machines.some(({ metered }) => metered);
    this.#runnable = columns.int32('cores/runnable', hasQuotas ? stations.length * hosts.length : 0);
    for (const { hosts: of, firstCore, cores } of this.#machines) {
      const onMachine = of.flatMap((host) => threads[host]).sort((one, other) => one - other);
      onMachine.forEach((thread, index) => {
        this.#core.set(thread, firstCore + (index % cores));
      });
    }
  }

  /** CPU time that the thread has been charged for jobs done, ns. */
  cpuNs(thread: number): number {
    return this.#cpuNs.get(thread);
  }

  /** Use of the host's cores since the start, core-ns. */
  busyCoreNs(host: number): number {
    const { hosts, firstCore, cores } = this.#machineOf[host];
    let busy = 0;
    if (hosts.length > 1) {
      for (const thread of this.#threads[host]) busy += this.#cpuNs.get(thread);
      return busy;
    }
    for (let core = firstCore; core < firstCore + cores; core += 1) {
      busy += this.#sharing.busyNs(core) - this.#wakingNs.get(core);
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
   * Wakes a sleeping thread to do `workNs` of work, and what waking costs it.
   * @returns the time until it runs, as far as that is the waking of a core or the quota, ns
   * @throws RangeError when the work is negative or not a number
   */
  wake(thread: number, workNs: number): number {
    if (!(workNs >= 0)) this.#failWork('wake', thread, workNs);
    const host = this.#threadHost[thread];
    const coldNs = this.wakeUps.coldNs(thread);
    const heldNs = this.#quotas.heldNs(host);
    const core = this.#place(thread);
    if (!this.#isIdle(core, host)) {
      this.#start(thread, core, workNs + coldNs, 0);
      return heldNs;
    }
    const polled = this.wakeUps.polled(core, host);
    const latencyNs = this.wakeUps.latencyNs(core, host, polled);
    const switchNs = polled ? 0 : this.wakeUps.switchNs(thread);
    this.#wakingNs.add(core, latencyNs);
    this.#quotas.coreWakes(host, latencyNs);
    this.#start(thread, core, workNs + switchNs + coldNs, latencyNs);
    return heldNs + latencyNs;
  }

  /**
   * Gives a thread that is awake (its job just ended) its next job, on the same core.
   * @throws RangeError when the work is negative or not a number
   */
  proceed(thread: number, workNs: number): void {
    if (!(workNs >= 0)) this.#failWork('proceed', thread, workNs);
    this.#start(thread, this.#core.get(thread), workNs, 0);
  }

  /** The earliest job of a core is done. */
  onTimer(core: number): void {
    this.#sharing.onEnd(core);
    const machine = this.#coreMachine[core];
    if (machine.metered) this.#tellQuotas(machine);
    if (this.#sharing.running(core) > 0) return;
    this.#sleep(core);
    if (this.#busiest(core) !== NONE) this.#balance(core);
  }

  /** The timer tick of a core whose threads take turns. */
  onTick(core: number): void {
    this.#queues?.onTick(core);
    const machine = this.#coreMachine[core];
    if (machine.metered) this.#tellQuotas(machine);
  }

  /** A core that ran out of work some time ago takes a thread that waits elsewhere, if it is still idle. */
  onBalance(core: number): void {
    const from = this.#busiest(core);
    if (this.#sharing.running(core) > 0 || from === NONE) return;
    const thread = this.#sharing.last(from);
    const leftNs = this.#take(from, thread);
    this.#count(from, thread, -1);
    this.#core.set(thread, core);
    this.#run(core, thread, leftNs);
    this.#count(core, thread, 1);
    const machine = this.#coreMachine[core];
    if (machine.metered) this.#tellQuotas(machine);
  }

  /** The host's quota may be used up. */
  onUsedUp(host: number): void {
    this.#quotas.onUsedUp(host);
  }

  /** A period ends in which the host's quota was used up. */
  onPeriod(host: number): void {
    this.#quotas.onPeriod(host);
  }

  /** Their process stops: the threads, of one host, neither run nor wait for a core until `resume`. */
  stop(threads: readonly number[]): void {
    this.#setStopped(threads, 1);
  }

  resume(threads: readonly number[]): void {
    this.#setStopped(threads, 0);
  }

  #setStopped(threads: readonly number[], stopped: 0 | 1): void {
    if (threads.length === 0) return;
    for (const thread of threads) {
      this.#stopped.set(thread, stopped);
      const hasJob = this.#sharing.isRunning(thread) || this.#heldWork.get(thread) !== NONE;
      if (hasJob) this.#count(this.#core.get(thread), thread, stopped === 1 ? -1 : 1);
    }
    this.#heed(threads);
    const machine = this.#machineOf[this.#threadHost[threads[0]]];
    if (machine.metered && this.#sharing.ending === NONE) this.#tellQuotas(machine);
    this.#balanceIdle(machine);
  }

  /** Their process is gone: the threads, of one host, have no work any more. */
  abandon(threads: readonly number[]): void {
    for (const thread of threads) {
      const core = this.#core.get(thread);
      const isRunning = this.#sharing.isRunning(thread);
      const hasJob = isRunning || this.#heldWork.get(thread) !== NONE;
      if (hasJob && this.#stopped.get(thread) === 0) this.#count(core, thread, -1);
      if (isRunning) this.#take(core, thread);
      if (hasJob) this.wakeUps.ends(thread);
      this.#heldWork.set(thread, NONE);
      this.#stopped.set(thread, 0);
    }
    const machine = this.#machineOf[this.#threadHost[threads[0]]];
    if (machine.metered) this.#tellQuotas(machine);
    this.#balanceIdle(machine);
  }

  /** For the quotas alone: no thread of the host runs until `release`. */
  hold(host: number): void {
    this.#heed(this.#threads[host]);
    this.#tellQuotas(this.#machineOf[host]);
  }

  /** For the quotas alone: every thread goes on where it was; idle cores take some of them in their time. */
  release(host: number): void {
    this.#heed(this.#threads[host]);
    this.#tellQuotas(this.#machineOf[host]);
    this.#balanceIdle(this.#machineOf[host]);
  }

  /** Of threads for which it has changed whether they may run: those that may not leave their cores, the others go on. */
  #heed(threads: readonly number[]): void {
    for (const thread of threads) {
      const core = this.#core.get(thread);
      const leftNs = this.#heldWork.get(thread);
      if (this.#sharing.isRunning(thread)) {
        if (!this.#mayRun(thread)) this.#heldWork.set(thread, this.#take(core, thread));
      } else if (leftNs !== NONE && this.#mayRun(thread)) {
        this.#heldWork.set(thread, NONE);
        this.#run(core, thread, leftNs);
      }
    }
  }

  #mayRun(thread: number): boolean {
    return this.#stopped.get(thread) === 0 && !this.#quotas.isThrottled(this.#threadHost[thread]);
  }

  #balanceIdle({ firstCore, cores }: Machine): void {
    for (let core = firstCore; core < firstCore + cores; core += 1) {
      const isIdle = this.#sharing.running(core) === 0 && core !== this.#sharing.ending;
      if (isIdle && this.#busiest(core) !== NONE) this.#balance(core);
    }
  }

  /** For the cores alone: a thread's job has ended. */
  jobDone(core: number, thread: number): void {
    this.#cpuNs.add(thread, this.#work.get(thread));
    this.#running.data[this.#coreMachine[core].index] -= 1;
    this.#count(core, thread, -1);
    this.wakeUps.ends(thread);
    this.#owner.threadDone(thread);
  }

  #start(thread: number, core: number, workNs: number, latencyNs: number): void {
    this.#core.set(thread, core);
    this.#work.set(thread, workNs);
    this.wakeUps.begins(thread);
    if (this.#mayRun(thread)) this.#run(core, thread, latencyNs + workNs);
    else this.#heldWork.set(thread, latencyNs + workNs);
    const machine = this.#coreMachine[core];
    if (!machine.metered || this.#stopped.get(thread) === 1) return;
    this.#count(core, thread, 1);
    // Else it is told when all ended jobs of the core are.
    if (this.#sharing.ending === NONE) this.#tellQuotas(machine);
  }

  /** A thread gets its core. */
  #run(core: number, thread: number, workNs: number): void {
    const { index, firstCore } = this.#coreMachine[core];
    if (this.#sharing.running(core) === 0 && core !== this.#sharing.ending) {
      this.#idle.remove(index, core - firstCore);
    }
    this.#running.data[index] += 1;
    this.#sharing.start(core, thread, workNs);
  }

  /** A thread is taken off its core; returns the work that it has left. */
  #take(core: number, thread: number): number {
    const { index } = this.#coreMachine[core];
    const leftNs = this.#sharing.remove(core, thread);
    this.#running.data[index] -= 1;
    if (this.#sharing.running(core) === 0 && core !== this.#sharing.ending) this.#sleep(core);
    return leftNs;
  }

  #sleep(core: number): void {
    const { index, firstCore } = this.#coreMachine[core];
    this.#idle.add(index, core - firstCore);
    this.wakeUps.coreIdles(core);
  }

  #balance(core: number): void {
    const { entity, idleBalanceNs } = this.#hosts[this.#coreMachine[core].hosts[0]];
    this.#sim.schedule(idleBalanceNs, entity, this.#kinds.balance, core);
  }

  #count(core: number, thread: number, change: 1 | -1): void {
    if (!this.#coreMachine[core].metered) return;
    this.#runnable.data[core * this.#hosts.length + this.#threadHost[thread]] += change;
  }

  /** How many cores each host of the machine has, or has threads standing still on. */
  #tellQuotas({ hosts, firstCore, cores }: Machine): void {
    for (const host of hosts) {
      if (this.#hosts[host].quota === null) continue;
      const isThrottled = this.#quotas.isThrottled(host);
      let of = 0;
      for (let core = firstCore; core < firstCore + cores; core += 1) {
        const threads = this.#runnable.data[core * this.#hosts.length + host];
        if (threads > 0) of += isThrottled ? 1 : this.#part(core, host, threads);
      }
      this.#quotas.setCores(host, of);
    }
  }

  /** The part of a core that a host has, with so many runnable threads on it. */
  #part(core: number, host: number, threads: number): number {
    if (this.#queues === null) return threads / this.#sharing.running(core);
    return this.#queues.hostOn(core) === host ? 1 : 0;
  }

  /** The core for a woken thread: its last if that is idle, an idle one, or the one with the fewest threads. */
  #place(thread: number): number {
    const last = this.#core.get(thread);
    const host = this.#threadHost[thread];
    if (this.#isIdle(last, host)) return last;
    const { index, firstCore, cores } = this.#machineOf[host];
    if (!this.#quotas.isThrottled(host)) {
      const idle = this.#idle.first(index);
      if (idle !== NONE) return firstCore + idle;
    }
    let place = last;
    let fewest = this.#threadsOn(last, host);
    for (let core = firstCore; core < firstCore + cores; core += 1) {
      const threads = this.#threadsOn(core, host);
      if (threads < fewest) {
        fewest = threads;
        place = core;
      }
    }
    return place;
  }

  /** Who would share the core with one more thread of the host: the one that wakes it is still there. */
  #threadsOn(core: number, host: number): number {
    return this.#sharing.running(core) + this.#held(core, host) + (core === this.#sharing.ending ? 1 : 0);
  }

  #isIdle(core: number, host: number): boolean {
    return this.#sharing.running(core) === 0 && core !== this.#sharing.ending && this.#held(core, host) === 0;
  }

  /** Threads of the host on the core that stand still: another one will find the core awake when they go on. */
  #held(core: number, host: number): number {
    return this.#quotas.isThrottled(host) ? this.#runnable.data[core * this.#hosts.length + host] : 0;
  }

  /** The core of the same machine with the most threads, at least two; NONE when there is none. */
  #busiest(core: number): number {
    const { index, firstCore, cores } = this.#coreMachine[core];
    // Most often no core has two: then there are no more threads than busy cores, of which one may be telling its ended jobs.
    const busyCores = cores - this.#idle.count(index);
    if (this.#sharing.ending === NONE && this.#running.data[index] <= busyCores) return NONE;
    let busiest = NONE;
    let most = 1;
    for (let other = firstCore; other < firstCore + cores; other += 1) {
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
