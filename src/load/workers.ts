/**
 * The worker threads of a phase, in whatever processes they run, seen from the main thread. Any of them failing, dying or
 * falling silent ends the run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, type ExitCode, UserError } from '../errors/errors.ts';
import { AgentProcess } from './agent-process.ts';
import { type Clocked, clocked, ofThisClock } from './clock-domain.ts';
import type { Interval } from './interval.ts';
import { type LoadPlace, type LoadProcess, ThisProcess } from './load-process.ts';
import type {
  FromWorker,
  MemberAssignment,
  ToWorker,
  WorkerPlan,
  WorkerProgress,
  WorkerResult,
} from './messages.ts';

/** A worker tells of itself at least once a second during the load. */
const SILENCE_MS_MAX = 30_000;
const WATCH_MS = 1000;
const LEAVE_MS = 3000;
const POLL_MS = 50;

/** A process that generates load, and the client machine that it does so on. */
export interface GeneratorProcess {
  readonly pid: number;
  /** Name of the host group. */
  readonly host: string;
  /** Which of the group's machines, from 0. */
  readonly machine: number;
  /** One of Kafka's own clients, a process for each. */
  readonly java?: { readonly name: string; readonly role: 'producers' | 'consumers' };
}

interface WorkerHandle {
  readonly plan: WorkerPlan;
  readonly process: LoadProcess;
  readonly post: (message: Clocked<ToWorker>) => void;
  ready: boolean;
  result: WorkerResult | null;
  progress: WorkerProgress | null;
  members: readonly MemberAssignment[];
  heardAtMs: number;
}

export class Workers {
  readonly #handles: WorkerHandle[] = [];
  readonly #here = new ThisProcess();
  readonly #agents = new Map<string, AgentProcess>();
  readonly #listeners = new Set<() => void>();
  /** Told of what producer threads report. */
  onAcknowledged: ((interval: Interval) => void) | null = null;
  #error: Error | null = null;
  #watch: NodeJS.Timeout | null = null;

  /**
   * Starts the threads: those of a machine that has a place in an agent there, all others in this process. Whatever it
   * throws, `terminate` stops what it has started.
   */
  start(plans: readonly WorkerPlan[], places: readonly LoadPlace[]): void {
    const used = new Set(plans.map(({ thread }) => machineKey(thread)));
    for (const place of places.filter((one) => used.has(machineKey(one)))) {
      this.#agents.set(machineKey(place), new AgentProcess(place, () => this.poke()));
    }
    for (const plan of plans) {
      this.#handles.push(this.#startThread(plan));
    }
  }

  /** Messages to all workers of a role. */
  tell(role: 'producers' | 'consumers', message: ToWorker): void {
    for (const { post } of this.#of(role)) {
      post(clocked(message));
    }
  }

