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
import type { Float64Column } from '../kernel/columns.ts';
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
  readonly #switchNs: Float64Array;
  readonly #coldNs: Float64Array;
  readonly #polls: HaltPolls;
  readonly #sets: WorkingSets;
  /** Per core: since when it is idle. */
  readonly #idleSinceNs: Float64Column;
  /** Per thread: its wake-ups; those on a core that had halted; those with nothing in the caches, others by their share. */
  readonly #all: Float64Column;
  readonly #halted: Float64Column;
  readonly #cold: Float64Column;

  /** @param workingSets the working set of every thread; null: each has its own */
  constructor(options: {
    readonly sim: Simulation;
    readonly hosts: readonly HostCpu[];
    readonly threadHost: Int32Array;
    readonly costs: readonly WakeUpCpu[] | null;
    readonly workingSets: readonly number[] | null;
    readonly cores: number;
  }) {
    const { sim, threadHost, costs } = options;
    const { columns } = sim;
    this.#sim = sim;
    this.#hosts = options.hosts;
    this.#threadHost = threadHost;
    this.#switchNs = Float64Array.from(threadHost, (_, thread) => costs?.[thread].switchNs ?? 0);
    this.#coldNs = Float64Array.from(threadHost, (_, thread) => costs?.[thread].coldNs ?? 0);
    this.#polls = new HaltPolls(columns, options.cores);
    this.#sets = new WorkingSets(columns, options.workingSets ?? [...threadHost.keys()]);
    this.#idleSinceNs = columns.float64('cores/idle-since', options.cores);
    this.#idleSinceNs.data.fill(Number.NEGATIVE_INFINITY);
    this.#all = columns.float64('threads/wake-ups', threadHost.length);
    this.#halted = columns.float64('threads/halted-wake-ups', threadHost.length);
    this.#cold = columns.float64('threads/cold-wake-ups', threadHost.length);
  }

  /** Times the thread was woken from sleep. */
  count(thread: number): number {
    return this.#all.data[thread];
  }

  /** Of these, those on an idle core that did not poll any more. */
  halted(thread: number): number {
    return this.#halted.data[thread];
  }

  /** Of all, those that found nothing of its working set in the caches; others count by the share that was lost. */
  cold(thread: number): number {
    return this.#cold.data[thread];
  }

  /** A core has nothing to run. */
  coreIdles(core: number): void {
    this.#idleSinceNs.data[core] = this.#sim.nowNs;
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
    this.#all.data[thread] += 1;
    this.#cold.data[thread] += lost;
    return lost * this.#coldNs[thread];
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
    this.#halted.data[thread] += 1;
    return this.#switchNs[thread];
  }

  /** CPU that it would cost a thread to be woken on a core that had halted, its own sleep being so long, ns. */
  costNs(thread: number, asleepNs: number): number {
    const { cacheLifeNs } = this.#hosts[this.#threadHost[thread]];
    return this.#switchNs[thread] + this.#coldNs[thread] * lostAfter(asleepNs, cacheLifeNs);
  }

  #asleepNs(core: number): number {
    return this.#sim.nowNs - this.#idleSinceNs.data[core];
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
