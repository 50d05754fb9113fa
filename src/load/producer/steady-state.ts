/** What became of the records after a warm-up that was counted in records (KIP-1052). */
import { NS_PER_MS, NS_PER_SECOND } from '../clock.ts';
import { createHistogram, encodeHistogram, recordDuration } from '../histograms.ts';
import { type Interval, NOTHING } from '../interval.ts';
import type { ProducerBatch } from './producer-batch.ts';

/** Sent between threads. */
export interface SteadyStateRecording {
  /** Acknowledged, with their keys and values. */
  readonly records: number;
  readonly bytes: number;
  /** From the due time of its first record to the last acknowledgement. */
  readonly durationSeconds: number;
  /** From the due time to the acknowledgement: encoded histogram of microseconds. */
  readonly latencies: string;
}

export class SteadyState {
  readonly #startNs: number;
  readonly #latencies = createHistogram();
  #records = 0;
  #bytes = 0;
  #lastNs: number;
  #interval = { ...NOTHING };

  /** Records that are due from `startNs` on are steady. */
  constructor(startNs: number) {
    this.#startNs = startNs;
    this.#lastNs = startNs;
  }

  /** Counts those of a batch's records that are steady: they come in the order in which they were due. */
  acknowledged({ dueNs, records, payloadBytes }: ProducerBatch, atNs: number): void {
    let from = 0;
    while (from < records && dueNs[from] < this.#startNs) from++;
    if (from === records) return;
    const counted = records - from;
    const bytes = (payloadBytes * counted) / records;
    const latencyMsMax = Math.max(this.#interval.latencyMsMax, (atNs - dueNs[from]) / NS_PER_MS);
    let latencyNsSum = 0;
    // Records that were made at once are counted at once.
    for (let to = from; from < records; from = to) {
      while (to < records && dueNs[to] === dueNs[from]) to++;
      recordDuration(this.#latencies, atNs - dueNs[from], to - from);
      latencyNsSum += (atNs - dueNs[from]) * (to - from);
    }
    this.#records += counted;
    this.#bytes += bytes;
    this.#lastNs = atNs;
    this.#interval = {
      records: this.#interval.records + counted,
      bytes: this.#interval.bytes + bytes,
      latencyMsSum: this.#interval.latencyMsSum + latencyNsSum / NS_PER_MS,
      latencyMsMax,
      steadyMs: null,
    };
  }

  /** What was acknowledged since the last call. */
  takeInterval(atNs: number): Interval {
    const interval = { ...this.#interval, steadyMs: (atNs - this.#startNs) / NS_PER_MS };
    this.#interval = { ...NOTHING };
    return interval;
  }

  recording(): SteadyStateRecording {
    return {
      records: this.#records,
      bytes: this.#bytes,
      durationSeconds: (this.#lastNs - this.#startNs) / NS_PER_SECOND,
      latencies: encodeHistogram(this.#latencies),
    };
  }
}
