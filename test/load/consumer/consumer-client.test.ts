import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConsumerClient } from '../../../src/load/consumer/consumer-client.ts';
import type {
  FetchedPartition,
  FetchPosition,
  FetchTransport,
  TopicPartition,
} from '../../../src/load/consumer/fetch-transport.ts';
import { readDueTime, writeDueTime } from '../../../src/load/due-time.ts';
import { randomStream } from '../../../src/load/random.ts';
import { BatchMemories } from '../../../src/load/wire/batch-memory.ts';
import { codecOf } from '../../../src/load/wire/codecs.ts';
import { encodeHeaders, RecordBatchWriter } from '../../../src/load/wire/record-batch-writer.ts';
import { ValuePool } from '../../../src/load/wire/value-pool.ts';
import { consumerConfig, producerConfig } from '../../../src/scenario/kafka-defaults.ts';
import type { ConsumerClass } from '../../../src/scenario/scenario.ts';
import { exampleConsumer } from '../example-scenario.ts';

interface Fetch {
  readonly broker: number;
  readonly positions: readonly FetchPosition[];
  readonly done: (error: Error | null, fetched: readonly FetchedPartition[]) => void;
}

/** A member of a group of which the test plays the brokers: partition p is led by broker p modulo 2. */
async function rig(
  changes: Partial<ConsumerClass> = {},
  changed: { leader?: (partition: number) => number } = {},
) {
  const fetches: Fetch[] = [];
  const commits: FetchPosition[][] = [];
  const received: {
    partition: number;
    offset: number;
    valueBytes: number;
    dueNs: number | null;
    atNs: number;
    fetchesBefore: number;
  }[] = [];
  const errors: string[] = [];
  const seen = { failed: 0, refreshed: 0 };
  const state = {
    assignment: [0, 1, 2].map((partition): TopicPartition => ({ topic: 'orders', partition })),
    leader: (partition: number) => partition % 2,
    rebalance: (): void => assert.fail('it has not joined'),
    end: 0,
    /** Partition 4 has a committed offset. */
    start: ({ partition }: TopicPartition) => (partition === 4 ? 7 : 0),
    reset: 5,
    ...changed,
  };
  const clock = { nowNs: 0 };
  const transport: FetchTransport = {
    async join(onRebalance) {
      state.rebalance = onRebalance;
    },
    assignment: () => state.assignment,
    startOffsets: async (partitions) =>
      partitions.map((partition) => ({ ...partition, offset: state.start(partition) })),
    resetOffsets: async (partitions) =>
      partitions.map((partition) => ({ ...partition, offset: state.reset })),
    leader: ({ partition }) => state.leader(partition),
    logEnds: async (partitions) => partitions.map((partition) => ({ ...partition, offset: state.end })),
    async refreshLeaders() {
      seen.refreshed++;
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
      received: ({ partition, offset, bytes, valueAt, valueBytes }, atNs) =>
        received.push({
          partition,
          offset,
          valueBytes,
          dueNs: readDueTime(bytes, valueAt, valueBytes),
          atNs,
          fetchesBefore: fetches.length,
        }),
      fetched: () => undefined,
      positioned: () => undefined,
      advanced: () => undefined,
      committing: () => undefined,
      assigned: () => undefined,
      failed: ({ message }) => {
        errors.push(message);
        seen.failed++;
      },
    },
  });
  // A test that fails must not leave its timers behind.
  after(() => client.close());
  await client.join();
  await sleep(5);
  const answer = (broker: number, fetched: readonly FetchedPartition[], error: Error | null = null) => {
    const index = fetches.findIndex((fetch) => fetch.broker === broker);
    const [fetch] = fetches.splice(index, 1);
    fetch.done(error, fetched);
  };
  return { client, fetches, commits, received, errors, seen, state, answer };
}

const memories = new BatchMemories();
const pool = ValuePool.ofBytes(randomStream('consumer'), 1);

