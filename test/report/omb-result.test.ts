import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ombResult } from '../../src/report/omb-result.ts';
import { percentilePoints } from '../../src/report/percentiles.ts';
import { histogramOf, recording, upTo } from './load-recording.ts';

const facts = {
  workload: '1 topic',
  driver: 'Kafka',
  messageSize: 1024,
  topics: 1,
  partitions: 16,
  producersPerTopic: 2,
  consumersPerTopic: 3,
};

/** The fields of OMB's class TestResult. */
const FACTS = Object.keys(facts);
const RATES = ['publishRate', 'publishErrorRate', 'consumeRate', 'backlog'];
const STATISTICS = ['Avg', '50pct', '75pct', '95pct', '99pct', '999pct', '9999pct', 'Max'];
const LATENCIES = ['PublishLatency', 'PublishDelayLatency', 'EndToEndLatency'];

describe('the result in the form of the OpenMessaging Benchmark', () => {
  const result = ombResult({ facts, recording });

  test('has exactly the fields of OMB', () => {
    const series = LATENCIES.flatMap((name) =>
      STATISTICS.map((statistic) => `${name[0].toLowerCase()}${name.slice(1)}${statistic}`),
    );
    const aggregates = LATENCIES.flatMap((name) =>
      [...STATISTICS, 'Quantiles'].map((statistic) => `aggregated${name}${statistic}`),
    );
    assert.deepEqual(Object.keys(result).sort(), [...FACTS, ...RATES, ...series, ...aggregates].sort());
  });

  test('repeats what the files say', () => {
    assert.deepEqual(Object.fromEntries(FACTS.map((key) => [key, Reflect.get(result, key)])), facts);
  });

  test('has rates of each window by its own length, and no backlog below zero', () => {
    assert.deepEqual(result.publishRate, [100, 125]);
    assert.deepEqual(result.publishErrorRate, [0, 0.5]);
    assert.deepEqual(result.consumeRate, [150, 312.5]);
    assert.deepEqual(result.backlog, [500, 0]);
  });

  test('has publish latencies in milliseconds and publish delays in microseconds', () => {
    assert.deepEqual(result.publishLatency50pct, [0.5, 1]);
    assert.deepEqual(result.publishLatency99pct, [0.99, 1.98]);
    assert.deepEqual(result.publishLatencyMax, [1, 2]);
    assert.deepEqual(result.publishLatencyAvg, [0.5005, 1.001]);
    assert.deepEqual(result.publishDelayLatency50pct, [50, 100]);
    assert.deepEqual(result.publishDelayLatencyMax, [100, 200]);
    assert.deepEqual(result.publishDelayLatencyAvg, [50.5, 101]);
  });

  test('has the figures of the whole run, not a mean of its windows', () => {
    // Two windows of 1 to 1000 and 2 to 2000 us: 1500 of the 2000 samples are at most 1000 us.
    assert.equal(result.aggregatedPublishLatency75pct, 1);
    assert.equal(result.aggregatedPublishLatencyMax, 2);
    assert.equal(result.aggregatedPublishDelayLatencyMax, 200);
  });

  test('has zeros where nothing was recorded, as OMB has', () => {
    assert.deepEqual(result.endToEndLatency99pct, [0, 0]);
    assert.deepEqual(result.endToEndLatencyAvg, [0, 0]);
    assert.equal(result.aggregatedEndToEndLatencyMax, 0);
    assert.deepEqual(result.aggregatedEndToEndLatencyQuantiles, {});
  });

  test('names quantiles by percentiles as Java writes them, rising to 100', () => {
    const quantiles = Object.entries(result.aggregatedPublishLatencyQuantiles);
    assert.deepEqual(quantiles[0], ['0.05', 0.001]);
    assert.deepEqual(quantiles.at(-1), ['100.0', 2]);
    assert.ok(quantiles.some(([percentile, ms]) => percentile === '75.0' && ms === 1));
    assert.ok(quantiles.every(([percentile]) => /^\d+\.\d+(E-\d+)?$/.test(percentile)));
    const numbers = quantiles.map(([percentile]) => Number(percentile));
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
  });

  test('writes a percentile below a thousandth with an exponent', () => {
    const many = histogramOf([5]);
    many.recordValueWithCount(7, 9_999_999);
    const latencies = { publishLatency: many, publishDelayLatency: many, endToEndLatency: many };
    const { aggregatedPublishDelayLatencyQuantiles: quantiles } = ombResult({
      facts,
      recording: { ...recording, total: latencies },
    });
    assert.deepEqual(quantiles, { '1.0E-5': 5, '100.0': 7 });
  });

  test('survives JSON', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
  });
});

describe('percentile points', () => {
  test('halve their steps with the distance to 100 %', () => {
    const points = percentilePoints(histogramOf(upTo(1000)), 1);
    assert.deepEqual(
      points.map(({ percentile }) => percentile),
      [0.1, 50, 75, 87.5, 93.8, 96.9, 98.5, 99.3, 99.7, 99.9, 100, 100],
    );
    assert.deepEqual(
      points.map(({ value }) => value),
      [1, 500, 750, 875, 938, 969, 985, 993, 997, 999, 1000, 1000],
    );
  });

  test('are none without samples', () => {
    assert.deepEqual(percentilePoints(histogramOf([]), 100), []);
  });
});
