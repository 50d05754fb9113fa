import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { REQUEST } from '../../src/kafka/requests.ts';
import type { ConsumerConfig } from '../../src/scenario/kafka-defaults.ts';
import {
  build,
  HEADER_BYTES,
  isNear,
  MS,
  onResponse,
  RECORD_BYTES,
  recordsAppended,
  runOut,
  SECOND,
  type Small,
} from './support.ts';

const rate = (recordsPerSecond: number) => ({ kind: 'constant', recordsPerSecond }) as const;

describe('a long poll', () => {
  /** Times of the answers to a consumer's fetches in ms, with a record of 270 bytes every 100 ms. */
  function answersMs(config: Partial<ConsumerConfig>, recordsPerSecond = 10): number[] {
    const model = build({
      producers: recordsPerSecond === 0 ? [] : [{ rate: rate(recordsPerSecond) }],
      consumers: [{ config }],
      phase: { durationMs: 4000 },
    });
    const answers: number[] = [];
    onResponse(model, (request) => {
      if (model.requests.type.data[request] === REQUEST.fetchConsumer) answers.push(model.sim.nowNs / MS);
    });
    model.sim.run(4 * SECOND);
    return answers;
  }
  const gaps = (times: readonly number[]) => times.slice(1).map((time, index) => time - times[index]);

  test('is answered by the first record when fetch.min.bytes is 1', () => {
    assert.equal(HEADER_BYTES + RECORD_BYTES, 270);
    assert.deepEqual(new Set(gaps(answersMs({}).slice(1))), new Set([100]));
  });

  test('is answered when fetch.min.bytes have come', () => {
    assert.deepEqual(new Set(gaps(answersMs({ 'fetch.min.bytes': 1000 }).slice(1))), new Set([400]));
    assert.deepEqual(new Set(gaps(answersMs({ 'fetch.min.bytes': 1080 }).slice(1))), new Set([400]));
    assert.deepEqual(
      new Set(gaps(answersMs({ 'fetch.min.bytes': 1081, 'fetch.max.wait.ms': 900 }).slice(1))),
      new Set([500]),
    );
  });

  test('is answered with what there is after fetch.max.wait.ms', () => {
    const answers = answersMs({ 'fetch.min.bytes': 10_000, 'fetch.max.wait.ms': 250 });
    assert.deepEqual(new Set(gaps(answers)), new Set([250]));
    assert.equal(answers[0], 250);
  });

  test('is answered empty after fetch.max.wait.ms when nothing comes', () => {
    assert.deepEqual(answersMs({}, 0), [500, 1000, 1500, 2000, 2500, 3000, 3500, 4000]);
  });

  test('makes no record older than fetch.max.wait.ms', () => {
    for (const waitMs of [50, 300]) {
      const model = build({
        producers: [{ rate: rate(1000) }],
        consumers: [{ config: { 'fetch.min.bytes': 10_000_000, 'fetch.max.wait.ms': waitMs } }],
      });
      const [, billing] = runOut(model).classes;
      assert.equal(billing.done, 1000);
      assert.ok(billing.latencyMaxNs > 0.9 * waitMs * MS && billing.latencyMaxNs < (waitMs + 2) * MS);
    }
  });
});

describe('a pause', () => {
  const paused: Small = {
    topics: [{ partitions: 3 }],
    producers: [{ rate: rate(1000) }],
    consumers: [
      {
        pauses: [
          { atMs: 1000, durationMs: 2000 },
          { atMs: 5500, durationMs: 60_000 },
        ],
      },
    ],
    phase: { durationMs: 7000 },
  };

  test('lets lag grow by what is produced, and is caught up with; the last ends with the measured part', () => {
    const read = runOut(build(paused));
    const [lag] = read.lag;
    const near = [0, 0, 1000, 2000, 0, 0, 500, 1500];
    assert.equal(lag.length, near.length);
    lag.forEach((records, window) => {
      assert.ok(Math.abs(records - near[window]) <= 20, `${window}: ${lag.join(' ')}`);
    });
    const [, billing] = read.classes;
    assert.equal(billing.done, 7000);
    assert.ok(isNear(billing.latencyMaxNs, 2 * SECOND, 0.02), `${billing.latencyMaxNs}`);
  });

  test('of one class leaves the others alone', () => {
    const shipping = { name: 'shipping', group: 'shipping' };
    const read = runOut(build({ ...paused, consumers: [...(paused.consumers ?? []), shipping] }));
    assert.ok(Math.max(...read.lag[1]) <= 20);
  });
});

