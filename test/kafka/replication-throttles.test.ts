import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TimedOperation } from '../../src/operations/operation.ts';
import { at, kill, start, throttle, topic } from './failures-support.ts';
import { build, isNear, runOut, type Small, sum, US } from './support.ts';

const RECORD_BYTES = 1000;
const NEW_BYTES_PER_SECOND = 500 * RECORD_BYTES;
const RETURNS_S = 20;
/** Killed at 2 s, started at 14 s, broker 2 is back at about 19.4 s. */
const AWAY = [kill(2000, 2), start(14_000, 2)];
const SECONDS = 90;

const FETCH_BYTES = 20_000;
const PARTITIONS = 4;

/** Four partitions on two brokers, half a megabyte a second, in fetches that are small beside the rates. */
const pair: Small = {
  brokers: 2,
  cores: 8,
  brokerConfig: { 'replica.fetch.max.bytes': FETCH_BYTES },
  topics: [topic(PARTITIONS, 2)],
  producers: [
    {
      rate: { kind: 'constant', recordsPerSecond: NEW_BYTES_PER_SECOND / RECORD_BYTES },
      record: { value: { kind: 'constant', bytes: RECORD_BYTES }, key: null, headersBytes: 0 },
      config: { acks: '1', 'linger.ms': 20 },
    },
  ],
  phase: { durationMs: SECONDS * 1000, warmupMs: 0 },
  costs: { 'link.latencyNs': 20 * US },
};

/** What broker 2 has appended, a second each, and the second in which all of its replicas were in sync again. */
function catchUp(operations: readonly TimedOperation[], changes: Small = {}) {
  const model = build({ ...pair, ...changes, operations: [...AWAY, ...operations] });
  const { brokers } = runOut(model, 0);
  const [, second] = brokers;
  const underReplicated = brokers.map(({ failures }) => Array.from(failures?.underReplicated ?? []));
  const late = underReplicated[0].map((count, window) => (count ?? 0) + (underReplicated[1][window] ?? 0));
  const inSync = late.findIndex((count, window) => window >= RETURNS_S && count === 0);
  return { appended: Array.from(second.appendedBytes), inSyncS: inSync < 0 ? null : inSync };
}

const mean = (values: readonly number[]): number => sum(values) / values.length;

describe('a replication throttle', () => {
  test('keeps a broker that is back at its rate until it has caught up', () => {
    const rate = 800_000;
    const free = catchUp([]);
    assert.equal(free.inSyncS, RETURNS_S);
    const { appended, inSyncS } = catchUp(throttle(0, rate));
    // It leads half of the partitions no more: what it appends is what it fetches. The first fetch alone is free.
    const missed = NEW_BYTES_PER_SECOND * (RETURNS_S - 2);
    const expectedS = RETURNS_S + missed / (rate - NEW_BYTES_PER_SECOND);
    assert.ok(inSyncS !== null && isNear(inSyncS, expectedS, 0.25), `${inSyncS} s, expected ${expectedS}`);
    const during = mean(appended.slice(RETURNS_S + 11, (inSyncS ?? 0) - 1));
    assert.ok(isNear(during, rate, 0.12), `${during} B/s`);
  });

  test('below what is written keeps it out of sync for ever, until it is taken away', () => {
    const rate = 200_000;
    const held = catchUp(throttle(0, rate));
    assert.equal(held.inSyncS, null);
    const late = mean(held.appended.slice(SECONDS - 33, SECONDS));
    assert.ok(isNear(late, rate, 0.12), `${late} B/s`);
    const ended = catchUp([...throttle(0, rate), ...throttle(60_000, null)]);
    assert.ok(ended.inSyncS !== null && ended.inSyncS >= 60 && ended.inSyncS <= 62, `${ended.inSyncS} s`);
  });

  test('of one side alone does the same', () => {
    const rate = 200_000;
    for (const side of ['leader', 'follower'] as const) {
      const operations = [
        at(0, {
          action: 'set',
          topic: 'orders',
          config: { [`${side}.replication.throttled.replicas`]: '*' },
        }),
        at(0, { action: 'set', config: { [`${side}.replication.throttled.rate`]: String(rate) } }),
      ];
      const { appended, inSyncS } = catchUp(operations);
      assert.equal(inSyncS, null, side);
      const late = mean(appended.slice(SECONDS - 33, SECONDS));
      assert.ok(isNear(late, rate, 0.12), `${side}: ${late} B/s`);
    }
  });

  test('lets one fetch through each time that the windows have forgotten the last, however much it brings', () => {
    const brokerConfig = { 'replica.fetch.max.bytes': 500_000 };
    const { appended } = catchUp(throttle(0, 1000), { brokerConfig });
    const bursts = appended.slice(RETURNS_S + 1, SECONDS).filter((bytes) => bytes > 0);
    assert.ok(bursts.length >= 5 && bursts.length <= 7, appended.join(' '));
    for (const bytes of bursts) assert.ok(isNear(bytes, PARTITIONS * 500_000, 0.06), `${bytes} B`);
  });

  test('leaves replicas in sync alone', () => {
    const model = build({ ...pair, operations: throttle(0, 1000) });
    const { brokers } = runOut(model, 0);
    assert.equal(sum(brokers.map(({ failures }) => sum(failures?.shrinks ?? []))), 0);
    const appended = mean(brokers.flatMap((broker) => Array.from(broker.appendedBytes).slice(1, SECONDS)));
    assert.ok(isNear(appended, NEW_BYTES_PER_SECOND, 0.05), `${appended} B/s`);
  });

  test('holds for the replicas that are listed, and for nothing without a list', () => {
    assert.equal(catchUp(throttle(0, 1000, '')).inSyncS, RETURNS_S);
    const model = build({ ...pair, operations: [...AWAY, ...throttle(0, 1000, '0:1,0:2,2:1,2:2')] });
    runOut(model, 0);
    const inSync = [0, 1, 2, 3].map((partition) => model.failures.leadership.inSyncReplicas(partition));
    assert.deepEqual(inSync, [1, 2, 1, 2]);
  });
});
