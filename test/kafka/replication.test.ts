import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fetcherNumber } from '../../src/kafka/broker/replica-fetcher.ts';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import { REQUEST } from '../../src/kafka/requests.ts';
import {
  build,
  column,
  HEADER_BYTES,
  MS,
  meanLatencyNs,
  onFetched,
  onResponse,
  RECORD_BYTES,
  recordsAppended,
  rowsTaken,
  runOut,
  type Small,
  sum,
  US,
} from './support.ts';

describe('one record, unloaded', () => {
  const costs = {
    'host.wakeUpLatencyNs': 30 * US,
    'broker.network.wakeUpCpuNs': 10 * US,
    'broker.handler.wakeUpCpuNs': 10 * US,
    'client.brokertwin.producer.wakeUpCpuNs': 10 * US,
    'client.brokertwin.consumer.wakeUpCpuNs': 10 * US,
    'link.latencyNs': 50 * US,
    'broker.network.perRequestNs': 40 * US,
    'broker.network.perByteInNs': 2,
    'broker.network.perByteOutNs': 3,
    'broker.handler.producePerRequestNs': 30 * US,
    'broker.handler.producePerBatchNs': 5 * US,
    'broker.handler.producePerByteNs': 4,
    'broker.handler.fetchPerRequestNs': 20 * US,
    'broker.handler.fetchPerPartitionNs': 7 * US,
    'broker.fetcher.perRequestNs': 60 * US,
    'client.brokertwin.consumer.perRequestNs': 100 * US,
    'client.brokertwin.consumer.perRecordNs': 9 * US,
  } as const;
  const bytes = HEADER_BYTES + RECORD_BYTES;
  const wake = 40 * US;
  const link = 50 * US;
  const responseHeader = 64;
  /** The first fetch of a session names its one partition of one topic, and is told of it. */
  const fullHeader = responseHeader + 18 + 37;
  const fetchRequest = 128;
  const send = (size: number) => wake + 20 * US + size * 3;
  const read = (size: number) => wake + 20 * US + size * 2;
  const tick = MS + wake;
  const appended = tick + link + read(bytes) + wake + 30 * US + 5 * US + bytes * 4;
  const acknowledged = send(responseHeader) + link + wake;
  /** From the leader's append to its knowing that `followers` have it; its handler answers their fetches in turn. */
  const replicated = (followers: number) =>
    followers * 7 * US +
    (send(fullHeader + bytes) + link) +
    (wake + 60 * US + (fullHeader + bytes) * (2 + 4) + 5 * US) +
    (link + read(fetchRequest)) +
    (wake + 20 * US + 7 * US);
  const small = (replicas: number, acks: '1' | 'all'): Small => ({
    brokers: 3,
    topics: [{ replicationFactor: replicas }],
    producers: [{ rate: { kind: 'constant', recordsPerSecond: 1 }, config: { acks } }],
    consumers: [{}],
    costs,
  });
  const publishNs = (replicas: number, acks: '1' | 'all') =>
    meanLatencyNs(runOut(build(small(replicas, acks))));

  test('with acks=1 is acknowledged when the leader has it, however many replicas there are', () => {
    // The handler answers the producer first, and completes the parked fetches after it.
    for (const replicas of [1, 2, 3]) assert.equal(publishNs(replicas, '1'), appended + acknowledged);
  });

  for (const replicas of [2, 3]) {
    test(`with acks=all and ${replicas} replicas is acknowledged when every follower has fetched once more`, () => {
      assert.equal(publishNs(replicas, 'all'), appended + replicated(replicas - 1) + acknowledged);
    });
  }

  test('is read when the high watermark has passed it, whatever the producer waits for', () => {
    const decoded = 7 * US + send(fullHeader + bytes) + link + wake + 70 * US + 9 * US;
    for (const acks of ['1', 'all'] as const) {
      assert.equal(meanLatencyNs(runOut(build(small(1, acks))), 1), appended + decoded);
      assert.equal(meanLatencyNs(runOut(build(small(3, acks))), 1), appended + replicated(2) + decoded);
    }
  });
});