  /** From now on a worker that says nothing for 30 s ends the run. */
  watch(): void {
    for (const handle of this.#handles) {
      handle.heardAtMs = performance.now();
    }
    this.#watch = setInterval(() => {
      const silent = this.#handles.find(
        ({ result, heardAtMs }) => result === null && performance.now() - heardAtMs > SILENCE_MS_MAX,
      );
      if (silent !== undefined) {
        this.#fail(
          new Error(`load worker ${silent.plan.name} has said nothing for ${SILENCE_MS_MAX / 1000} s`),
        );
      }
    }, WATCH_MS);
  }

  /** Agents that do not run yet. */
  get waitingAgents(): AgentProcess[] {
    return [...this.#agents.values()].filter(({ pid }) => pid === null);
  }

  /** The processes that run, each once; one that holds the threads of several machines has the first of them. */
  get processes(): GeneratorProcess[] {
    const found = new Map<LoadProcess, GeneratorProcess>();
    for (const { process, plan } of this.#handles) {
      if (process.pid !== null && !found.has(process)) {
        found.set(process, { pid: process.pid, host: plan.thread.host, machine: plan.thread.machine });
      }
    }
    return [...found.values()];
  }

  get producersReady(): boolean {
    return this.#of('producers').every(({ ready }) => ready);
  }

  /** Numbers of partitions that a group's members have, of all threads; null where a member has no assignment yet. */
  assigned(group: string): (number | null)[] {
    return this.#of('consumers')
      .flatMap(({ members }) => members.filter((member) => member.group === group))
      .map(({ partitions }) => partitions);
  }

  /** Whether all consumer threads have read to the ends that they were told. */
  get drained(): boolean {
    return this.#of('consumers').every(({ progress }) => progress?.drained === true);
  }

  /** Whether a producer client has made all bytes that it may. */
  get spent(): boolean {
    return this.#of('producers').some(({ progress }) => progress?.spent === true);
  }

  /** Records of a class since the start of the load, as last told. */
  records(role: 'producers' | 'consumers', classIndex: number): number {
    return this.#of(role).reduce(
      (sum, { result, progress }) =>
        sum +
        (result?.classes.find((one) => one.classIndex === classIndex)?.records ??
          progress?.records[classIndex] ??
          0),
      0,
    );
  }

  /** The largest of the producer threads' 99th percentiles of the last second. */
  get p99Ms(): number | null {
    const known = this.#of('producers').flatMap(({ progress }) => progress?.p99Ms ?? []);
    return known.length === 0 ? null : Math.max(...known);
  }

  finished(role: 'producers' | 'consumers'): boolean {
    return this.#of(role).every(({ result }) => result !== null);
  }

  get results(): WorkerResult[] {
    return this.#handles.flatMap(({ result }) => result ?? []);
  }

  /** Waits until the condition holds; throws what ended the run, or `late()` after the deadline (null: no deadline). */
  until(
    condition: () => boolean,
    deadlineMs: number | null = null,
    late?: () => Error,
  ): Promise<'met' | 'late'> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | null = null;
      const settle = (action: () => void) => {
        this.#listeners.delete(check);
        if (timer !== null) {
          clearTimeout(timer);
        }
        action();
      };
      const check = () => {
        const error = this.#error;
        if (error !== null) {
          settle(() => reject(error));
        } else if (condition()) {
          settle(() => resolve('met'));
        }
      };
      if (deadlineMs !== null) {
        timer = setTimeout(() => {
          settle(() => (late === undefined ? resolve('late') : reject(late())));
        }, deadlineMs);
      }
      this.#listeners.add(check);
      check();
    });
  }

  /** Wakes every `until` to look at its condition again. */
  poke(): void {
    for (const listener of [...this.#listeners]) {
      listener();
    }
  }

  /**
   * However the run ended: lets consumers leave their groups, so that these can be deleted. It does not wait for long, and
   * after a failure not for those that had not joined.
   */
  async leaveGroups(): Promise<void> {
    const inGroups = this.#of('consumers').filter(
      ({ members }) => this.#error === null || members.length > 0,
    );
    this.tell('consumers', { kind: 'stop' });
    const end = performance.now() + LEAVE_MS;
    while (inGroups.some(({ result }) => result === null) && performance.now() < end) {
      await sleep(POLL_MS);
    }
  }

  /** Stops all threads and agents, whatever they do. */
  async terminate(): Promise<void> {
    if (this.#watch !== null) {
      clearInterval(this.#watch);
    }
    this.#listeners.clear();
    await Promise.all([this.#here, ...this.#agents.values()].map((process) => process.terminate()));
  }

  #of(role: 'producers' | 'consumers'): WorkerHandle[] {
    return this.#handles.filter(({ plan }) => plan.thread.role === role);
  }

  #startThread(plan: WorkerPlan): WorkerHandle {
    const process = this.#agents.get(machineKey(plan.thread)) ?? this.#here;
    const handle: WorkerHandle = {
      plan,
      process,
      post: process.start(plan, {
        message: (message) => {
          handle.heardAtMs = performance.now();
          this.#hear(handle, message);
          this.poke();
        },
        failed: (error) => this.#fail(error),
        ended: (reason) => {
          if (handle.result === null) {
            this.#fail(reason);
          }
        },
      }),
      ready: false,
      result: null,
      progress: null,
      members: [],
      heardAtMs: performance.now(),
    };
    return handle;
  }

  #hear(handle: WorkerHandle, message: Clocked<FromWorker>): void {
    try {
      this.#onMessage(handle, ofThisClock(message));
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #onMessage(handle: WorkerHandle, message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        handle.ready = true;
        break;
      case 'assigned':
        handle.members = message.members;
        break;
      case 'progress':
        handle.progress = message.progress;
        if (handle.plan.thread.role === 'producers') {
          this.onAcknowledged?.(message.progress.acknowledged);
        }
        break;
      case 'result':
        handle.result = message.result;
        break;
      case 'failed':
        this.#fail(
          message.user === null
            ? new Error(`load worker ${handle.plan.name} failed: ${message.message}`)
            : new UserError(message.user.lines, exitCode(message.user.exitCode)),
        );
        break;
    }
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.poke();
  }
}

function machineKey({ host, machine }: { readonly host: string; readonly machine: number }): string {
  return `${machine} ${host}`;
}

function exitCode(code: number): ExitCode {
  return Object.values(EXIT).find((known) => known === code) ?? EXIT.ourFault;
}
