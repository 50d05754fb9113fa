import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildCluster } from '../../src/kafka/cluster/build-cluster.ts';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import { NONE, REQUEST } from '../../src/kafka/requests.ts';
import { recordBytes } from '../../src/scenario/record-format.ts';
import {
  build,
  column,
  HEADER_BYTES,
  MS,
  mirroredScenario,
  profileWith,
  recordsAppended,
  recordsMade,
  rowsTaken,
  rowsUsed,
  runOut,
  SECOND,
  type Small,
  sum,
  US,
} from './support.ts';

/** Clusters of all kinds, most of them busy, some overloaded. */
const clusters: fc.Arbitrary<Small> = fc
  .record({
    brokers: fc.integer({ min: 1, max: 3 }),
    replicationFactor: fc.integer({ min: 1, max: 3 }),
    partitions: fc.integer({ min: 1, max: 7 }),
    topics: fc.integer({ min: 1, max: 2 }),
    producers: fc.integer({ min: 1, max: 4 }),
    consumers: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    acks: fc.constantFrom('0' as const, '1' as const, 'all' as const),
    keyed: fc.boolean(),
    lingerMs: fc.constantFrom(0, 1, 10),
    batchBytes: fc.constantFrom(300, 1000, 16_384),
    bufferBytes: fc.constantFrom(20_000, 500_000),
    inFlight: fc.integer({ min: 1, max: 5 }),
    recordsPerSecond: fc.constantFrom(100, 2000, 20_000),
    load: fc.constantFrom(1 as const, 1 as const, 'max' as const),
    cores: fc.integer({ min: 1, max: 4 }),
    quota: fc.constantFrom(1, 0.3),
    isOneMachine: fc.boolean(),
    nicBytesPerSecond: fc.constantFrom(undefined, 5e6),
    youngBytes: fc.constantFrom(0, 100_000),
    queuedMax: fc.constantFrom(1, 500),
    fetchers: fc.integer({ min: 1, max: 2 }),
  })
  .map((of) => {
    const names = ['orders', 'clicks'].slice(0, of.topics);
    return {
      brokers: of.brokers,
      cores: of.cores,
      quotaCores: of.cores * of.quota,
      oneHost: of.brokers === 1,
      ...(of.isOneMachine ? { sharedCores: of.cores } : {}),
      ...(of.nicBytesPerSecond === undefined ? {} : { nicBytesPerSecond: of.nicBytesPerSecond }),
      topics: names.map((name) => ({
        name,
        partitions: of.partitions,
        replicationFactor: Math.min(of.replicationFactor, of.brokers),
      })),
      producers: [
        {
          topics: names,
          count: of.producers,
          rate: { kind: 'constant' as const, recordsPerSecond: of.recordsPerSecond },
          record: {
            value: { kind: 'constant' as const, bytes: 200 },
            key: of.keyed ? { cardinality: 1000, bytes: 8, zipf: null } : null,
            headersBytes: 0,
          },
          config: {
            acks: of.acks,
            'linger.ms': of.lingerMs,
            'batch.size': of.batchBytes,
            'buffer.memory': of.bufferBytes,
            'max.in.flight.requests.per.connection': of.inFlight,
          },
        },
      ],
      consumers: of.consumers.map((count, index) => ({ name: `group-${index}`, topics: names, count })),
      brokerConfig: { 'queued.max.requests': of.queuedMax, 'num.replica.fetchers': of.fetchers },
      phase: { load: of.load, durationMs: 50 },
      costs: {
        'host.wakeUpLatencyNs': 30 * US,
        'host.tickNs': 4 * MS,
        'host.sliceNs': 1.4 * MS,
        'host.protectedNs': 160 * US,
        'broker.network.wakeUpCpuNs': 10 * US,
        'broker.handler.wakeUpCpuNs': 10 * US,
        'client.brokertwin.producer.wakeUpCpuNs': 10 * US,
        'client.brokertwin.consumer.wakeUpCpuNs': 10 * US,
        'link.latencyNs': 20 * US,
        'broker.network.perRequestNs': 30 * US,
        'broker.handler.producePerRequestNs': 40 * US,
        'broker.handler.producePerBatchNs': 10 * US,
        'broker.handler.fetchPerRequestNs': 20 * US,
        'broker.handler.fetchPerPartitionNs': 2 * US,
        'broker.fetcher.perRequestNs': 50 * US,
        'broker.backgroundCores': 0.05,
        'broker.gcPerByteNs': 10,
        'broker.gc.youngBytes': of.youngBytes,
        'broker.gc.allocatedPerByte': 1,
        'client.brokertwin.producer.perRequestNs': 50 * US,
        'client.brokertwin.producer.perRecordNs': US,
        'client.brokertwin.consumer.perRequestNs': 50 * US,
        'client.brokertwin.consumer.perRecordNs': US,
      },
    };
  });

/** Records that each consumer class has read. */
function consumedByClass(model: ClusterModel): number[] {
  const counts = model.parts.topology.consumers.map(({ classIndex }, client) => ({
    classIndex,
    count: model.consumers.consumed(client),
  }));
  return Array.from({ length: model.recorder.options.consumerClasses }, (_, index) =>
    sum(counts.filter(({ classIndex }) => classIndex === index).map(({ count }) => count)),
  );
}

