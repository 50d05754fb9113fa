import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareResults } from '../../src/result/comparison.ts';
import type { PhaseResult, RequestStages, RunResult } from '../../src/result/run-result.ts';
import { comparison, measured, predicted, unmeasured } from '../report/fixture.ts';

function withPhases(result: RunResult, change: (phase: PhaseResult) => PhaseResult): RunResult {
  return { ...result, phases: result.phases.map(change) };
}

function produce(broker: number, count: number, totalMs: number): RequestStages {
  return {
    broker,
    request: 'Produce',
    count,
    meanMs: {
      RequestQueueTimeMs: 0,
      LocalTimeMs: totalMs,
      RemoteTimeMs: 0,
      ThrottleTimeMs: 0,
      ResponseQueueTimeMs: 0,
      ResponseSendTimeMs: 0,
      TotalTimeMs: totalMs,
    },
  };
}

test('the headline takes throughput from the saturating phase and latency from the paced one', () => {
  const { headline } = comparison;
  assert.equal(headline.throughputPhase, 'saturating');
  assert.equal(headline.latencyPhase, 'paced');
  assert.equal(headline.throughputRecordsPerSecond.predicted, 41_200);
  assert.equal(headline.throughputRecordsPerSecond.relativeError, (41_200 - 43_100) / 43_100);
  assert.equal(headline.publishLatencyMs.p99.predicted, predicted.phases[0].publishLatencyMs?.p99);
});

test('without a saturating phase, or with nothing else, the headline takes the first phase', () => {
  const [paced, saturating] = predicted.phases;
  const onlyPaced = compareResults({ predicted: { ...predicted, phases: [paced] }, measured: null });
  assert.equal(onlyPaced.headline.throughputPhase, 'paced');
  const onlySaturating = compareResults({
    predicted: { ...predicted, phases: [saturating] },
    measured: null,
  });
  assert.equal(onlySaturating.headline.latencyPhase, 'saturating');
});

test('a run without any completed phase compares to nothing but absent values', () => {
  const { headline, phases } = compareResults({ predicted: { ...predicted, phases: [] }, measured: null });
  assert.deepEqual(phases, []);
  assert.equal(headline.throughputPhase, null);
  assert.equal(headline.endToEndLatencyMs.max.predicted, null);
});

test('phases pair by name, and one that only an arm has stands alone', () => {
  const { phases } = compareResults({
    predicted,
    measured: { ...measured, phases: [{ ...measured.phases[1], name: 'other' }, measured.phases[0]] },
  });
  assert.deepEqual(
    phases.map((phase) => [phase.name, phase.predicted !== null, phase.measured !== null]),
    [
      ['paced', true, true],
      ['saturating', true, false],
      ['other', false, true],
    ],
  );
  assert.equal(phases[1].throughputRecordsPerSecond.relativeError, null);
});

test('thread CPU compares per second, so that phases of different length agree', () => {
  const doubled = withPhases(measured, (phase) => ({
    ...phase,
    durationSeconds: phase.durationSeconds * 2,
    threadCpu: phase.threadCpu.map((entry) => ({ ...entry, cpuSeconds: entry.cpuSeconds * 2 })),
  }));
  const cores = (against: RunResult) =>
    compareResults({ predicted, measured: against }).phases[0].threadCpu.map((entry) => entry.cores);
  assert.deepEqual(cores(doubled), cores(measured));
});

test('request stages of all brokers are weighted by their requests', () => {
  const stages = [produce(1, 300, 2), produce(2, 100, 6)];
  const { phases } = compareResults({
    predicted: withPhases(predicted, (phase) => ({ ...phase, requestStages: stages })),
    measured: withPhases(measured, (phase) => ({ ...phase, requestStages: [produce(1, 10, 4)] })),
  });
  const [all, first, second] = phases[0].requestStages;
  assert.equal(all.broker, null);
  assert.equal(all.meanMs.TotalTimeMs.predicted, (300 * 2 + 100 * 6) / 400);
  assert.equal(all.meanMs.TotalTimeMs.measured, 4);
  assert.deepEqual([first.broker, first.meanMs.TotalTimeMs.relativeError], [1, -0.5]);
  assert.deepEqual([second.broker, second.meanMs.TotalTimeMs.measured], [2, null]);
});

test('a broker that served no request has no mean', () => {
  const { phases } = compareResults({
    predicted: withPhases(predicted, (phase) => ({ ...phase, requestStages: [produce(1, 0, 0)] })),
    measured: null,
  });
  assert.equal(phases[0].requestStages[0].meanMs.TotalTimeMs.predicted, null);
});

test('the furthest stage is the one of a produce request with the largest distance', () => {
  const stages = (local: number) => [{ ...produce(1, 10, local) }];
  const { furthestStage } = compareResults({
    predicted: withPhases(predicted, (phase) => ({ ...phase, requestStages: stages(3) })),
    measured: withPhases(measured, (phase) => ({ ...phase, requestStages: stages(1) })),
  });
  assert.deepEqual(furthestStage, {
    phase: 'paced',
    request: 'Produce',
    stage: 'LocalTimeMs',
    predictedMs: 3,
    measuredMs: 1,
  });
});

test('windows meet by their start, and one that an arm lacks is null there', () => {
  const cut = withPhases(measured, (phase) => ({
    ...phase,
    windows: {
      ...phase.windows,
      startSeconds: [1.0000001, 2],
      producedRecordsPerSecond: [500, 600],
    },
  }));
  const { windows } = compareResults({ predicted, measured: cut }).phases[0];
  assert.equal(windows.length, 20);
  assert.equal(windows[0].producedRecordsPerSecond.measured, null);
  assert.equal(windows[1].producedRecordsPerSecond.measured, 500);
  assert.equal(windows[2].producedRecordsPerSecond.measured, 600);
});

test('resources compare by mean and maximum over the windows', () => {
  const cpu = (values: number[]) => (result: RunResult) =>
    withPhases(result, (phase) => ({ ...phase, resources: [{ ...phase.resources[0], values }] }));
  const { resources } = compareResults({
    predicted: cpu([1, 3])(predicted),
    measured: cpu([2, 2])(measured),
  }).phases[0];
  assert.equal(resources[0].mean.relativeError, 0);
  assert.equal(resources[0].max.relativeError, 0.5);
  assert.equal(resources[0].capacity, 2);
});

test('a comparison without a measurement says why and has no error anywhere', () => {
  assert.equal(unmeasured.notMeasuredReason, 'Java 17 or newer was not found on this machine');
  assert.equal(unmeasured.furthestStage, null);
  assert.equal(unmeasured.headline.throughputRecordsPerSecond.relativeError, null);
  assert.equal(unmeasured.headline.throughputRecordsPerSecond.predicted, 41_200);
});
