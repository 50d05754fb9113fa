import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { statedDisk } from '../../src/kafka/cluster/lay-out-storage.ts';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import { readOut, type ShardReadOut } from '../../src/kafka/read-out.ts';
import { DISK_KINDS } from '../../src/profile/disk-kinds.ts';
import { brokerConfig, type TopicConfig, topicConfig } from '../../src/scenario/kafka-defaults.ts';
import {
  build,
  column,
  isNear,
  MS,
  meanLatencyNs,
  meanStagesNs,
  profileWith,
  recordsAppended,
  recordsMade,
  rowsUsed,
  runOut,
  SECOND,
  type Small,
  scenarioOf,
  sum,
  US,
} from './support.ts';

const MB = 1_000_000;
/** Records of about 10 kB, so that megabytes take few events. */
const BIG = { value: { kind: 'constant', bytes: 9_950 }, key: null, headersBytes: 0 } as const;

function topic(config: Partial<TopicConfig>, changes: object = {}) {
  const broker = { config: brokerConfig({}, '4.3'), stated: {} };
  return { config: topicConfig(config, broker), ...changes };
}

/** So many megabytes a second into the topic. */
function producing(megabytesPerSecond: number) {
  return {
    rate: { kind: 'constant' as const, recordsPerSecond: megabytesPerSecond * 100 },
    record: BIG,
    config: { 'linger.ms': 5, 'batch.size': 100_000, 'buffer.memory': 5 * MB },
  };
}

function appendedBytes(read: ShardReadOut, from = 0): number {
  return sum(read.brokers.map((broker) => sum(broker.appendedBytes.slice(from))));
}

describe('a flush after every record', () => {
  const small = (config: Partial<TopicConfig>, changes: Small = {}): Small => ({
    topics: [topic(config)],
    producers: [{ rate: { kind: 'constant', recordsPerSecond: 10 } }],
    disk: { syncUs: 2000 },
    ...changes,
  });

  test('keeps the handler for four flushes of the disk, 8 ms here, that it does not wait for without', () => {
    const without = runOut(build(small({})));
    const flushed = runOut(build(small({ 'flush.messages': 1 })));
    assert.equal(meanStagesNs(without).LocalTimeMs, 0);
    assert.equal(meanStagesNs(flushed).LocalTimeMs, 8 * MS);
    assert.equal(meanLatencyNs(flushed) - meanLatencyNs(without), 8 * MS);
  });

  test('goes on in the follower too: acks=all waits for both, 16 ms', () => {
    const replicated = (config: Partial<TopicConfig>) =>
      runOut(
        build({
          ...small(config, { brokers: 2 }),
          topics: [topic(config, { replicationFactor: 2 })],
          producers: [{ rate: { kind: 'constant', recordsPerSecond: 10 }, config: { acks: 'all' } }],
        }),
      );
    const difference = meanLatencyNs(replicated({ 'flush.messages': 1 })) - meanLatencyNs(replicated({}));
    assert.equal(difference, 16 * MS);
  });

  test('is one at a time in a partition, and shared by those of several: 125 records a second, and over 2.5 times as many', () => {
    const records = (partitions: number) => {
      const model = build({
        topics: [topic({ 'flush.messages': 1 }, { partitions })],
        producers: [
          {
            count: 8,
            rate: { kind: 'constant', recordsPerSecond: 4000 },
            config: { 'batch.size': 1, 'buffer.memory': 10_000 },
          },
        ],
        disk: { syncUs: 2000 },
      });
      runOut(model, 0);
      return recordsAppended(model);
    };
    const one = records(1);
    assert.ok(isNear(one, 1000 / 8, 0.03), `${one}`);
    assert.ok(records(8) > 2.5 * one, `${records(8)}`);
  });
});

