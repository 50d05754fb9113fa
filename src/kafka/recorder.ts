/**
 * What a phase leaves behind: latencies in log buckets, counts, request stages, series per window. Everything is in
 * columns, so that a checkpoint keeps it.
 *
 *   latency bucket = 64 per doubling, from 1 us: relative width 1.1 %
 *
 * A record counts by its due time: those due in [warmNs, endNs) are the measured part. Throughput counts
 * acknowledgements inside the same span.
 */
import type { Float64Column } from '../kernel/columns.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { NS_PER_MS } from '../kernel/time.ts';
import type { ClusterModel } from './cluster-model.ts';
import { BUCKETS, bucketOf, bucketTopNs } from './latency-buckets.ts';
import { REQUEST_TYPES } from './requests.ts';

export const STAGES = [
  'RequestQueueTimeMs',
  'LocalTimeMs',
  'RemoteTimeMs',
  'ResponseQueueTimeMs',
  'ResponseSendTimeMs',
  'TotalTimeMs',
] as const;

/** Due times are sums of fractions of a ns: two closer than this are one. */
const ROUNDING_NS = 1e-3;

export interface RecorderOptions {
  readonly warmNs: number;
  readonly endNs: number;
  readonly windowNs: number;
  readonly producerClasses: number;
  readonly consumerClasses: number;
  readonly brokers: number;
}

export class Recorder {
  readonly options: RecorderOptions;
  readonly windows: number;
  readonly #model: ClusterModel;
  /** Per class (producers, then consumers), then per window for all classes of a role: BUCKETS counts each. */
  readonly classBuckets: Float64Column;
  readonly windowBuckets: Float64Column;
  readonly latencyMaxNs: Float64Column;
  readonly latencySumNs: Float64Column;
  /** Per producer class: records due, acknowledged, acknowledged in the span and their bytes. Consumers: the same, consumed. */
  readonly due: Float64Column;
  readonly done: Float64Column;
  readonly doneInSpan: Float64Column;
  readonly doneBytesInSpan: Float64Column;
  readonly producedInWindow: Float64Column;
  readonly consumedInWindow: Float64Column;
  /** Requests and batches of producers sent in the span. */
  readonly sent: Float64Column;
  readonly stageCount: Float64Column;
  readonly stageSumNs: Float64Column;
  readonly appendedBytes: Float64Column;

  constructor(sim: Simulation, model: ClusterModel, options: RecorderOptions) {
    this.options = options;
    this.#model = model;
    const columns = sim.columns;
    const classes = options.producerClasses + options.consumerClasses;
    this.windows = Math.ceil((options.endNs - options.warmNs) / options.windowNs);
    this.classBuckets = columns.float64('recorder/class-buckets', classes * BUCKETS);
    this.windowBuckets = columns.float64('recorder/window-buckets', this.windows * 2 * BUCKETS);
    this.latencyMaxNs = columns.float64('recorder/latency-max', classes);
    this.latencySumNs = columns.float64('recorder/latency-sum', classes);
    this.due = columns.float64('recorder/due', classes);
    this.done = columns.float64('recorder/done', classes);
    this.doneInSpan = columns.float64('recorder/done-in-span', classes);
    this.doneBytesInSpan = columns.float64('recorder/done-bytes-in-span', classes);
    this.producedInWindow = columns.float64('recorder/produced-in-window', this.windows);
    this.consumedInWindow = columns.float64('recorder/consumed-in-window', this.windows);
    this.sent = columns.float64('recorder/sent', 2);
    this.stageCount = columns.float64('recorder/stage-count', options.brokers * REQUEST_TYPES);
    this.stageSumNs = columns.float64('recorder/stage-sum', options.brokers * REQUEST_TYPES * STAGES.length);
    this.appendedBytes = columns.float64('recorder/appended-bytes', options.brokers);
  }

  get inSpan(): boolean {
    const now = this.#model.sim.nowNs;
    return now >= this.options.warmNs && now < this.options.endNs;
  }

  /** Bytes appended to a broker's logs, as leader or follower. */
  appended(broker: number, bytes: number): void {
    this.appendedBytes.data[broker] += bytes;
  }

  /** `count` records of a producer class have come due, `gapNs` apart. */
  recordsDue(classIndex: number, count: number, firstDueNs: number, gapNs: number): void {
    this.due.data[classIndex] += this.measuredOf(count, firstDueNs, gapNs);
  }

  /** How many of `count` records, due `gapNs` apart, are due in the measured part. */
  measuredOf(count: number, firstDueNs: number, gapNs: number): number {
    const { warmNs, endNs } = this.options;
    return countBefore(endNs, count, firstDueNs, gapNs) - countBefore(warmNs, count, firstDueNs, gapNs);
  }

  requestSent(batches: number): void {
    if (!this.inSpan) return;
    this.sent.data[0] += 1;
    this.sent.data[1] += batches;
  }

