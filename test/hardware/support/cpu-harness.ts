import { Cpus } from '../../../src/hardware/cpu.ts';
import type { HostCpu } from '../../../src/hardware/machines.ts';
import type { TimeSlices } from '../../../src/hardware/run-queues.ts';
import { Simulation } from '../../../src/kernel/simulation.ts';

const TIMER = 0;
const BALANCE = 1;
const USED_UP = 2;
const PERIOD = 3;
const START = 4;
const TICK = 5;

export interface HarnessOptions {
  /** One host each; wake-ups cost nothing unless said. */
  readonly hosts: readonly (Partial<HostCpu> & {
    readonly wakeUpCpuNs?: number;
    readonly coldCpuNs?: number;
  })[];
  /** The host of every thread. */
  readonly threads: readonly number[];
  readonly slices?: TimeSlices;
  readonly seed?: string;
  readonly workingSets?: readonly number[];
  readonly limits?: { readonly eventsPending: number; readonly eventsPerInstant: number };
  /** Called when a thread's job is done; the time is `harness.sim.nowNs`. */
  readonly done?: (thread: number, harness: CpuHarness) => void;
  /** Called for the events of `at`. */
  readonly started?: (thread: number, workNs: number, harness: CpuHarness) => void;
}

/** Hosts with nothing on them but threads that the test starts; the ends of their jobs are written down. */
export class CpuHarness {
  readonly kindNames = ['timer', 'balance', 'used up', 'period', 'start', 'tick'];
  readonly sim: Simulation;
  readonly cpus: Cpus;
  /** Every end of a job: the thread and the time, ns. */
  readonly ends: [thread: number, nowNs: number][] = [];
  readonly #options: HarnessOptions;
  readonly #entity: number;

  constructor(options: HarnessOptions) {
    this.#options = options;
    this.sim = new Simulation({
      seed: options.seed ?? '7',
      entityBase: 0,
      limits: options.limits ?? { eventsPending: 10_000, eventsPerInstant: 10_000 },
    });
    const hosts = options.hosts.map((host, index) => ({
      machine: index,
      cores: 1,
      quota: null,
      pollNs: 0,
      polledWakeUpLatencyNs: 0,
      wakeUpLatencyNs: 0,
      coldWakeUpLatencyNs: 0,
      cacheLifeNs: 0,
      idleBalanceNs: 0,
      ...host,
      entity: this.sim.entity(`host ${index}`),
    }));
    this.#entity = this.sim.entity('test');
    this.cpus = new Cpus({
      sim: this.sim,
      kinds: { timer: TIMER, balance: BALANCE, tick: TICK, usedUp: USED_UP, period: PERIOD },
      hosts,
      threadHosts: options.threads,
      wakeUpCpu: options.threads.map((host) => ({
        switchNs: options.hosts[host].wakeUpCpuNs ?? 0,
        coldNs: options.hosts[host].coldCpuNs ?? 0,
      })),
      ...(options.workingSets === undefined ? {} : { workingSets: options.workingSets }),
      slices: options.slices ?? null,
      owner: this,
    });
    this.sim.setModel(this);
  }

  /** Wakes the thread `delayNs` from now to do this much work. */
  at(delayNs: number, thread: number, workNs: number): void {
    this.sim.schedule(delayNs, this.#entity, START, thread, workNs);
  }

  handle(kind: number, _target: number, a: number, b: number): void {
    if (kind === TIMER) this.cpus.onTimer(a);
    else if (kind === BALANCE) this.cpus.onBalance(a);
    else if (kind === TICK) this.cpus.onTick(a);
    else if (kind === USED_UP) this.cpus.onUsedUp(a);
    else if (kind === PERIOD) this.cpus.onPeriod(a);
    else if (this.#options.started === undefined) this.cpus.wake(a, b);
    else this.#options.started(a, b, this);
  }

  threadDone(thread: number): void {
    this.ends.push([thread, this.sim.nowNs]);
    this.#options.done?.(thread, this);
  }
}