describe('a fetcher', () => {
  // Java: "orders".hashCode() and so on.
  const HASHES: Readonly<Record<string, number>> = {
    a: 97,
    hello: 99_162_322,
    orders: -1_008_770_331,
    __consumer_offsets: -970_371_369,
  };

  test('is chosen by the hash of topic and partition', () => {
    for (const [topic, hash] of Object.entries(HASHES)) {
      for (const partition of [0, 1, 7, 49]) {
        for (const fetchers of [1, 2, 3, 4, 7]) {
          const wrapped = Number(BigInt.asIntN(32, 31n * BigInt(hash) + BigInt(partition)));
          assert.equal(fetcherNumber(topic, partition, fetchers), Math.abs(wrapped) % fetchers);
        }
      }
    }
  });

  test('is the first for the one hash that has no absolute value in Java', () => {
    // "polygenelubricants".hashCode() is Integer.MIN_VALUE, of which Kafka's Utils.abs makes 0.
    assert.equal(fetcherNumber('polygenelubricants', 0, 3), 0);
  });

  test('has the partitions of its number, and no other fetcher of the follower has them', () => {
    const model = build({
      brokers: 3,
      brokerConfig: { 'num.replica.fetchers': 2 },
      topics: [{ partitions: 12, replicationFactor: 3 }],
    });
    const followed: string[] = [];
    for (const { follower, session } of model.parts.fetchers) {
      const { broker, partitions } = model.replicas.session(session);
      assert.notEqual(broker, follower);
      assert.equal(
        new Set(Array.from(partitions, (partition) => fetcherNumber('orders', partition, 2))).size,
        1,
      );
      followed.push(...Array.from(partitions, (partition) => `${partition} on ${follower}`));
    }
    assert.equal(new Set(followed).size, followed.length);
    assert.equal(followed.length, 12 * 2);
    assert.equal(model.parts.fetchers.length, 3 * 2 * 2);
  });

  test('has one fetch in flight, and one that waits is answered after replica.fetch.wait.max.ms', () => {
    const model = build({
      ...busy,
      producers: [],
      consumers: [],
      brokerConfig: { 'replica.fetch.wait.max.ms': 200 },
    });
    const answered: number[] = [];
    onResponse(model, () => answered.push(model.sim.nowNs));
    for (let now = 0; now < 1000 * MS; now += 3100 * US) {
      model.sim.run(now);
      assertOneFetchEach(model);
    }
    assert.equal(answered.length, 4 * model.parts.fetchers.length);
  });
});

/** Six partitions on three brokers that have something to do; replication is slow, so that there is always a backlog. */
const busy: Small = {
  brokers: 3,
  topics: [{ partitions: 6, replicationFactor: 3 }],
  producers: [{ count: 3, rate: { kind: 'constant', recordsPerSecond: 6000 }, config: { acks: 'all' } }],
  consumers: [{}],
  costs: {
    'link.latencyNs': 100 * US,
    'broker.handler.producePerRequestNs': 30 * US,
    'broker.handler.fetchPerRequestNs': 20 * US,
    'broker.fetcher.perRequestNs': 3 * MS,
  },
};

describe('while records flow', () => {
  test('every fetcher has one fetch in flight, and watermarks keep their order and never fall', () => {
    const model = build(busy);
    const before = Array.from({ length: model.parts.topology.partitions.length }, () => 0);
    for (let now = 0; now < 1000 * MS; now += 7700 * US) {
      model.sim.run(now);
      assertOneFetchEach(model);
      const watermarks = column(model, 'partitions/high-watermark');
      const replicaEnds = column(model, 'readers/replica-end');
      let reader = 0;
      before.forEach((_, partition) => {
        const watermark = watermarks[partition];
        assert.ok(watermark >= before[partition]);
        before[partition] = watermark;
        assert.ok(watermark <= model.replicas.endOffset(partition));
        model.parts.sessions.forEach((session) => {
          if (!session.partitions.includes(partition)) return;
          if (session.isFollower) {
            assert.ok(watermark <= replicaEnds[reader]);
            assert.ok(replicaEnds[reader] <= model.replicas.endOffset(partition));
          }
          reader += 1;
        });
      });
      const passed = before.reduce((all, watermark) => all + watermark, 0);
      assert.ok(model.consumers.consumed(0) <= passed);
    }
    assert.ok(model.consumers.consumed(0) > 0);
  });

  test('a response holds at least a batch, and more only within the limits of response and partition', () => {
    const limits = fc.record({
      response: fc.integer({ min: 1, max: 20_000 }),
      partition: fc.integer({ min: 1, max: 20_000 }),
    });
    fc.assert(
      fc.property(limits, limits, (replica, consumer) => {
        const model = build({
          ...busy,
          phase: { durationMs: 100 },
          brokerConfig: {
            'replica.fetch.response.max.bytes': replica.response,
            'replica.fetch.max.bytes': replica.partition,
          },
          consumers: [
            {
              config: {
                'fetch.max.bytes': consumer.response,
                'max.partition.fetch.bytes': consumer.partition,
              },
            },
          ],
        });
        let responses = 0;
        onFetched(model, (session, batches) => {
          const limit = model.replicas.session(session).isFollower ? replica : consumer;
          const bytesOf = (of: readonly number[]) => sum(of.map((batch) => model.batches.bytes.data[batch]));
          const partitionOf = (batch: number) => model.batches.partition.data[batch];
          assert.ok(batches.length === 1 || bytesOf(batches) <= limit.response);
          for (const partition of new Set(batches.map(partitionOf))) {
            const own = batches.filter((batch) => partitionOf(batch) === partition);
            const isFirst = partition === partitionOf(batches[0]);
            assert.ok((isFirst && own.length === 1) || bytesOf(own) <= limit.partition);
          }
          responses += 1;
        });
        runOut(model);
        assert.ok(responses > 0);
        assert.equal(model.consumers.consumed(0), recordsAppended(model));
      }),
      { numRuns: 15 },
    );
  });
});

function assertOneFetchEach(model: ClusterModel): void {
  const types = column(model, 'requests/type');
  const owners = column(model, 'requests/owner');
  const fetches = rowsTaken(model, 'requests').filter((row) => types[row] === REQUEST.fetchFollower);
  assert.equal(new Set(fetches.map((row) => owners[row])).size, fetches.length);
}
