import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readOut, type ShardReadOut } from '../../src/kafka/read-out.ts';
import { foldChains } from '../../src/kernel/trace-hash.ts';
import { build, MS, runOut, type Small, US } from './support.ts';

const busy: Small = {
  brokers: 3,
  cores: 2,
  topics: [{ partitions: 6, replicationFactor: 3 }],
  producers: [
    { count: 2, rate: { kind: 'constant', recordsPerSecond: 3000 }, config: { acks: 'all', 'linger.ms': 5 } },
    { name: 'web', rate: { kind: 'constant', recordsPerSecond: 500 } },
  ],
  consumers: [{ count: 2 }, { name: 'shipping' }],
  phase: { warmupMs: 50, durationMs: 150 },
  costs: {
    'host.wakeUpLatencyNs': 30 * US,
    'broker.network.wakeUpCpuNs': 15 * US,
    'broker.handler.wakeUpCpuNs': 15 * US,
    'client.brokertwin.producer.wakeUpCpuNs': 15 * US,
    'client.brokertwin.consumer.wakeUpCpuNs': 15 * US,
    'link.latencyNs': 20 * US,
    'broker.network.perRequestNs': 40 * US,
    'broker.network.perByteInNs': 0.5,
    'broker.handler.producePerRequestNs': 40 * US,
    'broker.handler.fetchPerRequestNs': 30 * US,
    'broker.handler.fetchPerPartitionNs': 3 * US,
    'broker.fetcher.perRequestNs': 50 * US,
    'broker.backgroundCores': 0.1,
    'broker.gcPerByteNs': 0.3,
    'client.brokertwin.producer.perRecordNs': 2 * US,
    'client.brokertwin.consumer.perRecordNs': 2 * US,
    'client.brokertwin.producer.gcPerRecordNs': US,
  },
};

interface Outcome {
  readonly hash: string;
  readonly events: number;
  readonly read: ShardReadOut;
}

function finish(model: ReturnType<typeof build>): Outcome {
  const read = runOut(model, 500 * MS);
  return { hash: foldChains([model.sim.hashChains()]), events: model.sim.events, read };
}

describe('a cluster', () => {
  const whole = finish(build(busy));

  test('does the same when it is built and run again', () => {
    assert.ok(whole.events > 5_000);
    assert.deepEqual(finish(build(busy)), whole);
  });

  test('does the same in steps as in one go', () => {
    const model = build(busy);
    for (let now = 0; now < 200 * MS; now += 1_234_567) model.sim.run(now);
    assert.deepEqual(finish(model), whole);
  });

  test('does something else from another seed', () => {
    assert.notEqual(finish(build({ ...busy, seed: 2 })).hash, whole.hash);
  });

  const throttled: Small = { ...busy, quotaCores: 0.1 };
  const quota = { bytesPerSecond: 10_000, requestPercentage: 1 };
  /** All that clients ask for besides records, at short intervals, with a history, quotas and too few slots. */
  const kept: Small = {
    ...busy,
    hasUpkeep: true,
    brokerConfig: { 'max.incremental.fetch.session.cache.slots': 8 },
    topics: [
      {
        partitions: 6,
        replicationFactor: 3,
        history: { bytes: 20_000_000, valueBytes: 500, batchBytes: 16_384 },
      },
    ],
    producers: [{ count: 2, rate: { kind: 'constant', recordsPerSecond: 3000 }, quota }],
    consumers: [
      {
        count: 6,
        quota,
        config: {
          'auto.offset.reset': 'earliest',
          'auto.commit.interval.ms': 20,
          'heartbeat.interval.ms': 10,
          'metadata.max.age.ms': 60,
        },
      },
      { name: 'shipping', count: 6, config: { 'auto.commit.interval.ms': 30 } },
    ],
  };
  for (const [title, small, expected] of [
    ['at any time', busy, whole],
    ['with its quotas used up or not', throttled, finish(build(throttled))],
    ['with all that clients ask for besides records', kept, finish(build(kept))],
  ] as const) {
    test(`goes on from a checkpoint ${title} as if there had been none`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 250 * MS }), (atNs) => {
          const first = build(small);
          first.sim.run(atNs);
          const checkpoint = first.sim.columns.checkpoint();
          const early = readOut(first);
          const second = build(small);
          second.sim.columns.restore(checkpoint);
          assert.deepEqual(readOut(second), early);
          assert.deepEqual(finish(second), expected);
          // What went on from the copy has not touched the original.
          assert.deepEqual(finish(first), expected);
        }),
        { numRuns: 8 },
      );
    });
  }

  test('has quotas used up while these checkpoints are made', () => {
    const [host] = finish(build(throttled)).read.hosts;
    assert.ok(host.throttledCoreNs[0] > 20 * MS, `${host.throttledCoreNs[0]} core-ns`);
  });
});
