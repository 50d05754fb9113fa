/** What a scenario asks for besides rates, on real brokers: histories, pauses, skew, placement, quotas. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClientQuotaMatchTypes } from '@platformatic/kafka';
import { withAdmin } from '../../src/load/admin.ts';
import { fillHistories } from '../../src/load/fill-histories.ts';
import type { LoadResult } from '../../src/load/load-result.ts';
import { setQuotas } from '../../src/load/quotas.ts';
import { type RunPhaseOptions, runPhase } from '../../src/load/run-phase.ts';
import { createTopics, deleteTopics, logEnds } from '../../src/load/topics.ts';
import { type LocalCluster, startLocalCluster } from '../../src/local/cluster/local-cluster.ts';
import { consumerConfig } from '../../src/scenario/kafka-defaults.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { historyBatches, historyRecords } from '../../src/scenario/topic-history.ts';
import { missing } from '../support/components.ts';
import {
  exampleConsumer,
  examplePhase,
  exampleProducer,
  exampleScenario,
  exampleTopic,
} from './example-scenario.ts';

const skip = missing(['java', 'maven']) ?? false;
let cluster: LocalCluster | null = null;

before(async () => {
  if (skip === false) {
    cluster = await startLocalCluster({
      version: '4.3.1',
      brokers: 2,
      jmx: false,
      progress: () => undefined,
    });
  }
});

after(() => cluster?.stop());

interface Played {
  readonly result: LoadResult;
  /** Where the logs ended before the phase, and after it. */
  readonly filled: readonly number[];
  readonly ends: readonly number[];
}

async function play(scenario: Scenario, options: Partial<RunPhaseOptions> = {}): Promise<Played> {
  const bootstrapServers = cluster?.bootstrapServers ?? assert.fail('no cluster');
  const task = { scenario, bootstrapServers };
  await createTopics(task);
  try {
    await fillHistories(task);
    const filled = await logEnds(task);
    const result = await runPhase({ ...task, phase: examplePhase(), ...options });
    return { result, filled, ends: await logEnds(task) };
  } finally {
    await deleteTopics(task);
  }
}

/** Most records behind the log end in each window, of a class of consumers on one thread. */
function lagOf({ recordings }: LoadResult, consumer: number): readonly number[] {
  const part = recordings.consumers.filter(({ classIndex }) => classIndex === consumer);
  assert.equal(part.length, 1);
  return part[0].lagMaxPerWindow;
}

test('a history is there when the phase begins, evenly, and consumers read it or begin behind it', {
  skip,
}, async () => {
  const topic = exampleTopic({ history: { bytes: 12e6, valueBytes: 1000, batchBytes: 16_384 } });
  const { records, count } = historyBatches(topic);
  const history = historyRecords(topic);
  const scenario = exampleScenario({
    topics: [topic],
    consumers: [
      exampleConsumer({ config: consumerConfig({ 'auto.offset.reset': 'earliest' }) }),
      exampleConsumer({ name: 'late', group: 'late', config: consumerConfig({}) }),
    ],
  });
  const { result, filled, ends } = await play(scenario, { verify: true });
  assert.deepEqual(
    filled,
    Array.from({ length: 6 }, () => records * count),
  );
  const { recordsAcknowledged, recordsConsumed } = result.totals;
  assert.equal(
    ends.reduce((sum, end) => sum + end, 0),
    history + recordsAcknowledged,
  );
  // The history is traffic, but not what this run delivered.
  assert.equal(recordsConsumed, 2 * recordsAcknowledged);
  assert.deepEqual(
    result.deliveries.map(({ group, verdict }) => [group, verdict]),
    [
      ['billing', 'proven'],
      ['late', 'proven'],
    ],
  );
  // Of the records due in the phase alone.
  assert.equal(result.counts.recordsConsumed, 2 * result.counts.recordsAcknowledged);
  assert.deepEqual(result.errors, {});
});

test('a history that is read is traffic, and lag until it is read', {
  skip,
}, async () => {
  const topic = exampleTopic({ history: { bytes: 40e6, valueBytes: 1000, batchBytes: 65_536 } });
  const slow = exampleConsumer({
    processUs: 100,
    config: consumerConfig({ 'auto.offset.reset': 'earliest' }),
  });
  const scenario = exampleScenario({ topics: [topic], consumers: [slow], producers: [] });
  const { result } = await play(scenario, { phase: examplePhase({ warmupMs: 0, durationMs: 1000 }) });
  assert.equal(result.totals.recordsConsumed, 0);
  assert.ok(result.classes[0].recordsPerSecond > 1000, `${result.classes[0].recordsPerSecond}`);
  const lag = lagOf(result, 0);
  assert.ok(lag[0] > historyRecords(topic) / 2, `${lag}`);
});

