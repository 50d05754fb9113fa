/** Cumulative counters read at the ends of the windows, from which the series of a phase are differences. */
import type { Float64Column } from '../kernel/columns.ts';
import type { ClusterModel } from './cluster-model.ts';

/** By window. */
export interface HostSeries {
  readonly busyCoreNs: readonly number[];
  readonly inBytes: readonly number[];
  readonly outBytes: readonly number[];
  /** Time for which cores had a thread that the quota held back, core-ns. */
  readonly throttledCoreNs: readonly number[];
  /** Quota periods that ended: all, and those that ended with the quota used up. */
  readonly quotaPeriods: readonly number[];
  readonly throttledPeriods: readonly number[];
}

export class Samples {
  readonly #model: ClusterModel;
  /** Row w holds the counters at the w-th window end, row 0 at the end of the warm-up. */
  readonly #hostBusy: Float64Column;
  readonly #hostIn: Float64Column;
  readonly #hostOut: Float64Column;
  readonly #hostThrottled: Float64Column;
  readonly #hostPeriods: Float64Column;
  readonly #hostThrottledPeriods: Float64Column;
  readonly #brokerAppended: Float64Column;
  readonly #brokerCpu: Float64Column;
  readonly #collections: Float64Column;
  readonly #paused: Float64Column;
  /** The broker that a thread belongs to, or -1. */
  readonly #brokerOf: readonly number[];
  readonly #threadCpu: Float64Column;
  readonly #threadWakeUps: Float64Column;
  readonly #threadHaltedWakeUps: Float64Column;
  readonly #threadColdWakeUps: Float64Column;
  readonly #lag: Float64Column;
  readonly #bytesSeen: Float64Column;

  constructor(model: ClusterModel) {
    this.#model = model;
    const columns = model.sim.columns;
    const rows = model.recorder.windows + 1;
    const { hostCpus, brokers, threads, recorder } = model.parts;
    this.#hostBusy = columns.float64('samples/host-busy', rows * hostCpus.length);
    this.#hostIn = columns.float64('samples/host-in', rows * hostCpus.length);
    this.#hostOut = columns.float64('samples/host-out', rows * hostCpus.length);
    this.#hostThrottled = columns.float64('samples/host-throttled', rows * hostCpus.length);
    this.#hostPeriods = columns.float64('samples/host-periods', rows * hostCpus.length);
    this.#hostThrottledPeriods = columns.float64('samples/host-throttled-periods', rows * hostCpus.length);
    this.#brokerAppended = columns.float64('samples/appended', rows * brokers.length);
    this.#brokerCpu = columns.float64('samples/broker-cpu', rows * brokers.length);
    this.#collections = columns.float64('samples/collections', rows * brokers.length);
    this.#paused = columns.float64('samples/paused', rows * brokers.length);
    this.#brokerOf = threads.map((thread) => model.brokerOf(thread));
    this.#threadCpu = columns.float64('samples/thread-cpu', 2 * threads.length);
    this.#threadWakeUps = columns.float64('samples/thread-wake-ups', 2 * threads.length);
    this.#threadHaltedWakeUps = columns.float64('samples/thread-halted-wake-ups', 2 * threads.length);
    this.#threadColdWakeUps = columns.float64('samples/thread-cold-wake-ups', 2 * threads.length);
    this.#lag = columns.float64('samples/lag', rows * recorder.consumerClasses);
    this.#bytesSeen = columns.float64('samples/bytes-seen', brokers.length);
  }

  /** Bytes appended by the broker since the last call. */
  newBytes(broker: number): number {
    const bytes = this.#model.recorder.appendedBytes.data[broker];
    const seen = this.#bytesSeen.data[broker];
    this.#bytesSeen.data[broker] = bytes;
    return bytes - seen;
  }

