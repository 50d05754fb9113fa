/**
 * What it takes to wake a thread: time until it runs, and CPU that it would not need had it not slept.
 *
 * Formula: on an idle core that polls (halt-polls.ts) it runs after polledWakeUpLatency; on one that has halted after wakeUpLatency +
 *          coldWakeUpLatency * lost(sleep of the core), and needs switch more. On any core it needs cold * lost(time since its
 *          working set was last used) more (working-sets.ts).
 * Units:   ns.
 * Source:  run-queue wait and CPU by thread of the calibration; docs/model.md has what was measured alone.
 * Range:   a core that is busy takes one more thread for nothing, but for its caches.
 * Error:   residuals of the calibration, in each profile.
 * Test:    test/hardware/cpu.test.ts.
 */
import type { Field, Rows } from '../kernel/rows.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { HaltPolls } from './halt-polls.ts';
import type { HostCpu } from './machines.ts';
import { lostAfter, WorkingSets } from './working-sets.ts';

/** CPU that a thread spends more when it is woken. */
export interface WakeUpCpu {
  /** On an idle core that has halted. */
  readonly switchNs: number;
  /** When nothing of its working set is left in the caches. */
  readonly coldNs: number;
}

type WakeUpLatencies = Pick<
  HostCpu,
  'polledWakeUpLatencyNs' | 'wakeUpLatencyNs' | 'coldWakeUpLatencyNs' | 'cacheLifeNs'
>;

export class WakeUps {
  readonly #sim: Simulation;
  readonly #hosts: readonly HostCpu[];
  readonly #threadHost: Int32Array;
  readonly #polls: HaltPolls;
  readonly #sets: WorkingSets;
  /** Per thread: what it spends more; its wake-ups, those on a core that had halted, and those with nothing in the caches, others by their share. */
  readonly #switchNs: Field;
  readonly #coldNs: Field;
  readonly #all: Field;
  readonly #halted: Field;
  readonly #cold: Field;
  /** Per core: since when it is idle. */
  readonly #idleSinceNs: Field;

  /** @param workingSets the working set of every thread; null: each has its own */
  constructor(options: {
    readonly sim: Simulation;
    readonly hosts: readonly HostCpu[];
    readonly threadHost: Int32Array;
    readonly costs: readonly WakeUpCpu[] | null;
    readonly workingSets: readonly number[] | null;
    readonly threadRows: Rows;
    readonly coreRows: Rows;
  }) {
    const { sim, threadHost, costs, threadRows, coreRows } = options;
    this.#sim = sim;
    this.#hosts = options.hosts;
    this.#threadHost = threadHost;
    this.#switchNs = threadRows.field();
    this.#coldNs = threadRows.field();
    this.#all = threadRows.field();
    this.#halted = threadRows.field();
    this.#cold = threadRows.field();
    costs?.forEach(({ switchNs, coldNs }, thread) => {
      this.#switchNs.set(thread, switchNs);
      this.#coldNs.set(thread, coldNs);
    });
    this.#idleSinceNs = coreRows.field(Number.NEGATIVE_INFINITY);
    this.#polls = new HaltPolls(coreRows);
    this.#sets = new WorkingSets(sim.columns, threadRows, options.workingSets ?? [...threadHost.keys()]);
  }

  /** Times the thread was woken from sleep. */
  count(thread: number): number {
    return this.#all.get(thread);
  }

  /** Of these, those on an idle core that did not poll any more. */
  halted(thread: number): number {
    return this.#halted.get(thread);
  }

  /** Of all, those that found nothing of its working set in the caches; others count by the share that was lost. */
  cold(thread: number): number {
    return this.#cold.get(thread);
  }

  /** A core has nothing to run. */
  coreIdles(core: number): void {
    this.#idleSinceNs.set(core, this.#sim.nowNs);
  }

  /** A thread has a job. */
  begins(thread: number): void {
    this.#sets.begin(thread);
  }

  /** A thread has none any more. */
  ends(thread: number): void {
    this.#sets.end(thread, this.#sim.nowNs);
  }

  /** A thread is woken, wherever: CPU more for what is not in the caches, ns. */
  coldNs(thread: number): number {
    const { cacheLifeNs } = this.#hosts[this.#threadHost[thread]];
    const lost = this.#sets.lost(thread, this.#sim.nowNs, cacheLifeNs);
    this.#all.add(thread, 1);
    this.#cold.add(thread, lost);
    return lost * this.#coldNs.get(thread);
  }

  /** An idle core is woken for a thread of a host; whether it still polled. */
  polled(core: number, host: number): boolean {
    return this.#polls.wakes(core, this.#asleepNs(core), this.#hosts[host].pollNs);
  }

  /** How long the core takes to wake, ns. */
  latencyNs(core: number, host: number, polled: boolean): number {
    return latencyNs(this.#hosts[host], this.#asleepNs(core), polled);
  }

  /** CPU more of a thread that is woken on a core that had halted, ns. */
  switchNs(thread: number): number {
    this.#halted.add(thread, 1);
    return this.#switchNs.get(thread);
  }

  /** CPU that it would cost a thread to be woken on a core that had halted, its own sleep being so long, ns. */
  costNs(thread: number, asleepNs: number): number {
    const { cacheLifeNs } = this.#hosts[this.#threadHost[thread]];
    return this.#switchNs.get(thread) + this.#coldNs.get(thread) * lostAfter(asleepNs, cacheLifeNs);
  }

  #asleepNs(core: number): number {
    return this.#sim.nowNs - this.#idleSinceNs.get(core);
  }
}

/** From waking a thread on a core that has slept for so long until it runs, ns. */
export function latencyNs(
  { polledWakeUpLatencyNs, wakeUpLatencyNs, coldWakeUpLatencyNs, cacheLifeNs }: WakeUpLatencies,
  asleepNs: number,
  polled: boolean,
): number {
  if (polled) return polledWakeUpLatencyNs;
  if (coldWakeUpLatencyNs === 0) return wakeUpLatencyNs;
  return wakeUpLatencyNs + coldWakeUpLatencyNs * lostAfter(asleepNs, cacheLifeNs);
}
