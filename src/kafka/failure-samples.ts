/** What leaders say of their partitions, read at the ends of the windows: as Kafka's metrics of the same names. */
import type { Float64Column } from '../kernel/columns.ts';
import type { ClusterModel } from './cluster-model.ts';
import { NONE } from './requests.ts';

const FIGURES = ['led', 'underReplicated', 'underMinIsr', 'shrinks', 'expands', 'isUp'] as const;

/** Of a broker, by window; null where it was down at the window's end. */
export interface FailureSeries {
  readonly led: readonly (number | null)[];
  readonly underReplicated: readonly (number | null)[];
  readonly underMinIsr: readonly (number | null)[];
  /** Followers taken out of ISRs and back in, in the window. */
  readonly shrinks: readonly number[];
  readonly expands: readonly number[];
}

export class FailureSamples {
  readonly #model: ClusterModel;
  /** By window end, broker and figure. */
  readonly #values: Float64Column;
  /** By window end: partitions without a leader. */
  readonly #offline: Float64Column;
  readonly #isOn: boolean;

  constructor(model: ClusterModel, isOn: boolean) {
    const rows = isOn ? model.recorder.windows + 1 : 0;
    this.#model = model;
    this.#isOn = isOn;
    this.#values = model.sim.columns.float64(
      'failure-samples/values',
      rows * model.brokers.length * FIGURES.length,
    );
    this.#offline = model.sim.columns.float64('failure-samples/offline', rows);
  }

  /** Reads all at the end of a window; window 0 is the end of the warm-up. */
  take(window: number): void {
    if (!this.#isOn) return;
    const { failures, parts, brokers } = this.#model;
    const { leadership, inSync, lives } = failures;
    const values = this.#values.data;
    for (let partition = 0; partition < parts.topology.partitions.length; partition += 1) {
      const leader = leadership.leader(partition);
      if (leader === NONE) {
        this.#offline.data[window] += 1;
        continue;
      }
      const at = this.#at(window, leader);
      values[at] += 1;
      if (leadership.isUnderReplicated(partition)) values[at + 1] += 1;
      if (leadership.isUnderMinIsr(partition)) values[at + 2] += 1;
    }
    for (const { index } of brokers) {
      const at = this.#at(window, index);
      values[at + 3] = inSync.shrinks(index);
      values[at + 4] = inSync.expands(index);
      values[at + 5] = lives.isUp(index) ? 1 : 0;
    }
  }

  /** Null where nothing ever happens. */
  series(broker: number): FailureSeries | null {
    if (!this.#isOn) return null;
    const level = (figure: number) =>
      this.#windows((window) => {
        const at = this.#at(window + 1, broker);
        return this.#values.data[at + 5] === 1 ? this.#values.data[at + figure] : null;
      });
    const count = (figure: number) =>
      this.#windows((window) => {
        const before = this.#values.data[this.#at(window, broker) + figure];
        return this.#values.data[this.#at(window + 1, broker) + figure] - before;
      });
    return {
      led: level(0),
      underReplicated: level(1),
      underMinIsr: level(2),
      shrinks: count(3),
      expands: count(4),
    };
  }

  /** Partitions without a leader at the ends of the windows; null where nothing ever happens. */
  offline(): number[] | null {
    return this.#isOn ? this.#windows((window) => this.#offline.data[window + 1]) : null;
  }

  #windows<T>(value: (window: number) => T): T[] {
    return Array.from({ length: this.#model.recorder.windows }, (_, window) => value(window));
  }

  #at(window: number, broker: number): number {
    return (window * this.#model.brokers.length + broker) * FIGURES.length;
  }
}
