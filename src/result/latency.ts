/** Latency summaries, made in one way by both arms whatever histogram they count in. */
import type { LatencySummary } from './run-result.ts';

/** The percentiles of every latency curve; 100 is the maximum. */
export const CURVE_PERCENTILES = [0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99, 100] as const;

/** What a histogram has to answer, in milliseconds, to be summarised. */
export interface LatencyDistribution {
  readonly count: number;
  readonly mean: number;
  readonly max: number;
  /** Value at a percentile from 0 to 100. */
  readonly valueAtPercentile: (percentile: number) => number;
}

/** The summary of a distribution in milliseconds; null when it holds no sample. */
export function summarizeLatency(distribution: LatencyDistribution): LatencySummary | null {
  const { count, mean, max, valueAtPercentile } = distribution;
  if (count === 0) return null;
  return {
    count,
    mean,
    p50: valueAtPercentile(50),
    p95: valueAtPercentile(95),
    p99: valueAtPercentile(99),
    p999: valueAtPercentile(99.9),
    max,
    curve: CURVE_PERCENTILES.map((percentile) => ({
      percentile,
      ms: percentile === 100 ? max : valueAtPercentile(percentile),
    })),
  };
}

/** The recorded value at exactly this percentile, in milliseconds; null when the summary does not hold it. */
export function recordedPercentileMs(summary: LatencySummary, percentile: number): number | null {
  return summary.curve.find((point) => point.percentile === percentile)?.ms ?? null;
}