describe('a disk that is too slow', () => {
  const overloaded = (disk: Small['disk'], changes: Small = {}): Small => ({
    topics: [topic({}, { partitions: 4 })],
    producers: [producing(20)],
    cacheBytes: 100 * MB,
    phase: { durationMs: 40_000 },
    ...(disk === undefined ? {} : { disk }),
    ...changes,
  });

  test('bounds the throughput to its rate, within 2 %, in the end; the page cache takes a fifth of its size before', () => {
    const read = runOut(build(overloaded({ writeBytesPerSecond: 10 * MB })), 0);
    const perSecond = appendedBytes(read, 20) / 20;
    assert.ok(isNear(perSecond, 10 * MB, 0.02), `${perSecond}`);
    const free = runOut(build(overloaded(undefined)), 0);
    assert.ok(isNear(appendedBytes(free, 20) / 20, 20 * MB, 0.01));
    const ahead = appendedBytes(read) - 40 * 10 * MB;
    assert.ok(ahead > 8 * MB && ahead < 20 * MB, `${ahead}`);
  });

  test('carries twice as much with two log dirs', () => {
    const read = runOut(
      build(overloaded({ writeBytesPerSecond: 5 * MB }, { logDirs: 2, phase: { durationMs: 60_000 } })),
      0,
    );
    const perSecond = appendedBytes(read, 40) / 20;
    assert.ok(isNear(perSecond, 10 * MB, 0.02), `${perSecond}`);
  });

  test('of a follower holds acks=all back with it', () => {
    const read = runOut(
      build(
        overloaded(
          { writeBytesPerSecond: 10 * MB },
          {
            brokers: 2,
            topics: [topic({}, { partitions: 1, replicationFactor: 2 })],
            producers: [{ ...producing(20), config: { ...producing(20).config, acks: 'all' } }],
          },
        ),
      ),
      0,
    );
    const perSecond = read.brokers.map((broker) => sum(broker.appendedBytes.slice(20)) / 20);
    for (const rate of perSecond) assert.ok(isNear(rate, 10 * MB, 0.02), `${perSecond}`);
  });
});

describe('a segment that is full', () => {
  test('is written at once, what is in the next one after 30 s', () => {
    const written = (segmentBytes: number) => {
      const model = build({
        topics: [topic({ 'segment.bytes': segmentBytes })],
        producers: [producing(1)],
        disk: { writeBytesPerSecond: 100 * MB, syncUs: 1000 },
        cacheBytes: 1000 * MB,
        phase: { durationMs: 10_000 },
      });
      runOut(model, 0);
      return { model, ...model.logs.statistics(model.brokers[0].host) };
    };
    const rolled = written(1_048_576);
    assert.equal(rowsUsed(rolled.model, 'segments'), 9);
    assert.equal(rolled.writtenBytes, column(rolled.model, 'logs/active-from')[0]);
    assert.ok(rolled.writtenBytes > 8.8 * MB);
    assert.equal(rolled.model.logs.caches.diskStatistics(0).flushes, 9 * 7);
    assert.equal(written(1_073_741_824).writtenBytes, 0);
  });

  test('is one that is segment.ms old, too', () => {
    const model = build({
      topics: [topic({ 'segment.ms': 1000 })],
      producers: [producing(1)],
      disk: {},
      phase: { durationMs: 10_000 },
    });
    runOut(model, 0);
    assert.equal(rowsUsed(model, 'segments'), 9);
  });
});

describe('readers', () => {
  /** A group that takes 2 MB/s of 10 MB/s, another that takes all; the cache holds `cacheBytes`. */
  const reading = (cacheBytes: number, changes: Small = {}): Small => ({
    topics: [topic({ 'segment.bytes': 5 * MB })],
    producers: [producing(10)],
    consumers: [{ name: 'tail' }, { name: 'slow', processUs: 5000 }],
    threads: 2,
    brokerConfig: { 'num.network.threads': 1 },
    disk: { writeBytesPerSecond: 200 * MB, readBytesPerSecond: 100 * MB, readLatencyUs: 5000 },
    cacheBytes,
    phase: { durationMs: 20_000 },
    ...changes,
  });

  test('that lag by more than the cache holds read from the disk, all that they get', () => {
    const small = build(reading(70 * MB));
    runOut(small, 0);
    const slow = small.consumers.consumed(1) * 10_000;
    const { readBytes } = small.logs.statistics(0);
    // Until it lags by 70 MB, after 8.75 s, it reads from the cache.
    assert.ok(isNear(readBytes, slow * (11.25 / 20), 0.15), `${readBytes} of ${slow}`);
    const large = build(reading(1000 * MB));
    runOut(large, 0);
    assert.equal(large.logs.statistics(0).readBytes, 0);
  });

  test('that miss hold up the network thread, and with it readers and producers that do not', () => {
    const miss = runOut(build(reading(70 * MB)), 0);
    const hit = runOut(build(reading(1000 * MB)), 0);
    const sendMs = (read: ShardReadOut) => meanStagesNs(read, 'fetchConsumer').ResponseSendTimeMs / MS;
    assert.equal(sendMs(hit), 0);
    assert.ok(sendMs(miss) > 0.1, `${sendMs(miss)}`);
    const longer = (index: number) => (meanLatencyNs(miss, index) - meanLatencyNs(hit, index)) / MS;
    assert.ok(longer(0) > 0.1, `publish ${longer(0)}`);
    assert.ok(longer(1) > 0.1, `tail ${longer(1)}`);
  });

  test('that miss keep a handler for the place: local time is 5 ms and not 0', () => {
    const local = (cacheBytes: number) =>
      meanStagesNs(
        runOut(build(reading(cacheBytes, { consumers: [{ processUs: 5000 }] })), 0),
        'fetchConsumer',
      ).LocalTimeMs / MS;
    assert.equal(local(1000 * MB), 0);
    assert.ok(local(70 * MB) > 2, `${local(70 * MB)}`);
  });
});

