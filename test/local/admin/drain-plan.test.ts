import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UserError } from '../../../src/errors/errors.ts';
import {
  type DrainedPartition,
  planDrain,
  type ReceivingBroker,
} from '../../../src/local/admin/drain-plan.ts';

interface Cluster {
  readonly broker: number;
  readonly brokers: readonly ReceivingBroker[];
  readonly partitions: readonly DrainedPartition[];
}

/** Clusters of 2 to 7 brokers, in racks or not, with partitions of every replication factor; broker 1 is to be drained. */
const clusters: fc.Arbitrary<Cluster> = fc.integer({ min: 2, max: 7 }).chain((count) => {
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  return fc.record({
    broker: fc.constant(1),
    brokers: fc.tuple(
      ...ids.map((id) => fc.record({ id: fc.constant(id), rack: fc.constantFrom('a', 'b', 'c', null) })),
    ),
    partitions: fc
      .array(fc.shuffledSubarray(ids, { minLength: 1 }), { maxLength: 40 })
      .map((all) => all.map((replicas, partition) => ({ topic: `t${partition % 3}`, partition, replicas }))),
  });
});

const drainable = clusters.map((cluster) => ({
  ...cluster,
  partitions: cluster.partitions.filter(({ replicas }) => replicas.length < cluster.brokers.length),
}));

/** Where the drained broker's replica of a partition may go: as few replicas in the same rack as possible. */
function choices({ broker, brokers }: Cluster, { replicas }: DrainedPartition): number[] {
  const kept = replicas.filter((id) => id !== broker);
  const rackOf = (id: number) => brokers.find((one) => one.id === id)?.rack ?? null;
  const sameRack = (id: number) =>
    kept.filter((other) => rackOf(id) !== null && rackOf(other) === rackOf(id)).length;
  const free = brokers.map(({ id }) => id).filter((id) => id !== broker && !kept.includes(id));
  const fewest = Math.min(...free.map(sameRack));
  return free.filter((id) => sameRack(id) === fewest);
}

test('each replica of the drained broker gets one new place, all others stay where they are', () => {
  fc.assert(
    fc.property(drainable, (cluster) => {
      const affected = cluster.partitions.filter(({ replicas }) => replicas.includes(cluster.broker));
      const plan = planDrain(cluster);
      assert.deepEqual(
        plan.map(({ topic, partition }) => ({ topic, partition })),
        affected.map(({ topic, partition }) => ({ topic, partition })),
      );
      for (const [index, { replicas }] of plan.entries()) {
        const before = affected[index].replicas;
        assert.equal(replicas.length, before.length);
        assert.equal(new Set(replicas).size, replicas.length);
        for (const [place, id] of before.entries()) {
          if (id === cluster.broker) assert.ok(choices(cluster, affected[index]).includes(replicas[place]));
          else assert.equal(replicas[place], id);
        }
      }
    }),
  );
});

test('no moved replica could have gone to a broker with two replicas less', () => {
  fc.assert(
    fc.property(drainable, (cluster) => {
      const affected = cluster.partitions.filter(({ replicas }) => replicas.includes(cluster.broker));
      const plan = planDrain(cluster);
      const after = [...cluster.partitions.filter((one) => !affected.includes(one)), ...plan];
      const load = (id: number) => after.filter(({ replicas }) => replicas.includes(id)).length;
      for (const [index, before] of affected.entries()) {
        const target = plan[index].replicas[before.replicas.indexOf(cluster.broker)];
        for (const other of choices(cluster, before)) {
          assert.ok(
            load(target) <= load(other) + 1,
            `${load(target)} on ${target}, ${load(other)} on ${other}`,
          );
        }
      }
    }),
  );
});

test('a later replica pushes an earlier one to a broker that got nothing', () => {
  const brokers = ['a', 'b', 'c', 'c'].map((rack, index) => ({ id: index + 1, rack }));
  const partitions = [
    { topic: 't', partition: 0, replicas: [1] },
    { topic: 't', partition: 1, replicas: [1, 4] },
    { topic: 't', partition: 2, replicas: [4, 1] },
  ];
  const plan = planDrain({ broker: 1, brokers, partitions });
  assert.deepEqual(
    plan.map(({ replicas }) => replicas),
    [[3], [2, 4], [4, 2]],
  );
});

test('a topic that needs the drained broker is refused, with all others that do', () => {
  fc.assert(
    fc.property(clusters, (cluster) => {
      const { broker, brokers, partitions } = cluster;
      const stuck = partitions.filter(
        ({ replicas }) => replicas.includes(broker) && replicas.length === brokers.length,
      );
      if (stuck.length === 0) {
        planDrain(cluster);
        return;
      }
      const topics = [...new Set(stuck.map(({ topic }) => topic))];
      assert.throws(
        () => planDrain(cluster),
        (error) =>
          error instanceof UserError &&
          error.exitCode === 2 &&
          error.lines.length === topics.length &&
          topics.every((topic) => error.lines.some((line) => line.startsWith(`topic ${topic}: `))),
      );
    }),
  );
});
