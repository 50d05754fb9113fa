/**
 * The result file of the OpenMessaging Benchmark (github.com/openmessaging/benchmark: field names of TestResult, figures of
 * WorkloadGenerator.printAndCollectStats). Publish and end-to-end latencies are milliseconds, publish delays microseconds.
 */
import type { Histogram } from 'hdr-histogram-js';
import type { OmbFacts } from '../scenario/omb/omb-workload.ts';
import { LATENCIES, type LoadRecording } from './load-recording.ts';
import { percentilePoints } from './percentiles.ts';

type LatencyName = (typeof LATENCIES)[number];
type Statistic = '50pct' | '75pct' | '95pct' | '99pct' | '999pct' | '9999pct' | 'Avg' | 'Max';
type Quantiles = Readonly<Record<string, number>>;

/** One entry for each window. */
type Series<Name extends string> = Readonly<Record<Name, readonly number[]>>;
type Rates = Series<'publishRate' | 'publishErrorRate' | 'consumeRate' | 'backlog'>;
type LatencySeries = Series<`${LatencyName}${Statistic}`>;

/** Of the whole run. */
type Aggregates = Readonly<Record<`aggregated${Capitalize<LatencyName>}${Statistic}`, number>>;
type AggregateQuantiles = Readonly<Record<`aggregated${Capitalize<LatencyName>}Quantiles`, Quantiles>>;

/** Every field of OMB's result. */
export type OmbResult = Readonly<Omit<OmbFacts, 'subscriptionsPerTopic'>> &
  Rates &
  LatencySeries &
  Aggregates &
  AggregateQuantiles;

export interface OmbResultInput {
  readonly facts: Omit<OmbFacts, 'subscriptionsPerTopic'>;
  readonly recording: LoadRecording;
}

const US_PER_MS = 1000;
const TICKS_PER_HALF_DISTANCE = 100;
const STATISTICS: readonly (readonly [Statistic, (histogram: Histogram) => number])[] = [
  ['Avg', ({ mean }) => mean],
  ['50pct', (histogram) => histogram.getValueAtPercentile(50)],
  ['75pct', (histogram) => histogram.getValueAtPercentile(75)],
  ['95pct', (histogram) => histogram.getValueAtPercentile(95)],
  ['99pct', (histogram) => histogram.getValueAtPercentile(99)],
  ['999pct', (histogram) => histogram.getValueAtPercentile(99.9)],
  ['9999pct', (histogram) => histogram.getValueAtPercentile(99.99)],
  // As Java's getMaxValue: no less than any percentile, which an exact maximum could be.
  ['Max', (histogram) => histogram.getValueAtPercentile(100)],
];

const AGGREGATED = {
  publishLatency: 'aggregatedPublishLatency',
  publishDelayLatency: 'aggregatedPublishDelayLatency',
  endToEndLatency: 'aggregatedEndToEndLatency',
} as const satisfies Record<LatencyName, `aggregated${string}`>;

/** OMB's JSON, to be written as it is. */
export function ombResult({ facts, recording }: OmbResultInput): OmbResult {
  const { windows, total } = recording;
  return {
    workload: facts.workload,
    driver: facts.driver,
    messageSize: facts.messageSize,
    topics: facts.topics,
    partitions: facts.partitions,
    producersPerTopic: facts.producersPerTopic,
    consumersPerTopic: facts.consumersPerTopic,
    publishRate: windows.map(({ sent, seconds }) => perSecond(sent, seconds)),
    publishErrorRate: windows.map(({ failed, seconds }) => perSecond(failed, seconds)),
    consumeRate: windows.map(({ consumed, seconds }) => perSecond(consumed, seconds)),
    backlog: windows.map(({ backlog }) => Math.max(0, Math.round(backlog))),
    ...ofEach((name, statistic, of): [keyof LatencySeries, number[]] => [
      `${name}${statistic}`,
      windows.map((window) => of(window[name]) / unitOf(name)),
    ]),
    ...ofEach((name, statistic, of): [keyof Aggregates, number] => [
      `${AGGREGATED[name]}${statistic}`,
      of(total[name]) / unitOf(name),
    ]),
    ...fromEntries(
      LATENCIES.map((name): [keyof AggregateQuantiles, Quantiles] => [
        `${AGGREGATED[name]}Quantiles`,
        quantilesOf(total[name], unitOf(name)),
      ]),
    ),
  };
}

function perSecond(records: number, seconds: number): number {
  return seconds > 0 ? records / seconds : 0;
}

/** An entry for each statistic of each latency. */
function ofEach<Key extends string, Value>(
  entry: (name: LatencyName, statistic: Statistic, of: (histogram: Histogram) => number) => [Key, Value],
): Record<Key, Value> {
  return fromEntries(
    LATENCIES.flatMap((name) => STATISTICS.map(([statistic, of]) => entry(name, statistic, of))),
  );
}

/** The callers' entries have each key of their type. */
function fromEntries<Key extends string, Value>(entries: readonly [Key, Value][]): Record<Key, Value> {
  return Object.fromEntries(entries) as Record<Key, Value>;
}

/** Microseconds in a unit of the result. */
function unitOf(name: LatencyName): number {
  return name === 'publishDelayLatency' ? 1 : US_PER_MS;
}

/** Percentiles, as Java writes a double, and the values there; rising. */
function quantilesOf(histogram: Histogram, unit: number): Quantiles {
  return Object.fromEntries(
    percentilePoints(histogram, TICKS_PER_HALF_DISTANCE).map(({ percentile, value }) => [
      javaDouble(percentile),
      value / unit,
    ]),
  );
}

/** From 0 to 100: "50.0", "99.9", "1.0E-4". */
function javaDouble(value: number): string {
  const isSmall = value !== 0 && value < 1e-3;
  const [digits, exponent] = isSmall ? value.toExponential().split('e') : [String(value), ''];
  return `${digits}${digits.includes('.') ? '' : '.0'}${exponent === '' ? '' : `E${exponent}`}`;
}