test('at any time no more is appended than was made, and no more read than is below the high watermark', () => {
  fc.assert(
    fc.property(clusters, fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 8 }), (small, waitsMs) => {
      const model = build(small);
      for (const waitMs of waitsMs) {
        model.sim.run(model.sim.nowNs + waitMs * MS);
        const made = recordsMade(model);
        const appended = recordsAppended(model);
        const committed = sum(column(model, 'partitions/high-watermark'));
        assert.ok(appended <= made && committed <= appended);
        for (const consumed of consumedByClass(model)) assert.ok(consumed <= committed);
      }
    }),
    { numRuns: 40 },
  );
});

test('in the end every record made is in the log, acknowledged, and read once by every group; nothing is left over', () => {
  fc.assert(
    fc.property(clusters, (small) => {
      const model = build(small);
      const [checkout] = runOut(model, 60 * SECOND).classes;
      const made = recordsMade(model);
      assert.ok(made > 0);
      assert.equal(recordsAppended(model), made);
      assert.equal(checkout.done, made);
      assert.equal(checkout.due, made);
      assert.deepEqual(
        consumedByClass(model),
        small.consumers?.map(() => made),
      );
      assert.equal(sum(column(model, 'accumulator/buffer-used')), 0);
      assert.equal(sum(column(model, 'accumulator/in-flight')), 0);
      assert.equal(rowsUsed(model, 'batches'), 0);
      const types = column(model, 'requests/type');
      const requests = rowsTaken(model, 'requests').map((row) => types[row]);
      assert.equal(requests.filter((type) => type === REQUEST.produce).length, 0);
      assert.ok(requests.length <= model.parts.sessions.length);
    }),
    { numRuns: 40 },
  );
});

test('a mirror copies every record of every topic', () => {
  const topics = ['orders', 'clicks'];
  const scenario = mirroredScenario(topics);
  const [phase] = scenario.run.phases;
  const profiles = Object.fromEntries(scenario.hosts.map((host) => [host.name, profileWith()]));
  const [east, west] = [0, 1].map((shard) =>
    buildCluster({ scenario, profiles, phase, tieSeed: 0, sharedCores: null }, shard),
  );
  const windowNs = 10 * MS;
  for (const { sim } of [east, west]) sim.joinShards(windowNs);
  for (let endNs = windowNs; endNs <= 3 * SECOND; endNs += windowNs) {
    for (const { sim } of [east, west]) sim.run(endNs - 1);
    west.sim.deliver(east.sim.takeOutbox());
    east.sim.deliver(west.sim.takeOutbox());
  }
  const ends = ({ replicas }: ClusterModel) => topics.map((_, partition) => replicas.endOffset(partition));
  assert.deepEqual(ends(east), [1000, 1000]);
  assert.deepEqual(ends(west), ends(east));
});

/** Of a record in the middle of its batch, which the model takes for all. */
function recordBytesOf({ producers: [producer] = [] }: Small): number {
  const keyBytes = producer?.record?.key?.bytes ?? null;
  const batchBytes = producer?.config?.['batch.size'] ?? 0;
  return recordBytes({ keyBytes, valueBytes: 200, headersBytes: 1 }, Math.floor(batchBytes / 200 / 2));
}

/** Bytes of batches that a producer has begun, and of those that are not in a leader's log yet. */
function bytesOnTheWay(
  model: ClusterModel,
  recordBytes: number,
): () => { readonly made: number; readonly inFlight: number } {
  const { batches, replicas, requests } = model;
  const appended = new Set<number>();
  let created = 0;
  const create = batches.create.bind(batches);
  batches.create = (partition, nowNs) => {
    const batch = create(partition, nowNs);
    appended.delete(batch);
    created += 1;
    return batch;
  };
  const append = replicas.append.bind(replicas);
  replicas.append = (broker, thread, request) => {
    const first = requests.firstBatch.data[request];
    for (let batch = first; batch !== NONE; batch = batches.nextInRequest.data[batch]) appended.add(batch);
    append(broker, thread, request);
  };
  return () => {
    const rows = rowsTaken(model, 'batches').filter((row) => !appended.has(row));
    return {
      made: recordsMade(model) * recordBytes + created * HEADER_BYTES,
      inFlight: sum(rows.map((row) => batches.bytes.data[row])),
    };
  };
}

test('bytes made = bytes in the logs + in flight, and of a follower no more than its leader has, at every window', () => {
  fc.assert(
    fc.property(clusters, (small) => {
      const model = build(small);
      const onTheWay = bytesOnTheWay(model, recordBytesOf(small));
      const { partitions } = model.parts.topology;
      let stored = 0;
      while (model.sim.nowNs < 100 * MS) {
        model.sim.run(model.sim.nowNs + 5 * MS);
        const ofLeaders = sum(column(model, 'partitions/end-bytes'));
        const { made, inFlight } = onTheWay();
        assert.equal(ofLeaders + inFlight, made);
        const ofBrokers = sum(column(model, 'recorder/appended-bytes'));
        const [{ replicationFactor = 1 }] = small.topics ?? [];
        assert.ok(ofBrokers >= ofLeaders && ofBrokers <= ofLeaders * replicationFactor);
        stored = ofLeaders;
      }
      assert.ok(stored > 0);
      runOut(model, 60 * SECOND);
      const inEnd = Array.from(column(model, 'partitions/end-bytes'));
      assert.equal(onTheWay().inFlight, 0);
      assert.equal(sum(inEnd), onTheWay().made);
      assert.equal(
        sum(column(model, 'recorder/appended-bytes')),
        sum(inEnd.map((bytes, partition) => bytes * partitions.replicas(partition))),
      );
    }),
    { numRuns: 30 },
  );
});
