/** One phase of the scenario, predicted beside measured, quantity by quantity. */
import { type Figure, figure, type Paired, pairBy } from './figure.ts';
import { meanOfKnown } from './resources.ts';
import type {
  LatencySummary,
  PhaseCounts,
  PhaseResult,
  RequestStages,
  RequestType,
  ResourceSeries,
  ThreadCpu,
  TrafficClassResult,
  WindowSeries,
} from './run-result.ts';

export type LatencyStatistic = 'p50' | 'p95' | 'p99' | 'p999' | 'max';
/** Milliseconds; every figure is there, its values null where an arm has no sample. */
export type LatencyFigures = Readonly<Record<LatencyStatistic, Figure>>;

/** Kafka's stages of a request in the order in which a request passes them; `TotalTimeMs` is not one of them. */
export const REQUEST_STAGES = [
  'RequestQueueTimeMs',
  'LocalTimeMs',
  'RemoteTimeMs',
  'ThrottleTimeMs',
  'ResponseQueueTimeMs',
  'ResponseSendTimeMs',
] as const;
export type RequestStage = (typeof REQUEST_STAGES)[number];

export interface PhaseComparison {
  readonly name: string;
  readonly load: number | 'max';
  /** What each arm returned; null for an arm that has no such phase. */
  readonly predicted: PhaseResult | null;
  readonly measured: PhaseResult | null;
  readonly throughputRecordsPerSecond: Figure;
  readonly throughputBytesPerSecond: Figure;
  readonly publishLatencyMs: LatencyFigures;
  readonly endToEndLatencyMs: LatencyFigures;
  readonly classes: readonly ClassComparison[];
  readonly windows: readonly WindowComparison[];
  readonly requestStages: readonly RequestStagesComparison[];
  readonly resources: readonly ResourceComparison[];
  readonly threadCpu: readonly ThreadCpuComparison[];
  readonly counts: Readonly<Record<keyof PhaseCounts, Figure>>;
}

export interface ClassComparison {
  readonly name: string;
  readonly role: TrafficClassResult['role'];
  readonly recordsPerSecond: Figure;
  readonly bytesPerSecond: Figure;
  readonly latencyMs: LatencyFigures;
  /** Records; null for a producer class. */
  readonly lag: { readonly end: Figure; readonly max: Figure } | null;
}

type WindowColumn = Exclude<keyof WindowSeries, 'windowSeconds' | 'startSeconds'>;

/** The windows of both arms that start at the same time after the warm-up. */
export type WindowComparison = { readonly startSeconds: number } & Readonly<Record<WindowColumn, Figure>>;

export interface RequestStagesComparison {
  readonly request: RequestType;
  /** Null: all brokers together, each weighted by its requests. */
  readonly broker: number | null;
  readonly count: Figure;
  readonly meanMs: Readonly<Record<RequestStage | 'TotalTimeMs', Figure>>;
}

/** Mean and maximum over the windows, in `unit`. */
export interface ResourceComparison {
  readonly host: string;
  readonly broker: number | null;
  readonly resource: ResourceSeries['resource'];
  /** Which of several: a request type, a collector; null where there is one. */
  readonly of: string | null;
  readonly unit: ResourceSeries['unit'];
  readonly capacity: number | null;
  readonly mean: Figure;
  readonly max: Figure;
}

/** Per second of the measured part, so that phases of different length compare. */
export interface ThreadCpuComparison {
  readonly process: string;
  readonly group: string;
  readonly cores: Figure;
  readonly wakeUpsPerSecond: Figure;
  /** Cores that the group's threads waited for: ready to run, with no core free. */
  readonly runQueueWaitCores: Figure;
}

