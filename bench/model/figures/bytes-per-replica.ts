/**
 * What a replica costs in memory that nobody writes or reads but its follower: growth of the heap and of the arrays beside it
 * from a cluster to the same with more topics.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { buildCluster } from '../../../src/kafka/cluster/build-cluster.ts';
import type { ClusterModel } from '../../../src/kafka/cluster-model.ts';
import { NS_PER_MS } from '../../../src/kernel/time.ts';
import { type Outcome, runProgram } from '../../kernel/program.ts';
import { shardInput } from '../scenario.ts';

const RUN_MS = 10;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

await runProgram(['topics', 'partitions', 'idleTopics'], ({ topics, partitions, idleTopics }): Outcome => {
  const shape = { topics, partitions, lingerMs: 100, warmupMs: 0, durationMs: 1000 };
  // Once for nothing: what is made once for all clusters, compiled code above all, is no replica's.
  built({ ...shape, idleTopics });
  const [without, withoutBytes] = measured(() => built({ ...shape, idleTopics: 0 }));
  const [model, bytes] = measured(() => built({ ...shape, idleTopics }));
  const replicas = replicasOf(model) - replicasOf(without);
  return {
    values: { bytesPerReplica: (bytes - withoutBytes) / replicas, replicas },
    checksum: `${replicasOf(without)} ${replicasOf(model)}`,
    common: null,
  };
});

function built(shape: Parameters<typeof shardInput>[0]): ClusterModel {
  const model = buildCluster(shardInput(shape), 0);
  model.sim.run(RUN_MS * NS_PER_MS);
  return model;
}

function measured(make: () => ClusterModel): [ClusterModel, number] {
  const before = bytesInUse();
  const model = make();
  return [model, bytesInUse() - before];
}

function bytesInUse(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function replicasOf({ parts }: ClusterModel): number {
  const { partitions } = parts.topology;
  let replicas = 0;
  for (let partition = 0; partition < partitions.length; partition += 1) {
    replicas += partitions.replicas(partition);
  }
  return replicas;
}
