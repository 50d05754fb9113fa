/**
 * One resource at a time: with everything else free and without limit, a cluster carries what the closed form of that
 * resource says. Cores, quotas, network threads and handlers: request-path.test.ts. Disks: storage.test.ts.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { build, HEADER_BYTES, isNear, MS, RECORD_BYTES, runOut, type Small, sum } from './support.ts';

const ERROR = 0.02;
const SECONDS = 4;
/** On the wire, of a message in full segments. */
const FRAMED = 1514 / 1448;
/** Of records that fill a batch; the model takes one size for all. */
const BATCH_BYTES = 16_384;
const RECORDS = Math.floor((BATCH_BYTES - HEADER_BYTES) / RECORD_BYTES);
const BATCH = RECORDS * RECORD_BYTES + HEADER_BYTES;

/** Appended, or read by consumers, per second. */
interface Carried {
  readonly produced: number;
  readonly consumed: number;
  /** By broker, as leader or follower. */
  readonly appended: readonly number[];
}

function carried(of: Small): Carried {
  const phase = { load: 'max' as const, warmupMs: 1000, durationMs: SECONDS * 1000, ...of.phase };
  const { classes, brokers } = runOut(build({ ...of, phase }), 0);
  const [produced, ...consumed] = classes.map(({ doneBytesInSpan }) => doneBytesInSpan / SECONDS);
  return {
    produced,
    consumed: sum(consumed),
    appended: brokers.map(({ appendedBytes }) => sum(appendedBytes) / SECONDS),
  };
}

function assertCarries(found: number, expected: number): void {
  assert.ok(isNear(found, expected, ERROR), `${found} of ${expected} bytes/s`);
}

describe('a line of 10 MB/s', () => {
  const nicBytesPerSecond = 10e6;
  const goodput = nicBytesPerSecond / FRAMED;
  const producers = [{ count: 8 }];

  test('takes its rate of what is produced, headers included', () => {
    assertCarries(carried({ nicBytesPerSecond, topics: [{ partitions: 4 }], producers }).produced, goodput);
  });

  test('takes it from as many producers as there are brokers to send it to, the rate of the client', () => {
    const topics = [{ partitions: 8 }];
    assertCarries(carried({ nicBytesPerSecond, brokers: 2, topics, producers }).produced, goodput);
  });

  for (const followers of [1, 2]) {
    test(`out of the leader feeds ${followers} followers, which bounds acks=all to a part for each`, () => {
      const found = carried({
        nicBytesPerSecond,
        brokers: 3,
        topics: [{ replicationFactor: followers + 1 }],
        producers: [{ count: 8, config: { acks: 'all' } }],
      });
      assertCarries(found.produced, goodput / followers);
    });
  }

  test('holds a producer without answers up, when its socket is full', () => {
    const config = { acks: '0' as const };
    assertCarries(carried({ nicBytesPerSecond, producers: [{ config }] }).produced, goodput);
  });

  test('into the consumers is shared by their groups, when what is produced is no limit', () => {
    // Small responses, so that one that ends beside the measured part is little.
    const config = { 'max.partition.fetch.bytes': 65_536 };
    const consumers = ['a', 'b', 'c'].map((name) => ({ name, topics: ['orders'], count: 1, config }));
    const found = carried({
      nicBytesPerSecond,
      topics: [{ name: 'orders', partitions: 4 }],
      producers: [
        {
          topics: ['orders'],
          count: 8,
          rate: { kind: 'constant', recordsPerSecond: 20_000 },
          config: { 'linger.ms': 50 },
        },
      ],
      consumers,
      phase: { load: 1 },
    });
    assertCarries(found.consumed, goodput);
  });
});

test('a broker on the same host holds a producer without answers up, when both sockets are full', () => {
  const found = carried({
    oneHost: true,
    producers: [{ config: { acks: '0' } }],
    brokerConfig: { 'num.io.threads': 1 },
    costs: { 'broker.handler.producePerRequestNs': MS },
  });
  assertCarries(found.produced, BATCH * 1000);
});

describe('a latency of 10 ms each way', () => {
  const costs = { 'link.latencyNs': 10 * MS };
  const perSecond = (bytes: number, roundTrips: number): number => bytes / (roundTrips * 0.02);

  for (const inFlight of [1, 3, 5]) {
    test(`lets a producer send ${inFlight} requests in a round trip`, () => {
      const config = { 'max.in.flight.requests.per.connection': inFlight };
      assertCarries(carried({ costs, producers: [{ config }] }).produced, perSecond(inFlight * BATCH, 1));
    });
  }

  test('lets a producer send what its buffer holds in a round trip', () => {
    const config = { 'max.in.flight.requests.per.connection': 100, 'buffer.memory': 20 * BATCH_BYTES };
    assertCarries(carried({ costs, producers: [{ config }] }).produced, perSecond(20 * BATCH, 1));
  });

  test('has acks=all wait for a round trip of the follower: its fetch that brings the batch, and the next one', () => {
    const config = { acks: 'all' as const, 'max.in.flight.requests.per.connection': 1 };
    const topics = [{ replicationFactor: 2 }];
    assertCarries(
      carried({ costs, brokers: 2, topics, producers: [{ config }] }).produced,
      perSecond(BATCH, 2),
    );
  });

  const many = [{ topics: ['orders'], count: 64 }];
  const whole = (bytes: number): number => Math.ceil(bytes / BATCH) * BATCH;

  test('lets a follower fetch replica.fetch.max.bytes of a partition in a round trip', () => {
    const found = carried({
      costs,
      brokers: 2,
      topics: [{ name: 'orders', replicationFactor: 2 }],
      producers: many,
      brokerConfig: { 'replica.fetch.max.bytes': 1_048_576 },
    });
    const [leader, follower] = found.appended;
    assert.ok(leader > 1.2 * follower);
    assertCarries(follower, perSecond(whole(1_048_576), 1));
  });

  test('lets a consumer fetch max.partition.fetch.bytes of a partition in a round trip', () => {
    const found = carried({
      costs,
      topics: [{ name: 'orders' }],
      producers: many,
      consumers: [{ name: 'a', topics: ['orders'], count: 1 }],
    });
    assertCarries(found.consumed, perSecond(whole(1_048_576), 1));
  });
});
