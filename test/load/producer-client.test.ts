import assert from 'node:assert/strict';
import test from 'node:test';
import type { Batch } from '../../src/load/accumulator.ts';
import { ProducerClient, type ProducerObserver } from '../../src/load/producer-client.ts';
import { randomStream } from '../../src/load/random.ts';
import { RecordSource } from '../../src/load/record-source.ts';
import { createSchedule } from '../../src/load/schedule.ts';
import type { ProduceTransport } from '../../src/load/transport.ts';
import { type ProducerConfig, producerConfig } from '../../src/scenario/kafka-defaults.ts';
import { exampleProducer } from './example-scenario.ts';

const MS = 1e6;

interface Request {
  readonly batches: readonly Batch[];
  readonly done: (error: Error | null) => void;
}

/** A client with a broker that answers when the test says so, and a clock that the test sets. */
async function rig(config: Partial<ProducerConfig>, recordsPerSecond: number | 'max') {
  const requests: Request[] = [];
  const clock = { nowNs: 0 };
  const offered: number[] = [];
  const lateness: number[] = [];
  const latencies: number[] = [];
  const seen = { made: 0, failed: 0, acknowledged: 0, sent: 0, refreshed: 0 };
  const transport: ProduceTransport = {
    leaders: async (_, refresh) => {
      seen.refreshed += refresh ? 1 : 0;
      return [1, 1];
    },
    connect: async () => undefined,
    send: (batches, done) => requests.push({ batches, done }),
    close: async () => undefined,
  };
  const observer: ProducerObserver = {
    offered(dueNs, atNs) {
      offered.push(dueNs);
      lateness.push(atNs - dueNs);
    },
    made: () => {
      seen.made++;
    },
    sent: () => {
      seen.sent++;
    },
    acknowledged(batch, atNs) {
      seen.acknowledged += batch.dueNs.length;
      latencies.push(...batch.dueNs.map((dueNs) => atNs - dueNs));
    },
    failed(batch) {
      seen.failed += batch.dueNs.length;
    },
  };
  const producer = exampleProducer({ config: producerConfig(config) });
  const client = new ProducerClient({
    config: producer.config,
    topics: [{ name: 'orders', partitions: 2 }],
    firstTopic: 0,
    records: new RecordSource(producer, 'rig'),
    random: randomStream('rig'),
    transport,
    observer,
    now: () => clock.nowNs,
  });
  await client.connect();
  const schedule = () =>
    createSchedule({
      rate: { kind: 'constant', recordsPerSecond: Number(recordsPerSecond) },
      load: 1,
      startNs: 0,
      client: 0,
      clients: 1,
    });
  const cursors = recordsPerSecond === 'max' ? null : { offer: schedule(), enter: schedule() };
  return {
    requests,
    offered,
    lateness,
    latencies,
    seen,
    client,
    start: (endNs: number) => client.start(cursors, endNs),
    tick(atMs: number) {
      clock.nowNs = atMs * MS;
      client.tick(clock.nowNs);
    },
    answer(atMs: number, error: Error | null = null) {
      clock.nowNs = atMs * MS;
      requests.shift()?.done(error);
    },
  };
}

test('latency counts from the due time, so a stall of the broker shows in full', async () => {
  const { start, tick, answer, latencies, lateness, client } = await rig({ 'linger.ms': 0 }, 1000);
  start(4 * MS);
  tick(0);
  tick(2.5);
  tick(5);
  assert.ok(!client.idle);
  answer(1000);
  answer(1000);
  answer(1000);
  assert.deepEqual(latencies, [1000 * MS, 999 * MS, 998 * MS, 997 * MS]);
  assert.deepEqual(lateness, [0, 1.5 * MS, 0.5 * MS, 2 * MS]);
  assert.ok(client.idle);
});

test('a slow broker makes latency, not lateness, when memory runs out', async () => {
  const { start, tick, answer, seen, lateness, offered, requests } = await rig(
    { 'linger.ms': 0, 'buffer.memory': 1000, 'batch.size': 1000, 'max.in.flight.requests.per.connection': 1 },
    1000,
  );
  start(100 * MS);
  for (let ms = 0; ms <= 100; ms++) {
    tick(ms);
  }
  assert.equal(offered.length, 100);
  assert.equal(Math.max(...lateness), 0);
  assert.equal(requests.length, 1);
  for (let ms = 200; requests.length > 0; ms++) {
    answer(ms);
  }
  assert.equal(seen.acknowledged, 100);
});

test('no more requests are in flight than allowed, and an acknowledgement sends the next', async () => {
  const { start, tick, answer, requests, seen } = await rig(
    { 'linger.ms': 0, 'max.in.flight.requests.per.connection': 2 },
    1000,
  );
  start(50 * MS);
  for (let ms = 0; ms < 50; ms++) {
    tick(ms);
  }
  assert.equal(requests.length, 2);
  answer(60);
  assert.equal(requests.length, 2);
  assert.equal(seen.sent, 3);
});

test('records linger until a tick comes after linger.ms', async () => {
  const { start, tick, requests } = await rig({ 'linger.ms': 5, 'batch.size': 1000 }, 1000);
  start(1 * MS);
  tick(0);
  tick(4.9);
  assert.equal(requests.length, 0);
  tick(5);
  assert.equal(requests.length, 1);
});

test('a failed request counts its records as failed and asks for the leaders again', async () => {
  const { start, tick, answer, seen, client } = await rig({ 'linger.ms': 0 }, 1000);
  start(2 * MS);
  tick(3);
  answer(10, new Error('not the leader'));
  assert.deepEqual([seen.failed, seen.acknowledged, seen.refreshed], [2, 0, 1]);
  assert.ok(client.idle);
});

test('saturating, a client fills its memory and no more, refills it on each acknowledgement, and stops at the end', async () => {
  const { start, tick, answer, seen, client, requests } = await rig(
    { 'buffer.memory': 50_000, 'batch.size': 5000, 'max.in.flight.requests.per.connection': 3 },
    'max',
  );
  start(1000 * MS);
  tick(0);
  const filled = seen.made;
  // 10 batches of (5000 - 61) / 208 = 23 records; the first of the last batch waits for nothing.
  assert.equal(filled, 230);
  assert.equal(requests.length, 3);
  answer(1);
  assert.ok(seen.made > filled);
  for (let ms = 1000; requests.length > 0; ms++) {
    answer(ms);
  }
  assert.ok(client.idle);
  assert.equal(seen.acknowledged, seen.made);
});
