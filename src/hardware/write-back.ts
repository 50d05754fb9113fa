/**
 * Write-back of dirty bytes, and what it does to those who write.
 *
 * What:    a disk's flusher wakes `wakeUpNs` after its first file became dirty, and every `wakeUpNs` while any is; it
 *          writes what became dirty more than `expireNs` ago, file by file, whole, oldest first. Above the background
 *          limit of the host's dirty bytes it writes at once, until they are below it. Syncs go first. It keeps two
 *          writes of at most 1 MiB in flight, so that reads come in between. Writers are slowed down as the dirty bytes
 *          near the limit, and stopped at it.
 * Formula: with M the bytes that the cache may have, background B = 0.1 M, limit L = 0.2 M, free run F = (B + L) / 2, set
 *          point S = (F + L) / 2, dirty bytes D (those being written too):
 *          D <= F: no pause; else writers together pass at the rate W * p, p = 1 + ((S - D) / (L - S))^3 within 0 .. 2,
 *          W the disk's rate; one pause is at most 200 ms; from D >= L on a writer waits until D < L.
 *          In the long run the writers' rate is what the disk takes: D settles where W * p is that.
 * Units:   bytes, ns.
 * Source:  Linux mm/page-writeback.c (balance_dirty_pages, pos_ratio_polynom, dirty_freerun_ceiling, MAX_PAUSE = HZ / 5)
 *          and fs/fs-writeback.c (wb_workfn, wb_check_background_flush, queue_io by dirtied_when); defaults of
 *          vm.dirty_background_ratio 10, dirty_ratio 20, dirty_expire_centisecs 3000, dirty_writeback_centisecs 500,
 *          read on Linux 6.18. The two writes in flight stand for blk-wbt, which keeps write-back from filling the queue.
 * Range:   W is the disk's stated rate; Linux estimates it from what gets written, and p makes up for the difference.
 *          Journals and metadata are not written. Log dirs of one host share its dirty limits, each has its own pace.
 * Error:   unvalidated in amount. The kind of it is right: on Linux 6.18, ext4, a limit of 200 MB (bdi max_bytes, strict)
 *          and a writer of 64 KiB at full speed, 14 s: it wrote 170 to 290 MB/s in windows of 2 s to a virtual disk that
 *          takes 900 MB/s, in small pauses: write() p50 0.17 ms, p99 1.5 ms, p99.9 13 ms, longest 232 ms.
 * Test:    test/hardware/page-cache.test.ts.
 */
import type { Float64Column, Int32Column, Uint8Column } from '../kernel/columns.ts';
import { Fifos } from '../kernel/fifo.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { NS_PER_MS, NS_PER_SECOND } from '../kernel/time.ts';
import type { CachedFiles } from './cached-files.ts';
import type { Disks } from './disk.ts';

export interface WriteBackHost {
  readonly entity: number;
  /** What the page cache may have. */
  readonly cacheBytes: number;
}

/** Event kinds, as numbered by the model that owns the dispatch: `a` is the disk; of `written`, `b` the file, `c` the bytes, `d` whose. */
export interface WriteBackKinds {
  readonly flusherWakes: number;
  readonly written: number;
}

const NONE = -1;
const BACKGROUND_SHARE = 0.1;
const LIMIT_SHARE = 0.2;
const WAKE_UP_NS = 5 * NS_PER_SECOND;
const EXPIRE_NS = 30 * NS_PER_SECOND;
const PAUSE_NS_MAX = 200 * NS_PER_MS;
const WRITE_BYTES_MAX = 1_048_576;
const IN_FLIGHT_MAX = 2;
const SYNCS_MAX = 16_777_216;
/** Whose a write is: the flusher's, or that of a thread which waits for it itself. */
const OF_FLUSHER = 0;
const OF_WAITER = 1;

export class WriteBack {
  readonly #sim: Simulation;
  readonly #kinds: WriteBackKinds;
  readonly #disks: Disks;
  readonly #diskHost: readonly number[];
  readonly #hosts: readonly WriteBackHost[];
  readonly #files: CachedFiles;
  /** Per host. */
  readonly #dirty: Float64Column;
  readonly #written: Float64Column;
  /** Per disk: files with dirty bytes that are not on their way, in the order in which they became dirty. */
  readonly #oldest: Int32Column;
  readonly #newest: Int32Column;
  readonly #awake: Uint8Column;
  readonly #inFlight: Int32Column;
  /** Per disk: what became dirty up to this time is written. */
  readonly #expiredNs: Float64Column;
  /** Per disk: when the next writer may pass. */
  readonly #paceNs: Float64Column;
  /** Per disk, in turn: file, bytes up to which it is to be synced, cache flushes that follow. */
  readonly #syncs: Fifos;

