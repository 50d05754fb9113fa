/**
 * The page cache of a host: which bytes of its files are in memory.
 *
 * What:    files are cached in extents, runs of bytes of one file. Appended bytes are in the cache and dirty until they
 *          are written back (write-back.ts); bytes that a reader misses are read from the disk and stay. One list of the
 *          host's extents by last use: when the cache is full, the bytes used longest ago go, from the low end of their
 *          extent, as many as are needed; dirty ones are passed over. A reader that lags more than the cache holds misses.
 * Formula: cached + evicted + dropped = appended + read (bytes of a host, at any time).
 *          With w bytes/s appended and r read from the disks, a byte that nobody uses again stays C / (w + r).
 * Units:   bytes, ns.
 * Source:  Linux mm/filemap.c, mm/vmscan.c, reduced to one list: Linux takes pages that were used once (what a cold
 *          reader leaves behind) before those used twice, until the active list is out of proportion (inactive_is_low).
 *          Extents are at most 1/1024 of the cache, 1 to 64 MiB, which bounds the list and its error.
 * Range:   a missed range is read in one operation for each gap, exactly its bytes: read-ahead (128 KiB a step) overlaps
 *          the reads of one sequential reader, as here, and reads at most one step too much. Who dies leaves its cache.
 *          Dirty bytes of a deleted file are still written. Anonymous memory is constant.
 * Error:   unvalidated; keeps the hot end too short beside cold readers, by the active list that is left out.
 * Test:    test/hardware/page-cache.test.ts.
 */
import type { Float64Column, Int32Column } from '../kernel/columns.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { Table } from '../kernel/table.ts';
import { CachedFiles } from './cached-files.ts';
import { type Disk, type DiskStatistics, Disks } from './disk.ts';
import { WriteBack, type WriteBackHost, type WriteBackKinds } from './write-back.ts';

const NONE = -1;
const EXTENTS_MAX = 16_777_216;
const EXTENTS_OF_A_CACHE = 1024;
const EXTENT_BYTES_MIN = 1_048_576;
const EXTENT_BYTES_MAX = 67_108_864;

/** Sums of a host since the start, and what it holds now. */
export interface PageCacheStatistics {
  readonly cachedBytes: number;
  readonly dirtyBytes: number;
  readonly appendedBytes: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly evictedBytes: number;
  readonly droppedBytes: number;
}

export class PageCaches {
  readonly #files: CachedFiles;
  readonly #disks: Disks;
  readonly #writeBack: WriteBack;
  readonly #diskHost: readonly number[];
  readonly #hosts: readonly WriteBackHost[];
  readonly #extentBytes: readonly number[];
  /** Extents: their file and bytes, neighbours by use in their host, neighbours by place in their file. */
  readonly #extents: Table;
  readonly #file: Int32Column;
  readonly #from: Float64Column;
  readonly #to: Float64Column;
  readonly #usedBefore: Int32Column;
  readonly #usedAfter: Int32Column;
  readonly #below: Int32Column;
  readonly #above: Int32Column;
  /** Per host. */
  readonly #usedFirst: Int32Column;
  readonly #usedLast: Int32Column;
  readonly #count: Int32Column;
  readonly #cached: Float64Column;
  readonly #appended: Float64Column;
  readonly #read: Float64Column;
  readonly #evicted: Float64Column;
  readonly #dropped: Float64Column;

