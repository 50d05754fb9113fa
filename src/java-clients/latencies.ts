/** Latencies of several perf tools as one summary: each tells five points of its distribution and no more. */
import type { LatencySummary } from '../result/run-result.ts';
import type { ProducerSummary } from './perf-output.ts';

const BISECTIONS = 60;

/**
 * The distribution of all records together, each tool's taken as straight lines between its percentiles. Of one tool these
 * are its own figures. Null without records.
 */
export function combinedLatency(tools: readonly ProducerSummary[]): LatencySummary | null {
  const summaries = tools.filter(({ records }) => records > 0);
  const count = summaries.reduce((sum, { records }) => sum + records, 0);
  if (count === 0) return null;
  const max = Math.max(...summaries.map(({ maxMs }) => maxMs));
  const [only] = summaries;
  const percentileMs = (percentile: number, own: (of: ProducerSummary) => number): number =>
    summaries.length === 1 ? own(only) : valueAt(summaries, (count * percentile) / 100, max);
  const p50 = percentileMs(50, ({ p50Ms }) => p50Ms);
  const p95 = percentileMs(95, ({ p95Ms }) => p95Ms);
  const p99 = percentileMs(99, ({ p99Ms }) => p99Ms);
  const p999 = percentileMs(99.9, ({ p999Ms }) => p999Ms);
  return {
    count,
    mean: summaries.reduce((sum, { records, meanMs }) => sum + records * meanMs, 0) / count,
    p50,
    p95,
    p99,
    p999,
    max,
    curve: [
      { percentile: 50, ms: p50 },
      { percentile: 95, ms: p95 },
      { percentile: 99, ms: p99 },
      { percentile: 99.9, ms: p999 },
      { percentile: 100, ms: max },
    ],
  };
}

/** The least latency that `wanted` of all records do not exceed. */
function valueAt(summaries: readonly ProducerSummary[], wanted: number, maxMs: number): number {
  let low = 0;
  let high = maxMs;
  for (let step = 0; step < BISECTIONS; step += 1) {
    const middle = (low + high) / 2;
    const within = summaries.reduce((sum, of) => sum + of.records * shareWithin(of, middle), 0);
    if (within < wanted) low = middle;
    else high = middle;
  }
  return high;
}

/** Share of a tool's records with at most this latency. */
function shareWithin(of: ProducerSummary, ms: number): number {
  const points: readonly (readonly [number, number])[] = [
    [0, 0],
    [of.p50Ms, 0.5],
    [of.p95Ms, 0.95],
    [of.p99Ms, 0.99],
    [of.p999Ms, 0.999],
    [of.maxMs, 1],
  ];
  const above = points.findIndex(([at]) => at > ms);
  if (above === -1) return 1;
  if (above === 0) return 0;
  const [fromMs, fromShare] = points[above - 1];
  const [toMs, toShare] = points[above];
  return fromShare + ((ms - fromMs) / (toMs - fromMs)) * (toShare - fromShare);
}