  constructor(options: {
    readonly sim: Simulation;
    readonly kinds: WriteBackKinds;
    readonly disks: Disks;
    readonly diskHost: readonly number[];
    readonly hosts: readonly WriteBackHost[];
    readonly files: CachedFiles;
  }) {
    const { sim, diskHost, hosts } = options;
    this.#sim = sim;
    this.#kinds = options.kinds;
    this.#disks = options.disks;
    this.#diskHost = diskHost;
    this.#hosts = hosts;
    this.#files = options.files;
    const { columns } = sim;
    this.#dirty = columns.float64('write-back/dirty', hosts.length);
    this.#written = columns.float64('write-back/written', hosts.length);
    this.#oldest = columns.int32('write-back/oldest', diskHost.length);
    this.#newest = columns.int32('write-back/newest', diskHost.length);
    this.#oldest.data.fill(NONE);
    this.#newest.data.fill(NONE);
    this.#awake = columns.uint8('write-back/awake', diskHost.length);
    this.#inFlight = columns.int32('write-back/in-flight', diskHost.length);
    this.#expiredNs = columns.float64('write-back/expired', diskHost.length);
    this.#expiredNs.data.fill(NONE);
    this.#paceNs = columns.float64('write-back/pace', diskHost.length);
    this.#syncs = new Fifos(columns, 'write-back/syncs', diskHost.length, SYNCS_MAX);
  }

  /** Bytes of the host that are not on its disks. */
  dirtyBytes(host: number): number {
    return this.#dirty.data[host];
  }

  /** Bytes that came to the host's disks since the start. */
  writtenBytes(host: number): number {
    return this.#written.data[host];
  }

  /** Whether writers of the host are stopped. */
  isFull(host: number): boolean {
    return this.#dirty.data[host] >= LIMIT_SHARE * this.#hosts[host].cacheBytes;
  }