  constructor(options: {
    readonly sim: Simulation;
    readonly kinds: WriteBackKinds;
    readonly hosts: readonly WriteBackHost[];
    readonly disks: readonly (Disk & { readonly host: number })[];
  }) {
    const { sim, kinds, hosts } = options;
    const { columns } = sim;
    this.#hosts = hosts;
    this.#diskHost = options.disks.map(({ host }) => host);
    this.#extentBytes = hosts.map(({ cacheBytes }) =>
      Math.min(EXTENT_BYTES_MAX, Math.max(EXTENT_BYTES_MIN, Math.floor(cacheBytes / EXTENTS_OF_A_CACHE))),
    );
    this.#files = new CachedFiles(columns);
    this.#disks = new Disks(sim, options.disks);
    this.#writeBack = new WriteBack({
      sim,
      kinds,
      disks: this.#disks,
      diskHost: this.#diskHost,
      hosts,
      files: this.#files,
    });
    const table = new Table(columns, 'extents', 16, EXTENTS_MAX);
    this.#extents = table;
    this.#file = table.int32('file');
    this.#from = table.float64('from');
    this.#to = table.float64('to');
    this.#usedBefore = table.int32('used-before');
    this.#usedAfter = table.int32('used-after');
    this.#below = table.int32('below');
    this.#above = table.int32('above');
    this.#usedFirst = columns.int32('page-cache/used-first', hosts.length);
    this.#usedLast = columns.int32('page-cache/used-last', hosts.length);
    this.#usedFirst.data.fill(NONE);
    this.#usedLast.data.fill(NONE);
    this.#count = columns.int32('page-cache/extents', hosts.length);
    this.#cached = columns.float64('page-cache/cached', hosts.length);
    this.#appended = columns.float64('page-cache/appended', hosts.length);
    this.#read = columns.float64('page-cache/read', hosts.length);
    this.#evicted = columns.float64('page-cache/evicted', hosts.length);
    this.#dropped = columns.float64('page-cache/dropped', hosts.length);
  }

  /** A new file on a disk, with bytes that are there already, none of them in the cache. */
  open(disk: number, bytes = 0): number {
    return this.#files.open(disk, bytes);
  }

  /** Bytes of a file. */
  endOf(file: number): number {
    return this.#files.end.data[file];
  }

  statistics(host: number): PageCacheStatistics {
    return {
      cachedBytes: this.#cached.data[host],
      dirtyBytes: this.#writeBack.dirtyBytes(host),
      appendedBytes: this.#appended.data[host],
      readBytes: this.#read.data[host],
      writtenBytes: this.#writeBack.writtenBytes(host),
      evictedBytes: this.#evicted.data[host],
      droppedBytes: this.#dropped.data[host],
    };
  }

  diskStatistics(disk: number): DiskStatistics {
    return this.#disks.statistics(disk);
  }

  /** Appends to a file; returns how long the writer is paused for it, ns. */
  append(file: number, bytes: number): number {
    const files = this.#files;
    const host = this.#diskHost[files.disk.data[file]];
    const from = files.end.data[file];
    files.end.data[file] = from + bytes;
    this.#appended.data[host] += bytes;
    this.#put(host, file, from, from + bytes, files.lastExtent.data[file]);
    this.#shrink(host);
    return this.#writeBack.dirtied(file, bytes);
  }

  /** Whether writers of a file's host have to wait until its dirty bytes are below the limit. */
  isFull(file: number): boolean {
    return this.#writeBack.isFull(this.#diskHost[this.#files.disk.data[file]]);
  }

  /** Bytes of [from, to) of a file that are not in the cache; those that are count as used now. */
  missing(file: number, from: number, to: number): number {
    let missing = to - from;
    let extent = this.#files.lastExtent.data[file];
    while (extent !== NONE && this.#to.data[extent] > from) {
      const here = Math.min(to, this.#to.data[extent]) - Math.max(from, this.#from.data[extent]);
      if (here > 0) {
        missing -= here;
        this.#use(extent);
      }
      extent = this.#below.data[extent];
    }
    return missing;
  }

  /** Reads [from, to) of a file, what is missing from the disk, where it then is cached; returns when it is there, ns. */
  read(file: number, from: number, to: number): number {
    const disk = this.#files.disk.data[file];
    let extent = this.#files.lastExtent.data[file];
    while (extent !== NONE && this.#from.data[extent] >= to) extent = this.#below.data[extent];
    let upTo = to;
    let doneNs = 0;
    // From the highest gap down: a gap lies above the extent that ends before it.
    while (upTo > from) {
      const coveredTo = extent === NONE ? from : Math.max(from, Math.min(upTo, this.#to.data[extent]));
      if (coveredTo < upTo) doneNs = Math.max(doneNs, this.#fetch(disk, file, coveredTo, upTo, extent));
      if (extent === NONE) break;
      upTo = Math.min(coveredTo, this.#from.data[extent]);
      extent = this.#below.data[extent];
    }
    this.#shrink(this.#diskHost[disk]);
    return doneNs;
  }

  /** Reads a page or so of a file to find a place in it; nothing of it is kept. Returns when it is there, ns. */
  peek(file: number, bytes: number): number {
    return this.#disks.read(this.#files.disk.data[file], NONE, bytes);
  }

  /** Has a file written up to there and flushed in the background. */
  syncLater(file: number, toBytes: number, flushes: number): void {
    this.#writeBack.syncLater(file, toBytes, flushes);
  }

  /** Has all of a file written and flushed; returns when that is done, not before `afterNs`. */
  sync(file: number, flushes: number, afterNs: number): number {
    return this.#writeBack.sync(file, flushes, afterNs);
  }

  /** The bytes of a file below `toBytes` are deleted: what is clean of them leaves the cache. */
  drop(file: number, toBytes: number): void {
    const host = this.#diskHost[this.#files.disk.data[file]];
    const cleanTo = Math.min(toBytes, this.#files.clean.data[file]);
    let extent = this.#files.lastExtent.data[file];
    while (extent !== NONE) {
      const below = this.#below.data[extent];
      const bytes = Math.min(cleanTo, this.#to.data[extent]) - this.#from.data[extent];
      if (bytes > 0) {
        this.#dropped.data[host] += bytes;
        this.#cut(host, extent, bytes);
      }
      extent = below;
    }
  }

  onFlusherWakes(disk: number): void {
    this.#writeBack.onFlusherWakes(disk);
  }

  onWritten(disk: number, file: number, bytes: number, whose: number): void {
    this.#writeBack.onWritten(disk, file, bytes, whose);
    this.#shrink(this.#diskHost[disk]);
  }

  #fetch(disk: number, file: number, from: number, to: number, below: number): number {
    const host = this.#diskHost[disk];
    this.#read.data[host] += to - from;
    this.#put(host, file, from, to, below);
    return this.#disks.read(disk, file, to - from);
  }

  /** Puts bytes into the cache, at the end of the extent below them if they touch it and it has room. */
  #put(host: number, file: number, from: number, to: number, below: number): void {
    this.#cached.data[host] += to - from;
    if (
      below !== NONE &&
      this.#to.data[below] === from &&
      to - this.#from.data[below] <= this.#extentBytes[host]
    ) {
      this.#to.data[below] = to;
      this.#use(below);
      return;
    }
    const extent = this.#extents.take();
    this.#file.data[extent] = file;
    this.#from.data[extent] = from;
    this.#to.data[extent] = to;
    this.#count.data[host] += 1;
    this.#linkBelow(file, extent, below);
    this.#linkUsed(host, extent);
  }

  /** Evicts what was used longest ago until the cache is no longer too full, or only dirty bytes are left. */
  #shrink(host: number): void {
    let over = this.#cached.data[host] - this.#hosts[host].cacheBytes;
    let passed = 0;
    while (over > 0 && passed < this.#count.data[host]) {
      const extent = this.#usedFirst.data[host];
      const cleanTo = this.#files.clean.data[this.#file.data[extent]];
      const bytes = Math.min(over, Math.min(cleanTo, this.#to.data[extent]) - this.#from.data[extent]);
      if (bytes > 0) {
        this.#evicted.data[host] += bytes;
        this.#cut(host, extent, bytes);
        over -= bytes;
      } else {
        this.#use(extent);
        passed += 1;
      }
    }
  }

  /** Takes bytes from the low end of an extent; one without bytes is given back. */
  #cut(host: number, extent: number, bytes: number): void {
    this.#cached.data[host] -= bytes;
    this.#from.data[extent] += bytes;
    if (this.#from.data[extent] < this.#to.data[extent]) return;
    this.#unlinkUsed(host, extent);
    this.#unlinkBelow(extent);
    this.#count.data[host] -= 1;
    this.#extents.give(extent);
  }

  /** The extent is now the one used last. */
  #use(extent: number): void {
    const host = this.#diskHost[this.#files.disk.data[this.#file.data[extent]]];
    if (this.#usedLast.data[host] === extent) return;
    this.#unlinkUsed(host, extent);
    this.#linkUsed(host, extent);
  }

  #linkUsed(host: number, extent: number): void {
    const last = this.#usedLast.data[host];
    this.#usedBefore.data[extent] = last;
    this.#usedAfter.data[extent] = NONE;
    if (last === NONE) this.#usedFirst.data[host] = extent;
    else this.#usedAfter.data[last] = extent;
    this.#usedLast.data[host] = extent;
  }

  #unlinkUsed(host: number, extent: number): void {
    const before = this.#usedBefore.data[extent];
    const after = this.#usedAfter.data[extent];
    if (before === NONE) this.#usedFirst.data[host] = after;
    else this.#usedAfter.data[before] = after;
    if (after === NONE) this.#usedLast.data[host] = before;
    else this.#usedBefore.data[after] = before;
  }

  /** Places an extent above another of its file, or lowest. */
  #linkBelow(file: number, extent: number, below: number): void {
    const above = below === NONE ? this.#lowest(file) : this.#above.data[below];
    this.#below.data[extent] = below;
    this.#above.data[extent] = above;
    if (below !== NONE) this.#above.data[below] = extent;
    if (above === NONE) this.#files.lastExtent.data[file] = extent;
    else this.#below.data[above] = extent;
  }

  #unlinkBelow(extent: number): void {
    const below = this.#below.data[extent];
    const above = this.#above.data[extent];
    if (below !== NONE) this.#above.data[below] = above;
    if (above === NONE) this.#files.lastExtent.data[this.#file.data[extent]] = below;
    else this.#below.data[above] = below;
  }

  #lowest(file: number): number {
    let extent = this.#files.lastExtent.data[file];
    while (extent !== NONE && this.#below.data[extent] !== NONE) extent = this.#below.data[extent];
    return extent;
  }
}