/** A batch whose records' due times are their offsets. */
function batchFrom(offset: number, records: number): Buffer {
  const writer = new RecordBatchWriter(memories, pool, 0, 0);
  for (let index = 0; index < records; index++) {
    writer.append(1000, 0, 0, 0, null, 10, encodeHeaders([]));
    writeDueTime(writer.target, writer.lastValueAt, 10, offset + index);
  }
  writer.seal(codecOf(producerConfig({})), { producerId: -1n, epoch: -1, baseSequence: -1 });
  const bytes = Buffer.concat(writer.sealed);
  bytes.writeBigInt64BE(BigInt(offset), 0);
  return bytes;
}

function fetched(
  partition: number,
  from: number,
  records: number,
  highWatermark: number,
  changes: Partial<FetchedPartition> = {},
): FetchedPartition {
  const bytes = records === 0 ? Buffer.alloc(0) : batchFrom(from, records);
  return {
    topic: 'orders',
    partition,
    highWatermark,
    error: null,
    preferredReadReplica: -1,
    bytes,
    start: 0,
    end: bytes.length,
    ...changes,
  };
}

const offsets = ({ positions }: Fetch) => positions.map(({ partition, offset }) => [partition, offset]);

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
  assert.deepEqual(fetches.map(({ broker }) => broker).sort(), [0, 1], 'the next fetch is under way');
  await sleep(20);
  assert.deepEqual(
    received.map(({ dueNs }) => dueNs),
    [0, 1, 2, 3, 4],
  );
  assert.ok(received.every(({ fetchesBefore }) => fetchesBefore === 2));
  const gaps = received.slice(1).map(({ atNs }, index) => atNs - received[index].atNs);
  assert.ok(
    gaps.every((gap) => gap >= 100_000),
    `${gaps}`,
  );
  assert.deepEqual(fetches.map(({ broker }) => broker).sort(), [0, 1]);
  await client.close();
});

test('partitions that come during the load begin at the committed offset, others go on where they were', async () => {
  const { client, fetches, state, answer } = await rig();
  answer(0, [fetched(0, 0, 3, 3)]);
  state.assignment = [0, 4].map((partition) => ({ topic: 'orders', partition }));
  await sleep(80);
  answer(0, []);
  const next = fetches.find(({ broker }) => broker === 0);
  assert.deepEqual(next && offsets(next), [
    [0, 3],
    [4, 7],
  ]);
  await client.close();
});

test('an answer that waited at the broker while its partition went to another member is not received', async () => {
  const { client, received, state, answer } = await rig();
  state.assignment = [{ topic: 'orders', partition: 2 }];
  await sleep(80);
  answer(0, [fetched(0, 0, 3, 3), fetched(2, 0, 2, 2)]);
  assert.deepEqual(
    received.map(({ partition, offset }) => [partition, offset]),
    [
      [2, 0],
      [2, 1],
    ],
  );
  await client.close();
});

test('records that wait for a busy client are dropped when their partition goes to another member', async () => {
  const { client, received, state, answer } = await rig({
    processUs: 1_000_000,
    config: consumerConfig({ 'max.poll.records': 1 }),
  });
  answer(0, [fetched(2, 0, 5, 5), fetched(0, 0, 40, 40)]);
  await sleep(30);
  state.assignment = [{ topic: 'orders', partition: 2 }];
  await sleep(80);
  const before = received.length;
  assert.ok(before >= 5);
  await sleep(30);
  assert.equal(received.length, before);
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
    commits[0].filter(({ offset }) => offset > 0).map(({ partition, offset }) => [partition, offset]),
    [[1, 4]],
  );
  await client.close();
});

test('records before the position, of a batch that began earlier, are not received again', async () => {
  const { client, received, state, answer } = await rig();
  state.assignment = [{ topic: 'orders', partition: 4 }];
  await sleep(80);
  answer(0, []);
  answer(0, [fetched(4, 5, 4, 9)]);
  assert.deepEqual(
    received.map(({ partition, offset, dueNs }) => [partition, offset, dueNs]),
    [
      [4, 7, 7],
      [4, 8, 8],
    ],
  );
  await client.close();
});

