import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Broker } from '../../src/kafka/broker/broker.ts';
import { FetchSessionCache } from '../../src/kafka/broker/fetch-session-cache.ts';
import type { FetchSession } from '../../src/kafka/broker/replica-manager.ts';
import { Partitions } from '../../src/kafka/cluster/partitions.ts';
import { REQUEST } from '../../src/kafka/requests.ts';
import { Columns } from '../../src/kernel/columns.ts';
import { build, isNear, runOut, SECOND, type Small, sum, US } from './support.ts';

const FULL = 128 + 18 + 33;
const INCREMENTAL = 128;

/** A broker with so many slots, and sessions on it: how many partitions each has, followers' below 0. */
function cacheOf(slots: number, sizes: readonly number[]): FetchSessionCache {
  const brokers = [{ index: 0, config: { 'max.incremental.fetch.session.cache.slots': slots } }];
  const sessions = sizes.map((size) => ({
    isFollower: size < 0,
    broker: 0,
    partitions: Int32Array.from({ length: Math.abs(size) }, (_, partition) => partition),
  }));
  const partitions = new Partitions(
    Array.from({ length: 100 }, () => 0),
    Array.from({ length: 100 }, () => [0]),
  );
  // Of brokers and sessions no more than this is read.
  return new FetchSessionCache(
    new Columns(),
    brokers as unknown as Broker[],
    sessions as unknown as FetchSession[],
    partitions,
  );
}

/** A session fetches; true when it is kept from then on. */
function fetches(cache: FetchSessionCache, session: number, seconds: number): boolean {
  const isServed = cache.use(session, seconds * SECOND);
  if (isServed) cache.answered(session, seconds * SECOND);
  return cache.namedPartitions(session) === 0;
}

describe('a fetch session', () => {
  test('begins with a request for every partition, and goes on without them', () => {
    const cache = cacheOf(1000, [1, 3]);
    assert.equal(cache.requestBytes(0), FULL);
    assert.equal(cache.requestBytes(1), 128 + 18 + 3 * 33);
    assert.equal(cache.responseBytes(1), 18 + 3 * 37);
    assert.ok(fetches(cache, 0, 0));
    assert.equal(cache.requestBytes(0), INCREMENTAL);
    assert.equal(cache.responseBytes(0), 0);
  });

  test('finds no place in a full cache beside others of its size', () => {
    const cache = cacheOf(
      8,
      Array.from({ length: 9 }, () => 1),
    );
    for (let session = 0; session < 8; session += 1) assert.ok(fetches(cache, session, 0));
    for (const seconds of [0, 1, 100]) assert.ok(!fetches(cache, 8, seconds));
    assert.equal(cache.requestBytes(8), FULL);
  });

  test('takes the place of one that was not used for more than 120 s', () => {
    const cache = cacheOf(
      8,
      Array.from({ length: 9 }, () => 1),
    );
    for (let session = 0; session < 8; session += 1) fetches(cache, session, 0);
    for (let session = 1; session < 8; session += 1) assert.ok(fetches(cache, session, 100));
    assert.ok(!fetches(cache, 8, 120));
    // Eight tries in a row meet every shard, one of which has the session that was left alone.
    const found = Array.from({ length: 8 }, () => fetches(cache, 8, 121));
    assert.ok(found.includes(true));
    assert.ok(!fetches(cache, 0, 122));
    assert.equal(cache.requestBytes(0), FULL);
  });

  test('with more partitions drives out a smaller one, once that is older than 120 s', () => {
    const cache = cacheOf(8, [1, 1, 1, 1, 1, 1, 1, 1, 2]);
    for (let session = 0; session < 8; session += 1) fetches(cache, session, 0);
    for (let session = 0; session < 8; session += 1) fetches(cache, session, 119);
    assert.ok(!fetches(cache, 8, 119));
    for (let session = 0; session < 8; session += 1) fetches(cache, session, 121);
    assert.ok(fetches(cache, 8, 121));
    const kept = Array.from({ length: 8 }, (_, session) => fetches(cache, session, 122));
    assert.equal(kept.filter((isKept) => !isKept).length, 1);
  });

  test('of a follower drives out that of a consumer, however young and large it is', () => {
    const cache = cacheOf(8, [50, 50, 50, 50, 50, 50, 50, 50, -1]);
    for (let session = 0; session < 8; session += 1) fetches(cache, session, 0);
    assert.ok(fetches(cache, 8, 0));
    assert.ok(!fetches(cache, 0, 0));
  });
});

describe('more consumers than slots', () => {
  const COUNT = 16;
  const PARTITIONS = 50;
  const small: Small = {
    topics: [{ partitions: COUNT * PARTITIONS }],
    consumers: [{ count: COUNT }],
    phase: { durationMs: 10_000 },
    costs: {
      'broker.handler.fetchPerRequestNs': 30 * US,
      'broker.handler.fetchPerPartitionNs': 2 * US,
    },
  };
  const run = (slots: number) => {
    const model = build({
      ...small,
      brokerConfig: { 'max.incremental.fetch.session.cache.slots': slots },
    });
    const read = runOut(model, 0);
    const fetchesServed = read.brokers[0].requests[REQUEST.fetchConsumer].count;
    const broker = read.hosts.find(({ name }) => name.startsWith('brokers'));
    assert.ok(broker !== undefined);
    return { fetchesServed, inBytes: sum(broker.inBytes), cpuNs: sum(read.brokers[0].cpuNs) };
  };

  test('idle, name all of their partitions in half of the fetches: 3.9 times the bytes in, 35 % more CPU', () => {
    const [enough, few] = [run(1000), run(COUNT / 2)];
    assert.equal(few.fetchesServed, enough.fetchesServed);
    // What half of them name more, in every fetch but the first, in which all do.
    const more = 18 + PARTITIONS * 33;
    const fetchesMore = (few.fetchesServed / COUNT) * (COUNT / 2);
    assert.ok(isNear(few.inBytes - enough.inBytes, fetchesMore * more, 0.1));
    assert.ok(isNear(few.inBytes / enough.inBytes, 3.93, 0.01));
    assert.ok(isNear(few.cpuNs / enough.cpuNs, 1.35, 0.01), String(few.cpuNs / enough.cpuNs));
  });
});
