/**
 * Disks: the devices below the page caches. Computed through: an operation's end is known when it is asked for.
 *
 * What:    each device serves in the order of the calls. An operation waits for one of `queueDepth` slots, then for the
 *          device's one line (the arm, the bus, the provisioned rate), which it holds while its bytes pass; it ends after
 *          the latency, in which the line serves others. An operation that does not continue the file of the one before
 *          holds the line for one random access more. A sync is a cache flush, one at a time: it shares the first that
 *          begins after what it has to make safe is written.
 * Formula: start = max(now, first slot free);  line <- max(start, line) + (same file ? 0 : 1 / IOPS) + b / R;
 *          end = line + latency, where the slot is free again.
 *          sync from t on: with flushes back to back from A to B: t >= B ? t + f : A + (ceil((t - A) / f) + 1) f
 * Units:   bytes, ns, bytes per second, operations per second (null = no limit). Ends are rounded up to whole ns.
 * Source:  Linux block layer: blk-flush.c (one flush running, one pending that later ones join), mq-deadline merges what
 *          follows on. HDD: the random access is seek and half a revolution; SSD and NVMe: latency overlaps, the line is
 *          the controller; clouds' volumes: both limits are provisioned.
 * Range:   a flush does not hold the line. Reads have no right of way: who writes much keeps few operations in flight
 *          (page-cache.ts). IOPS count the accesses, so that 4 KiB reads come to 1 / (1 / IOPS + 4 KiB / R) a second.
 *          Every file lies in one piece.
 * Error:   unvalidated against a device. What a sync may be: on a virtual disk, ext4 on a loop device, Linux 6.18, an
 *          append of 1 KiB with fsync took 1.8 ms in the median, 10 ms at p99 and 131 ms at most; of 64 KiB 1.2, 8.8, 21 ms.
 *          The tail, which the model's constant does not have, is as large as that.
 * Test:    test/hardware/disk.test.ts (saturation, M/D/1 and M/D/k, shared flushes).
 */
import type { Float64Column, Int32Column } from '../kernel/columns.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { NS_PER_SECOND } from '../kernel/time.ts';

export interface Disk {
  readonly readBytesPerSecond: number | null;
  readonly writeBytesPerSecond: number | null;
  /** Random accesses. */
  readonly operationsPerSecond: number | null;
  readonly readLatencyNs: number;
  readonly writeLatencyNs: number;
  /** A flush of the device's own cache. */
  readonly syncNs: number;
  /** Operations that it works on at once. */
  readonly queueDepth: number;
}

/** Sums since the start. */
export interface DiskStatistics {
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly reads: number;
  readonly writes: number;
  readonly flushes: number;
  /** Time in which the line was held. */
  readonly busyNs: number;
}

const NO_FILE = -1;

export class Disks {
  readonly #sim: Simulation;
  readonly #disks: readonly Disk[];
  readonly #accessNs: readonly number[];
  readonly #syncNs: readonly number[];
  /** Slots of disk d: a heap of the times at which they are free, from firstSlot[d]. */
  readonly #firstSlot: number[] = [0];
  readonly #slotFreeNs: Float64Column;
  readonly #lineFreeNs: Float64Column;
  readonly #lastFile: Int32Column;
  /** Flushes that follow each other without a gap: from when, until when. */
  readonly #flushStartNs: Float64Column;
  readonly #flushEndNs: Float64Column;
  readonly #readBytes: Float64Column;
  readonly #writeBytes: Float64Column;
  readonly #reads: Float64Column;
  readonly #writes: Float64Column;
  readonly #flushes: Float64Column;
  readonly #busyNs: Float64Column;

