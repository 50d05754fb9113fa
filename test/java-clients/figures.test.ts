import assert from 'node:assert/strict';
import test from 'node:test';
import { placedClients } from '../../src/java-clients/commands.ts';
import { combinedLatency } from '../../src/java-clients/latencies.ts';
import type { ProducerSummary } from '../../src/java-clients/perf-output.ts';
import { planProducers, silenceMs } from '../../src/java-clients/plan.ts';
import { recordsPerSecond } from '../../src/java-clients/series.ts';
import { exampleConsumer, examplePhase, exampleProducer, exampleScenario } from '../load/example-scenario.ts';

const one: ProducerSummary = {
  records: 1000,
  recordsPerSecond: 100,
  meanMs: 5,
  maxMs: 90,
  p50Ms: 4,
  p95Ms: 10,
  p99Ms: 20,
  p999Ms: 50,
};

test('one tool keeps its own percentiles, and as many of the same kind have them too', () => {
  const alone = combinedLatency([one]) ?? assert.fail();
  assert.deepEqual(
    [alone.count, alone.p50, alone.p95, alone.p99, alone.p999, alone.max],
    [1000, 4, 10, 20, 50, 90],
  );
  const both = combinedLatency([one, one]) ?? assert.fail();
  for (const name of ['p50', 'p95', 'p99', 'p999', 'max', 'mean'] as const) {
    assert.ok(Math.abs(both[name] - alone[name]) < 1e-6, name);
  }
  assert.equal(both.count, 2000);
});

test('of two tools the one with more records decides the median, and the slow one the tail', () => {
  const slow: ProducerSummary = {
    ...one,
    records: 100,
    p50Ms: 400,
    p95Ms: 500,
    p99Ms: 600,
    p999Ms: 700,
    maxMs: 800,
  };
  const both = combinedLatency([one, slow]) ?? assert.fail();
  assert.ok(both.p50 > 4 && both.p50 < 6, `${both.p50}`);
  // 55 of 1,100 records are above the 95th percentile, and nearly all of the slow 100 are.
  assert.ok(both.p95 > 300 && both.p95 < 500, `${both.p95}`);
  assert.equal(both.max, 800);
});

test('no tool with records has no latency', () => {
  assert.equal(combinedLatency([]), null);
  assert.equal(combinedLatency([{ ...one, records: 0 }]), null);
});

test('windows are spread over the seconds that they cover, and what lies outside is not counted', () => {
  const at = (seconds: number): number => (100 + seconds) * 1e9;
  const windows = [
    { endNs: at(-0.5), seconds: 1, records: 10 },
    { endNs: at(0.5), seconds: 1, records: 100 },
    { endNs: at(2.5), seconds: 2, records: 400 },
    { endNs: at(3.5), seconds: 1, records: 1000 },
  ];
  assert.deepEqual(recordsPerSecond(windows, at(0), 2.75), [150, 200, 350]);
});

test('a paced tool gets its rate for the phase and a tail, a saturating one what it was seen to do and more', () => {
  const scenario = exampleScenario({ producers: [exampleProducer({ client: 'java', count: 2 })] });
  const clients = placedClients(scenario, 'producers');
  assert.deepEqual(
    clients.map(({ name }) => name),
    ['checkout-1', 'checkout-2'],
  );
  const paced = planProducers(scenario, examplePhase(), clients, null);
  assert.deepEqual(
    paced.map(({ records, warmUpRecords, recordsPerSecond }) => [records, warmUpRecords, recordsPerSecond]),
    [
      [7500, 1000, 1000],
      [7500, 1000, 1000],
    ],
  );
  const [first, second] = planProducers(scenario, examplePhase({ load: 'max' }), clients, [10_000, 20_000]);
  assert.equal(first.recordsPerSecond, -1);
  assert.deepEqual([first.records, second.records], [150_000, 300_000]);
  assert.equal(first.warmUpRecords, 10_000);
});

test('a lone consumer waits for its records however long it takes, one of several for some turns of the partitions', () => {
  const silence = (count: number, load: number | 'max') => {
    const scenario = exampleScenario({ consumers: [exampleConsumer({ client: 'java', count })] });
    return silenceMs(scenario, examplePhase({ load }), placedClients(scenario, 'consumers')[0]);
  };
  assert.equal(silence(1, 1), 65_000);
  assert.equal(silence(2, 'max'), 15_000);
  assert.equal(silence(2, 1), 15_000);
  // 6 partitions of 16 KiB at 4,000 B/s take 24.6 s.
  assert.equal(silence(2, 0.01), 65_000);
});
