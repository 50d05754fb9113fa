import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConsumerClient } from '../../src/load/consumer-client.ts';
import type {
  FetchedPartition,
  FetchPosition,
  FetchTransport,
  TopicPartition,
} from '../../src/load/transport.ts';
import { consumerConfig } from '../../src/scenario/kafka-defaults.ts';
import type { ConsumerClass } from '../../src/scenario/scenario.ts';
import { exampleConsumer } from './example-scenario.ts';

interface Fetch {
  readonly broker: number;
  readonly positions: readonly FetchPosition[];
  readonly done: (error: Error | null, fetched: readonly FetchedPartition[]) => void;
}

/** A member of a group of which the test plays the brokers: partition p is led by broker p modulo 2. */
async function rig(changes: Partial<ConsumerClass> = {}) {
  const fetches: Fetch[] = [];
  const commits: FetchPosition[][] = [];
  const received: { bytes: number; atNs: number; fetchesBefore: number }[] = [];
  const seen = { failed: 0, refreshed: 0, askedCommitted: false };
  const state = {
    assignment: [0, 1, 2].map((partition): TopicPartition => ({ topic: 'orders', partition })),
  };
  const clock = { nowNs: 0 };
  const transport: FetchTransport = {
    join: async () => undefined,
    assignment: () => state.assignment,
    startOffsets: async (partitions, committed) => {
      seen.askedCommitted = committed;
      return partitions.map((partition) => ({ ...partition, offset: committed ? 7n : 0n }));
    },
    leader: async ({ partition }, refresh) => {
      seen.refreshed += refresh ? 1 : 0;
      return partition % 2;
    },
    fetch: (broker, positions, done) => fetches.push({ broker, positions, done }),
    commit: async (positions) => {
      commits.push([...positions]);
    },
    close: async () => undefined,
  };
  const client = new ConsumerClient({
    consumer: exampleConsumer(changes),
    transport,
    now: () => {
      clock.nowNs += 1000;
      return clock.nowNs;
    },
    observer: {
      received: ({ value }, atNs) =>
        received.push({ bytes: value?.length ?? 0, atNs, fetchesBefore: fetches.length }),
      fetched: () => undefined,
      assigned: () => undefined,
      failed: () => {
        seen.failed++;
      },
    },
  });
  await client.join();
  await sleep(5);
  const answer = (broker: number, fetched: readonly FetchedPartition[], error: Error | null = null) => {
    const index = fetches.findIndex((fetch) => fetch.broker === broker);
    const [fetch] = fetches.splice(index, 1);
    fetch.done(error, fetched);
  };
  return { client, fetches, commits, received, seen, state, answer };
}

function fetched(partition: number, from: number, records: number, highWatermark: number): FetchedPartition {
  return {
    topic: 'orders',
    partition,
    highWatermark: BigInt(highWatermark),
    nextOffset: BigInt(from + records),
    batches: [Array.from({ length: records }, () => ({ value: Buffer.alloc(10) }))],
  };
}

const offsets = ({ positions }: Fetch) =>
  positions.map(({ partition, offset }) => [partition, Number(offset)]);

test('one fetch per broker is under way, and the next one goes out before the records are handled', async () => {
  const { client, fetches, received, answer } = await rig();
  assert.deepEqual(fetches.map(({ broker }) => broker).sort(), [0, 1]);
  answer(0, [fetched(0, 0, 3, 10), fetched(2, 0, 2, 2)]);
  assert.equal(received.length, 5);
  assert.ok(received.every(({ fetchesBefore }) => fetchesBefore === 2));
  const next = fetches.find(({ broker }) => broker === 0);
  assert.deepEqual(next && offsets(next), [
    [0, 3],
    [2, 2],
  ]);
  assert.equal(client.lag, 7);
  await client.close();
});

test('a failed fetch is counted, and repeated after a while with fresh leaders', async () => {
  const { client, fetches, seen, answer } = await rig();
  answer(1, [], new Error('disconnected'));
  assert.equal(fetches.length, 1);
  await sleep(150);
  assert.equal(fetches.length, 2);
  assert.equal(seen.failed, 1);
  assert.ok(seen.refreshed > 0);
  await client.close();
});

test('a client that takes time gets its records one after the other, with at most one response waiting', async () => {
  const { client, fetches, received, answer } = await rig({
    processUs: 100,
    config: consumerConfig({ 'max.poll.records': 2 }),
  });
  answer(0, [fetched(0, 0, 5, 5)]);
  await sleep(20);
  assert.equal(received.length, 5);
  const gaps = received.slice(1).map(({ atNs }, index) => atNs - received[index].atNs);
  assert.ok(
    gaps.every((gap) => gap >= 100_000),
    `${gaps}`,
  );
  assert.deepEqual(fetches.map(({ broker }) => broker).sort(), [0, 1]);
  await client.close();
});

test('partitions that come during the load begin at the committed offset, others go on where they were', async () => {
  const { client, fetches, seen, state, answer } = await rig();
  answer(0, [fetched(0, 0, 3, 3)]);
  client.start();
  state.assignment = [0, 4].map((partition) => ({ topic: 'orders', partition }));
  await sleep(80);
  assert.ok(seen.askedCommitted);
  answer(0, []);
  const next = fetches.find(({ broker }) => broker === 0);
  assert.deepEqual(next && offsets(next), [
    [0, 3],
    [4, 7],
  ]);
  await client.close();
});

test('positions are committed at the interval, when they have changed', async () => {
  const { client, commits, answer } = await rig({
    config: consumerConfig({ 'auto.commit.interval.ms': 20 }),
  });
  answer(1, [fetched(1, 0, 4, 4)]);
  await sleep(100);
  assert.equal(commits.length, 1);
  assert.deepEqual(
    commits[0].filter(({ offset }) => offset > 0n).map(({ partition, offset }) => [partition, offset]),
    [[1, 4n]],
  );
  await client.close();
});