/** Compares one phase of both arms; at least one of the pair is there. */
export function comparePhase(phase: Paired<PhaseResult>): PhaseComparison {
  const { either, predicted, measured } = phase;
  const listsOf = <T>(list: (of: PhaseResult) => readonly T[]): [readonly T[], readonly T[]] => [
    predicted === null ? [] : list(predicted),
    measured === null ? [] : list(measured),
  ];
  return {
    name: either.name,
    load: either.load,
    predicted,
    measured,
    throughputRecordsPerSecond: figure(
      predicted?.throughputRecordsPerSecond,
      measured?.throughputRecordsPerSecond,
    ),
    throughputBytesPerSecond: figure(predicted?.throughputBytesPerSecond, measured?.throughputBytesPerSecond),
    publishLatencyMs: latencyFigures(predicted?.publishLatencyMs, measured?.publishLatencyMs),
    endToEndLatencyMs: latencyFigures(predicted?.endToEndLatencyMs, measured?.endToEndLatencyMs),
    classes: pairBy(...listsOf((of) => of.classes), (of) => `${of.role} ${of.name}`).map(compareClass),
    windows: compareWindows(predicted?.windows, measured?.windows),
    requestStages: compareRequestStages(...listsOf((of) => of.requestStages)),
    resources: pairBy(
      ...listsOf((of) => of.resources),
      (of) => `${of.resource} ${of.of ?? ''} ${of.broker} ${of.host}`,
    ).map(compareResource),
    threadCpu: pairBy(...listsOf((of) => of.threadCpu), (of) => `${of.process} ${of.group}`).map((pair) =>
      compareThreadCpu(pair, predicted?.durationSeconds, measured?.durationSeconds),
    ),
    counts: compareCounts(predicted?.counts, measured?.counts),
  };
}

/** The latency figures of two summaries; an absent summary gives null values. */
export function latencyFigures(
  predicted: LatencySummary | null | undefined,
  measured: LatencySummary | null | undefined,
): LatencyFigures {
  return {
    p50: figure(predicted?.p50, measured?.p50),
    p95: figure(predicted?.p95, measured?.p95),
    p99: figure(predicted?.p99, measured?.p99),
    p999: figure(predicted?.p999, measured?.p999),
    max: figure(predicted?.max, measured?.max),
  };
}

function compareClass({ either, predicted, measured }: Paired<TrafficClassResult>): ClassComparison {
  return {
    name: either.name,
    role: either.role,
    recordsPerSecond: figure(predicted?.recordsPerSecond, measured?.recordsPerSecond),
    bytesPerSecond: figure(predicted?.bytesPerSecond, measured?.bytesPerSecond),
    latencyMs: latencyFigures(predicted?.latencyMs, measured?.latencyMs),
    lag:
      either.role === 'producer'
        ? null
        : {
            end: figure(predicted?.lag?.end, measured?.lag?.end),
            max: figure(predicted?.lag?.max, measured?.lag?.max),
          },
  };
}

function compareWindows(
  predicted: WindowSeries | undefined,
  measured: WindowSeries | undefined,
): WindowComparison[] {
  const left = windowIndex(predicted);
  const right = windowIndex(measured);
  const starts = [...new Set([...left.keys(), ...right.keys()])].sort((a, b) => a - b);
  return starts.map((startMs) => {
    const at = (column: WindowColumn): Figure =>
      figure(predicted?.[column][left.get(startMs) ?? -1], measured?.[column][right.get(startMs) ?? -1]);
    return {
      startSeconds: startMs / 1000,
      producedRecordsPerSecond: at('producedRecordsPerSecond'),
      consumedRecordsPerSecond: at('consumedRecordsPerSecond'),
      publishP50Ms: at('publishP50Ms'),
      publishP99Ms: at('publishP99Ms'),
      endToEndP50Ms: at('endToEndP50Ms'),
      endToEndP99Ms: at('endToEndP99Ms'),
    };
  });
}

/** Index of each window by its start in whole milliseconds, so that rounding in one arm cannot part two windows. */
function windowIndex(series: WindowSeries | undefined): Map<number, number> {
  return new Map(series?.startSeconds.map((start, index) => [Math.round(start * 1000), index]));
}

function compareRequestStages(
  predicted: readonly RequestStages[],
  measured: readonly RequestStages[],
): RequestStagesComparison[] {
  const perBroker = pairBy(predicted, measured, (of) => `${of.request} ${of.broker}`);
  const requests = [...new Set(perBroker.map(({ either }) => either.request))];
  return requests.flatMap((request) => {
    const ofRequest = (entries: readonly RequestStages[]) =>
      entries.filter((entry) => entry.request === request);
    const single = perBroker.filter(({ either }) => either.request === request);
    return [
      compareStages(null, { request, predicted: ofRequest(predicted), measured: ofRequest(measured) }),
      ...single.map((pair) =>
        compareStages(pair.either.broker, {
          request,
          predicted: pair.predicted === null ? [] : [pair.predicted],
          measured: pair.measured === null ? [] : [pair.measured],
        }),
      ),
    ];
  });
}

