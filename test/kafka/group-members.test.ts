import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { javaHash, partitionOfHash } from '../../src/kafka/cluster/java-hash.ts';
import { lookedAt, OFFSETS_TOPIC } from '../../src/kafka/cluster/offsets-topic.ts';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import type { ShardReadOut } from '../../src/kafka/read-out.ts';
import { REQUEST } from '../../src/kafka/requests.ts';
import { recordBytes } from '../../src/scenario/record-format.ts';
import { build, HEADER_BYTES, isNear, MS, runOut, SECOND, type Small, sum, US } from './support.ts';

/** Of one offset of a group "billing" in a topic "orders". */
const OFFSET_BYTES = recordBytes(
  { keyBytes: 10 + 'billing'.length + 'orders'.length, valueBytes: 24, headersBytes: 1 },
  0,
);
const SECONDS = 30;

const group: Small = {
  hasUpkeep: true,
  phase: { durationMs: SECONDS * 1000 },
  topics: [{ partitions: 6 }],
  producers: [{ rate: { kind: 'constant', recordsPerSecond: 600 } }],
  consumers: [{ count: 3 }],
};

function requests(read: ShardReadOut, type: keyof typeof REQUEST): number {
  return sum(read.brokers.map((broker) => broker.requests[REQUEST[type]].count));
}

/** Records that have been appended to __consumer_offsets. */
function offsetsKept({ parts: { topology }, replicas }: ClusterModel): number {
  const { offsets } = topology;
  assert.ok(offsets !== null);
  const { firstPartition, class: of } = offsets;
  return sum(Array.from({ length: of.partitions }, (_, index) => replicas.endOffset(firstPartition + index)));
}

describe('the members of a group', () => {
  test('commit every 5 s and send a heartbeat every 3 s', () => {
    const read = runOut(build(group), 0);
    assert.equal(requests(read, 'offsetCommit'), (3 * SECONDS) / 5);
    assert.equal(requests(read, 'heartbeat'), (3 * SECONDS) / 3);
    assert.equal(requests(read, 'consumerGroupHeartbeat'), 0);
  });

  test('send a heartbeat every 5 s by the protocol of KIP-848', () => {
    const read = runOut(
      build({ ...group, consumers: [{ count: 3, config: { 'group.protocol': 'consumer' } }] }),
      0,
    );
    assert.equal(requests(read, 'heartbeat'), 0);
    assert.equal(requests(read, 'consumerGroupHeartbeat'), (3 * SECONDS) / 5);
  });

  test('commit nothing without auto-commit', () => {
    const read = runOut(build({ ...group, consumers: [{ config: { 'enable.auto.commit': false } }] }), 0);
    assert.equal(requests(read, 'offsetCommit'), 0);
    assert.equal(requests(read, 'heartbeat'), SECONDS / 3);
  });

  test('ask the leader of the partition that their group is kept in', () => {
    // Java: "billing".hashCode() = -109829509.
    assert.equal(javaHash('billing'), -109_829_509);
    assert.equal(partitionOfHash(-109_829_509, 50), 9);
    const model = build({ ...group, brokers: 3, topics: [{ partitions: 6, replicationFactor: 3 }] });
    const { offsets, partitions, topics } = model.parts.topology;
    assert.equal(offsets, topics.at(-1));
    assert.equal(offsets?.name, OFFSETS_TOPIC);
    const coordinator = partitions.leader((offsets?.firstPartition ?? 0) + 9);
    const read = runOut(model, 0);
    read.brokers.forEach((broker, index) => {
      assert.equal(broker.requests[REQUEST.heartbeat].count > 0, index === coordinator);
      assert.equal(broker.requests[REQUEST.offsetCommit].count > 0, index === coordinator);
    });
  });

  test('commit what has moved: every offset once, and then only those with news', () => {
    // Two of the six partitions get all records: those of the second topic.
    const model = build({
      ...group,
      topics: [{ partitions: 4 }, { name: 'news', partitions: 2 }],
      producers: [{ topics: ['news'], rate: { kind: 'constant', recordsPerSecond: 600 } }],
      consumers: [{ topics: ['orders', 'news'] }],
    });
    runOut(model, 0);
    const commits = SECONDS / 5;
    assert.equal(offsetsKept(model), 6 + (commits - 1) * 2);
  });

  test("commit all their offsets every time if they are Kafka's own", () => {
    const model = build({ ...group, producers: [], consumers: [{ client: 'java' }] });
    runOut(model, 0);
    assert.equal(offsetsKept(model), 6 * (SECONDS / 5));
  });
});

test('the partitions that keep no group cost the fetches of followers no look', () => {
  // Sessions of 50 partitions, 9 of which keeps the group "billing".
  const isLookedAt = lookedAt(2, new Set([11]));
  const looks = Array.from({ length: 52 }, (_, partition) => partition).filter(isLookedAt);
  assert.deepEqual(looks, [0, 1, 11]);
  assert.ok(lookedAt(undefined, new Set())(40));
});

describe('a commit', () => {
  const costs = { 'link.latencyNs': 100 * US, 'broker.fetcher.perRequestNs': 2 * MS } as const;
  const replicated = (replicas: number): Small => ({
    ...group,
    brokers: 3,
    brokerConfig: { 'offsets.topic.replication.factor': replicas },
    costs,
  });

  test('is answered when all replicas of the offsets have it', () => {
    const remoteNs = (replicas: number): number => {
      const { brokers } = runOut(build(replicated(replicas)), SECOND);
      const ofCommits = brokers.map((broker) => broker.requests[REQUEST.offsetCommit]);
      return (
        sum(ofCommits.map(({ stageSumsNs }) => stageSumsNs[2])) / sum(ofCommits.map(({ count }) => count))
      );
    };
    assert.equal(remoteNs(1), 0);
    // The first of three that come at once is fetched alone, the others together while it is worked on.
    assert.ok(isNear(remoteNs(3), ((2 + 4 + 4) / 3) * MS, 0.01));
  });

  test('brings a batch with a record for each offset to every replica', () => {
    const model = build({ ...replicated(3), producers: [] });
    const read = runOut(model, 0);
    assert.equal(offsetsKept(model), 6);
    const bytes = requests(read, 'offsetCommit') * HEADER_BYTES + 6 * OFFSET_BYTES;
    const appended = model.brokers.map(({ index }) => model.recorder.appendedBytes.data[index]);
    assert.deepEqual(appended, [bytes, bytes, bytes]);
  });
});

describe('without the traffic of groups', () => {
  test('a broker with 200 idle consumers has 29 % less to do: their fetches are all that is left', () => {
    const cpuNs = (hasUpkeep: boolean): number => {
      const read = runOut(
        build({
          ...group,
          hasUpkeep,
          topics: [{ partitions: 200 }],
          producers: [],
          consumers: [{ count: 200, client: 'java' }],
          costs: {
            'broker.network.perRequestNs': 50 * US,
            'broker.handler.fetchPerRequestNs': 30 * US,
            'broker.handler.producePerRequestNs': 40 * US,
            'broker.handler.producePerBatchNs': 10 * US,
          },
        }),
        0,
      );
      return sum(read.brokers[0].cpuNs);
    };
    const without = cpuNs(false);
    // Each second 200 / 5 commits and 200 / 3 heartbeats.
    const each = 200 * SECONDS * ((50 + 40 + 10) / 5 + (50 + 30) / 3) * US;
    assert.ok(isNear(cpuNs(true) - without, each, 0.02));
    assert.ok(isNear(each / without, 0.293, 0.02));
  });
});
