/** What Kafka's perf tools have told of a phase, as the load result that our own generator gives too. */
import { epochMs, NS_PER_MS, NS_PER_SECOND } from '../load/clock.ts';
import type { LoadResult } from '../load/load-result.ts';
import type { TrafficClassResult } from '../result/run-result.ts';
import type { Phase, Scenario } from '../scenario/scenario.ts';
import type { ClientRun } from './client-runs.ts';
import type { PlacedClient } from './commands.ts';
import { combinedLatency } from './latencies.ts';
import type { ProducerSummary } from './perf-output.ts';
import { type PlannedProducer, pacedRate } from './plan.ts';
import type { Probe } from './rate-probe.ts';
import { recordsPerSecond } from './series.ts';

/** Share of a paced phase's records that its producers must have brought through. */
const KEPT_SHARE_MIN = 0.98;

export interface JavaPhaseRuns {
  readonly scenario: Scenario;
  readonly phase: Phase;
  readonly producers: readonly { readonly planned: PlannedProducer; readonly run: ClientRun }[];
  readonly consumers: readonly { readonly client: PlacedClient; readonly run: ClientRun }[];
  readonly probe: Probe | null;
  readonly warmNs: number;
  readonly measuredEndNs: number;
  /** A producer had sent its records before the measured part was over. */
  readonly endedEarly: boolean;
  readonly interrupted: boolean;
}

export function collectJavaResult(runs: JavaPhaseRuns): LoadResult {
  const { scenario, phase, probe, warmNs } = runs;
  const durationSeconds = Math.max(0, runs.measuredEndNs - warmNs) / NS_PER_SECOND;
  const series = (list: readonly ClientRun[]): number[] =>
    recordsPerSecond(
      list.flatMap(({ windows }) => windows),
      warmNs,
      durationSeconds,
    );
  const producers = runs.producers.map(({ planned, run }) => ({ client: planned.client, run }));
  const produced = series(producers.map(({ run }) => run));
  const consumed = series(runs.consumers.map(({ run }) => run));
  const acknowledged = Math.round(sum(produced));
  const failed = sum(runs.producers.map(recordsFailed));
  const due = runs.producers.map(({ planned }) => pacedRate(scenario, phase, planned.client));
  const recordsDue =
    phase.load === 'max'
      ? acknowledged + failed
      : Math.round(sum(due.map((rate) => rate ?? 0)) * durationSeconds);
  const kept = acknowledged >= recordsDue * KEPT_SHARE_MIN;
  const classes = [
    ...scenario.producers.map((_, index) => producerClass(runs, index, series, durationSeconds)),
    ...scenario.consumers.map((_, index) => consumerClass(runs, index, series, durationSeconds)),
  ];
  const nothing = produced.map(() => null);
  const width = (second: number): number => Math.min(1, durationSeconds - second);
  const sent = sentInSpan(producers, acknowledged);
  return {
    interrupted: runs.interrupted,
    startedAtMs: epochMs + warmNs / NS_PER_MS,
    durationSeconds,
    throughputRecordsPerSecond: perSecond(sum(produced), durationSeconds),
    throughputBytesPerSecond: sum(
      classes.map(({ role, bytesPerSecond }) => (role === 'producer' ? bytesPerSecond : 0)),
    ),
    publishLatencyMs: combinedLatency(producers.flatMap(({ run }) => summaryOf(run) ?? [])),
    responseLatencyMs: null,
    sendDelayMs: null,
    batchesRetried: null,
    endToEndLatencyMs: null,
    recordings: { producers: [], consumers: [] },
    classes,
    windows: {
      windowSeconds: 1,
      startSeconds: produced.map((_, second) => second),
      producedRecordsPerSecond: produced.map((records, second) => records / width(second)),
      consumedRecordsPerSecond: consumed.map((records, second) => records / width(second)),
      publishP50Ms: nothing,
      publishP99Ms: nothing,
      endToEndP50Ms: nothing,
      endToEndP99Ms: nothing,
    },
    counts: {
      recordsDue,
      recordsAcknowledged: Math.min(acknowledged, recordsDue),
      recordsFailed: failed,
      recordsConsumed: Math.round(sum(consumed)),
      ...sent,
    },
    batchBytes: null,
    generator: {
      latenessMs: null,
      keptSchedule: kept,
      reason: kept
        ? null
        : `the perf tools brought ${acknowledged} of ${recordsDue} records through, and what they did not send in time is in no latency of theirs; lower the rate, or use client: brokertwin`,
      workerUtilisation: [],
    },
    workers: [],
    totals: {
      recordsAcknowledged: sum(producers.map(({ run }) => recordsSent(run))) + sum(probe?.records ?? []),
      recordsConsumed: sum(runs.consumers.map(({ run }) => recordsConsumed(run))),
    },
    samplesOutOfRange: 0,
    recordsWithoutDueTime: 0,
    errors: errorsOf([...producers, ...runs.consumers].map(({ run }) => run)),
    deliveries: [],
    assumptions: assumptions(runs, durationSeconds),
  };
}

