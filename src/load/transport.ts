/**
 * The wire as the load generator sees it, narrow enough to be replaced: one call sends one request to one broker. All
 * callbacks come later than the call that they belong to returns, or during it, but exactly once.
 */
import type { Batch } from './accumulator.ts';

export interface ProduceTransport {
  /** Leaders of a topic's partitions (broker ids by partition, -1 for none). `refresh` asks the cluster again. */
  leaders(topic: string, refresh: boolean): Promise<readonly number[]>;
  /** Opens the connections to these brokers. */
  connect(brokers: readonly number[]): Promise<void>;
  /**
   * Sends one produce request with these batches, all led by one broker. `done` is called with null when all of them
   * are acknowledged (acks=0: written to the socket), else with the error, retries being over.
   */
  send(batches: readonly Batch[], done: (error: Error | null) => void): void;
  close(): Promise<void>;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface FetchPosition extends TopicPartition {
  readonly offset: bigint;
}

export interface FetchedRecord {
  readonly value: Buffer | null;
}

export interface FetchedPartition extends TopicPartition {
  readonly highWatermark: bigint;
  /** Where the next fetch continues. */
  readonly nextOffset: bigint;
  /** Record batches; records before the offset asked for are left out. */
  readonly batches: readonly (readonly FetchedRecord[])[];
}

export interface FetchTransport {
  /** Joins the group; assignments come and go from then on. */
  join(): Promise<void>;
  /** Partitions that the group has given to this member; the same array until they change, null before the first. */
  assignment(): readonly TopicPartition[] | null;
  /** Offset to begin at: the group's committed one if asked for and there, else the earliest. */
  startOffsets(partitions: readonly TopicPartition[], committed: boolean): Promise<readonly FetchPosition[]>;
  /** Leader of a partition, -1 for none; `refresh` asks the cluster again. */
  leader(partition: TopicPartition, refresh: boolean): Promise<number>;
  /** Sends one fetch request; at most one may be under way per broker. */
  fetch(
    broker: number,
    positions: readonly FetchPosition[],
    done: (error: Error | null, fetched: readonly FetchedPartition[]) => void,
  ): void;
  commit(positions: readonly FetchPosition[]): Promise<void>;
  /** Leaves the group and closes all connections. */
  close(): Promise<void>;
}
