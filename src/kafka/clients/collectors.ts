/**
 * Garbage collection of the load generator: V8 stops a worker's thread while its helpers collect the young generation.
 *
 * What:    every client thread runs up a debt of collection with the records that it handles; the debt is paid by a helper
 *          thread every 10 ms, in which the client's thread does nothing.
 * Formula: debt = records * gcPerRecord + bytes * gcPerByte, by kind  (CPU ns of the helpers; the thread's own part of a
 *          collection is in its costs per record and byte)
 * Source:  V8's parallel scavenger; CPU of the threads called V8Worker, measured by calibration.
 * Range:   one helper for each client thread, where V8 has several in turn; collections by time, not by bytes allocated.
 * Error:   predicted and measured CPU of the group "gc" is in each report.
 * Test:    test/kafka/producers.test.ts.
 */
import type { Float64Column, Uint8Column } from '../../kernel/columns.ts';
import type { ClusterModel } from '../cluster-model.ts';
import type { Costs } from '../costs.ts';

export interface Collector {
  /** The helper's thread on the host. */
  readonly thread: number;
  readonly costs: Costs;
  readonly of: 'producers' | 'consumers';
  /** Number of the client thread among those of its kind. */
  readonly clientThread: number;
}

export class Collectors {
  readonly #model: ClusterModel;
  readonly #collectors: readonly Collector[];
  readonly #owedNs: Float64Column;
  readonly #running: Uint8Column;

  /** @param collectors those of the producer threads first, then those of the consumer threads, in their order */
  constructor(model: ClusterModel, collectors: readonly Collector[]) {
    this.#model = model;
    this.#collectors = collectors;
    this.#owedNs = model.sim.columns.float64('collectors/owed', collectors.length);
    this.#running = model.sim.columns.uint8('collectors/running', collectors.length);
  }

  /** A client thread has handled records. */
  handled(collector: number, records: number, bytes: number): void {
    const { costs, of } = this.#collectors[collector];
    this.#owedNs.data[collector] +=
      of === 'producers'
        ? records * costs.producerGcPerRecordNs + bytes * costs.producerGcPerByteNs
        : records * costs.consumerGcPerRecordNs + bytes * costs.consumerGcPerByteNs;
  }

  /** Time for the helpers to begin. */
  tick(): void {
    const { cpus, producers, consumers } = this.#model;
    this.#collectors.forEach(({ thread, of, clientThread }, collector) => {
      const owedNs = this.#owedNs.data[collector];
      if (owedNs === 0 || this.#running.data[collector] === 1) return;
      this.#owedNs.data[collector] = 0;
      this.#running.data[collector] = 1;
      (of === 'producers' ? producers : consumers).hold(clientThread);
      cpus.wake(thread, owedNs);
    });
  }

  /** A helper is done: its client's thread goes on. */
  threadDone(collector: number): void {
    const { producers, consumers } = this.#model;
    const { of, clientThread } = this.#collectors[collector];
    this.#running.data[collector] = 0;
    (of === 'producers' ? producers : consumers).release(clientThread);
  }
}