test("a follower that lags by more than the cache holds reads from its leader's disk as consumers do", () => {
  const replicating = (fetcherMs: number) => {
    const model = build({
      brokers: 2,
      topics: [topic({ 'segment.bytes': 5 * MB }, { replicationFactor: 2 })],
      producers: [producing(10)],
      // A fetch of 1 MiB at a time: 5 MB/s in 200 ms each.
      costs: { 'broker.fetcher.perRequestNs': fetcherMs * MS },
      disk: { readBytesPerSecond: 100 * MB },
      cacheBytes: 64 * MB,
      phase: { durationMs: 30_000 },
    });
    const read = runOut(model, 0);
    const { count, stageSumsNs } = read.brokers[0].requests[2];
    return { readBytes: model.logs.statistics(0).readBytes, sendMs: stageSumsNs[4] / count / MS };
  };
  assert.deepEqual(replicating(1), { readBytes: 0, sendMs: 0 });
  const lagging = replicating(200);
  assert.ok(lagging.readBytes > 60 * MB, `${lagging.readBytes}`);
  assert.ok(lagging.sendMs > 4, `${lagging.sendMs}`);
});

describe('retention', () => {
  const kept = (config: Partial<TopicConfig>) => {
    const model = build({
      topics: [topic({ 'segment.bytes': 2 * MB, 'file.delete.delay.ms': 1000, ...config })],
      producers: [producing(1)],
      brokerConfig: { 'log.initial.task.delay.ms': 1000, 'log.retention.check.interval.ms': 1000 },
      disk: {},
      cacheBytes: 1000 * MB,
      phase: { durationMs: 30_000 },
    });
    runOut(model, 0);
    const end = model.logs.caches.endOf(0);
    return { bytes: end - column(model, 'logs/start')[0], ...model.logs.statistics(0) };
  };

  test('by size keeps retention.bytes and less than a segment and a check more, and frees the cache', () => {
    const { bytes, droppedBytes, cachedBytes } = kept({ 'retention.bytes': 10 * MB });
    assert.ok(bytes >= 10 * MB && bytes < 13.5 * MB, `${bytes}`);
    assert.ok(droppedBytes > 14 * MB && cachedBytes < 16 * MB, `${droppedBytes}`);
    const without = kept({});
    assert.ok(without.bytes > 29 * MB && without.droppedBytes === 0);
  });

  test('by time keeps what is younger than retention.ms, and less than a segment and a check more', () => {
    const { bytes } = kept({ 'retention.ms': 10_000 });
    assert.ok(bytes >= 9.9 * MB && bytes < 13.5 * MB, `${bytes}`);
  });

  test('by time empties a log that nothing is written to', () => {
    const model = build({
      topics: [topic({ 'retention.ms': 5000, 'file.delete.delay.ms': 0 })],
      producers: [producing(1)],
      brokerConfig: { 'log.initial.task.delay.ms': 1000, 'log.retention.check.interval.ms': 1000 },
      disk: {},
      phase: { durationMs: 2000 },
    });
    runOut(model, 40 * SECOND);
    assert.equal(model.logs.activeBytes(0), 0);
    assert.equal(rowsUsed(model, 'segments'), 0);
    assert.equal(model.logs.statistics(0).cachedBytes, 0);
  });
});

test('flush.ms has logs flushed by the scheduler, and not without its interval', () => {
  const flushes = (intervalMs: number | null) => {
    const model = build({
      topics: [topic({ 'flush.ms': 2000 })],
      producers: [producing(1)],
      brokerConfig: { 'log.flush.scheduler.interval.ms': intervalMs },
      disk: { syncUs: 1000 },
      phase: { durationMs: 10_000 },
    });
    runOut(model, 0);
    return model.logs.caches.diskStatistics(0).flushes;
  };
  assert.equal(flushes(null), 0);
  assert.equal(flushes(500), 5 * 4);
});

test('a disk is what the scenario states, else the profile, and its kind fills in the rest', () => {
  const [group] = scenarioOf({}).hosts;
  const profile = profileWith();
  const withDisk = {
    ...profile,
    hardware: { ...profile.hardware, disk: { kind: 'hdd', source: 'x' } as const },
  };
  assert.equal(statedDisk(group, profile), null);
  assert.equal(statedDisk(group, withDisk)?.kind, 'hdd');
  const stated = { ...group, hardware: { ...group.hardware, disk: { kind: 'ssd', syncUs: 7 } as const } };
  assert.deepEqual(statedDisk(stated, withDisk), { kind: 'ssd', syncUs: 7 });
  const [disk] = build({ disk: { kind: 'ssd', syncUs: 7 } }).parts.storage.disks;
  assert.equal(disk.syncNs, 7000);
  assert.equal(disk.writeBytesPerSecond, DISK_KINDS.ssd.writeBytesPerSecond);
});

