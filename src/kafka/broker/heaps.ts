/**
 * The Java heaps of brokers: young collections, which stop all of a broker's threads.
 *
 * What:    a broker allocates with the bytes that it appends and with time. When its young generation is full, its threads stop
 *          where they are, its collector threads do their parts of the work, and all go on when the last one is done.
 * Formula: allocated = seconds * allocatedBytesPerSecond + bytes appended * allocatedPerByte; a collection at every
 *          youngBytes of it, with a work of gcPerByteNs * bytes appended since the last one, in equal parts  (CPU ns).
 *          Without a size of the young generation nothing stops: the work is done beside everything else.
 * Source:  G1: evacuation pauses are stop-the-world, with ParallelGCThreads = cores up to 8, and 5/8 of those beyond. Heap in use and collections by JMX.
 * Range:   a heap that is not short of room: no mixed or full collections; the young generation has one size, where G1
 *          adapts it to MaxGCPauseMillis. Looked at every 10 ms.
 * Error:   unvalidated; pauses of 10 to 30 ms every 3 to 10 s measured, 8 ms on idle cores here.
 * Test:    test/kafka/heaps.test.ts.
 */
import type { Float64Column, Uint8Column } from '../../kernel/columns.ts';
import { NS_PER_SECOND } from '../../kernel/time.ts';
import type { ClusterModel } from '../cluster-model.ts';

/** Threads that collect in parallel on a machine of so many cores (ParallelGCThreads' default). */
export function parallelCollectors(cores: number): number {
  return cores <= 8 ? cores : 8 + Math.floor(((cores - 8) * 5) / 8);
}

/** Of one broker. */
export interface Heap {
  /** Of its process. */
  readonly threads: readonly number[];
  /** As many as `parallelCollectors` says. */
  readonly collectors: readonly number[];
}

export class Heaps {
  readonly #model: ClusterModel;
  readonly #heaps: readonly Heap[];
  /** Per broker: allocated since the last collection; work that the next one will have. */
  readonly #allocatedBytes: Float64Column;
  readonly #owedNs: Float64Column;
  /** Per broker: collectors at work. */
  readonly #collecting: Uint8Column;
  /** Per broker, since the start. */
  readonly #collections: Float64Column;
  readonly #pausedNs: Float64Column;

  constructor(model: ClusterModel, heaps: readonly Heap[]) {
    this.#model = model;
    this.#heaps = heaps;
    const { columns } = model.sim;
    this.#allocatedBytes = columns.float64('heaps/allocated', heaps.length);
    this.#owedNs = columns.float64('heaps/owed', heaps.length);
    this.#collecting = columns.uint8('heaps/collecting', heaps.length);
    this.#collections = columns.float64('heaps/collections', heaps.length);
    this.#pausedNs = columns.float64('heaps/paused', heaps.length);
  }

  /** Young collections that began since the start. */
  collections(broker: number): number {
    return this.#collections.data[broker];
  }

  /** Time for which the broker's threads have stood still for collections, ns. */
  pausedNs(broker: number): number {
    const isCollecting = this.#collecting.data[broker] > 0;
    return this.#pausedNs.data[broker] + (isCollecting ? this.#model.sim.nowNs : 0);
  }

  /** Whether the broker's collections stop it. */
  hasPauses(broker: number): boolean {
    return this.#model.brokers[broker].costs.gcYoungBytes > 0;
  }

  /**
   * The broker has appended so many bytes in the last `elapsedNs`.
   * @returns the work that its collectors do beside everything else, ns
   */
  appended(broker: number, bytes: number, elapsedNs: number): number {
    const { costs } = this.#model.brokers[broker];
    const workNs = bytes * costs.gcPerByteNs;
    if (!this.hasPauses(broker)) return workNs;
    this.#owedNs.data[broker] += workNs;
    this.#allocatedBytes.data[broker] +=
      bytes * costs.gcAllocatedPerByte + (elapsedNs / NS_PER_SECOND) * costs.gcAllocatedBytesPerSecond;
    if (this.#allocatedBytes.data[broker] >= costs.gcYoungBytes) this.#collect(broker);
    return 0;
  }

  /** A collector of the broker has done its part. */
  threadDone(broker: number): void {
    this.#collecting.data[broker] -= 1;
    if (this.#collecting.data[broker] > 0) return;
    this.#pausedNs.data[broker] += this.#model.sim.nowNs;
    this.#model.cpus.resume(this.#heaps[broker].threads);
  }

  /** The broker's process is gone, and its heap with it. */
  clear(broker: number): void {
    this.#allocatedBytes.data[broker] = 0;
    this.#owedNs.data[broker] = 0;
    if (this.#collecting.data[broker] > 0) this.#pausedNs.data[broker] += this.#model.sim.nowNs;
    this.#collecting.data[broker] = 0;
  }

  #collect(broker: number): void {
    if (this.#collecting.data[broker] > 0) return;
    const { cpus, sim } = this.#model;
    const { threads, collectors } = this.#heaps[broker];
    const workNs = this.#owedNs.data[broker] / collectors.length;
    this.#allocatedBytes.data[broker] = 0;
    this.#owedNs.data[broker] = 0;
    this.#collections.data[broker] += 1;
    this.#pausedNs.data[broker] -= sim.nowNs;
    this.#collecting.data[broker] = collectors.length;
    cpus.stop(threads);
    for (const collector of collectors) cpus.wake(collector, workNs);
  }
}
