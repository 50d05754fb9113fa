import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ShardReadOut } from '../../src/kafka/read-out.ts';
import { REQUEST } from '../../src/kafka/requests.ts';
import { build, isNear, MS, meanStagesNs, recordsMade, runOut, type Small, sum } from './support.ts';

const BYTES_PER_SECOND = 100_000;
/** Six times the eleven windows: what is spent at once comes back when its window is forgotten. */
const SECONDS = 66;
const noLimit = { bytesPerSecond: null, requestPercentage: null };

/** Ten times as much as the quota, in requests of about 10 kB. */
const fast = {
  rate: { kind: 'constant' as const, recordsPerSecond: 1000 },
  record: { value: { kind: 'constant' as const, bytes: 1000 }, key: null, headersBytes: 0 },
  config: { 'linger.ms': 10, 'batch.size': 10_000, 'buffer.memory': 400_000 },
};
const bytesQuota = { ...noLimit, bytesPerSecond: BYTES_PER_SECOND };
const producing: Small = {
  producers: [{ ...fast, quota: bytesQuota }],
  phase: { durationMs: SECONDS * 1000 },
};

/** Mean per second over the second half. */
function lateMean(values: ArrayLike<number>): number {
  return sum(Array.from(values).slice(SECONDS / 2, SECONDS)) / (SECONDS / 2);
}

function appended(read: ShardReadOut): number {
  return lateMean(read.brokers[0].appendedBytes);
}

describe('a producer with a producer_byte_rate', () => {
  test('comes to its rate, a tenth of what it would produce', () => {
    const read = runOut(build(producing), 0);
    assert.ok(isNear(appended(read), BYTES_PER_SECOND, 0.03), String(appended(read)));
    const free = runOut(build({ ...producing, producers: [fast] }), 0);
    assert.ok(isNear(appended(free), 10.1 * BYTES_PER_SECOND, 0.01), String(appended(free)));
  });

  test('may spend ten seconds of it before', () => {
    const [first] = runOut(build(producing), 0).brokers[0].appendedBytes;
    assert.ok(isNear(first, 10 * BYTES_PER_SECOND, 0.05), String(first));
  });

  test('is answered at once: its requests wait in its socket', () => {
    const read = runOut(build(producing), 0);
    assert.equal(meanStagesNs(read).TotalTimeMs, 0);
    assert.ok(read.classes[0].latencySumNs / read.classes[0].done > 1000 * MS);
  });

  test('has the rate on each broker', () => {
    const read = runOut(build({ ...producing, brokers: 2, topics: [{ partitions: 2 }] }), 0);
    const rates = read.brokers.map((broker) => lateMean(broker.appendedBytes));
    // A producer that waits for memory of the one has less for the other. What is spent at once comes back after eleven seconds or somewhat more: three such bursts may be in 33 s.
    assert.ok(
      rates.every((rate) => rate <= 1.08 * BYTES_PER_SECOND),
      String(rates),
    );
    assert.ok(sum(rates) > 1.5 * BYTES_PER_SECOND, String(rates));
  });

  test('loses nothing', () => {
    const model = build({ ...producing, phase: { durationMs: 5000 } });
    const read = runOut(model, 200_000 * MS);
    assert.equal(read.classes[0].done, recordsMade(model));
  });
});

test('a consumer with a consumer_byte_rate comes to its rate, and is answered without records in between', () => {
  const small = (quota: object): Small => ({
    ...producing,
    producers: [{ ...fast, rate: { kind: 'constant', recordsPerSecond: 1000 } }],
    consumers: [{ config: { 'max.partition.fetch.bytes': 50_000 }, ...quota }],
  });
  const model = build(small({ quota: bytesQuota }));
  const read = runOut(model, 0);
  const records = lateMean(read.consumedInWindow);
  assert.ok(isNear(records, BYTES_PER_SECOND / 1010, 0.1), String(records));
  const free = runOut(build(small({})), 0);
  assert.ok(isNear(lateMean(free.consumedInWindow), 1000, 0.01));
  assert.ok(sum(read.lag[0].slice(-1)) > sum(free.lag[0].slice(-1)) + 40_000);
});

test('a client with a request_percentage of 10 has a tenth of a thread: 100 requests of 1 ms a second for 500', () => {
  const requestsPerSecond = (quota: object): number => {
    const read = runOut(
      build({
        producers: [
          { rate: { kind: 'constant', recordsPerSecond: 500 }, config: { 'batch.size': 1 }, ...quota },
        ],
        phase: { warmupMs: 33_000, durationMs: 33_000 },
        costs: { 'broker.handler.producePerRequestNs': MS },
      }),
      0,
    );
    return read.brokers[0].requests[REQUEST.produce].count / 33;
  };
  const held = requestsPerSecond({ quota: { ...noLimit, requestPercentage: 10 } });
  assert.ok(isNear(held, 100, 0.03), String(held));
  assert.ok(isNear(requestsPerSecond({}), 500, 0.01));
});
