/** Counters of the hosts' disks and page caches, read at the ends of the windows as `samples.ts` reads its own. */
import type { Float64Column } from '../kernel/columns.ts';
import type { ClusterModel } from './cluster-model.ts';

/** Per window: bytes that came to and from the disks; at its end: bytes in the page cache, and of these not on disk. */
export interface StorageSeries {
  readonly writtenBytes: readonly number[];
  readonly readBytes: readonly number[];
  readonly cachedBytes: readonly number[];
  readonly dirtyBytes: readonly number[];
  /** Of all the host's disks, or null. */
  readonly writeBytesPerSecond: number | null;
  readonly readBytesPerSecond: number | null;
}

const COUNTERS = 4;
const WRITTEN = 0;
const READ = 1;
const CACHED = 2;
const DIRTY = 3;

export class StorageSamples {
  readonly #model: ClusterModel;
  readonly #hosts: readonly number[];
  /** Row w holds the counters of every host with disks at the w-th window end. */
  readonly #counters: Float64Column;

  constructor(model: ClusterModel) {
    this.#model = model;
    const { firstDisk } = model.parts.storage;
    this.#hosts = firstDisk.flatMap((first, host) => (first < 0 ? [] : [host]));
    const rows = model.recorder.windows + 1;
    this.#counters = model.sim.columns.float64('samples/storage', rows * this.#hosts.length * COUNTERS);
  }

  take(window: number): void {
    this.#hosts.forEach((host, index) => {
      const { writtenBytes, readBytes, cachedBytes, dirtyBytes } = this.#model.logs.statistics(host);
      const at = this.#at(window, index);
      this.#counters.data[at + WRITTEN] = writtenBytes;
      this.#counters.data[at + READ] = readBytes;
      this.#counters.data[at + CACHED] = cachedBytes;
      this.#counters.data[at + DIRTY] = dirtyBytes;
    });
  }

  /** The series of a host, or null when it has no disks. */
  series(host: number): StorageSeries | null {
    const index = this.#hosts.indexOf(host);
    if (index < 0) return null;
    const windows = Array.from({ length: this.#model.recorder.windows }, (_, window) => window);
    const value = (window: number, counter: number): number =>
      this.#counters.data[this.#at(window, index) + counter];
    const rise = (counter: number): number[] =>
      windows.map((window) => value(window + 1, counter) - value(window, counter));
    const level = (counter: number): number[] => windows.map((window) => value(window + 1, counter));
    const disks = this.#model.parts.storage.disks.filter((disk) => disk.host === host);
    return {
      writtenBytes: rise(WRITTEN),
      readBytes: rise(READ),
      cachedBytes: level(CACHED),
      dirtyBytes: level(DIRTY),
      writeBytesPerSecond: total(disks.map((disk) => disk.writeBytesPerSecond)),
      readBytesPerSecond: total(disks.map((disk) => disk.readBytesPerSecond)),
    };
  }

  #at(window: number, index: number): number {
    return (window * this.#hosts.length + index) * COUNTERS;
  }
}

function total(rates: readonly (number | null)[]): number | null {
  return rates.reduce((sum, rate) => (sum === null || rate === null ? null : sum + rate), 0);
}
