import assert from 'node:assert/strict';
import test from 'node:test';
import {
  createHistogram,
  encodeHistogram,
  mergeHistograms,
  recordDuration,
  summarise,
} from '../../src/load/histograms.ts';

const MS = 1e6;

test('a summary has the percentiles of its samples in milliseconds, within the three digits', () => {
  const histogram = createHistogram();
  for (let ms = 1; ms <= 1000; ms++) {
    assert.ok(recordDuration(histogram, ms * MS));
  }
  const summary = summarise(histogram);
  assert.ok(summary !== null);
  const near = (found: number, expected: number) =>
    assert.ok(Math.abs(found / expected - 1) < 0.002, `${found}, expected ${expected}`);
  assert.equal(summary.count, 1000);
  near(summary.mean, 500.5);
  near(summary.p50, 500);
  near(summary.p95, 950);
  near(summary.p99, 990);
  near(summary.p999, 999);
  near(summary.max, 1000);
  assert.equal(summary.curve[0].percentile, 0);
  near(summary.curve[0].ms, 1);
  assert.deepEqual(summary.curve.at(-1), { percentile: 100, ms: summary.max });
  assert.deepEqual(
    summary.curve,
    summary.curve.toSorted((a, b) => a.percentile - b.percentile || a.ms - b.ms),
  );
});

test('without samples there is no summary', () => {
  assert.equal(summarise(createHistogram()), null);
});

test('durations out of range are refused and not clamped', () => {
  const histogram = createHistogram();
  assert.ok(!recordDuration(histogram, -1000));
  assert.ok(!recordDuration(histogram, 601e9));
  assert.ok(recordDuration(histogram, 600e9));
  assert.ok(recordDuration(histogram, 0));
  assert.equal(histogram.totalCount, 2);
});

test('histograms that went between threads add up to what one would have had', () => {
  const [a, b, whole] = [createHistogram(), createHistogram(), createHistogram()];
  for (let i = 1; i < 5000; i++) {
    recordDuration(i % 3 === 0 ? a : b, i * i * 1000);
    recordDuration(whole, i * i * 1000);
  }
  const merged = mergeHistograms([encodeHistogram(a), encodeHistogram(b)]);
  // The largest value of a histogram that was encoded is known to its three digits only.
  const { max, curve, ...summary } = summarise(merged) ?? assert.fail();
  const { max: maxWhole, curve: curveWhole, ...summaryWhole } = summarise(whole) ?? assert.fail();
  assert.deepEqual(summary, summaryWhole);
  assert.deepEqual(curve.slice(0, -1), curveWhole.slice(0, -1));
  assert.ok(Math.abs(max / maxWhole - 1) < 0.001);
});