function producerClass(
  { scenario, producers }: JavaPhaseRuns,
  index: number,
  series: (list: readonly ClientRun[]) => number[],
  durationSeconds: number,
): TrafficClassResult {
  const { name, record } = scenario.producers[index];
  const mine = producers.filter(({ planned }) => planned.client.classIndex === index).map(({ run }) => run);
  const rate = perSecond(sum(series(mine)), durationSeconds);
  const valueBytes = record.value.kind === 'constant' ? record.value.bytes : 0;
  return {
    name,
    role: 'producer',
    recordsPerSecond: rate,
    bytesPerSecond: rate * valueBytes,
    latencyMs: combinedLatency(mine.flatMap((run) => summaryOf(run) ?? [])),
    lag: null,
  };
}

function consumerClass(
  { scenario, producers, consumers }: JavaPhaseRuns,
  index: number,
  series: (list: readonly ClientRun[]) => number[],
  durationSeconds: number,
): TrafficClassResult {
  const { name, topics } = scenario.consumers[index];
  const mine = consumers.filter(({ client }) => client.classIndex === index).map(({ run }) => run);
  const rate = perSecond(sum(series(mine)), durationSeconds);
  const writers = producers
    .map(({ planned }) => ({ of: scenario.producers[planned.client.classIndex], records: planned.records }))
    .filter(({ of }) => of.topics[0] === topics[0]);
  const bytes = sum(
    writers.map(({ of, records }) =>
      of.record.value.kind === 'constant' ? of.record.value.bytes * records : 0,
    ),
  );
  const meanBytes = bytes / Math.max(1, sum(writers.map(({ records }) => records)));
  return {
    name,
    role: 'consumer',
    recordsPerSecond: rate,
    bytesPerSecond: rate * meanBytes,
    latencyMs: null,
    lag: null,
  };
}

/** A tool that has come to its end has sent all of its records; what is not acknowledged has failed. */
function recordsFailed({ planned, run: { tool, total } }: JavaPhaseRuns['producers'][number]): number {
  return tool.exitCode === 0
    ? planned.records - (total?.records ?? 0)
    : (tool.metric('producer-metrics:record-error-total') ?? 0);
}

/** Of a tool that was ended, only what it had reported. */
function recordsSent({ total, windows }: ClientRun): number {
  return total?.records ?? sum(windows.map(({ records }) => records));
}

/** Of the records after the warm-up; of all when there was none. */
function summaryOf({ steady, total }: ClientRun): ProducerSummary | null {
  return steady ?? total;
}

/** Requests and batches of the measured part, by its share of the records of the tools' whole lives. */
function sentInSpan(
  producers: readonly { readonly run: ClientRun }[],
  acknowledged: number,
): { produceRequests: number; produceBatches: number } {
  const records = sum(producers.map(({ run }) => run.total?.records ?? 0));
  const share = records === 0 ? 0 : acknowledged / records;
  const requests = sum(
    producers.map(({ run: { tool } }) => tool.metric('producer-metrics:request-total') ?? 0),
  );
  const batches = sum(
    producers.map(({ run: { tool } }) => {
      const bytes = tool.metric('producer-topic-metrics:byte-total') ?? 0;
      const each = tool.metric('producer-metrics:batch-size-avg') ?? 0;
      return each > 0 ? bytes / each : 0;
    }),
  );
  return { produceRequests: Math.round(requests * share), produceBatches: Math.round(batches * share) };
}

function recordsConsumed({ tool, windows }: ClientRun): number {
  const ofClient = (tags: string): boolean => !tags.includes('topic=');
  return (
    tool.metric('consumer-fetch-manager-metrics:records-consumed-total', ofClient) ??
    sum(windows.map(({ records }) => records))
  );
}

function errorsOf(runs: readonly ClientRun[]): Record<string, number> {
  const errors: Record<string, number> = {};
  for (const { tool } of runs) {
    for (const [message, count] of tool.errors) errors[message] = (errors[message] ?? 0) + count;
    if (tool.exitCode === 0) continue;
    const how =
      tool.exitCode === null ? 'was ended before it was done' : `ended with exit code ${tool.exitCode}`;
    errors[`${tool.name} ${how}: ${tool.lastWords}`] = 1;
  }
  return errors;
}

function assumptions(
  { probe, endedEarly, interrupted, phase }: JavaPhaseRuns,
  durationSeconds: number,
): string[] {
  const probed = sum(probe?.recordsPerSecond ?? []);
  return [
    ...(probe === null
      ? []
      : [
          `the perf tools end after a number of records: it was chosen from a first run at full load, ${Math.round(probed)} records/s, with room for twice that`,
        ]),
    ...(endedEarly && !interrupted
      ? [
          `a perf tool had sent its records early, so that the measured part was ${durationSeconds.toFixed(1)} of ${phase.durationMs / 1000} s`,
        ]
      : []),
  ];
}

function perSecond(records: number, seconds: number): number {
  return seconds > 0 ? records / seconds : 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
