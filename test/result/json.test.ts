import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareResults } from '../../src/result/comparison.ts';
import { comparisonJson, simulationJson } from '../../src/result/json.ts';
import { comparison, measured, predicted, scenario, unmeasured } from '../report/fixture.ts';

const LATENCY_KEYS = ['p50', 'p95', 'p99', 'p999', 'max'];

test('the object of a simulation has every promised name at its top level', () => {
  const json = simulationJson(predicted, scenario);
  for (const name of [
    'traceHash',
    'seed',
    'scenarioHash',
    'events',
    'simulatedSeconds',
    'throughputRecordsPerSecond',
    'publishLatencyMs',
    'endToEndLatencyMs',
    'shards',
    'phases',
    'levels',
    'run',
  ]) {
    assert.ok(name in json, name);
  }
  assert.equal(json.throughputRecordsPerSecond, 41_200);
  assert.deepEqual(Object.keys(json.publishLatencyMs), LATENCY_KEYS);
  assert.equal(json.publishLatencyMs.p50, predicted.phases[0].publishLatencyMs?.p50);
  assert.equal(json.levels.length, scenario.levels.length);
});

test('a measured result is not passed off as a simulation', () => {
  assert.throws(() => simulationJson(measured, scenario), /expected a simulated result/);
});

test('the object of a comparison gives predicted, measured and relative error, overall and by phase', () => {
  const json = comparisonJson(comparison, scenario);
  assert.equal(json.predicted.throughputRecordsPerSecond, 41_200);
  assert.equal(json.measured?.throughputRecordsPerSecond, 43_100);
  assert.equal(json.error?.throughputRecordsPerSecond, (41_200 - 43_100) / 43_100);
  assert.deepEqual(Object.keys(json.error?.endToEndLatencyMs ?? {}), LATENCY_KEYS);
  assert.deepEqual(
    json.phases.map((phase) => phase.name),
    ['paced', 'saturating'],
  );
  const paced = json.phases[0];
  assert.equal(paced.error?.throughputRecordsPerSecond, (8000 - 7996) / 7996);
  assert.equal(paced.measured?.publishLatencyMs.p99, measured.phases[0].publishLatencyMs?.p99);
  assert.equal(json.measured?.phases[0].throughputRecordsPerSecond, 7996);
  assert.equal(json.predicted.traceHash, predicted.simulation?.traceHash);
  assert.equal(json.prediction.writtenAt, '2026-03-02T10:13:37Z');
  assert.equal(json.measured?.keptSchedule, true);
});

test('without a measurement there is a reason, and neither measured figures nor errors', () => {
  const json = comparisonJson(unmeasured, scenario);
  assert.equal(json.measured, null);
  assert.equal(json.error, null);
  assert.equal(json.phases[0].measured, null);
  assert.equal(json.phases[0].error, null);
  assert.match(json.notMeasuredReason ?? '', /Java/);
});

test('a figure that is not a number becomes null and not NaN', () => {
  const [first, ...rest] = measured.phases;
  const broken = { ...first, throughputRecordsPerSecond: Number.NaN, publishLatencyMs: null };
  const json = comparisonJson(
    compareResults({ predicted, measured: { ...measured, phases: [broken, ...rest] } }),
    scenario,
  );
  assert.equal(json.phases[0].measured?.throughputRecordsPerSecond, null);
  assert.equal(json.phases[0].error?.throughputRecordsPerSecond, null);
  assert.equal(json.error?.publishLatencyMs.p99, null);
  assert.doesNotMatch(JSON.stringify(json), /NaN|Infinity/);
});
