import assert from 'node:assert/strict';
import test from 'node:test';
import { createHistogram, recordDuration, summarise } from '../../src/load/histograms.ts';
import { judgeSchedule } from '../../src/load/honesty.ts';

function constant(ms: number) {
  const histogram = createHistogram();
  recordDuration(histogram, ms * 1e6);
  return summarise(histogram);
}

test('a schedule is kept up to 5 ms of lateness at the 99th percentile', () => {
  assert.deepEqual(judgeSchedule(constant(4.9), constant(10), 0), { keptSchedule: true, reason: null });
  const { keptSchedule, reason } = judgeSchedule(constant(6), constant(10), 0);
  assert.equal(keptSchedule, false);
  assert.match(reason ?? '', /6\.0 ms after they were due \(limit 5\.0 ms\)/);
});

test('lateness of less than a tenth of the publish latency is no matter', () => {
  assert.ok(judgeSchedule(constant(90), constant(1000), 0).keptSchedule);
  assert.ok(!judgeSchedule(constant(110), constant(1000), 0).keptSchedule);
});

test('a saturating phase has no schedule to keep, but the generator must have requests ready', () => {
  assert.ok(judgeSchedule(null, constant(10), 0).keptSchedule);
  assert.ok(judgeSchedule(null, constant(10), 0.5).keptSchedule);
  const { keptSchedule, reason } = judgeSchedule(null, constant(10), 0.8);
  assert.equal(keptSchedule, false);
  assert.match(reason ?? '', /no request ready after 80 % of the answers/);
});
