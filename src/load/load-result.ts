/** What the clients know of a phase, put together from the worker threads' recordings. */
import type { Histogram } from 'hdr-histogram-js';
import type { DeliveryProof } from '../result/delivery-proof.ts';
import type {
  GeneratorHonesty,
  LatencySummary,
  PhaseCounts,
  TrafficClassResult,
  WindowSeries,
} from '../result/run-result.ts';
import type { Phase, Scenario } from '../scenario/scenario.ts';
import { epochMs, NS_PER_MS } from './clock.ts';
import { mergeHistograms, summarise } from './histograms.ts';
import { judgeSchedule } from './honesty.ts';
import type { ClassRecording, WorkerResult } from './messages.ts';

const US_PER_MS = 1000;

export interface LoadResult {
  /** True when the run was ended before its time; every figure is then of the part that was played. */
  readonly interrupted: boolean;
  /** When the measured part began, milliseconds since 1970. */
  readonly startedAtMs: number;
  /** Length of the measured part, as far as it was played. */
  readonly durationSeconds: number;
  /** Records acknowledged inside the measured part, whenever they were due, over its length. */
  readonly throughputRecordsPerSecond: number;
  /** Their keys and values. */
  readonly throughputBytesPerSecond: number;
  /** From the due time to the acknowledgement, of the records due in the measured part. */
  readonly publishLatencyMs: LatencySummary | null;
  /** From the send (the moment that a record came into its batch) to the acknowledgement, of the same records. */
  readonly responseLatencyMs: LatencySummary | null;
  /** From the due time to that send, of the same records. */
  readonly sendDelayMs: LatencySummary | null;
  /** From the due time to the consumer, of the records due in the measured part; every consumer class counts each. */
  readonly endToEndLatencyMs: LatencySummary | null;
  readonly classes: readonly TrafficClassResult[];
  readonly windows: WindowSeries;
  /** Of the records due in the measured part. Failed: given up, or not acknowledged 10 s after the measured part. */
  readonly counts: PhaseCounts;
  /** Of the batches that were sent in the measured part, on the wire; null when nobody counted them. */
  readonly batchBytes: number | null;
  /** Sent again, over the whole phase; null when nobody counted them. */
  readonly batchesRetried: number | null;
  readonly generator: GeneratorHonesty;
  readonly workers: readonly WorkerUse[];
  /** Over the whole phase, warm-up and stragglers included. */
  readonly totals: { readonly recordsAcknowledged: number; readonly recordsConsumed: number };
  /** Latencies outside of 0 to 10 minutes, which are in no histogram. */
  readonly samplesOutOfRange: number;
  /** Consumed records that were too short to carry a due time. */
  readonly recordsWithoutDueTime: number;
  /** Error messages of the clients, with how often each came. */
  readonly errors: Readonly<Record<string, number>>;
  /** Of a verified run: for each consumer group, whether it read what was acknowledged. */
  readonly deliveries: readonly DeliveryProof[];
  /** What the threads recorded, class by class, for those who need more than the summaries. */
  readonly recordings: LoadRecordings;
  /** True when it ended early because the run's producers had made all bytes that they may. */
  readonly byteCapReached?: boolean;
  /** What was assumed on the way, one clause each. */
  readonly assumptions?: readonly string[];
}

export interface LoadRecordings {
  readonly producers: readonly ClassRecording[];
  readonly consumers: readonly ClassRecording[];
}

/** A worker thread over the measured part; `name` is the thread's name in /proc. */
export interface WorkerUse {
  readonly name: string;
  readonly role: 'producers' | 'consumers';
  readonly cpuSeconds: number;
  readonly utilisation: number;
}

export interface CollectOptions {
  readonly scenario: Scenario;
  readonly phase: Phase;
  readonly results: readonly WorkerResult[];
  /** When the measured part began. */
  readonly warmNs: number;
  /** Length of the measured part that was played. */
  readonly durationSeconds: number;
  readonly interrupted: boolean;
  readonly deliveries: readonly DeliveryProof[];
}

