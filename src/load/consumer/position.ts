/** Where a consumer is in one of its partitions, and whom it reads it from. */
import type { FetchPosition, TopicPartition } from './fetch-transport.ts';

export interface Position {
  readonly partition: TopicPartition;
  offset: number;
  /** As last looked up; -1: the cluster has to be asked. */
  leader: number;
  /** A nearer replica that the leader has named (KIP-392), -1 for none. */
  replica: number;
  /** Where to go on is being asked for. */
  resetting: boolean;
  lag: number;
}

export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}:${partition}`;
}

/** The broker that it is read from, -1 while that has to be asked for. */
export function sourceOf({ leader, replica }: Position): number {
  return leader < 0 || replica < 0 ? leader : replica;
}

export function fetchPosition({ partition, offset }: Position): FetchPosition {
  return { ...partition, offset };
}
