/**
 * `brokertwin load --topic ...`: what kafka-producer-perf-test does, with its options and its lines, on our generator. Latencies
 * count from the moment that a record was due, so that a stall shows in full.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { EXIT, UserError } from '../errors/errors.ts';
import type { ClusterAccess } from '../load/access/cluster-access.ts';
import { byteCapReached, type Caps, capRefusals, RunCaps } from '../load/caps.ts';
import { mergeHistograms, summarise } from '../load/histograms.ts';
import { type Interval, NOTHING, sumOf } from '../load/interval.ts';
import type { LoadResult } from '../load/load-result.ts';
import type { Payload } from '../load/producer/payload.ts';
import { NOTHING_SENT } from '../load/producer/send-totals.ts';
import { TRANSACTION_MS } from '../load/producer/transactions.ts';
import { runPhase } from '../load/run-phase.ts';
import { partitionsOf } from '../load/topics.ts';
import { perfTestScenario } from '../scenario/perf-test-scenario.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { type ClientOptions, clientAccess } from './client-access.ts';
import type { JobOutcome } from './outcome.ts';
import {
  intervalLine,
  type PerfTestSummary,
  STEADY_LINE,
  summaryLine,
  verdictLine,
  warmupLine,
} from './perf-test-lines.ts';
import { type ClientMetric, clientMetrics, metricLines } from './perf-test-metrics.ts';

export interface PerfTestOptions extends ClientOptions {
  readonly topic: string;
  readonly records: number;
  readonly payload:
    | { readonly kind: 'letters'; readonly bytes: number }
    | { readonly kind: 'file'; readonly path: string; readonly delimiter: string }
    | { readonly kind: 'monotonic' };
  /** Records a second; -1 for as many as possible. */
  readonly throughput: number;
  /** `name=value` each. */
  readonly properties: readonly string[];
  /** Null: as the properties have it. */
  readonly transactionalId: string | null;
  /** Null: no transactions, unless there is a transactional id. */
  readonly transactionMs: number | null;
  readonly printMetrics: boolean;
  /** So many records come before the steady state; 0 for none. */
  readonly warmupRecords: number;
  readonly reportingIntervalMs: number;
  readonly caps: Caps;
  readonly seed: number;
  /** Prints a line ahead of the outcome. */
  readonly line: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Kafka's own, where transactions have a length but no name. */
const TRANSACTIONAL_ID_PREFIX = 'performance-producer-';
/** A line comes with the first report after its interval. */
const REPORTS_PER_LINE = 10;
/** The run ends with its records; this bounds one that cannot be sent. */
const DURATION_MS_MAX = 30 * 86_400_000;

export async function perfTestJob(options: PerfTestOptions): Promise<JobOutcome> {
  const { access, bootstrapServers, stated } = await settingsOf(options);
  const payload = payloadOf(options);
  const partitions = await partitionsOf({ bootstrapServers, access }, options.topic);
  const scenario = perfTestScenario({
    topic: options.topic,
    partitions,
    recordsPerSecond: options.throughput,
    valueBytes: options.payload.kind === 'letters' ? options.payload.bytes : longest(payload),
    seed: options.seed,
    transactionMs: options.transactionMs ?? TRANSACTION_MS,
    stated,
  });
  const [phase] = scenario.run.phases;
  const refusals = capRefusals(scenario, options.caps);
  if (refusals.length > 0) throw new UserError(refusals.map(({ message }) => `--throughput: ${message}`));
  const caps = new RunCaps(options.caps);
  const intervals = new Intervals(options);
  if (options.warmupRecords > 0) options.line(warmupLine(options.warmupRecords));
  const load = await runPhase({
    scenario,
    phase: { ...phase, durationMs: durationMsOf(options) },
    bootstrapServers,
    access,
    payload,
    recordsMax: options.records,
    warmupRecords: options.warmupRecords,
    caps,
    onGenerators: () => intervals.start(),
    onAcknowledged: (interval) => intervals.add(interval),
    progressEveryMs: Math.max(1, options.reportingIntervalMs / REPORTS_PER_LINE),
    signal: options.signal,
  });
  const steadyState = steadyStateOf(load);
  const metrics = options.printMetrics ? metricsOf(load, scenario) : undefined;
  return {
    exitCode: exitCodeOf(load, options.signal),
    json: { ...load, recordings: undefined, steadyState, metrics },
    text: [
      summaryLine(wholeRun(load), 'run'),
      ...(steadyState === undefined ? [] : [summaryLine(steadyState, 'steady state')]),
      ...(metrics === undefined ? [] : [...metricLines(metrics), '']),
      ...errorLines(load),
      ...cappedLines(load, caps),
      verdictLine(load),
    ].join('\n'),
  };
}

function durationMsOf({ records, throughput }: PerfTestOptions): number {
  return throughput > 0 ? Math.max(DURATION_MS_MAX, (2000 * records) / throughput) : DURATION_MS_MAX;
}

function wholeRun(load: LoadResult): PerfTestSummary {
  return {
    records: load.counts.recordsAcknowledged,
    recordsPerSecond: load.throughputRecordsPerSecond,
    bytesPerSecond: load.throughputBytesPerSecond,
    latencyMs: load.publishLatencyMs,
  };
}

/** Undefined when there was no warm-up, or nothing after it. */
function steadyStateOf({ recordings }: LoadResult): PerfTestSummary | undefined {
  const steady = recordings.producers[0]?.steady ?? null;
  if (steady === null) return undefined;
  const { records, bytes, durationSeconds, latencies } = steady;
  const perSecond = (total: number): number => (durationSeconds > 0 ? total / durationSeconds : 0);
  return {
    records,
    recordsPerSecond: perSecond(records),
    bytesPerSecond: perSecond(bytes),
    latencyMs: summarise(mergeHistograms([latencies])),
  };
}

