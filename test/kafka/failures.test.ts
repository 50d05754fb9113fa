import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import type { TimedOperation } from '../../src/operations/operation.ts';
import { kill, leaders, start, stop, three, topic, watch } from './failures-support.ts';
import {
  build,
  column,
  isNear,
  MS,
  recordsAppended,
  runOut,
  SECOND,
  type Small,
  sum,
  US,
} from './support.ts';

/** When each partition has got another leader for the first time, ns. */
function firstChangeNs(model: ClusterModel): number {
  const before = leaders(model);
  const { leadership } = model.failures;
  let changedNs = Number.NaN;
  const setLeader = leadership.setLeader.bind(leadership);
  leadership.setLeader = (partition, broker, nowNs) => {
    if (Number.isNaN(changedNs) && broker !== before[partition]) changedNs = nowNs;
    setLeader(partition, broker, nowNs);
  };
  model.sim.run(30 * SECOND);
  return changedNs;
}

describe('a killed broker', () => {
  test('is fenced 7.0 to 10.1 s later, as its last heartbeat and the next look of the controller have it', () => {
    const found: number[] = [];
    for (let seed = 1; seed <= 40; seed += 1) {
      const model = build({ brokers: 2, seed, topics: [topic(1, 2)], operations: [kill(500, 1)] });
      found.push(firstChangeNs(model) - 500 * MS);
    }
    assert.ok(Math.min(...found) >= 7 * SECOND, `${Math.min(...found)}`);
    assert.ok(Math.max(...found) <= 10.2 * SECOND, `${Math.max(...found)}`);
    assert.ok(Math.max(...found) - Math.min(...found) > SECOND);
  });

  test('stalls acks=all until it is fenced; a controlled stop does not', () => {
    const longestMs = (operations: readonly TimedOperation[]): number =>
      runOut(build(three({ operations }))).classes[0].latencyMaxNs / MS;
    const model = build(three({ operations: [kill(5000, 2)] }));
    const fencedNs = firstChangeNs(model) - 5 * SECOND;
    const killed = longestMs([kill(5000, 2)]);
    // Fencing, then at most one backoff of 100 ms with a refresh of metadata, and the way through.
    assert.ok(killed >= fencedNs / MS - 20 && killed <= fencedNs / MS + 130, `${killed} ms`);
    const stopped = longestMs([stop(5000, 2)]);
    assert.ok(stopped > 90 && stopped < 250, `${stopped} ms`);
    assert.ok(longestMs([]) < 20);
  });

  test('that is stopped stalls who sent to it for one retry.backoff.ms', () => {
    const producers = [{ config: { acks: 'all' as const, 'linger.ms': 5, 'retry.backoff.ms': 1000 } }];
    const [{ latencyMaxNs }] = runOut(build(three({ producers, operations: [stop(5000, 2)] }))).classes;
    assert.ok(isNear(latencyMaxNs, SECOND, 0.05), `${latencyMaxNs / MS} ms`);
  });

  test('needs 5 s to be back on free cores, 17 s at 0.6 of one', () => {
    const tookNs = (quota: Small): number => {
      const operations = [stop(100, 2), start(2000, 2)];
      const [, started] = runOut(build(three({ ...quota, operations }))).operations;
      return started.doneNs - started.beganNs;
    };
    assert.ok(isNear(tookNs({}), 5.25 * SECOND, 0.01), `${tookNs({})} ns`);
    const slow = tookNs({ cores: 2, quotaCores: 0.6 });
    assert.ok(isNear(slow, 17.4 * SECOND, 0.02), `${slow} ns`);
  });

  test('does not stall a producer with acks=1 where others lead', () => {
    const small = three({ topics: [topic(1, 3)], producers: [{ config: { acks: '1' } }] });
    const [checkout] = runOut(build({ ...small, operations: [kill(5000, 2)] })).classes;
    assert.ok(checkout.latencyMaxNs < 20 * MS, `${checkout.latencyMaxNs / MS} ms`);
  });

  test('is followed by the first replica in the order of the assignment that is in sync', () => {
    const model = build(
      three({ brokers: 4, operations: [kill(1000, 2), start(12_000, 2), kill(25_000, 3)] }),
    );
    const { partitions } = model.parts.topology;
    const replicasOf = (partition: number) =>
      [0, 1, 2].map((number) => partitions.replica(partition, number));
    const before = leaders(model);
    model.sim.run(11.5 * SECOND);
    for (const [partition, leader] of leaders(model).entries()) {
      const expected = replicasOf(partition).find((broker) => broker !== 1);
      assert.equal(leader, before[partition] === 1 ? expected : before[partition]);
    }
    const middle = leaders(model);
    model.sim.run(50 * SECOND);
    for (const [partition, leader] of leaders(model).entries()) {
      // Broker 2 is back and in sync: it is elected again where it comes first and broker 3 led.
      if (middle[partition] !== 2) assert.equal(leader, middle[partition]);
      else
        assert.equal(
          leader,
          replicasOf(partition).find((broker) => broker !== 2 && model.failures.lives.isUp(broker)),
        );
    }
  });

  test('leaves partitions under-replicated until it has caught up, and offline those that it has alone', () => {
    const operations = [kill(3000, 1), start(20_000, 1)];
    const replicated = runOut(build(three({ operations })));
    const counts = replicated.brokers.map(({ failures }) => failures?.underReplicated ?? []);
    const total = counts[0].map((_, window) => sum(counts.map((of) => of[window] ?? 0)));
    assert.equal(total[2], 0);
    assert.equal(total[18], 6);
    assert.equal(total.at(-1), 0);
    assert.ok(replicated.offlinePartitions?.every((count) => count === 0));
    assert.equal(sum(replicated.brokers.map(({ failures }) => sum(failures?.expands ?? []))), 6);

    const alone = three({
      topics: [topic(6, 1)],
      producers: [{ config: { acks: 'all', 'delivery.timeout.ms': 8000, 'request.timeout.ms': 2000 } }],
      operations,
    });
    const model = build(alone);
    const read = runOut(model);
    assert.equal(read.offlinePartitions?.[2], 0);
    assert.equal(read.offlinePartitions?.[18], 2);
    assert.equal(read.offlinePartitions?.at(-1), 0);
    const [checkout] = read.classes;
    assert.ok(checkout.failed > 0 && checkout.failed < checkout.due / 2, `${checkout.failed} failed`);
    assert.equal(checkout.done + checkout.failed, checkout.due);
  });

  /** Kills the only follower for 12 s; how long it then was away and took to be back in sync, and the leader's use of its line. */
  function catchUp(bytesPerSecond: number | null): { awayNs: number; tookNs: number; sentBytes: number } {
    const rate = { kind: 'constant' as const, recordsPerSecond: 2000 };
    const model = build({
      brokers: 2,
      cores: 8,
      ...(bytesPerSecond === null ? {} : { nicBytesPerSecond: bytesPerSecond }),
      topics: [topic(1, 2)],
      producers: [{ rate, config: { acks: '1', 'linger.ms': 20 } }],
      operations: [kill(2000, 2), start(14_000, 2)],
      phase: { durationMs: 60_000 },
      costs: { 'link.latencyNs': 20 * US },
    });
    const { elections, leadership } = model.failures;
    const times = { returnedNs: 0, inSyncNs: 0 };
    const returned = elections.returned.bind(elections);
    elections.returned = (broker) => {
      times.returnedNs = model.sim.nowNs;
      returned(broker);
    };
    const addInSync = leadership.addInSync.bind(leadership);
    leadership.addInSync = (partition, broker) => {
      times.inSyncNs = model.sim.nowNs;
      addInSync(partition, broker);
    };
    model.sim.run(60 * SECOND);
    return {
      awayNs: times.returnedNs - 2 * SECOND,
      tookNs: times.inSyncNs - times.returnedNs,
      sentBytes: model.nics.outBytes(model.brokers[0].host),
    };
  }

  test('catches up in u / (1 - u) of the time that it was away, u the share of its line that goes to new records', () => {
    const bytesPerSecond = 1_000_000;
    const { awayNs, tookNs, sentBytes } = catchUp(bytesPerSecond);
    const u = sentBytes / (60 * bytesPerSecond);
    const expectedNs = (u / (1 - u)) * awayNs;
    assert.ok(u > 0.3 && u < 0.7, `u ${u}`);
    assert.ok(isNear(tookNs, expectedNs, 0.06), `${tookNs} ns, not ${expectedNs}`);
    const free = catchUp(null);
    assert.ok(free.tookNs < 0.1 * SECOND, `${free.tookNs} ns`);
  });
});