test('a wrong leader is counted, and the partition waits for fresh leaders while others go on', async () => {
  const { client, fetches, seen, errors, answer } = await rig();
  answer(0, [fetched(0, 0, 0, -1, { error: 'NOT_LEADER_OR_FOLLOWER' }), fetched(2, 0, 1, 1)]);
  assert.deepEqual(errors, ['orders-0: NOT_LEADER_OR_FOLLOWER']);
  const next = fetches.find(({ broker }) => broker === 0);
  assert.deepEqual(next && offsets(next), [[2, 1]]);
  await sleep(150);
  assert.equal(seen.refreshed, 1);
  answer(0, []);
  const then = fetches.find(({ broker }) => broker === 0);
  assert.deepEqual(then && offsets(then), [
    [0, 0],
    [2, 1],
  ]);
  await client.close();
});

test('an offset that is not in the log any more is reset', async () => {
  const { client, fetches, answer } = await rig();
  answer(1, [fetched(1, 0, 3, 3)]);
  answer(1, [fetched(1, 3, 0, -1, { error: 'OFFSET_OUT_OF_RANGE' })]);
  await sleep(5);
  const next = fetches.find(({ broker }) => broker === 1);
  assert.deepEqual(next && offsets(next), [[1, 5]]);
  await client.close();
});

test('a replica that is nearer is read from instead of the leader', async () => {
  const { client, fetches, answer } = await rig();
  answer(1, [fetched(1, 0, 0, 5, { preferredReadReplica: 0 })]);
  assert.deepEqual(
    fetches.map(({ broker }) => broker),
    [0],
  );
  answer(0, []);
  assert.deepEqual(fetches.map(offsets), [
    [
      [0, 0],
      [1, 0],
      [2, 0],
    ],
  ]);
  await client.close();
});

test('a corrupt batch is counted and its records are not received', async () => {
  const { client, received, seen, answer } = await rig({ config: consumerConfig({ 'check.crcs': true }) });
  const corrupt = fetched(1, 0, 3, 3);
  corrupt.bytes[70] ^= 1;
  answer(1, [corrupt]);
  assert.equal(received.length, 0);
  assert.equal(seen.failed, 1);
  await client.close();
});

test('a partition without a leader is asked for until it has one', async () => {
  const { client, fetches, seen, state } = await rig(
    {},
    { leader: (partition) => (partition === 1 ? -1 : 0) },
  );
  await sleep(150);
  assert.deepEqual(
    fetches.map(({ broker }) => broker),
    [0],
  );
  assert.ok(seen.refreshed > 0);
  state.leader = (partition) => partition % 2;
  await sleep(250);
  assert.deepEqual(fetches.map(({ broker }) => broker).sort(), [0, 1]);
  await client.close();
});

test('a replica that leads nothing that is read is fetched from as soon as it is named', async () => {
  const { client, fetches, answer } = await rig();
  answer(1, [fetched(1, 0, 0, 5, { preferredReadReplica: 5 })]);
  assert.deepEqual(fetches.map(({ broker }) => broker).sort(), [0, 5]);
  await client.close();
});

test('a nearer replica is read from until it fails, whatever becomes of other brokers', async () => {
  const { client, fetches, answer } = await rig();
  answer(1, [fetched(1, 0, 0, 5, { preferredReadReplica: 5 })]);
  answer(0, [], new Error('disconnected'));
  await sleep(150);
  assert.deepEqual(fetches.map(({ broker }) => broker).sort(), [0, 5]);
  answer(5, [fetched(1, 0, 2, 5)]);
  assert.deepEqual(fetches.map(({ broker }) => broker).sort(), [0, 5]);
  answer(5, [], new Error('disconnected'));
  await sleep(150);
  assert.deepEqual(fetches.map(({ broker }) => broker).sort(), [0, 1]);
  await client.close();
});