  /** A file has become longer by `bytes`; returns how long its writer is paused, ns. */
  dirtied(file: number, bytes: number): number {
    const files = this.#files;
    const disk = files.disk.data[file];
    const host = this.#diskHost[disk];
    if (files.submitted.data[file] === files.end.data[file] - bytes) this.#enlist(disk, file);
    this.#dirty.data[host] += bytes;
    if (this.#isAboveBackground(host)) this.#write(disk);
    return this.#pauseNs(disk, bytes);
  }

  /** Has a file written up to there, and the disk's cache flushed so many times after it; nobody waits. */
  syncLater(file: number, toBytes: number, flushes: number): void {
    const disk = this.#files.disk.data[file];
    this.#syncs.push(disk, file);
    this.#syncs.push(disk, toBytes);
    this.#syncs.push(disk, flushes);
    this.#write(disk);
  }

  /** Has all of a file written and the disk's cache flushed so many times; returns when that is done, not before `afterNs`. */
  sync(file: number, flushes: number, afterNs: number): number {
    const files = this.#files;
    const disk = files.disk.data[file];
    const bytes = files.end.data[file] - files.submitted.data[file];
    let safeNs = Math.max(this.#sim.nowNs, afterNs);
    if (bytes > 0) safeNs = Math.max(safeNs, this.#submit(disk, file, bytes, OF_WAITER));
    // Bytes that the flusher has sent already are waited for too: the disk serves in order.
    else if (files.clean.data[file] < files.end.data[file]) {
      safeNs = Math.max(safeNs, this.#disks.write(disk, file, 0));
    }
    for (let flush = 0; flush < flushes; flush += 1) safeNs = this.#disks.sync(disk, safeNs);
    return safeNs;
  }

  onFlusherWakes(disk: number): void {
    this.#awake.data[disk] = 0;
    this.#expiredNs.data[disk] = this.#sim.nowNs - EXPIRE_NS;
    this.#write(disk);
    if (this.#oldest.data[disk] !== NONE) this.#wakeLater(disk);
  }

  onWritten(disk: number, file: number, bytes: number, whose: number): void {
    const host = this.#diskHost[disk];
    this.#files.clean.data[file] += bytes;
    this.#dirty.data[host] -= bytes;
    this.#written.data[host] += bytes;
    if (whose === OF_WAITER) return;
    this.#inFlight.data[disk] -= 1;
    this.#write(disk);
  }

  #isAboveBackground(host: number): boolean {
    return this.#dirty.data[host] > BACKGROUND_SHARE * this.#hosts[host].cacheBytes;
  }

  /** Keeps the flusher's writes in flight while there is something that has to be written. */
  #write(disk: number): void {
    while (this.#inFlight.data[disk] < IN_FLIGHT_MAX) {
      const file = this.#nextFile(disk);
      if (file === NONE) return;
      const dirty = this.#files.end.data[file] - this.#files.submitted.data[file];
      this.#inFlight.data[disk] += 1;
      this.#submit(disk, file, Math.min(dirty, WRITE_BYTES_MAX), OF_FLUSHER);
    }
  }

  /** The file to write next, or NONE: one that is to be synced, else the oldest if it has expired or there is too much. */
  #nextFile(disk: number): number {
    const syncs = this.#syncs;
    while (syncs.length(disk) > 0) {
      const file = syncs.peek(disk);
      if (!this.#isSynced(disk, file)) return file;
    }
    const oldest = this.#oldest.data[disk];
    if (oldest === NONE || this.#isAboveBackground(this.#diskHost[disk])) return oldest;
    return this.#files.dirtiedNs.data[oldest] <= this.#expiredNs.data[disk] ? oldest : NONE;
  }

  /** Whether all that the first sync asks for is on its way: then it is taken from the queue. */
  #isSynced(disk: number, file: number): boolean {
    const syncs = this.#syncs;
    syncs.shift(disk);
    const toBytes = syncs.shift(disk);
    const flushes = syncs.shift(disk);
    if (this.#files.submitted.data[file] >= toBytes) {
      let safeNs = this.#sim.nowNs;
      for (let flush = 0; flush < flushes; flush += 1) safeNs = this.#disks.sync(disk, safeNs);
      return true;
    }
    syncs.push(disk, file);
    syncs.push(disk, toBytes);
    syncs.push(disk, flushes);
    return false;
  }

  /** Sends the next bytes of a file to the disk; returns when they are there. */
  #submit(disk: number, file: number, bytes: number, whose: number): number {
    const files = this.#files;
    files.submitted.data[file] += bytes;
    if (files.submitted.data[file] === files.end.data[file]) this.#delist(disk, file);
    const endNs = this.#disks.write(disk, file, bytes);
    const { entity } = this.#hosts[this.#diskHost[disk]];
    this.#sim.schedule(endNs - this.#sim.nowNs, entity, this.#kinds.written, disk, file, bytes, whose);
    return endNs;
  }

  #pauseNs(disk: number, bytes: number): number {
    const rate = this.#disks.disk(disk).writeBytesPerSecond;
    const host = this.#diskHost[disk];
    const { cacheBytes } = this.#hosts[host];
    const limit = LIMIT_SHARE * cacheBytes;
    const freeRun = (BACKGROUND_SHARE * cacheBytes + limit) / 2;
    const dirty = this.#dirty.data[host];
    if (rate === null || dirty <= freeRun) return 0;
    const setPoint = (freeRun + limit) / 2;
    const away = (setPoint - dirty) / (limit - setPoint);
    const share = Math.min(2, Math.max(0, 1 + away * away * away));
    const { nowNs } = this.#sim;
    const heldNs = Math.min(
      PAUSE_NS_MAX,
      share === 0 ? PAUSE_NS_MAX : (bytes / (rate * share)) * NS_PER_SECOND,
    );
    this.#paceNs.data[disk] = Math.max(nowNs, this.#paceNs.data[disk]) + heldNs;
    return Math.min(PAUSE_NS_MAX, Math.ceil(this.#paceNs.data[disk] - nowNs));
  }

  #enlist(disk: number, file: number): void {
    const files = this.#files;
    const newest = this.#newest.data[disk];
    files.dirtiedNs.data[file] = this.#sim.nowNs;
    files.dirtyBefore.data[file] = newest;
    files.dirtyAfter.data[file] = NONE;
    if (newest === NONE) this.#oldest.data[disk] = file;
    else files.dirtyAfter.data[newest] = file;
    this.#newest.data[disk] = file;
    if (this.#awake.data[disk] === 0) this.#wakeLater(disk);
  }

  #delist(disk: number, file: number): void {
    const { dirtyBefore, dirtyAfter } = this.#files;
    const before = dirtyBefore.data[file];
    const after = dirtyAfter.data[file];
    if (before === NONE) this.#oldest.data[disk] = after;
    else dirtyAfter.data[before] = after;
    if (after === NONE) this.#newest.data[disk] = before;
    else dirtyBefore.data[after] = before;
  }

  #wakeLater(disk: number): void {
    this.#awake.data[disk] = 1;
    const { entity } = this.#hosts[this.#diskHost[disk]];
    this.#sim.schedule(WAKE_UP_NS, entity, this.#kinds.flusherWakes, disk);
  }
}
