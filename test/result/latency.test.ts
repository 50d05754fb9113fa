import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CURVE_PERCENTILES, recordedPercentileMs, summarizeLatency } from '../../src/result/latency.ts';

const uniform = { count: 1000, mean: 50, max: 101, valueAtPercentile: (percentile: number) => percentile };

test('a summary takes its named percentiles and its curve from the distribution', () => {
  const summary = summarizeLatency(uniform);
  assert.deepEqual(
    [summary?.p50, summary?.p95, summary?.p99, summary?.p999, summary?.max],
    [50, 95, 99, 99.9, 101],
  );
  assert.deepEqual(
    summary?.curve.map((point) => point.percentile),
    [...CURVE_PERCENTILES],
  );
});

test('the last point of the curve is the maximum itself, not a bucket near it', () => {
  assert.equal(summarizeLatency(uniform)?.curve.at(-1)?.ms, 101);
});

test('a distribution without samples has no summary', () => {
  assert.equal(summarizeLatency({ ...uniform, count: 0 }), null);
});

test('a percentile that was not recorded is absent, not interpolated', () => {
  const summary = summarizeLatency(uniform);
  assert.ok(summary !== null);
  assert.equal(recordedPercentileMs(summary, 99.5), 99.5);
  assert.equal(recordedPercentileMs(summary, 97), null);
});