/** Adds up what the worker threads recorded. */
export function collectLoadResult(options: CollectOptions): LoadResult {
  const { results, durationSeconds } = options;
  const producers = results.filter(({ role }) => role === 'producers').flatMap(({ classes }) => classes);
  const consumers = results.filter(({ role }) => role === 'consumers').flatMap(({ classes }) => classes);
  const publishLatencyMs = summarise(latencies(producers));
  const encodedLateness = results.map(({ lateness }) => lateness).filter((one) => one !== null);
  const latenessMs = summarise(mergeHistograms(encodedLateness));
  const perSecond = (total: number) => (durationSeconds > 0 ? total / durationSeconds : 0);
  const answers = sum(producers, (one) => one.answers);
  const starvedShare = answers === 0 ? 0 : sum(producers, (one) => one.answersStarved) / answers;
  const recordsDue = sum(producers, (one) => one.recordsDue);
  const recordsAcknowledged = sum(producers, (one) => one.recording.measuredRecords);
  return {
    interrupted: options.interrupted,
    startedAtMs: epochMs + options.warmNs / NS_PER_MS,
    durationSeconds,
    throughputRecordsPerSecond: perSecond(
      sum(producers, ({ recording }) => total(recording.recordsPerWindow)),
    ),
    throughputBytesPerSecond: perSecond(sum(producers, ({ recording }) => total(recording.bytesPerWindow))),
    publishLatencyMs,
    responseLatencyMs: summarise(
      mergeHistograms(producers.flatMap(({ fromSend }) => fromSend.map(({ histogram }) => histogram))),
    ),
    sendDelayMs: summarise(
      mergeHistograms(producers.flatMap(({ delay }) => delay.map(({ histogram }) => histogram))),
    ),
    endToEndLatencyMs: summarise(latencies(consumers)),
    recordings: { producers, consumers },
    classes: [
      ...options.scenario.producers.map(({ name }, index) =>
        classResult(
          name,
          'producer',
          producers.filter(({ classIndex }) => classIndex === index),
          perSecond,
        ),
      ),
      ...options.scenario.consumers.map(({ name }, index) =>
        classResult(
          name,
          'consumer',
          consumers.filter(({ classIndex }) => classIndex === index),
          perSecond,
        ),
      ),
    ],
    windows: windowSeries(producers, consumers, durationSeconds),
    counts: {
      recordsDue,
      recordsAcknowledged,
      recordsFailed: recordsDue - recordsAcknowledged,
      recordsConsumed: sum(consumers, (one) => one.recording.measuredRecords),
      produceRequests: sum(producers, (one) => one.requests),
      produceBatches: sum(producers, (one) => one.batches),
    },
    batchBytes: sum(producers, (one) => one.batchBytes),
    batchesRetried: sum(producers, (one) => one.retriedBatches),
    generator: {
      latenessMs,
      ...judgeSchedule(options.phase.load === 'max' ? null : latenessMs, publishLatencyMs, starvedShare),
      stalls: stallsOf(results),
      unwrittenBytesMax: Math.max(0, ...results.map((result) => result.unwrittenBytesMax)),
      ...(options.phase.load === 'max' ? { starvedShare } : {}),
      workerUtilisation: results.map(({ utilisation }) => utilisation),
    },
    workers: results.map(({ name, role, cpuSeconds, utilisation }) => ({
      name,
      role,
      cpuSeconds,
      utilisation,
    })),
    totals: {
      recordsAcknowledged: sum(producers, (one) => one.records),
      recordsConsumed: sum(consumers, (one) => one.records),
    },
    samplesOutOfRange: sum([...producers, ...consumers], (one) => one.recording.samplesOutOfRange),
    recordsWithoutDueTime: sum(consumers, (one) => one.recordsWithoutDueTime),
    deliveries: options.deliveries,
    errors: addUp(results.map(({ errors }) => errors)),
  };
}

function stallsOf(results: readonly WorkerResult[]): NonNullable<GeneratorHonesty['stalls']> {
  const all = results.flatMap(({ stalls }) => stalls ?? []);
  return {
    count: sum(all, ({ count }) => count),
    maxMs: Math.max(0, ...all.map(({ maxMs }) => maxMs)),
    totalMs: sum(all, ({ totalMs }) => totalMs),
  };
}

function classResult(
  name: string,
  role: TrafficClassResult['role'],
  parts: readonly ClassRecording[],
  perSecond: (total: number) => number,
): TrafficClassResult {
  return {
    name,
    role,
    recordsPerSecond: perSecond(sum(parts, ({ recording }) => total(recording.recordsPerWindow))),
    bytesPerSecond: perSecond(sum(parts, ({ recording }) => total(recording.bytesPerWindow))),
    latencyMs: summarise(latencies(parts)),
    lag:
      role === 'producer'
        ? null
        : {
            end: sum(parts, ({ lagAtEnd }) => lagAtEnd),
            max: Math.max(0, ...columnSums(parts.map(({ lagMaxPerWindow }) => lagMaxPerWindow))),
          },
  };
}

function windowSeries(
  producers: readonly ClassRecording[],
  consumers: readonly ClassRecording[],
  durationSeconds: number,
): WindowSeries {
  const count = Math.ceil(durationSeconds);
  const seconds = Array.from({ length: count }, (_, window) => window);
  // The last window may be cut short.
  const width = (window: number) => Math.min(1, durationSeconds - window);
  const rates = (parts: readonly ClassRecording[]) => {
    const records = columnSums(parts.map(({ recording }) => recording.recordsPerWindow));
    return seconds.map((window) => (records[window] ?? 0) / width(window));
  };
  const publish = seconds.map((window) => latencies(producers, window));
  const endToEnd = seconds.map((window) => latencies(consumers, window));
  const percentiles = (histograms: readonly Histogram[], percentile: number) =>
    histograms.map((histogram) =>
      histogram.totalCount === 0 ? null : histogram.getValueAtPercentile(percentile) / US_PER_MS,
    );
  return {
    windowSeconds: 1,
    startSeconds: seconds,
    producedRecordsPerSecond: rates(producers),
    consumedRecordsPerSecond: rates(consumers),
    publishP50Ms: percentiles(publish, 50),
    publishP99Ms: percentiles(publish, 99),
    endToEndP50Ms: percentiles(endToEnd, 50),
    endToEndP99Ms: percentiles(endToEnd, 99),
  };
}

/** Latencies of one window, or of all. */
function latencies(parts: readonly ClassRecording[], window: number | null = null): Histogram {
  return mergeHistograms(
    parts
      .flatMap(({ recording }) => recording.latencyParts)
      .filter((part) => window === null || part.window === window)
      .map(({ histogram }) => histogram),
  );
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((subtotal, item) => subtotal + value(item), 0);
}

function total(numbers: readonly number[]): number {
  return sum(numbers, (one) => one);
}

function columnSums(rows: readonly (readonly number[])[]): number[] {
  const length = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length }, (_, column) => sum(rows, (row) => row[column] ?? 0));
}

function addUp(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const one of counts) {
    for (const [key, value] of Object.entries(one)) {
      all[key] = (all[key] ?? 0) + value;
    }
  }
  return all;
}
