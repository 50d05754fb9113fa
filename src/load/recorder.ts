/**
 * What one thread measures of one traffic class. A latency belongs to the window in which its record was due; a rate
 * counts what arrived (was acknowledged or received) in the window. Windows are seconds from the end of the warm-up;
 * what was due or arrived outside the measured part is not recorded in them.
 *
 * Only the latest windows are held as histograms. An older one is encoded, and a late sample for it opens another part
 * of it: the parts are added up when the threads' recordings are merged.
 */
import type { Histogram } from 'hdr-histogram-js';
import { NS_PER_SECOND } from './clock.ts';
import { createHistogram, encodeHistogram, recordDuration } from './histograms.ts';

const OPEN_WINDOWS_MAX = 8;

/** Sent between threads. */
export interface Recording {
  /** Arrived in each window of the measured part. */
  readonly recordsPerWindow: readonly number[];
  readonly bytesPerWindow: readonly number[];
  /** Latencies of records due in a window, as encoded histograms of microseconds, in no order. */
  readonly latencyParts: readonly { readonly window: number; readonly histogram: string }[];
  /** Records due in the measured part that arrived at all. */
  readonly measuredRecords: number;
  /** Latencies outside of the histograms' range. */
  readonly samplesOutOfRange: number;
}

export interface MeasuredPart {
  readonly startNs: number;
  readonly endNs: number;
}

export class Recorder {
  readonly #part: MeasuredPart;
  readonly #records: number[];
  readonly #bytes: number[];
  readonly #open = new Map<number, Histogram>();
  readonly #parts: { window: number; histogram: string }[] = [];
  #measuredRecords = 0;
  #samplesOutOfRange = 0;

  constructor(part: MeasuredPart) {
    this.#part = part;
    const windows = Math.ceil((part.endNs - part.startNs) / NS_PER_SECOND);
    this.#records = new Array<number>(windows).fill(0);
    this.#bytes = new Array<number>(windows).fill(0);
  }

  /** Counts records that arrived at `atNs`. */
  arrived(records: number, bytes: number, atNs: number): void {
    if (atNs >= this.#part.startNs && atNs < this.#part.endNs) {
      const window = this.#window(atNs);
      this.#records[window] += records;
      this.#bytes[window] += bytes;
    }
  }

  /** Records the latency of one record, from its due time to its arrival. */
  latency(dueNs: number, atNs: number): void {
    this.duration(dueNs, atNs - dueNs, 1);
  }

  /** Records a duration of so many records that were due at this time. */
  duration(dueNs: number, durationNs: number, records: number): void {
    if (dueNs < this.#part.startNs || dueNs >= this.#part.endNs) {
      return;
    }
    this.#measuredRecords += records;
    const window = this.#window(dueNs);
    if (!recordDuration(this.#open.get(window) ?? this.#openWindow(window), durationNs, records)) {
      this.#samplesOutOfRange += records;
    }
  }

  /** The 99th percentile, in milliseconds, of a window that is still open; null when there is none. */
  openP99Ms(window: number): number | null {
    const histogram = this.#open.get(window);
    return histogram === undefined || histogram.totalCount === 0
      ? null
      : histogram.getValueAtPercentile(99) / 1000;
  }

  /** Everything so far. */
  recording(): Recording {
    for (const window of [...this.#open.keys()]) {
      this.#closeWindow(window);
    }
    return {
      recordsPerWindow: this.#records,
      bytesPerWindow: this.#bytes,
      latencyParts: this.#parts,
      measuredRecords: this.#measuredRecords,
      samplesOutOfRange: this.#samplesOutOfRange,
    };
  }

  #window(atNs: number): number {
    return Math.floor((atNs - this.#part.startNs) / NS_PER_SECOND);
  }

  #openWindow(window: number): Histogram {
    if (this.#open.size >= OPEN_WINDOWS_MAX) {
      this.#closeWindow(Math.min(...this.#open.keys()));
    }
    const histogram = createHistogram();
    this.#open.set(window, histogram);
    return histogram;
  }

  #closeWindow(window: number): void {
    const histogram = this.#open.get(window);
    if (histogram !== undefined) {
      this.#open.delete(window);
      this.#parts.push({ window, histogram: encodeHistogram(histogram) });
    }
  }
}