function compareStages(
  broker: number | null,
  of: {
    readonly request: RequestType;
    readonly predicted: readonly RequestStages[];
    readonly measured: readonly RequestStages[];
  },
): RequestStagesComparison {
  const stage = (name: RequestStage | 'TotalTimeMs'): Figure =>
    figure(meanOverRequests(of.predicted, name), meanOverRequests(of.measured, name));
  return {
    request: of.request,
    broker,
    count: figure(requestCount(of.predicted), requestCount(of.measured)),
    meanMs: {
      RequestQueueTimeMs: stage('RequestQueueTimeMs'),
      LocalTimeMs: stage('LocalTimeMs'),
      RemoteTimeMs: stage('RemoteTimeMs'),
      ThrottleTimeMs: stage('ThrottleTimeMs'),
      ResponseQueueTimeMs: stage('ResponseQueueTimeMs'),
      ResponseSendTimeMs: stage('ResponseSendTimeMs'),
      TotalTimeMs: stage('TotalTimeMs'),
    },
  };
}

function requestCount(entries: readonly RequestStages[]): number | null {
  return entries.length === 0 ? null : entries.reduce((sum, entry) => sum + entry.count, 0);
}

function meanOverRequests(
  entries: readonly RequestStages[],
  stage: keyof RequestStages['meanMs'],
): number | null {
  const count = requestCount(entries);
  if (count === null || count === 0) return null;
  return entries.reduce((sum, entry) => sum + entry.count * entry.meanMs[stage], 0) / count;
}

function compareResource({ either, predicted, measured }: Paired<ResourceSeries>): ResourceComparison {
  return {
    host: either.host,
    broker: either.broker,
    resource: either.resource,
    of: either.of ?? null,
    unit: either.unit,
    capacity: predicted?.capacity ?? measured?.capacity ?? null,
    mean: figure(meanOfKnown(predicted?.values), meanOfKnown(measured?.values)),
    max: figure(largest(predicted?.values), largest(measured?.values)),
  };
}

function largest(values: ResourceSeries['values'] | undefined): number | null {
  const known = (values ?? []).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((found, value) => Math.max(found, value));
}

function compareThreadCpu(
  { either, predicted, measured }: Paired<ThreadCpu>,
  predictedSeconds: number | undefined,
  measuredSeconds: number | undefined,
): ThreadCpuComparison {
  const cores = (of: ThreadCpu | null, seconds: number | undefined): number | null =>
    of === null || seconds === undefined ? null : of.cpuSeconds / seconds;
  const wakeUps = (of: ThreadCpu | null, seconds: number | undefined): number | null =>
    of === null || of.wakeUps === null || seconds === undefined ? null : of.wakeUps / seconds;
  const waits = (of: ThreadCpu | null, seconds: number | undefined): number | null =>
    of?.runQueueWaitSeconds === undefined || seconds === undefined ? null : of.runQueueWaitSeconds / seconds;
  return {
    process: either.process,
    group: either.group,
    cores: figure(cores(predicted, predictedSeconds), cores(measured, measuredSeconds)),
    wakeUpsPerSecond: figure(wakeUps(predicted, predictedSeconds), wakeUps(measured, measuredSeconds)),
    runQueueWaitCores: figure(waits(predicted, predictedSeconds), waits(measured, measuredSeconds)),
  };
}

function compareCounts(
  predicted: PhaseCounts | undefined,
  measured: PhaseCounts | undefined,
): PhaseComparison['counts'] {
  const count = (name: keyof PhaseCounts): Figure => figure(predicted?.[name], measured?.[name]);
  return {
    recordsDue: count('recordsDue'),
    recordsAcknowledged: count('recordsAcknowledged'),
    recordsFailed: count('recordsFailed'),
    recordsConsumed: count('recordsConsumed'),
    produceRequests: count('produceRequests'),
    produceBatches: count('produceBatches'),
  };
}
