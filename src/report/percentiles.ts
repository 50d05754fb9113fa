/** Walks a histogram as HdrHistogram's `percentiles(ticks)` does. */
import type { Histogram } from 'hdr-histogram-js';

export interface PercentilePoint {
  /** Share of the samples at or below the value, 0 to 100. */
  readonly percentile: number;
  /** In the histogram's unit: the highest that counts as equal to what was recorded. */
  readonly value: number;
}

const HEADING_LINES = 2;

/**
 * Values in steps that halve with the distance to 100 %, `ticksPerHalfDistance` steps in each half: the same points as
 * Java's `Histogram.percentiles`. The package keeps that iterator to itself, so its table of the points is read: value,
 * percentile level, count up to the value.
 */
export function percentilePoints(histogram: Histogram, ticksPerHalfDistance: number): PercentilePoint[] {
  const table = histogram.outputPercentileDistribution(ticksPerHalfDistance);
  const rows = table
    .split('\n')
    .slice(HEADING_LINES)
    .filter((line) => line !== '' && !line.startsWith('#'));
  return rows.map((row) => {
    const [value, , countToValue] = row.trim().split(/ +/).map(Number);
    return { value, percentile: (100 * countToValue) / histogram.totalCount };
  });
}
