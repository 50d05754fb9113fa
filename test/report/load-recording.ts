/** A recording of a load generator, made up: two windows of 10 s, with latencies that are easy to check. */
import { build, type Histogram } from 'hdr-histogram-js';
import type { LatencyHistograms, LoadRecording, RecordedWindow } from '../../src/report/load-recording.ts';

export function histogramOf(valuesUs: Iterable<number>): Histogram {
  const histogram = build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 600e6,
    numberOfSignificantValueDigits: 3,
  });
  for (const value of valuesUs) histogram.recordValue(value);
  return histogram;
}

export function* upTo(last: number, step = 1): Generator<number> {
  for (let value = step; value <= last; value += step) yield value;
}

const latencies = (scale: number): LatencyHistograms => ({
  publishLatency: histogramOf(upTo(1000 * scale, scale)),
  publishDelayLatency: histogramOf(upTo(100 * scale, scale)),
  endToEndLatency: histogramOf([]),
});

function sum(parts: readonly Histogram[]): Histogram {
  const all = histogramOf([]);
  for (const part of parts) all.add(part);
  return all;
}

const windows: readonly RecordedWindow[] = [
  { ...latencies(1), seconds: 10, sent: 1000, failed: 0, consumed: 1500, backlog: 500 },
  { ...latencies(2), seconds: 8, sent: 1000, failed: 4, consumed: 2500, backlog: -3 },
];

export const recording: LoadRecording = {
  startedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  windows,
  total: {
    publishLatency: sum(windows.map((window) => window.publishLatency)),
    publishDelayLatency: sum(windows.map((window) => window.publishDelayLatency)),
    endToEndLatency: sum(windows.map((window) => window.endToEndLatency)),
  },
};
