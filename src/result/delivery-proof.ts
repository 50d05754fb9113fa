/**
 * Whether what producers were told is what is in the log: the records that they made, held against those that one
 * consumer group read. Plain JSON data.
 */

export interface DeliveryProof {
  /** The consumer group that read the log. */
  readonly group: string;
  /**
   * Proven: every promise was kept, by all of the evidence. Broken: at least one was not. Not judged: no promise is known
   * to be broken, but the evidence does not reach everywhere.
   */
  readonly verdict: 'proven' | 'broken' | 'not judged';
  /** Promises that were broken, one clause each. */
  readonly broken: readonly string[];
  /** What could not be judged, and why, one clause each. */
  readonly notJudged: readonly string[];
  /** What was found and not promised to be otherwise, such as duplicates without idempotence, one clause each. */
  readonly permitted: readonly string[];
  /** Producer classes. */
  readonly classes: readonly ClassDelivery[];
  readonly total: DeliveryCounts;
  readonly log: LogCounts;
  /** The first few findings, a sentence each. */
  readonly examples: readonly string[];
}

export interface ClassDelivery {
  readonly name: string;
  readonly promises: DeliveryPromises;
  readonly counts: DeliveryCounts;
}

/** What Kafka promises with the settings of a producer class and its topics. */
export interface DeliveryPromises {
  /** No acknowledged record is lost. */
  readonly kept: boolean;
  /** No record is in the log twice. */
  readonly once: boolean;
  /** The records of a producer are in a partition's log in the order in which it made them. */
  readonly ordered: boolean;
}

/** Records; `made` is the sum of acknowledged, failed, indeterminate and notJudged. */
export interface DeliveryCounts {
  readonly made: number;
  readonly acknowledged: number;
  /** Acknowledged, and not in the log, which was read whole. A record that was read corrupt counts as lost too. */
  readonly lost: number;
  /** Acknowledged, not seen, in a partition that was not read whole. */
  readonly unread: number;
  /** Records in the log beyond the first of each sequence. */
  readonly duplicated: number;
  /** First in the log behind a later one. */
  readonly reordered: number;
  /** Certainly not written, by what the producer knows. */
  readonly failed: number;
  readonly failedSeen: number;
  /** With no answer that tells whether they are written. */
  readonly indeterminate: number;
  readonly indeterminateSeen: number;
  /** In the log, with a sequence that no producer made. */
  readonly neverMade: number;
  /** In streams that were too fragmented to be judged to their ends. */
  readonly notJudged: number;
}

/** Records that the group read. */
export interface LogCounts {
  /** Distinct offsets. */
  readonly records: number;
  /** Read again, after a rebalance or a position set back. */
  readonly redelivered: number;
  /** Read at an offset that had held another record, or gone when its offset was read again. */
  readonly rewritten: number;
  /** Not the bytes that were produced. */
  readonly corrupt: number;
  /** In a partition that their producer did not write them to. */
  readonly misplaced: number;
  /** Without a stamp: of other producers, or damaged beyond recognition. */
  readonly unstamped: number;
  /** Of other runs. */
  readonly foreign: number;
}
