/**
 * Work that belongs to no request: what brokers and clients always use, and their collectors' part of the traffic.
 *
 * What:    every 10 ms each process owes what it always uses; one thread of it works that off, one job at a time.
 * Formula: broker: 10 ms * (backgroundCores + jitCores + observerCores) + collections (heaps.ts);
 *          clients of a host: 10 ms * backgroundCores   (CPU ns)
 * Units:   ns.
 * Source:  the profile: CPU of all threads that serve no request, by name (/proc schedstat).
 * Range:   evenly spread, where the real threads come in bursts.
 * Error:   unvalidated.
 * Test:    test/kafka/request-path.test.ts.
 */
import type { Float64Column } from '../kernel/columns.ts';
import { NS_PER_MS } from '../kernel/time.ts';
import type { Broker } from './broker/broker.ts';
import type { ClusterModel } from './cluster-model.ts';

export const BACKGROUND_TICK_NS = 10 * NS_PER_MS;

export class Background {
  readonly #model: ClusterModel;
  /** Per thread: CPU that its next job is to use up; whether it has one. */
  readonly #owedNs: Float64Column;
  readonly #busy: Float64Column;

  constructor(model: ClusterModel) {
    this.#model = model;
    const { length } = model.parts.threads;
    this.#owedNs = model.sim.columns.float64('background/owed', length);
    this.#busy = model.sim.columns.float64('background/busy', length);
  }

  /** The tick of all brokers and clients. */
  tick(): void {
    const { brokers, lives, samples, heaps, javaProducers, collectors, parts } = this.#model;
    for (const broker of brokers) {
      if (!lives.isUp(broker.index)) continue;
      const bytes = samples.newBytes(broker.index);
      const collectedNs = heaps.appended(broker.index, bytes, BACKGROUND_TICK_NS);
      const { backgroundCores, jitCores, observerCores } = broker.costs;
      const alwaysNs = BACKGROUND_TICK_NS * (backgroundCores + jitCores + observerCores);
      this.#owe(broker.backgroundThread, alwaysNs + collectedNs);
    }
    for (const { thread, cores } of parts.clientBackground) this.#owe(thread, BACKGROUND_TICK_NS * cores);
    parts.javaProducers.forEach(({ collectorThread }, index) => {
      this.#owe(collectorThread, javaProducers.takeGcNs(index));
    });
    collectors.tick();
  }

  /** A thread has worked off what it had; what has come meanwhile begins with the next tick. */
  threadDone(thread: number): void {
    this.#busy.data[thread] = 0;
  }

  /** A broker's process is gone, and with it what it owes. */
  forget(broker: Broker): void {
    this.#owedNs.data[broker.backgroundThread] = 0;
    this.#busy.data[broker.backgroundThread] = 0;
  }

  #owe(thread: number, workNs: number): void {
    this.#owedNs.data[thread] += workNs;
    if (this.#busy.data[thread] === 1 || this.#owedNs.data[thread] === 0) return;
    this.#busy.data[thread] = 1;
    this.#model.cpus.wake(thread, this.#owedNs.data[thread]);
    this.#owedNs.data[thread] = 0;
  }
}
