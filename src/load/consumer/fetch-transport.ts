/**
 * Fetching as a consumer client sees it, narrow enough to be replaced. All callbacks come later than the call that they
 * belong to returns, or during it, but exactly once.
 */

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface FetchPosition extends TopicPartition {
  readonly offset: number;
}

/** What a broker sent of one partition: whole record batches in bytes[start, end), the last one may be cut off. */
export interface FetchedPartition extends TopicPartition {
  readonly highWatermark: number;
  /** Kafka's name of an error, null for none. */
  readonly error: string | null;
  /** The broker to read from instead (KIP-392), -1 for none. */
  readonly preferredReadReplica: number;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

export interface FetchTransport {
  /**
   * Joins the group; assignments come and go from then on. `onRebalance` is called each time that the group is about to take
   * partitions away, while what was read of them may still be committed.
   */
  join(onRebalance: () => void): Promise<void>;
  /** Partitions that the group has given to this member; the same array until they change, null before the first. */
  assignment(): readonly TopicPartition[] | null;
  /** Offset to begin at: the group's committed one if there is one, else where the run's records begin. */
  startOffsets(partitions: readonly TopicPartition[]): Promise<readonly FetchPosition[]>;
  /** Offset to go on at by `auto.offset.reset`, when that of a position is not in the log any more. */
  resetOffsets(partitions: readonly TopicPartition[]): Promise<readonly FetchPosition[]>;
  /** Where the logs end for this consumer now. */
  logEnds(partitions: readonly TopicPartition[]): Promise<readonly FetchPosition[]>;
  /** Leader of a partition as it is known now, -1 for none. */
  leader(partition: TopicPartition): number;
  /** Asks the cluster who leads. */
  refreshLeaders(): Promise<void>;
  /**
   * Sends one fetch request; at most one may be under way per broker. What is handed to `done` is valid during that call only.
   */
  fetch(
    broker: number,
    positions: readonly FetchPosition[],
    done: (error: Error | null, fetched: readonly FetchedPartition[]) => void,
  ): void;
  commit(positions: readonly FetchPosition[]): Promise<void>;
  /** Leaves the group and closes all connections. */
  close(): Promise<void>;
}