test('an offset that a nearer replica has not yet is asked of the leader', async () => {
  const { client, fetches, answer } = await rig();
  answer(1, [fetched(1, 0, 3, 5)]);
  answer(1, [fetched(1, 3, 0, 5, { preferredReadReplica: 5 })]);
  answer(5, [fetched(1, 3, 0, -1, { error: 'OFFSET_OUT_OF_RANGE' })]);
  await sleep(5);
  const next = fetches.find(({ broker }) => broker === 1);
  assert.deepEqual(next && offsets(next), [[1, 3]]);
  await client.close();
});

test('what was read is committed before the group takes partitions away, and at the end', async () => {
  const { client, commits, state, answer } = await rig();
  answer(1, [fetched(1, 0, 4, 4)]);
  state.rebalance();
  const committed = () => commits.at(-1)?.find(({ partition }) => partition === 1)?.offset;
  assert.equal(commits.length, 1);
  assert.equal(committed(), 4);
  state.assignment = [1].map((partition) => ({ topic: 'orders', partition }));
  await sleep(80);
  answer(1, []);
  answer(1, [fetched(1, 4, 2, 6)]);
  await client.close();
  assert.equal(commits.length, 2);
  assert.equal(committed(), 6);
});

test('without auto-commit nothing is committed at the end', async () => {
  const { client, commits, state, answer } = await rig({
    config: consumerConfig({ 'enable.auto.commit': false }),
  });
  answer(1, [fetched(1, 0, 4, 4)]);
  state.rebalance();
  await client.close();
  assert.equal(commits.length, 0);
});

test('records that wait for a busy client are not committed', async () => {
  const { client, commits, received, answer } = await rig({
    processUs: 1,
    config: consumerConfig({ 'max.poll.records': 1 }),
  });
  answer(1, [fetched(1, 0, 400, 400)]);
  const taken = received.length;
  assert.ok(taken > 0 && taken < 400);
  await client.close();
  assert.equal(commits.at(-1)?.find(({ partition }) => partition === 1)?.offset, taken);
});

test('while a classic group gives its partitions out anew nothing is read', async () => {
  const { client, fetches, received, state, answer } = await rig();
  state.rebalance();
  answer(0, [fetched(0, 0, 3, 3)]);
  assert.equal(received.length, 0);
  assert.deepEqual(
    fetches.map(({ broker }) => broker),
    [1],
  );
  state.assignment = [...state.assignment];
  await sleep(80);
  answer(0, [fetched(0, 0, 3, 3)]);
  assert.equal(received.length, 3);
  await client.close();
});

test('a group of the consumer protocol goes on reading what it keeps', async () => {
  const { client, received, state, answer } = await rig({
    config: consumerConfig({ 'group.protocol': 'consumer' }),
  });
  state.rebalance();
  answer(0, [fetched(0, 0, 3, 3)]);
  assert.equal(received.length, 3);
  await client.close();
});

test('a paused client fetches nothing, looks how far behind it is, and goes on where it was', async () => {
  const { client, fetches, received, state, answer } = await rig();
  client.pause();
  answer(0, [fetched(0, 0, 5, 5)]);
  answer(1, []);
  assert.equal(received.length, 5);
  assert.equal(fetches.length, 0);
  state.end = 100;
  await sleep(700);
  assert.equal(fetches.length, 0);
  assert.equal(client.lag, 95 + 100 + 100);
  client.resume();
  assert.deepEqual(
    fetches.flatMap(({ positions }) => positions.map(({ partition, offset }) => [partition, offset])),
    [
      [0, 5],
      [2, 0],
      [1, 0],
    ],
  );
  state.end = 1000;
  await sleep(700);
  assert.equal(client.lag, 95 + 100 + 100);
});

test('a client that pauses keeps the records that it has not taken yet', async () => {
  const { client, received, answer } = await rig({
    processUs: 1,
    config: consumerConfig({ 'max.poll.records': 2 }),
  });
  answer(0, [fetched(0, 0, 5, 5)]);
  client.pause();
  await sleep(20);
  assert.equal(received.length, 2);
  client.resume();
  await sleep(20);
  assert.deepEqual(
    received.map(({ offset }) => offset),
    [0, 1, 2, 3, 4],
  );
});
