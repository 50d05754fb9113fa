import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import { readOut } from '../../src/kafka/read-out.ts';
import { NONE } from '../../src/kafka/requests.ts';
import { foldChains } from '../../src/kernel/trace-hash.ts';
import {
  at,
  COSTS,
  kill,
  leaders,
  SLOW_DISK,
  start,
  stop,
  three,
  throttle,
  topic,
  watch,
} from './failures-support.ts';
import {
  build,
  column,
  MS,
  recordsAppended,
  rowsUsed,
  runOut,
  SECOND,
  type Small,
  sum,
  US,
} from './support.ts';

/** Clusters to which anything is done at any time, quick to notice. */
const operated: fc.Arbitrary<Small> = fc
  .record({
    brokers: fc.integer({ min: 2, max: 4 }),
    replicationFactor: fc.integer({ min: 1, max: 3 }),
    minInSyncReplicas: fc.integer({ min: 1, max: 2 }),
    partitions: fc.integer({ min: 1, max: 7 }),
    producers: fc.integer({ min: 1, max: 3 }),
    consumers: fc.integer({ min: 0, max: 3 }),
    acks: fc.constantFrom('0' as const, '1' as const, 'all' as const, 'all' as const),
    client: fc.constantFrom('brokertwin' as const, 'brokertwin' as const, 'java' as const),
    bufferBytes: fc.constantFrom(50_000, 500_000),
    recordsPerSecond: fc.constantFrom(100, 2000, 20_000),
    cores: fc.integer({ min: 1, max: 4 }),
    quota: fc.constantFrom(1, 0.5),
    isOneMachine: fc.boolean(),
    hasDisks: fc.boolean(),
    flushMessages: fc.constantFrom(null, 10),
    nicBytesPerSecond: fc.constantFrom(undefined, 2e6),
    youngBytes: fc.constantFrom(0, 100_000),
    fetchers: fc.integer({ min: 1, max: 2 }),
    operations: fc.array(
      fc.record({
        atMs: fc.integer({ min: 0, max: 2500 }),
        broker: fc.integer({ min: 1, max: 4 }),
        action: fc.constantFrom('kill' as const, 'stop' as const, 'start' as const, 'restart' as const),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    throttle: fc.option(
      fc.record({
        atMs: fc.integer({ min: 0, max: 3000 }),
        bytesPerSecond: fc.integer({ min: 1000, max: 1_000_000 }),
        replicas: fc.constantFrom('*', '0:1,0:2', '1:2,2:1,3:3'),
      }),
    ),
    seed: fc.integer({ min: 1, max: 1000 }),
  })
  .map((of): Small => {
    const operations = of.operations.map(({ atMs, broker, action }) => {
      const brokers = [((broker - 1) % of.brokers) + 1];
      return at(
        atMs,
        action === 'restart' ? { action, brokers, unclean: atMs % 2 === 0 } : { action, brokers },
      );
    });
    const all = Array.from({ length: of.brokers }, (_, index) => index + 1);
    return {
      brokers: of.brokers,
      seed: of.seed,
      cores: of.cores,
      quotaCores: of.cores * of.quota,
      ...(of.nicBytesPerSecond === undefined ? {} : { nicBytesPerSecond: of.nicBytesPerSecond }),
      ...(of.isOneMachine ? { sharedCores: of.cores } : {}),
      ...(of.hasDisks ? { disk: SLOW_DISK, cacheBytes: 80_000_000 } : {}),
      topics: [
        topic(
          of.partitions,
          Math.min(of.replicationFactor, of.brokers),
          of.minInSyncReplicas,
          // A flush of these disks takes 8 ms: followers of a full producer without answers would not be done in the end.
          of.acks === '0' && of.recordsPerSecond > 2000 ? null : of.flushMessages,
        ),
      ],
      producers: [
        {
          client: of.client,
          count: of.producers,
          rate: { kind: 'constant' as const, recordsPerSecond: of.recordsPerSecond },
          config: {
            acks: of.acks,
            'linger.ms': 5,
            'buffer.memory': of.bufferBytes,
            'delivery.timeout.ms': 6000,
            'request.timeout.ms': 2000,
          },
        },
      ],
      consumers: of.consumers === 0 ? [] : [{ count: of.consumers }],
      // In the end every broker is killed and started once more, so that all come back.
      operations: [
        ...operations,
        ...(of.throttle === null
          ? []
          : [
              ...throttle(of.throttle.atMs, of.throttle.bytesPerSecond, of.throttle.replicas),
              ...throttle(38_000, null),
            ]),
        kill(39_000, ...all),
        start(39_001, ...all),
      ],
      brokerConfig: {
        'num.replica.fetchers': of.fetchers,
        'broker.session.timeout.ms': 900,
        'broker.heartbeat.interval.ms': 200,
        'replica.lag.time.max.ms': 1500,
      },
      phase: { durationMs: 40_000, warmupMs: 0 },
      costs: {
        ...COSTS,
        'broker.gcPerByteNs': 10,
        'broker.gc.youngBytes': of.youngBytes,
        'broker.gc.allocatedPerByte': 1,
        'client.brokertwin.producer.perRequestNs': 50 * US,
        'client.brokertwin.consumer.perRequestNs': 50 * US,
        'client.java.producer.sendPerRecordNs': US,
      },
    };
  });

/** The schedule ends early, so that the rest of the phase shows what becomes of it. */
function buildBrief(small: Small): ClusterModel {
  const model = build(small);
  for (const schedule of model.parts.schedules) {
    if (schedule !== null) Object.assign(schedule, { endNs: 3 * SECOND });
  }
  return model;
}

describe('whatever is done to brokers', () => {
  test('every due record is acknowledged, failed or waits; in the end nothing is left over', () => {
    fc.assert(
      fc.property(operated, (small) => {
        const model = buildBrief(small);
        for (const secondsNs of [1, 2, 5].map((seconds) => seconds * SECOND)) {
          model.sim.run(secondsNs);
          const [{ due, done, failed }] = readOut(model).classes;
          assert.ok(done + failed <= due);
        }
        const [{ due, done, failed }] = runOut(model, 60 * SECOND).classes;
        assert.equal(done + failed, due);
        assert.equal(sum(column(model, 'accumulator/buffer-used')), 0);
        assert.equal(sum(column(model, 'accumulator/in-flight')), 0);
        for (let partition = 0; partition < leaders(model).length; partition += 1) {
          assert.notEqual(leaders(model)[partition], NONE);
          assert.ok(!model.failures.leadership.isUnderReplicated(partition), `${partition} under-replicated`);
        }
        assert.equal(rowsUsed(model, 'batches'), 0);
        const consumed =
          (small.consumers ?? []).length === 0 ? null : sum(column(model, 'consumers/consumed'));
        if (consumed !== null) assert.equal(consumed, recordsAppended(model));
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });

  test('no record that two in-sync replicas had acknowledged is lost', () => {
    fc.assert(
      fc.property(operated, (small) => {
        const [producer] = small.producers ?? [];
        const model = buildBrief({
          ...small,
          brokers: 3,
          topics: [topic(4, 3, 2)],
          producers: [{ ...producer, config: { ...producer.config, acks: 'all' } }],
          consumers: [{}],
          operations: [
            ...(small.operations ?? []).filter(
              (of) => of.atMs < 39_000 && 'brokers' in of && of.brokers?.every((id) => id <= 3),
            ),
            kill(39_000, 1, 2, 3),
            start(39_001, 1, 2, 3),
          ],
        } as Small);
        const { acknowledged, read } = watch(model);
        runOut(model, 60 * SECOND);
        for (const batch of acknowledged) assert.ok(read.has(batch), `${batch} is lost`);
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });

  test('it happens again in the same way, also from a checkpoint', () => {
    const small = three({
      producers: [{ count: 2, rate: { kind: 'constant', recordsPerSecond: 2000 }, config: { acks: 'all' } }],
      operations: [kill(1000, 1), stop(1500, 2), start(8000, 1, 2)],
      phase: { durationMs: 20_000 },
    });
    const finish = (model: ClusterModel) => ({
      read: runOut(model),
      hash: foldChains([model.sim.hashChains()]),
    });
    const whole = finish(build(small));
    assert.ok(whole.read.classes[0].done > 0);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 25_000 }), (atMs) => {
        const first = build(small);
        first.sim.run(atMs * MS);
        const second = build(small);
        second.sim.columns.restore(first.sim.columns.checkpoint());
        assert.deepEqual(finish(second), whole);
      }),
      { numRuns: 8 },
    );
  });
});
