import assert from 'node:assert/strict';
import test from 'node:test';
import { mergeHistograms } from '../../src/load/histograms.ts';
import { Recorder } from '../../src/load/recorder.ts';

const SECOND = 1e9;
const part = { startNs: 100 * SECOND, endNs: 103.5 * SECOND };

test('rates count arrivals inside the measured part, by the window of the arrival', () => {
  const recorder = new Recorder(part);
  recorder.arrived(1, 10, 99.9 * SECOND);
  recorder.arrived(2, 20, 100 * SECOND);
  recorder.arrived(3, 30, 101.9 * SECOND);
  recorder.arrived(4, 40, 103.4 * SECOND);
  recorder.arrived(5, 50, 103.5 * SECOND);
  const { recordsPerWindow, bytesPerWindow } = recorder.recording();
  assert.deepEqual(recordsPerWindow, [2, 3, 0, 4]);
  assert.deepEqual(bytesPerWindow, [20, 30, 0, 40]);
});

test('latencies count records due in the measured part, however late they arrive', () => {
  const recorder = new Recorder(part);
  recorder.latency(99.9 * SECOND, 100.1 * SECOND);
  recorder.latency(100 * SECOND, 100.25 * SECOND);
  recorder.latency(103.4 * SECOND, 110 * SECOND);
  recorder.latency(103.5 * SECOND, 103.6 * SECOND);
  const { measuredRecords, latencyParts, samplesOutOfRange } = recorder.recording();
  assert.equal(measuredRecords, 2);
  assert.equal(samplesOutOfRange, 0);
  assert.deepEqual(
    latencyParts.map(({ window, histogram }) => [
      window,
      Math.round(mergeHistograms([histogram]).maxValue / 1e4),
    ]),
    [
      [0, 25],
      [3, 660],
    ],
  );
});

test('a sample outside of the range is counted', () => {
  const recorder = new Recorder({ startNs: 0, endNs: SECOND });
  recorder.latency(0, 700 * SECOND);
  const { measuredRecords, samplesOutOfRange } = recorder.recording();
  assert.deepEqual({ measuredRecords, samplesOutOfRange }, { measuredRecords: 1, samplesOutOfRange: 1 });
});

test('no sample is lost when many windows are open at once or come back late', () => {
  const recorder = new Recorder({ startNs: 0, endNs: 60 * SECOND });
  for (let round = 0; round < 3; round++) {
    for (let second = 0; second < 60; second++) {
      recorder.latency(second * SECOND, (second + 1) * SECOND);
    }
  }
  const counts = new Map<number, number>();
  for (const { window, histogram } of recorder.recording().latencyParts) {
    counts.set(window, (counts.get(window) ?? 0) + mergeHistograms([histogram]).totalCount);
  }
  assert.equal(counts.size, 60);
  assert.deepEqual(new Set(counts.values()), new Set([3]));
});