describe('in-sync replicas', () => {
  test('too few of them refuse acks=all until delivery.timeout.ms, and hold the high watermark', () => {
    const small = three({
      producers: [
        { config: { acks: 'all', 'delivery.timeout.ms': 5000, 'request.timeout.ms': 2000 } },
        { name: 'web', config: { acks: '1' } },
      ],
      topics: [topic(1, 3, 2)],
      operations: [kill(5000, 2, 3)],
    });
    const model = build(small);
    const [checkout, web] = [0, 1];
    const read = runOut(model);
    const { done, failed, due } = read.classes[checkout];
    assert.equal(done + failed, due);
    assert.ok(isNear(done / due, 5 / 40, 0.05), `${done} of ${due}`);
    assert.equal(read.classes[web].done, read.classes[web].due);
    assert.ok(sum(column(model, 'partitions/high-watermark')) < 11_000);
    assert.ok(recordsAppended(model) > 40_000);
    assert.equal(read.brokers[0].failures?.underMinIsr.at(-1), 1);

    const [free] = runOut(build({ ...small, topics: [topic(1, 3, 1)] })).classes;
    assert.deepEqual([free.done, free.failed], [free.due, 0]);
  });

  test('a follower that stays behind leaves them after replica.lag.time.max.ms, and comes back when it can', () => {
    const model = build({
      brokers: 2,
      cores: 8,
      brokerConfig: { 'replica.lag.time.max.ms': 2000, 'replica.fetch.max.bytes': 1000 },
      topics: [topic(1, 2)],
      producers: [{ rate: { kind: 'constant', recordsPerSecond: 1500 } }],
      operations: [kill(100_000, 1)],
      phase: { durationMs: 20_000 },
      // 250 fetches a second, each of a kilobyte: 220 records a batch of 5.
      costs: { 'broker.fetcher.perRequestNs': 4 * MS },
    });
    const shrunk: number[] = [];
    const { leadership } = model.failures;
    const removeInSync = leadership.removeInSync.bind(leadership);
    leadership.removeInSync = (partition, broker) => {
      shrunk.push(model.sim.nowNs);
      removeInSync(partition, broker);
    };
    const read = runOut(model, 120 * SECOND);
    assert.ok(shrunk[0] >= 2 * SECOND && shrunk[0] <= 4 * SECOND, `${shrunk[0]} ns`);
    assert.ok(sum(read.brokers[0].failures?.shrinks ?? []) >= 1);
    assert.equal(leadership.inSyncReplicas(0), 2);
  });
});

