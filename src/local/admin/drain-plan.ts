/**
 * Where the replicas of a broker go when it is drained: each to the broker with the fewest replicas among those that do not hold
 * the partition yet and that keep its racks as far apart as they can be. All other replicas stay, in their order.
 */
import { UserError } from '../../errors/errors.ts';
import type { Reassignment } from './reassign.ts';

export interface DrainedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly replicas: readonly number[];
}

export interface ReceivingBroker {
  readonly id: number;
  /** Null: not in a rack. */
  readonly rack: string | null;
}

/**
 * The reassignments that take `broker` out of all partitions.
 *
 * @param brokers those that may receive replicas or hold some now; `broker` among them or not
 * @throws UserError (bad input) with a line for each topic that has more replicas than brokers would be left.
 */
export function planDrain(options: {
  readonly broker: number;
  readonly brokers: readonly ReceivingBroker[];
  readonly partitions: readonly DrainedPartition[];
}): Reassignment[] {
  const { broker, partitions } = options;
  const receivers = options.brokers.filter(({ id }) => id !== broker);
  const affected = partitions.filter(({ replicas }) => replicas.includes(broker));
  requireReceivers(broker, receivers, affected);
  const racks = new Map(options.brokers.map(({ id, rack }) => [id, rack]));
  const load = new Map(receivers.map(({ id }) => [id, 0]));
  for (const { replicas } of partitions) for (const id of replicas) addLoad(load, id, 1);
  const places = affected.map((partition) => ({
    partition,
    candidates: candidatesFor(
      partition.replicas.filter((id) => id !== broker),
      receivers,
      racks,
    ),
    target: 0,
  }));
  for (const place of places) {
    place.target = leastLoaded(place.candidates, load);
    addLoad(load, place.target, 1);
  }
  // What came later may have filled a broker that an earlier replica need not be on.
  for (let moved = true; moved; ) {
    moved = false;
    for (const place of places) {
      const better = leastLoaded(place.candidates, load);
      if ((load.get(better) ?? 0) + 1 >= (load.get(place.target) ?? 0)) continue;
      addLoad(load, place.target, -1);
      addLoad(load, better, 1);
      place.target = better;
      moved = true;
    }
  }
  return places.map(({ partition: { topic, partition, replicas }, target }) => ({
    topic,
    partition,
    replicas: replicas.map((id) => (id === broker ? target : id)),
  }));
}

function requireReceivers(
  broker: number,
  receivers: readonly ReceivingBroker[],
  affected: readonly DrainedPartition[],
): void {
  const ids = new Set(receivers.map(({ id }) => id));
  const stuck = affected.filter(({ replicas }) => [...ids].every((id) => replicas.includes(id)));
  if (stuck.length === 0) return;
  const byTopic = Map.groupBy(stuck, ({ topic }) => topic);
  throw new UserError(
    [...byTopic].map(([topic, all]) => {
      const factor = Math.max(...all.map(({ replicas }) => replicas.length));
      return `topic ${topic}: expected at least ${factor} running brokers besides broker ${broker} for its ${factor} replicas, found ${ids.size}: add a broker first, or give the topic fewer replicas`;
    }),
  );
}

/** Brokers that do not hold the partition and share a rack with as few of its other replicas as possible. */
function candidatesFor(
  kept: readonly number[],
  receivers: readonly ReceivingBroker[],
  racks: ReadonlyMap<number, string | null>,
): number[] {
  const neighbours = (rack: string | null): number =>
    rack === null ? 0 : kept.filter((id) => racks.get(id) === rack).length;
  const free = receivers.filter(({ id }) => !kept.includes(id));
  const fewest = Math.min(...free.map(({ rack }) => neighbours(rack)));
  return free.filter(({ rack }) => neighbours(rack) === fewest).map(({ id }) => id);
}

/** Of equally loaded ones the first. */
function leastLoaded(candidates: readonly number[], load: ReadonlyMap<number, number>): number {
  return candidates.reduce((best, id) => ((load.get(id) ?? 0) < (load.get(best) ?? 0) ? id : best));
}

function addLoad(load: Map<number, number>, id: number, replicas: number): void {
  load.set(id, (load.get(id) ?? 0) + replicas);
}
