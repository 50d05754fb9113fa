/**
 * Who reads what from which broker at the start. Where leaders may change, also who may come to: those have no partitions yet.
 */
import { fetcherNumber } from '../broker/replica-fetcher.ts';
import type { Topology } from './topology.ts';

export interface FetcherLayout {
  readonly follower: number;
  readonly leader: number;
  readonly number: number;
  readonly partitions: Int32Array;
}

/** One fetcher for each follower, leader and fetcher number that has partitions, or may have, in this order. */
export function layOutFetchers(
  { topics, partitions, brokers, cluster }: Topology,
  leadersChange: boolean,
): FetcherLayout[] {
  const fetchers = cluster.brokers.config['num.replica.fetchers'];
  const lists = new Map<number, number[]>();
  const listOf = (follower: number, leader: number, number: number): number[] => {
    const place = (follower * brokers.length + leader) * fetchers + number;
    const list = lists.get(place) ?? [];
    if (list.length === 0) lists.set(place, list);
    return list;
  };
  for (let partition = 0; partition < partitions.length; partition += 1) {
    const { name, firstPartition } = topics[partitions.topic(partition)];
    const number = fetcherNumber(name, partition - firstPartition, fetchers);
    const leader = partitions.leader(partition);
    const replicas = partitions.replicas(partition);
    for (let replica = 1; replica < replicas; replica += 1) {
      const follower = partitions.replica(partition, replica);
      listOf(follower, leader, number).push(partition);
      if (!leadersChange) continue;
      for (let other = 0; other < replicas; other += 1) {
        if (other !== replica) listOf(follower, partitions.replica(partition, other), number);
      }
      listOf(leader, follower, number);
    }
  }
  const places = [...lists.keys()].sort((x, y) => x - y);
  return places.map((place) => {
    const pair = Math.floor(place / fetchers);
    return {
      follower: Math.floor(pair / brokers.length),
      leader: pair % brokers.length,
      number: place % fetchers,
      partitions: Int32Array.from(lists.get(place) ?? []),
    };
  });
}

/** A client's partitions by the broker that leads them; the brokers in the order in which they come. */
export function byLeader(
  { partitions }: Topology,
  of: readonly number[],
  leadersChange: boolean,
): [number, number[]][] {
  const lists = new Map<number, number[]>();
  for (const partition of of) {
    const leader = partitions.leader(partition);
    const list = lists.get(leader);
    if (list === undefined) lists.set(leader, [partition]);
    else list.push(partition);
  }
  if (leadersChange) {
    for (const partition of of) {
      for (let replica = 1; replica < partitions.replicas(partition); replica += 1) {
        const broker = partitions.replica(partition, replica);
        if (!lists.has(broker)) lists.set(broker, []);
      }
    }
  }
  return [...lists];
}

/** Brokers that lead partitions of the topics, or may come to, those first that lead. */
export function mayLead(topology: Topology, topics: readonly number[]): number[] {
  const partitions = topics.flatMap((topic) => {
    const { firstPartition, class: of } = topology.topics[topic];
    return Array.from({ length: of.partitions }, (_, offset) => firstPartition + offset);
  });
  return byLeader(topology, partitions, true).map(([broker]) => broker);
}