test('a leader that is killed takes with it what the next one had not fetched: lost with acks=1, not with acks=all', () => {
  const lostBatches = (acks: '1' | 'all'): { lost: number; failed: number } => {
    const model = build({
      brokers: 2,
      cores: 8,
      topics: [topic(1, 2)],
      producers: [{ config: { acks, 'linger.ms': 5 } }],
      consumers: [{}],
      operations: [kill(5000, 1)],
      phase: { durationMs: 20_000 },
      // A follower fetches every 100 ms.
      costs: { 'broker.fetcher.perRequestNs': 100 * MS },
    });
    const { acknowledged, read } = watch(model);
    const { failed } = runOut(model).classes[0];
    return { lost: [...acknowledged].filter((batch) => !read.has(batch)).length, failed };
  };
  const { lost, failed } = lostBatches('1');
  // Up to two cycles of the fetcher, in batches of 6 ms.
  assert.ok(lost >= 5 && lost <= 40, `${lost} batches`);
  assert.equal(failed, 0);
  assert.deepEqual(lostBatches('all'), { lost: 0, failed: 0 });
});

test('operations that cannot begin fail in words and end nothing', () => {
  const operations = [start(1000, 1), kill(2000, 2), stop(3000, 2), kill(50_000, 1)];
  const read = runOut(build(three({ operations }))).operations;
  assert.match(read[0].failure ?? '', /node 1: expected it stopped or killed, found it running/);
  assert.deepEqual([read[1].failure, read[1].doneNs], [null, 2 * SECOND]);
  assert.match(read[2].failure ?? '', /node 2: expected it running/);
  assert.equal(read[3].beganNs, -1);
});
