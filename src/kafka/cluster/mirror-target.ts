/** Where the writing half of a mirror is: in the shard of the cluster that it writes to. */
import { ENTITIES_PER_SHARD } from '../../kernel/parallel/shard.ts';
import { NS_PER_MS } from '../../kernel/time.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import type { MirrorTarget } from '../clients/consumers.ts';
import { mirrorLink } from './distances.ts';
import { planShards, type Topology } from './topology.ts';

/**
 * The targets are the first entities of their shard, in the order of the file.
 *
 * @param number of the shard that reads
 * @param layout of the reading half
 */
export function mirrorTarget(
  scenario: Scenario,
  number: number,
  { topics, partitions }: Topology,
  layout: Topology['consumers'][number],
): MirrorTarget {
  const mirror = scenario.mirrors[layout.mirror];
  const shards = planShards(scenario);
  const own = shards[number];
  const targets = shards.flatMap((shard, index) =>
    scenario.clusters[shard.cluster].name === mirror.to ? [index] : [],
  );
  const before = scenario.mirrors
    .slice(0, layout.mirror)
    .reduce((count, other) => count + (other.to === mirror.to ? other.count : 0), 0);
  const client = Number(layout.name.slice(layout.name.lastIndexOf('-') + 1)) - 1;
  const shard = targets[own.instance % targets.length];
  // Both halves number the mirrored topics in the order of the file.
  const mirrored = topics.flatMap((topic, index) =>
    mirror.topics.includes(topic.class.name) ? [index] : [],
  );
  return {
    entity: shard * ENTITIES_PER_SHARD + before + client,
    delayNs: mirrorLink(scenario, mirror).latencyMs * NS_PER_MS,
    topicOf: Array.from({ length: partitions.length }, (_, partition) =>
      mirrored.indexOf(partitions.topic(partition)),
    ),
  };
}