describe('consumer groups', () => {
  const groups: Small = {
    topics: [{ partitions: 5 }],
    producers: [{ rate: rate(3000) }],
    consumers: [
      { name: 'billing', count: 2 },
      { name: 'shipping', count: 3 },
      { name: 'analytics', count: 7 },
    ],
  };

  test('read every record once each', () => {
    const model = build(groups);
    const [checkout, ...consumers] = runOut(model).classes;
    assert.equal(checkout.done, 3000);
    for (const consumer of consumers) assert.equal(consumer.done, 3000);
    assert.equal(recordsAppended(model), 3000);
  });

  test('give their members runs of partitions, the first members one more', () => {
    const model = build(groups);
    const of = (classIndex: number) =>
      model.parts.topology.consumers
        .filter((consumer) => consumer.classIndex === classIndex)
        .map((consumer) => consumer.partitions);
    assert.deepEqual(of(0), [
      [0, 1, 2],
      [3, 4],
    ]);
    assert.deepEqual(of(1), [[0, 1], [2, 3], [4]]);
    assert.deepEqual(of(2), [[0], [1], [2], [3], [4], [], []]);
  });

  test('share the partitions of each topic, not of all topics together', () => {
    const model = build({
      topics: [
        { name: 'orders', partitions: 3 },
        { name: 'clicks', partitions: 3 },
      ],
      consumers: [{ topics: ['orders', 'clicks'], count: 2 }],
    });
    assert.deepEqual(
      model.parts.topology.consumers.map((consumer) => consumer.partitions),
      [
        [0, 1, 3, 4],
        [2, 5],
      ],
    );
  });

  test('fetch from every broker that leads one of their partitions, one fetch at a time each', () => {
    const model = build({
      brokers: 3,
      topics: [{ partitions: 6 }],
      consumers: [{ count: 2 }],
    });
    const { sessions } = model.parts;
    assert.deepEqual(
      sessions.map(({ owner, broker, partitions }) => [owner, broker, Array.from(partitions)]),
      [
        [0, 0, [0]],
        [0, 1, [1]],
        [0, 2, [2]],
        [1, 0, [3]],
        [1, 1, [4]],
        [1, 2, [5]],
      ],
    );
    const connections = sessions.map(({ connection }) => connection);
    assert.equal(new Set(connections).size, 6);
  });
});

describe('a consumer that is slower than its producers', () => {
  // It takes 1 ms for a record, of which 2000 come in a second; a response has about 100.
  const slow: Small = {
    producers: [{ rate: rate(2000) }],
    consumers: [
      { processUs: 1000, config: { 'max.partition.fetch.bytes': 100 * RECORD_BYTES } },
      { name: 'shipping' },
    ],
    threads: 2,
    phase: { durationMs: 5000 },
  };

  test('falls behind by what it does not take, while another group does not', () => {
    const read = runOut(build(slow));
    const [billing, shipping] = read.lag;
    assert.equal(billing.length, 6);
    billing.forEach((lag, second) => {
      assert.ok(Math.abs(lag - second * 1000) < 110, `lag ${lag} after ${second} s`);
    });
    for (const lag of shipping) assert.ok(lag < 10);
  });

  test('reads everything in the end, the last record as late as the work before it takes', () => {
    const [, billing, shipping] = runOut(build(slow)).classes;
    assert.equal(billing.done, 10_000);
    assert.ok(isNear(billing.latencyMaxNs, 5 * SECOND, 0.02), `${billing.latencyMaxNs}`);
    assert.equal(shipping.done, 10_000);
    assert.ok(shipping.latencyMaxNs < 10 * MS);
  });

  test('comes to the records of a response one after the other', () => {
    // One batch: 100 records, due from 0 to 99 ms, sent at 100 ms, read at 100 to 199 ms.
    const model = build({
      producers: [{ rate: rate(1000), config: { 'batch.size': 65_536 } }],
      consumers: [{ processUs: 1000 }],
      costs: { 'client.brokertwin.tickNs': 100 * MS },
      phase: { durationMs: 100 },
    });
    const [, billing] = runOut(model).classes;
    assert.equal(billing.done, 100);
    assert.equal(billing.latencyMaxNs, 100 * MS);
  });
});
