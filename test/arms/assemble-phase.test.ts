import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assemblePhase } from '../../src/arms/assemble-phase.ts';
import { bucketTopNs } from '../../src/kafka/latency-buckets.ts';
import { readOut, type ShardReadOut } from '../../src/kafka/read-out.ts';
import type { PhaseResult } from '../../src/result/run-result.ts';
import { build, isNear, MS, runOut, type Small, scenarioOf, US } from '../kafka/support.ts';

const small: Small = {
  brokers: 2,
  topics: [{ partitions: 2, replicationFactor: 2 }],
  producers: [{ rate: { kind: 'constant', recordsPerSecond: 1000 }, config: { acks: 'all' } }],
  consumers: [{}],
  phase: { warmupMs: 1000, durationMs: 2500 },
  costs: {
    'link.latencyNs': 2 * MS,
    'broker.handler.producePerRequestNs': 100 * US,
    'broker.backgroundCores': 0.1,
  },
};

function assembled(of: Small, readOuts?: readonly ShardReadOut[]): PhaseResult {
  const scenario = scenarioOf(of);
  const parts = readOuts ?? [runOut(build(of))];
  const names = parts.map((_, index) => `shard-${index + 1}`);
  return assemblePhase(scenario, scenario.run.phases[0], names, parts);
}

/** The percentiles of these latencies, counted in buckets. */
function summaryOf(latenciesNs: readonly number[]): PhaseResult['publishLatencyMs'] {
  const read = readOut(build(small));
  const [checkout, billing] = read.classes;
  const buckets = checkout.buckets.slice();
  for (const ns of latenciesNs) {
    let bucket = 0;
    while (bucketTopNs(bucket) < ns) bucket += 1;
    buckets[bucket] += 1;
  }
  const latencySumNs = latenciesNs.reduce((sum, ns) => sum + ns, 0);
  const latencyMaxNs = Math.max(0, ...latenciesNs);
  const done = latenciesNs.length;
  const classes = [{ ...checkout, buckets, latencySumNs, latencyMaxNs, done }, billing];
  return assembled(small, [{ ...read, classes }]).publishLatencyMs;
}