test('partitions go to the log dirs in turn, and idle ones cost neither events nor rows', () => {
  const model = (partitions: number) =>
    build({
      topics: [{ name: 'orders' }, { name: 'idle', partitions }],
      producers: [{ topics: ['orders'] }],
      disk: { kind: 'ssd' },
      logDirs: 3,
      phase: { durationMs: 2000 },
    });
  const [few, many] = [model(1), model(3000)];
  assert.deepEqual([...many.parts.storage.dirOf.slice(0, 7)], [0, 1, 2, 0, 1, 2, 0]);
  for (const each of [few, many]) each.sim.run(60 * SECOND);
  assert.equal(few.sim.events, many.sim.events);
  assert.equal(rowsUsed(many, 'logs'), 1);
  assert.equal(rowsUsed(many, 'files'), 1);
});

const kinds: fc.Arbitrary<Small> = fc
  .record({
    brokers: fc.integer({ min: 1, max: 3 }),
    partitions: fc.integer({ min: 1, max: 6 }),
    flushMessages: fc.constantFrom(1, 20, null),
    segmentBytes: fc.constantFrom(1_048_576, 8 * MB),
    retentionBytes: fc.constantFrom(2 * MB, null),
    kind: fc.constantFrom('hdd' as const, 'ssd' as const, 'nvme' as const),
    megabytesPerSecond: fc.constantFrom(5, 40),
    logDirs: fc.integer({ min: 1, max: 2 }),
    acks: fc.constantFrom('1' as const, 'all' as const),
    slowUs: fc.constantFrom(0, 1000),
  })
  .map((of) => ({
    brokers: of.brokers,
    topics: [
      topic(
        {
          'flush.messages': of.flushMessages,
          'segment.bytes': of.segmentBytes,
          'retention.bytes': of.retentionBytes,
          'file.delete.delay.ms': 100,
        },
        { partitions: of.partitions, replicationFactor: Math.min(2, of.brokers) },
      ),
    ],
    producers: [
      {
        ...producing(of.megabytesPerSecond),
        config: { ...producing(1).config, acks: of.acks },
      },
    ],
    consumers: [{ processUs: of.slowUs }, { name: 'tail' }],
    brokerConfig: { 'log.initial.task.delay.ms': 300, 'log.retention.check.interval.ms': 300 },
    disk: { kind: of.kind },
    cacheBytes: 64 * MB,
    logDirs: of.logDirs,
    phase: { durationMs: 3000 },
    costs: { 'link.latencyNs': 20 * US, 'broker.handler.producePerRequestNs': 20 * US },
  }));

function assertConserved(model: ClusterModel): void {
  for (const { host, index } of model.brokers) {
    const now = model.logs.statistics(host);
    assert.equal(now.appendedBytes, now.dirtyBytes + now.writtenBytes);
    assert.equal(now.cachedBytes, now.appendedBytes + now.readBytes - now.evictedBytes - now.droppedBytes);
    assert.ok(now.appendedBytes >= model.recorder.appendedBytes.data[index]);
    assert.ok(now.cachedBytes <= 64 * MB);
  }
}

test('bytes appended are dirty or on disk, at every window; all records come through; checkpoints change nothing', () => {
  fc.assert(
    fc.property(kinds, fc.integer({ min: 1, max: 3_000 * MS }), (small, atNs) => {
      const model = build(small);
      for (let window = 1; window <= 3; window += 1) {
        model.sim.run(window * SECOND);
        assertConserved(model);
      }
      const whole = runOut(model, 400 * SECOND);
      assertConserved(model);
      assert.equal(sum(model.brokers.map(({ host }) => model.logs.statistics(host).dirtyBytes)), 0);
      assert.equal(recordsAppended(model), recordsMade(model));
      assert.equal(model.consumers.consumed(0), recordsMade(model));
      for (const { host, index } of model.brokers) {
        assert.equal(model.logs.statistics(host).appendedBytes, model.recorder.appendedBytes.data[index]);
      }
      const first = build(small);
      first.sim.run(atNs);
      const second = build(small);
      second.sim.columns.restore(first.sim.columns.checkpoint());
      assert.deepEqual(readOut(second), readOut(first));
      assert.deepEqual(runOut(second, 400 * SECOND), whole);
    }),
    { numRuns: 12 },
  );
});
