/** Entry of the parallel runner: makes a cluster's shard, and reads out at its end what the phase left behind. */
import type { CreateShard } from '../kernel/parallel/shard.ts';
import { buildCluster, type ShardInput } from './cluster/build-cluster.ts';
import { readOut } from './read-out.ts';

export const createShard: CreateShard = (input, shard) => {
  const model = buildCluster(input as ShardInput, shard);
  return {
    name: model.parts.topology.name,
    simulation: model.sim,
    finish: () => readOut(model),
  };
};