function metricsOf({ recordings, durationSeconds }: LoadResult, scenario: Scenario): ClientMetric[] {
  const [producer] = scenario.producers;
  const sending = recordings.producers[0]?.sending ?? NOTHING_SENT;
  return clientMetrics(sending, durationSeconds, { clientId: producer.name, topic: producer.topics[0] });
}

/** Adds up what the threads tell of, and prints a line for each reporting interval. */
class Intervals {
  readonly #everyMs: number;
  readonly #line: PerfTestOptions['line'];
  #isSteady = false;
  #isSteadyTold = false;
  #sinceMs = 0;
  #sum = NOTHING;

  constructor({ reportingIntervalMs, line }: PerfTestOptions) {
    this.#everyMs = reportingIntervalMs;
    this.#line = line;
  }

  /** The load begins. */
  start(): void {
    this.#sinceMs = performance.now();
  }

  add(interval: Interval): void {
    if (interval.steadyMs !== null && !this.#isSteady) {
      this.#isSteady = true;
      this.#sinceMs = performance.now() - interval.steadyMs;
      this.#sum = NOTHING;
    }
    this.#sum = sumOf([this.#sum, interval]);
    const elapsedMs = performance.now() - this.#sinceMs;
    if (elapsedMs >= this.#everyMs && this.#sum.records > 0) {
      if (this.#isSteady && !this.#isSteadyTold) {
        this.#isSteadyTold = true;
        this.#line(STEADY_LINE);
      }
      this.#line(intervalLine(this.#sum, elapsedMs));
      this.#sinceMs = performance.now();
      this.#sum = NOTHING;
    }
  }
}

async function settingsOf(options: PerfTestOptions): Promise<{
  access: ClusterAccess;
  bootstrapServers: string;
  stated: ReadonlyMap<string, { readonly value: string; readonly place: string }>;
}> {
  const { commandConfig, properties } = options;
  const { access, bootstrapServers: given, rest } = await clientAccess(options);
  const stated = new Map<string, { readonly value: string; readonly place: string }>();
  for (const [name, { value, line }] of rest) {
    stated.set(name, { value, place: `${commandConfig}:${line}` });
  }
  for (const property of properties) {
    const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(property) ?? [];
    if (name === undefined) {
      throw new UserError(`--command-property: expected name=value, found one without "="`);
    }
    stated.set(name, { value, place: '--command-property' });
  }
  if (options.transactionalId !== null) {
    stated.set('transactional.id', { value: options.transactionalId, place: '--transactional-id' });
  } else if (options.transactionMs !== null && !stated.has('transactional.id')) {
    const value = `${TRANSACTIONAL_ID_PREFIX}${randomUUID()}`;
    stated.set('transactional.id', { value, place: '--transaction-duration-ms' });
  }
  const named = stated.get('bootstrap.servers');
  stated.delete('bootstrap.servers');
  const bootstrapServers = given ?? named?.value;
  if (bootstrapServers === undefined) {
    throw new UserError('brokertwin load: expected --bootstrap-server or bootstrap.servers, found neither');
  }
  return { access, bootstrapServers, stated };
}

function payloadOf({ payload }: PerfTestOptions): Payload {
  if (payload.kind !== 'file') {
    return { kind: payload.kind };
  }
  const lines = readText(payload.path).split(delimiterOf(payload.delimiter));
  // Java's split leaves out what is empty at the end.
  while (lines.at(-1) === '') {
    lines.pop();
  }
  if (lines.length === 0) {
    throw new UserError(`--payload-file ${payload.path}: expected payloads, found an empty file`);
  }
  return { kind: 'lines', lines };
}

/** A regular expression, as Java's split takes it. */
function delimiterOf(delimiter: string): RegExp {
  try {
    return new RegExp(delimiter);
  } catch (cause) {
    throw new UserError(
      `--payload-delimiter: expected text or a regular expression, found "${delimiter}"; put a backslash before a sign that is meant as it is`,
      EXIT.badInput,
      { cause },
    );
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UserError(
      `--payload-file ${path}: expected a text file, found ${cause instanceof Error ? cause.message : String(cause)}`,
      EXIT.badInput,
      { cause },
    );
  }
}

function longest(payload: Payload): number {
  return payload.kind === 'lines'
    ? payload.lines.reduce((most, line) => Math.max(most, Buffer.byteLength(line)), 0)
    : String(Number.MAX_SAFE_INTEGER).length;
}

function errorLines({ errors, counts }: LoadResult): string[] {
  return [
    ...(counts.recordsFailed > 0 ? [`${counts.recordsFailed} records were not acknowledged`] : []),
    ...Object.entries(errors).map(([message, count]) => `${count} times: ${message}`),
  ];
}

function cappedLines(load: LoadResult, caps: RunCaps): string[] {
  return load.byteCapReached === true ? [`ended early: ${byteCapReached(caps)}`] : [];
}

function exitCodeOf(load: LoadResult, signal: AbortSignal): JobOutcome['exitCode'] {
  if (signal.aborted || load.byteCapReached === true) return EXIT.interrupted;
  if (!load.generator.keptSchedule) return EXIT.generatorLate;
  return load.counts.recordsFailed > 0 ? EXIT.clusterUnreachable : EXIT.good;
}
