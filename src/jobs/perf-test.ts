/**
 * `brokertwin load --topic ...`: what kafka-producer-perf-test does, with its options and its lines, on our generator. Latencies
 * count from the moment that a record was due, so that a stall shows in full.
 */
import { readFileSync } from 'node:fs';
import { EXIT, UserError } from '../errors/errors.ts';
import type { ClusterAccess } from '../load/access/cluster-access.ts';
import { byteCapReached, type Caps, capRefusals, RunCaps } from '../load/caps.ts';
import { type Interval, NOTHING, sumOf } from '../load/interval.ts';
import type { LoadResult } from '../load/load-result.ts';
import type { Payload } from '../load/producer/payload.ts';
import { runPhase } from '../load/run-phase.ts';
import { partitionsOf } from '../load/topics.ts';
import { perfTestScenario } from '../scenario/perf-test-scenario.ts';
import { type ClientOptions, clientAccess } from './client-access.ts';
import type { JobOutcome } from './outcome.ts';
import { intervalLine, totalLine, verdictLine } from './perf-test-lines.ts';

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
  readonly reportingIntervalMs: number;
  readonly caps: Caps;
  readonly seed: number;
  readonly signal: AbortSignal;
}

const MS_PER_DAY = 86_400_000;

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
    stated,
  });
  const [phase] = scenario.run.phases;
  const refusals = capRefusals(scenario, options.caps);
  if (refusals.length > 0) throw new UserError(refusals.map(({ message }) => `--throughput: ${message}`));
  const caps = new RunCaps(options.caps);
  const intervals = new Intervals(options.reportingIntervalMs);
  const load = await runPhase({
    scenario,
    phase: { ...phase, durationMs: MS_PER_DAY },
    bootstrapServers,
    access,
    payload,
    recordsMax: options.records,
    caps,
    onAcknowledged: (interval) => intervals.add(interval),
    signal: options.signal,
  });
  return {
    exitCode: exitCodeOf(load, options.signal),
    json: { ...load, recordings: undefined },
    text: [totalLine(load), ...errorLines(load), ...cappedLines(load, caps), verdictLine(load)].join('\n'),
  };
}

/** Adds up what the threads report about once a second, and prints a line for each reporting interval. */
class Intervals {
  readonly #everyMs: number;
  #sinceMs = performance.now();
  #sum = NOTHING;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  add(interval: Interval): void {
    this.#sum = sumOf([this.#sum, interval]);
    const elapsedMs = performance.now() - this.#sinceMs;
    if (elapsedMs >= this.#everyMs && this.#sum.records > 0) {
      process.stdout.write(`${intervalLine(this.#sum, elapsedMs)}\n`);
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
  const lines = readText(payload.path).split(payload.delimiter.replaceAll('\\n', '\n'));
  // Java's split leaves out what is empty at the end.
  while (lines.at(-1) === '') {
    lines.pop();
  }
  if (lines.length === 0) {
    throw new UserError(`--payload-file ${payload.path}: expected payloads, found an empty file`);
  }
  return { kind: 'lines', lines };
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
    ? Math.max(...payload.lines.map((line) => Buffer.byteLength(line)))
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