  /** Reads every counter at the end of a window; window 0 is the end of the warm-up. */
  take(window: number): void {
    const { cpus, heaps, nics, recorder, parts } = this.#model;
    const hosts = parts.hostCpus.length;
    for (let host = 0; host < hosts; host += 1) {
      const at = window * hosts + host;
      this.#hostBusy.data[at] = cpus.busyCoreNs(host);
      this.#hostIn.data[at] = nics.inBytes(host);
      this.#hostOut.data[at] = nics.outBytes(host);
      this.#hostThrottled.data[at] = cpus.throttledCoreNs(host);
      this.#hostPeriods.data[at] = cpus.quotaPeriods(host);
      this.#hostThrottledPeriods.data[at] = cpus.throttledPeriods(host);
    }
    const brokers = parts.brokers.length;
    for (let broker = 0; broker < brokers; broker += 1) {
      const at = window * brokers + broker;
      this.#brokerAppended.data[at] = recorder.appendedBytes.data[broker];
      this.#collections.data[at] = heaps.collections(broker);
      this.#paused.data[at] = heaps.pausedNs(broker);
    }
    this.#brokerOf.forEach((broker, thread) => {
      if (broker >= 0) this.#brokerCpu.data[window * brokers + broker] += cpus.cpuNs(thread);
    });
    if (window === 0 || window === recorder.windows) this.#takeThreads(window === 0 ? 0 : 1);
    this.#takeLag(window);
  }

  /** CPU of a thread in the measured part, ns. */
  threadCpuNs(thread: number): number {
    return this.#inMeasuredPart(this.#threadCpu, thread);
  }

  /** Wake-ups of a thread in the measured part. */
  threadWakeUps(thread: number): number {
    return this.#inMeasuredPart(this.#threadWakeUps, thread);
  }

  /** Of these, those on a core that had halted. */
  threadHaltedWakeUps(thread: number): number {
    return this.#inMeasuredPart(this.#threadHaltedWakeUps, thread);
  }

  /** Of all, those that found nothing in the caches, by the share that was lost. */
  threadColdWakeUps(thread: number): number {
    return this.#inMeasuredPart(this.#threadColdWakeUps, thread);
  }

  /** What was counted of a host in every window. */
  hostSeries(host: number): HostSeries {
    const hosts = this.#model.parts.hostCpus.length;
    return {
      busyCoreNs: this.#differences(this.#hostBusy, hosts, host),
      inBytes: this.#differences(this.#hostIn, hosts, host),
      outBytes: this.#differences(this.#hostOut, hosts, host),
      throttledCoreNs: this.#differences(this.#hostThrottled, hosts, host),
      quotaPeriods: this.#differences(this.#hostPeriods, hosts, host),
      throttledPeriods: this.#differences(this.#hostThrottledPeriods, hosts, host),
    };
  }

  /** Bytes appended by a broker in every window. */
  appendedSeries(broker: number): number[] {
    return this.#differences(this.#brokerAppended, this.#model.parts.brokers.length, broker);
  }

  /** CPU of a broker's threads in every window, ns; a job counts where it ends. */
  cpuSeries(broker: number): number[] {
    return this.#differences(this.#brokerCpu, this.#model.parts.brokers.length, broker);
  }

  /** Collections of a broker's heap in every window, and the time for which they stopped it; null where none does. */
  collectionSeries(broker: number): { counts: number[]; pausedNs: number[] } | null {
    const brokers = this.#model.parts.brokers.length;
    if (!this.#model.heaps.hasPauses(broker)) return null;
    return {
      counts: this.#differences(this.#collections, brokers, broker),
      pausedNs: this.#differences(this.#paused, brokers, broker),
    };
  }

  /** Lag of a consumer class at the ends of the windows, records. */
  lagSeries(consumerClass: number): number[] {
    const classes = this.#model.parts.recorder.consumerClasses;
    return Array.from(
      { length: this.#model.recorder.windows + 1 },
      (_, window) => this.#lag.data[window * classes + consumerClass],
    );
  }

  #differences(column: Float64Column, width: number, index: number): number[] {
    return Array.from(
      { length: this.#model.recorder.windows },
      (_, window) => column.data[(window + 1) * width + index] - column.data[window * width + index],
    );
  }

  #inMeasuredPart({ data }: Float64Column, thread: number): number {
    return data[this.#model.parts.threads.length + thread] - data[thread];
  }

  #takeThreads(row: number): void {
    const { cpus, parts } = this.#model;
    const threads = parts.threads.length;
    for (let thread = 0; thread < threads; thread += 1) {
      this.#threadCpu.data[row * threads + thread] = cpus.cpuNs(thread);
      this.#threadWakeUps.data[row * threads + thread] = cpus.wakeUps.count(thread);
      this.#threadHaltedWakeUps.data[row * threads + thread] = cpus.wakeUps.halted(thread);
      this.#threadColdWakeUps.data[row * threads + thread] = cpus.wakeUps.cold(thread);
    }
  }

  #takeLag(window: number): void {
    const { consumers, replicas, parts } = this.#model;
    const classes = parts.recorder.consumerClasses;
    parts.topology.consumers.forEach((consumer, index) => {
      if (consumer.classIndex < 0) return;
      let behind = -consumers.consumed(index);
      for (const partition of consumer.partitions) behind += replicas.endOffset(partition);
      this.#lag.data[window * classes + consumer.classIndex] += behind;
    });
  }
}