test('lag grows while consumers pause, and falls when they go on', { skip }, async () => {
  const scenario = exampleScenario({
    producers: [exampleProducer({ rate: { kind: 'constant', recordsPerSecond: 4000 } })],
    consumers: [exampleConsumer({ pauses: [{ atMs: 1000, durationMs: 3000 }] })],
  });
  const { result, ends } = await play(scenario, { phase: examplePhase({ durationMs: 6000 }) });
  const lag = lagOf(result, 0);
  assert.ok(lag[0] < 2000, `before the pause: ${lag}`);
  assert.ok(lag[1] < lag[2] && lag[2] < lag[3], `growing: ${lag}`);
  // Three seconds of 4000 records.
  assert.ok(lag[3] > 11_000 && lag[3] < 13_000, `at the end of the pause: ${lag}`);
  assert.ok(lag[5] < 2000, `caught up: ${lag}`);
  const [, billing] = result.classes;
  assert.ok((billing.latencyMs?.max ?? 0) > 2500, 'the first record of the pause waits for its end');
  assert.equal(billing.lag?.max, Math.max(...lag));
  assert.equal(
    result.totals.recordsConsumed,
    ends.reduce((sum, end) => sum + end, 0),
  );
});

test('a skewed class gets its records in proportion to i^-zipf', { skip }, async () => {
  const clicks = exampleTopic({ name: 'clicks-*', count: 3, partitions: 2, skew: { zipf: 1.1 } });
  const scenario = exampleScenario({
    topics: [clicks],
    producers: [exampleProducer({ topics: ['clicks-*'] })],
    consumers: [],
  });
  const { ends } = await play(scenario, { verify: false });
  const records = ends.reduce((sum, end) => sum + end, 0);
  assert.equal(records, 10_000);
  const weights = ends.map((_, index) => (index + 1) ** -1.1);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  for (const [index, end] of ends.entries()) {
    const expected = (records * weights[index]) / sum;
    assert.ok(Math.abs(end - expected) < 5 * Math.sqrt(expected), `${index}: ${end}, expected ${expected}`);
  }
});

test('partitions are on the brokers that they are placed on, leader first, and get their rates', {
  skip,
}, async () => {
  const bootstrapServers = cluster?.bootstrapServers ?? assert.fail('no cluster');
  const placement = [
    { topic: 'orders', partition: 0, replicas: [2, 1], recordsPerSecond: 1500 },
    { topic: 'orders', partition: 1, replicas: [2, 1], recordsPerSecond: null },
    { topic: 'orders', partition: 2, replicas: [1, 2], recordsPerSecond: null },
  ];
  const scenario = exampleScenario({
    topics: [exampleTopic({ partitions: 3, replicationFactor: 2, placement })],
    consumers: [],
  });
  const task = { scenario, bootstrapServers };
  await createTopics(task);
  try {
    const metadata = await withAdmin(task, (admin) => admin.metadata({ topics: ['orders'] }));
    assert.deepEqual(
      metadata.topics.get('orders')?.partitions.map(({ leader, replicas }) => [leader, replicas]),
      [
        [2, [2, 1]],
        [2, [2, 1]],
        [1, [1, 2]],
      ],
    );
  } finally {
    await deleteTopics(task);
  }
  const { ends } = await play(scenario);
  for (const [partition, expected] of [7500, 1250, 1250].entries()) {
    assert.ok(Math.abs(ends[partition] - expected) < 5 * Math.sqrt(expected), `${ends}`);
  }
});

test('a quota holds its clients back, and is taken back after the phase', { skip }, async () => {
  const bootstrapServers = cluster?.bootstrapServers ?? assert.fail('no cluster');
  const scenario = exampleScenario({
    producers: [
      exampleProducer({ quota: { bytesPerSecond: 2000, requestPercentage: null } }),
      exampleProducer({ name: 'free', quota: { bytesPerSecond: null, requestPercentage: null } }),
    ],
    consumers: [],
  });
  const task = { scenario, bootstrapServers };
  const limited = () =>
    withAdmin(task, async (admin) => {
      const all = await admin.describeClientQuotas({
        components: [{ entityType: 'client-id', matchType: ClientQuotaMatchTypes.ANY }],
      });
      return all.flatMap(({ entity }) => entity.map(({ entityName }) => entityName)).sort();
    });
  const takeBack = await setQuotas(task);
  try {
    assert.deepEqual(await limited(), ['checkout-0', 'checkout-1']);
    await assert.rejects(setQuotas(task), /client\.id "checkout-0": expected a cluster without a quota/);
    const { result } = await play(scenario, { phase: examplePhase({ durationMs: 2000 }) });
    const [checkout, free] = result.classes;
    // Kafka lets ten seconds' worth pass at first.
    assert.ok(checkout.recordsPerSecond < 600, `${checkout.recordsPerSecond}/s of 2000`);
    assert.ok(free.recordsPerSecond > 1800, `${free.recordsPerSecond}/s of 2000`);
  } finally {
    await takeBack();
  }
  for (let looks = 0; looks < 50 && (await limited()).length > 0; looks++) {
    await sleep(100);
  }
  assert.deepEqual(await limited(), []);
});

test('of two runs that make the same topics at once, the one that is refused leaves those of the other', {
  skip,
}, async () => {
  const bootstrapServers = cluster?.bootstrapServers ?? assert.fail('no cluster');
  const task = { scenario: exampleScenario(), bootstrapServers };
  const both = await Promise.allSettled([createTopics(task), createTopics(task)]);
  try {
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const ends = await logEnds(task);
    assert.ok(ends.length > 0 && ends.every((end) => end === 0));
  } finally {
    await deleteTopics(task);
  }
});
