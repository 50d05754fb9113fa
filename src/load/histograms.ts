/**
 * Latencies in HdrHistograms of microseconds, three significant digits, 1 us to 10 minutes. A sample outside is never
 * clamped: it is left out and counted.
 */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';
import type { LatencySummary } from '../result/run-result.ts';

const NS_PER_US = 1000;
const US_PER_MS = 1000;
const LATENCY_US_MAX = 600e6;

/** Percentiles of the curve: evenly dense in the number of nines. */
const CURVE_PERCENTILES = [
  0, 1, 5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96, 97, 98, 98.5, 99, 99.25, 99.5, 99.75,
  99.9, 99.95, 99.99,
];

export function createHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_US_MAX,
    numberOfSignificantValueDigits: 3,
  });
}

/** A histogram as text, to be sent between threads. */
export function encodeHistogram(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram);
}

/** The sum of encoded histograms. */
export function mergeHistograms(encoded: Iterable<string>): Histogram {
  const sum = createHistogram();
  for (const one of encoded) {
    sum.add(decodeFromCompressedBase64(one));
  }
  return sum;
}

/** Records a duration, `count` times; false when it is outside of the histogram's range. Durations under 1 us count as 0 us. */
export function recordDuration(histogram: Histogram, durationNs: number, count = 1): boolean {
  const us = Math.round(durationNs / NS_PER_US);
  if (us < 0 || us > LATENCY_US_MAX) {
    return false;
  }
  histogram.recordValueWithCount(us, count);
  return true;
}

/** Milliseconds out of a histogram of microseconds; null when it has no samples. */
export function summarise(histogram: Histogram): LatencySummary | null {
  if (histogram.totalCount === 0) {
    return null;
  }
  const percentileMs = (percentile: number) => histogram.getValueAtPercentile(percentile) / US_PER_MS;
  const max = histogram.maxValue / US_PER_MS;
  return {
    count: histogram.totalCount,
    mean: histogram.mean / US_PER_MS,
    p50: percentileMs(50),
    p95: percentileMs(95),
    p99: percentileMs(99),
    p999: percentileMs(99.9),
    max,
    curve: [
      ...CURVE_PERCENTILES.map((percentile) => ({ percentile, ms: percentileMs(percentile) })),
      { percentile: 100, ms: max },
    ],
  };
}