  /** The response of a request has been sent: its stages are known. */
  requestDone(broker: number, request: number): void {
    if (!this.inSpan) return;
    const { requests, sim } = this.#model;
    const at = broker * REQUEST_TYPES + requests.type.data[request];
    this.stageCount.data[at] += 1;
    const sums = this.stageSumNs.data;
    const base = at * STAGES.length;
    const queued = requests.queuedNs.data[request];
    const started = requests.startedNs.data[request];
    const localDone = requests.localDoneNs.data[request];
    const responded = requests.respondedNs.data[request];
    const picked = requests.pickedNs.data[request];
    sums[base] += asKafkaRecords(started - queued);
    sums[base + 1] += asKafkaRecords(localDone - started);
    sums[base + 2] += asKafkaRecords(responded - localDone);
    sums[base + 3] += asKafkaRecords(picked - responded);
    sums[base + 4] += asKafkaRecords(sim.nowNs - picked);
    sums[base + 5] += asKafkaRecords(sim.nowNs - queued);
  }

  /**
   * The records of a batch are acknowledged to their producer, or read by a consumer, evenly from `firstNs` to `lastNs`.
   * `classIndex` counts producers first.
   */
  batchDone(classIndex: number, isConsumer: boolean, batch: number, firstNs: number, lastNs: number): void {
    const { batches } = this.#model;
    const records = batches.records.data[batch];
    if (lastNs >= this.options.warmNs && lastNs < this.options.endNs) {
      this.doneInSpan.data[classIndex] += records;
      this.doneBytesInSpan.data[classIndex] += batches.bytes.data[batch];
      const perWindow = isConsumer ? this.consumedInWindow : this.producedInWindow;
      perWindow.data[this.#windowOf(lastNs)] += records;
    }
    const count = batches.measured.data[batch];
    if (count === 0) return;
    const firstDueNs = batches.firstDueNs.data[batch];
    const dueGap = records > 1 ? (batches.lastDueNs.data[batch] - firstDueNs) / (records - 1) : 0;
    const doneGap = records > 1 ? (lastNs - firstNs) / (records - 1) : 0;
    const early = countBefore(this.options.warmNs, records, firstDueNs, dueGap);
    const from = Math.min(early, records - count);
    const latency = firstNs - firstDueNs + from * (doneGap - dueGap);
    const dueWindow = this.#windowOf(Math.max(this.options.warmNs, firstDueNs + from * dueGap));
    this.#spread(classIndex, isConsumer, dueWindow, count, latency, doneGap - dueGap);
  }

  #windowOf(timeNs: number): number {
    return Math.floor((timeNs - this.options.warmNs) / this.options.windowNs);
  }

  /** `count` latencies, `stepNs` apart (falling when it is negative) from `latencyNs`. */
  #spread(
    classIndex: number,
    isConsumer: boolean,
    dueWindow: number,
    count: number,
    latencyNs: number,
    stepNs: number,
  ): void {
    const lastNs = latencyNs + (count - 1) * stepNs;
    const shortest = Math.max(0, Math.min(latencyNs, lastNs));
    const longest = Math.max(latencyNs, lastNs);
    const gap = Math.abs(stepNs);
    this.done.data[classIndex] += count;
    this.latencySumNs.data[classIndex] += (count * (longest + shortest)) / 2;
    this.latencyMaxNs.data[classIndex] = Math.max(this.latencyMaxNs.data[classIndex], longest);
    const window = Math.min(this.windows - 1, dueWindow);
    const windowAt = (window * 2 + (isConsumer ? 1 : 0)) * BUCKETS;
    const classAt = classIndex * BUCKETS;
    const classBuckets = this.classBuckets.data;
    const windowBuckets = this.windowBuckets.data;
    const first = bucketOf(shortest);
    let counted = 0;
    while (counted < count) {
      const latency = shortest + counted * gap;
      let bucket = bucketOf(latency);
      let here = 1;
      // A latency that is alone in its bucket, and clear of the rounding at its bounds, needs no division.
      const top = bucketTopNs(bucket);
      const isAlone = latency + gap > top + ROUNDING_NS;
      const isClear = latency > bucketTopNs(bucket - 1) + ROUNDING_NS && latency < top - ROUNDING_NS;
      if (!(isAlone && isClear)) {
        bucket = Math.max(first, bucket - 1);
        here = within(bucket, count, shortest, gap) - counted;
        while (here <= 0) {
          bucket += 1;
          here = within(bucket, count, shortest, gap) - counted;
        }
      }
      classBuckets[classAt + bucket] += here;
      windowBuckets[windowAt + bucket] += here;
      counted += here;
    }
  }
}

/** How many of `count` latencies, `gapNs` apart from the shortest, are in the bucket or below. */
function within(bucket: number, count: number, shortestNs: number, gapNs: number): number {
  if (gapNs === 0) return count;
  return Math.min(count, Math.floor((bucketTopNs(bucket) - shortestNs) / gapNs) + 1);
}

/** Kafka's request metrics hold whole milliseconds (RequestChannel.updateRequestMetrics rounds every stage of a request). */
function asKafkaRecords(stageNs: number): number {
  return Math.floor(stageNs / NS_PER_MS + 0.5) * NS_PER_MS;
}

/** How many of `count` records, due at first, first + gap, ..., are due before `atNs`, give or take the rounding of times. */
function countBefore(atNs: number, count: number, firstDueNs: number, gapNs: number): number {
  const away = atNs - ROUNDING_NS - firstDueNs;
  if (away <= 0) return 0;
  return gapNs === 0 ? count : Math.min(count, Math.ceil(away / gapNs));
}
