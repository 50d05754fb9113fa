/**
 * The operations of a phase, carried out at their times: a broker killed, stopped, started or restarted, a throttle set.
 *
 * What:    an operation begins at its time after the warm-up, if that is before the phase's end. A kill is done at once, a stop when the
 *          process is gone, a start when the broker is back and unfenced. One that cannot begin fails, in the words of the
 *          real cluster, and ends nothing.
 *          Properties are set at once.
 * Source:  src/arms/timeline.ts and src/local/operations/processes.ts, which do the same to real clusters.
 * Range:   others are refused before the run (src/arms/predict-refusals.ts); each would be a case of `begin`.
 * Test:    test/kafka/failures.test.ts.
 */
import type { Float64Column, Int32Column, Uint8Column } from '../kernel/columns.ts';
import type { ThrottleChange } from './broker/replication-throttles.ts';
import type { ClusterModel } from './cluster-model.ts';
import { KIND } from './kinds.ts';
import { NONE } from './requests.ts';

/** Operations that the simulator carries out. */
export const SIMULATED_ACTIONS = ['kill', 'stop', 'start', 'restart', 'set'] as const;

export type PlannedOperation = {
  /** Its number in the scenario. */
  readonly number: number;
  /** By index. */
  readonly brokers: readonly number[];
  readonly atNs: number;
} & (
  | {
      readonly action: Exclude<(typeof SIMULATED_ACTIONS)[number], 'set'>;
      readonly isUnclean: boolean;
    }
  | { readonly action: 'set'; readonly throttles: ThrottleChange }
);

/** Whether an operation limits what brokers replicate. */
export function setsRate(operation: PlannedOperation): boolean {
  return operation.action === 'set' && Object.keys(operation.throttles.bytesPerSecond).length > 0;
}

/** What became of an operation; times in ns, or -1. */
export interface OperationReadOut {
  readonly number: number;
  readonly beganNs: number;
  readonly doneNs: number;
  /** Why it could not begin, or null. */
  readonly failure: string | null;
}

const FAILURES = [
  null,
  'expected it stopped or killed, found it running',
  'expected it running, found it stopped or killed: start it first',
] as const;
const IS_RUNNING = 1;
const IS_DOWN = 2;

export class Timeline {
  readonly #model: ClusterModel;
  readonly #operations: readonly PlannedOperation[];
  readonly #beganNs: Float64Column;
  readonly #doneNs: Float64Column;
  readonly #failure: Uint8Column;
  /** Brokers that are not done yet. */
  readonly #left: Int32Column;
  /** Per broker: the operation that it is under, or NONE. */
  readonly #under: Int32Column;

  constructor(model: ClusterModel, operations: readonly PlannedOperation[]) {
    const { columns } = model.sim;
    this.#model = model;
    this.#operations = operations;
    this.#beganNs = columns.float64('timeline/began', operations.length);
    this.#doneNs = columns.float64('timeline/done', operations.length);
    this.#failure = columns.uint8('timeline/failure', operations.length);
    this.#left = columns.int32('timeline/left', operations.length);
    this.#under = columns.int32('timeline/under', operations.length === 0 ? 0 : model.brokers.length);
    this.#beganNs.data.fill(NONE);
    this.#doneNs.data.fill(NONE);
    this.#under.data.fill(NONE);
  }

  /** Sets the times of all operations. */
  start(): void {
    const { sim, recorder } = this.#model;
    const { warmNs, endNs } = recorder.options;
    this.#operations.forEach(({ atNs, brokers }, index) => {
      if (warmNs + atNs >= endNs) return;
      sim.schedule(warmNs + atNs, this.#model.brokers[brokers[0]].entity, KIND.operationBegins, index);
    });
  }

  begin(index: number): void {
    const { sim, failures } = this.#model;
    const operation = this.#operations[index];
    this.#beganNs.data[index] = sim.nowNs;
    if (operation.action === 'set') {
      failures.throttles.change(operation.brokers, operation.throttles);
      this.#doneNs.data[index] = sim.nowNs;
      return;
    }
    const { action, isUnclean, brokers } = operation;
    const isStart = action === 'start';
    const isRefused = brokers.some((broker) => failures.lives.isRunning(broker) === isStart);
    if (isRefused && (isStart || action === 'stop' || !isUnclean) && action !== 'kill') {
      this.#failure.data[index] = isStart ? IS_RUNNING : IS_DOWN;
      return;
    }
    this.#left.data[index] = brokers.length;
    for (const broker of brokers) {
      this.#under.data[broker] = index;
      switch (action) {
        case 'kill':
          failures.lives.kill(broker);
          this.done(broker);
          break;
        case 'stop':
          failures.lives.stop(broker);
          break;
        case 'start':
          failures.lives.start(broker);
          break;
        case 'restart':
          failures.lives.restart(broker, isUnclean);
          break;
      }
    }
  }

  /** A broker has done what the operation that it is under asked of it. */
  done(broker: number): void {
    const index = this.#under.data[broker];
    if (index === NONE) return;
    this.#under.data[broker] = NONE;
    this.#left.data[index] -= 1;
    if (this.#left.data[index] === 0) this.#doneNs.data[index] = this.#model.sim.nowNs;
  }

  readOut(): OperationReadOut[] {
    return this.#operations.map(({ number, brokers }, index) => {
      const failure = FAILURES[this.#failure.data[index]];
      const ids = brokers.map((broker) => this.#model.brokers[broker].id).join(', ');
      return {
        number,
        beganNs: this.#beganNs.data[index],
        doneNs: this.#doneNs.data[index],
        failure: failure === null ? null : `node ${ids}: ${failure}`,
      };
    });
  }
}
