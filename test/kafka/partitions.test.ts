import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Partitions } from '../../src/kafka/cluster/partitions.ts';

test('partitions know their topic, their leader and their replicas, however many they have', () => {
  const partitions = new Partitions([0, 0, 4], [[2, 0, 1], [7], [1, 40_000]]);
  const all = [0, 1, 2].map((partition) => ({
    topic: partitions.topic(partition),
    leader: partitions.leader(partition),
    brokers: Array.from({ length: partitions.replicas(partition) }, (_, number) =>
      partitions.replica(partition, number),
    ),
  }));
  assert.equal(partitions.length, 3);
  assert.deepEqual(all, [
    { topic: 0, leader: 2, brokers: [2, 0, 1] },
    { topic: 0, leader: 7, brokers: [7] },
    { topic: 4, leader: 1, brokers: [1, 40_000] },
  ]);
});