describe('the result of a phase', () => {
  const result = assembled(small);

  test('has rates of the whole and of every window, the last of which is half as long', () => {
    assert.equal(result.warmupSeconds, 1);
    assert.equal(result.durationSeconds, 2.5);
    assert.ok(isNear(result.throughputRecordsPerSecond, 1000, 0.001));
    assert.ok(isNear(result.throughputBytesPerSecond, 200_000, 0.001));
    assert.deepEqual(result.windows.startSeconds, [0, 1, 2]);
    const { producedRecordsPerSecond, consumedRecordsPerSecond } = result.windows;
    for (const perSecond of [...producedRecordsPerSecond, ...consumedRecordsPerSecond]) {
      assert.ok(isNear(perSecond, 1000, 0.03), `${perSecond} records a second`);
    }
  });

  test('has the use of resources in every window, the last one too', () => {
    // One partition, so that no draw of a partition makes one window busier than another.
    const { resources } = assembled({ ...small, topics: [{ replicationFactor: 2 }] });
    for (const { values } of resources) {
      assert.equal(values.length, 3);
      for (const value of values)
        assert.ok(isNear(value ?? Number.NaN, values[0] ?? Number.NaN, 0.05), `${values}`);
    }
    const cpu = resources.find(({ resource, host }) => resource === 'cpu' && host === 'brokers-1');
    // The background, and 100 us for every request, of which there are at most 1000.
    const cores = cpu?.values[0] ?? Number.NaN;
    assert.ok(cores > 0.1 && cores <= 0.2);
  });

  test('has what a quota held back, for hosts that have one, as the measured one has it', () => {
    const busy: Small = {
      ...small,
      cores: 4,
      quotaCores: 0.5,
      producers: [{ count: 8, config: { acks: '1' } }],
      phase: { ...small.phase, load: 'max' },
      costs: { 'broker.handler.producePerRequestNs': MS },
    };
    const cpu = assembled(busy).resources.filter(({ resource }) => resource.startsWith('cpu'));
    assert.deepEqual(
      cpu.filter(({ broker }) => broker === null).map((of) => [of.host, of.resource, of.unit, of.capacity]),
      [
        ...['brokers-1', 'brokers-2'].flatMap((host) => [
          [host, 'cpu', 'cores', 0.5],
          [host, 'cpu.throttled', 'cores', null],
          [host, 'cpu.throttledPeriods', 'share', null],
        ]),
        ['clients', 'cpu', 'cores', 64],
      ],
    );
    for (const [resource, least, most] of [
      ['cpu', 0.45, 0.55],
      ['cpu.throttled', 0.1, 4],
      ['cpu.throttledPeriods', 1, 1],
    ] as const) {
      const found = cpu.find((of) => of.host === 'brokers-1' && of.resource === resource);
      assert.equal(found?.values.length, 3);
      for (const value of found?.values ?? []) {
        assert.ok(value !== null && value >= least && value <= most, `${resource} ${found?.values}`);
      }
    }
    assert.ok(result.resources.every(({ resource }) => !resource.startsWith('cpu.')));
  });

  test('names classes, threads and stages as the measured one does', () => {
    assert.deepEqual(
      result.classes.map(({ name, role }) => [name, role]),
      [
        ['checkout', 'producer'],
        ['billing', 'consumer'],
      ],
    );
    assert.deepEqual(
      new Set(result.threadCpu.map(({ process, group }) => `${process} ${group}`)),
      new Set([
        'broker-1 network',
        'broker-1 handler',
        'broker-1 fetcher',
        'broker-1 other',
        'broker-2 network',
        'broker-2 handler',
        'broker-2 fetcher',
        'broker-2 other',
        'generator producer',
        'generator consumer',
        'generator gc',
      ]),
    );
    assert.deepEqual(
      result.requestStages.map(({ broker, request }) => [broker, request]),
      [1, 2].flatMap((broker) => ['Produce', 'FetchConsumer', 'FetchFollower'].map((type) => [broker, type])),
    );
  });

  test('of several shards is their sum, the resources named by shard', () => {
    const read = runOut(build(small));
    const two = assembled(small, [read, read]);
    assert.equal(two.counts.recordsDue, 2 * result.counts.recordsDue);
    assert.equal(two.throughputRecordsPerSecond, 2 * result.throughputRecordsPerSecond);
    assert.deepEqual(two.windows.publishP99Ms, result.windows.publishP99Ms);
    assert.equal(two.publishLatencyMs?.count, 2 * (result.publishLatencyMs?.count ?? 0));
    assert.equal(two.publishLatencyMs?.p99, result.publishLatencyMs?.p99);
    assert.deepEqual(
      new Set(two.resources.map(({ host }) => host.split('/')[0])),
      new Set(['shard-1', 'shard-2']),
    );
  });

  test('without a consumer, or before anything was acknowledged, has no latency', () => {
    const silent = assembled({ ...small, consumers: [] }, [readOut(build({ ...small, consumers: [] }))]);
    assert.equal(silent.endToEndLatencyMs, null);
    assert.equal(silent.publishLatencyMs, null);
    assert.deepEqual(silent.windows.publishP50Ms, [null, null, null]);
  });
});

describe('the percentiles of a phase', () => {
  test('are those of the record with that rank, to the width of a bucket', () => {
    const latencies = Array.from({ length: 1000 }, (_, index) => (index + 1) * MS);
    const summary = summaryOf(latencies);
    assert.ok(summary !== null);
    assert.equal(summary.count, 1000);
    assert.equal(summary.mean, 500.5);
    assert.equal(summary.max, 1000);
    for (const [found, rank] of [
      [summary.p50, 500],
      [summary.p95, 950],
      [summary.p99, 990],
    ]) {
      assert.ok(found >= rank && found <= rank * 1.016, `${found} of rank ${rank}`);
    }
  });

  test('do not take the next record for the rounding of a float64', () => {
    // 99.9 / 100 * 1000 is a little more than 999.
    const summary = summaryOf([...new Array<number>(999).fill(MS), 1000 * MS]);
    assert.ok(summary !== null && summary.p999 < 1.02);
    assert.equal(summary.max, 1000);
  });

  test('are never more than the longest latency', () => {
    const summary = summaryOf([1.01 * MS]);
    assert.ok(summary !== null);
    assert.deepEqual(new Set(summary.curve.map(({ ms }) => ms)), new Set([1.01]));
  });
});
