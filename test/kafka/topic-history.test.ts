import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brokerConfig, topicConfig } from '../../src/scenario/kafka-defaults.ts';
import type { TopicClass } from '../../src/scenario/scenario.ts';
import {
  build,
  isNear,
  MS,
  meanLatencyNs,
  recordsAppended,
  recordsMade,
  runOut,
  type Small,
  sum,
} from './support.ts';

const MB = 1_000_000;
/** Of about 10 kB, ten to a batch. */
const HISTORY = { bytes: 200 * MB, valueBytes: 9_990, batchBytes: 100_100 };
const SEGMENT_BYTES = 10 * MB;

function topic(changes: Partial<TopicClass> = {}, retention: { 'retention.bytes'?: number } = {}) {
  const broker = { config: brokerConfig({}, '4.3'), stated: {} };
  const config = topicConfig({ 'segment.bytes': SEGMENT_BYTES, ...retention }, broker);
  return { history: HISTORY, partitions: 2, config, ...changes };
}

const small: Small = {
  topics: [topic()],
  producers: [{ rate: { kind: 'constant', recordsPerSecond: 100 } }],
  consumers: [{ config: { 'auto.offset.reset': 'earliest' } }],
  phase: { durationMs: 10_000 },
};
const latest: Small = { ...small, consumers: [{ config: { 'auto.offset.reset': 'latest' } }] };
const withDisk: Small = { disk: { readBytesPerSecond: 50 * MB }, cacheBytes: 1000 * MB };

describe('a consumer of a topic with a history', () => {
  test('reads all of it, and what comes, from the earliest offset', () => {
    const model = build(small);
    const read = runOut(model);
    const history = model.history.records(0) + model.history.records(1);
    assert.ok(isNear(history, HISTORY.bytes / 10_000, 0.01));
    assert.equal(recordsAppended(model), history + recordsMade(model));
    assert.equal(model.consumers.consumed(0), recordsAppended(model));
    // Without a due time, records of the history have no latency.
    assert.equal(read.classes[1].done, recordsMade(model));
    assert.equal(sum(read.consumedInWindow), history + recordsMade(model));
  });

  test('begins behind it at the latest offset, without lag', () => {
    const model = build(latest);
    const read = runOut(model);
    assert.equal(read.classes[1].done, recordsMade(model));
    assert.equal(sum(read.consumedInWindow), recordsMade(model));
    assert.equal(read.lag[0][0], 0);
  });

  test('commits where it is in the history', () => {
    const model = build({ ...small, ...withDisk, producers: [], hasUpkeep: true });
    model.sim.run(2_000_000_000);
    const [session] = model.parts.consumerClients[0].sessions;
    const positions = [0, 1].map((partition) => model.replicas.position(session, partition));
    assert.ok(sum(positions) > 0 && sum(positions) < sum([0, 1].map((it) => model.history.records(it))));
    runOut(model);
    assert.deepEqual(
      [0, 1].map((partition) => model.replicas.position(session, partition)),
      [0, 1].map((partition) => model.history.records(partition)),
    );
  });

  test('with a replication factor of 3 reads what its followers hold too', () => {
    const model = build({ ...small, brokers: 3, topics: [topic({ replicationFactor: 3 })] });
    runOut(model);
    assert.equal(model.consumers.consumed(0), recordsAppended(model));
  });

  test('catches up at the rate of the disk, on which all of the history lies', () => {
    const model = build({ ...small, ...withDisk });
    const read = runOut(model);
    const bytes = model.history.bytes(0) + model.history.bytes(1);
    const [{ storage }] = read.hosts;
    assert.equal(sum(storage?.readBytes ?? []), bytes);
    // Every second as much of it as the disk reads, 50 of 200 MB: far behind after 0, 1, 2 and 3 s.
    const behind = read.lag[0].filter((records) => records > 1000);
    assert.equal(behind.length, 4);
    assert.ok(isNear(behind[1] - behind[2], (50 * MB) / 10_000 - 100, 0.05));
  });

  test('without a history, or with one that it passes over, reads nothing from the disk', () => {
    for (const other of [latest, { ...small, topics: [{ partitions: 2 }] }]) {
      const [{ storage }] = runOut(build({ ...other, ...withDisk })).hosts;
      assert.equal(sum(storage?.readBytes ?? [1]), 0);
    }
  });

  test('is in the way of those at the end of the topic, on one network thread: 8 ms in the mean, which are none without', () => {
    const tail = { name: 'tail', config: { 'auto.offset.reset': 'latest' as const } };
    const cold = { name: 'cold', config: { 'auto.offset.reset': 'earliest' as const } };
    const ofTail = (consumers: NonNullable<Small['consumers']>): number => {
      const one = { 'num.network.threads': 1 };
      return meanLatencyNs(runOut(build({ ...small, ...withDisk, brokerConfig: one, consumers })), 1);
    };
    assert.ok(ofTail([tail]) < 0.01 * MS);
    assert.ok(isNear(ofTail([tail, cold]), 8 * MS, 0.02));
  });
});

describe('retention', () => {
  test('deletes the oldest segments of a history', () => {
    const keptBytes = 30 * MB;
    const model = build({
      ...latest,
      ...withDisk,
      topics: [topic({ partitions: 1 }, { 'retention.bytes': keptBytes })],
      producers: [],
      brokerConfig: { 'log.initial.task.delay.ms': 1000 },
    });
    runOut(model);
    const log = model.logs.firstOfBroker.data[0];
    const left = model.history.bytes(0) - model.logs.start.data[log];
    assert.ok(left >= keptBytes && left < keptBytes + SEGMENT_BYTES, String(left));
  });
});