  /** @throws RangeError, naming the disk, when a rate is not above 0, a time is negative, or it has no slot */
  constructor(sim: Simulation, disks: readonly Disk[]) {
    disks.forEach(checkDisk);
    this.#sim = sim;
    this.#disks = disks;
    this.#accessNs = disks.map(({ operationsPerSecond }) =>
      operationsPerSecond === null ? 0 : NS_PER_SECOND / operationsPerSecond,
    );
    this.#syncNs = disks.map(({ syncNs }) => Math.ceil(syncNs));
    let slots = 0;
    for (const { queueDepth } of disks) {
      slots += queueDepth;
      this.#firstSlot.push(slots);
    }
    const { columns } = sim;
    this.#slotFreeNs = columns.float64('disks/slot-free', slots);
    this.#lineFreeNs = columns.float64('disks/line-free', disks.length);
    this.#lastFile = columns.int32('disks/last-file', disks.length);
    this.#lastFile.data.fill(NO_FILE);
    this.#flushStartNs = columns.float64('disks/flush-start', disks.length);
    this.#flushEndNs = columns.float64('disks/flush-end', disks.length);
    this.#readBytes = columns.float64('disks/read-bytes', disks.length);
    this.#writeBytes = columns.float64('disks/write-bytes', disks.length);
    this.#reads = columns.float64('disks/reads', disks.length);
    this.#writes = columns.float64('disks/writes', disks.length);
    this.#flushes = columns.float64('disks/flushes', disks.length);
    this.#busyNs = columns.float64('disks/busy', disks.length);
  }

  disk(index: number): Disk {
    return this.#disks[index];
  }

  /** Reads bytes of a file, which go on where its last operation ended; returns when they are there, ns. */
  read(disk: number, file: number, bytes: number): number {
    this.#readBytes.data[disk] += bytes;
    this.#reads.data[disk] += 1;
    const { readBytesPerSecond, readLatencyNs } = this.#disks[disk];
    return this.#serve(disk, file, bytes, readBytesPerSecond, readLatencyNs);
  }

  /** Writes bytes of a file; returns when the device has them, ns. */
  write(disk: number, file: number, bytes: number): number {
    this.#writeBytes.data[disk] += bytes;
    this.#writes.data[disk] += 1;
    const { writeBytesPerSecond, writeLatencyNs } = this.#disks[disk];
    return this.#serve(disk, file, bytes, writeBytesPerSecond, writeLatencyNs);
  }

  /** Flushes the device's cache as soon as `fromNs` has come; returns when what was written before then is safe, ns. */
  sync(disk: number, fromNs: number): number {
    const syncNs = this.#syncNs[disk];
    const lastNs = this.#flushEndNs.data[disk];
    if (syncNs === 0) return this.#flushUntil(disk, fromNs);
    if (fromNs > lastNs) {
      this.#flushStartNs.data[disk] = fromNs;
      return this.#flushUntil(disk, fromNs + syncNs);
    }
    // Flushes are back to back: the first that begins from then on is somebody else's, or one more at their end.
    const firstNs = this.#flushStartNs.data[disk];
    const startNs = firstNs + Math.max(0, Math.ceil((fromNs - firstNs) / syncNs)) * syncNs;
    return startNs < lastNs ? startNs + syncNs : this.#flushUntil(disk, startNs + syncNs);
  }

  statistics(disk: number): DiskStatistics {
    return {
      readBytes: this.#readBytes.data[disk],
      writeBytes: this.#writeBytes.data[disk],
      reads: this.#reads.data[disk],
      writes: this.#writes.data[disk],
      flushes: this.#flushes.data[disk],
      busyNs: this.#busyNs.data[disk],
    };
  }

  #flushUntil(disk: number, endNs: number): number {
    this.#flushEndNs.data[disk] = endNs;
    this.#flushes.data[disk] += 1;
    return endNs;
  }

  #serve(disk: number, file: number, bytes: number, rate: number | null, latencyNs: number): number {
    const heldNs =
      (this.#lastFile.data[disk] === file ? 0 : this.#accessNs[disk]) +
      (rate === null ? 0 : (bytes / rate) * NS_PER_SECOND);
    this.#lastFile.data[disk] = file;
    this.#busyNs.data[disk] += heldNs;
    const startNs = Math.max(this.#sim.nowNs, this.#slotFreeNs.data[this.#firstSlot[disk]]);
    const lineNs = Math.max(startNs, this.#lineFreeNs.data[disk]) + heldNs;
    this.#lineFreeNs.data[disk] = lineNs;
    const endNs = Math.ceil(lineNs + latencyNs);
    this.#takeSlot(disk, endNs);
    return endNs;
  }

  /** The first free slot is taken until `endNs`. */
  #takeSlot(disk: number, endNs: number): void {
    const heap = this.#slotFreeNs.data;
    const base = this.#firstSlot[disk];
    const size = this.#firstSlot[disk + 1] - base;
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && heap[base + child + 1] < heap[base + child]) child += 1;
      if (heap[base + child] >= endNs) break;
      heap[base + place] = heap[base + child];
      place = child;
    }
    heap[base + place] = endNs;
  }
}

function checkDisk(disk: Disk, index: number): void {
  for (const rate of ['readBytesPerSecond', 'writeBytesPerSecond', 'operationsPerSecond'] as const) {
    const found = disk[rate];
    if (found !== null && !(found > 0)) {
      throw new RangeError(`disk ${index}: expected ${rate} above 0, found ${found}`);
    }
  }
  for (const time of ['readLatencyNs', 'writeLatencyNs', 'syncNs'] as const) {
    if (!(disk[time] >= 0))
      throw new RangeError(`disk ${index}: expected ${time} from 0, found ${disk[time]}`);
  }
  if (!(Number.isInteger(disk.queueDepth) && disk.queueDepth >= 1)) {
    throw new RangeError(`disk ${index}: expected a whole queueDepth from 1, found ${disk.queueDepth}`);
  }
}
