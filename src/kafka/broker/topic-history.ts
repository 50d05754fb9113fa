/**
 * The history of topics: records that are there when a phase begins, for consumers that start behind.
 *
 * What:    every partition of a topic with a history begins with batches of one size, the same on all replicas, below the
 *          high watermark. A consumer with auto.offset.reset earliest reads them first, as many whole batches as a
 *          response may have; with latest it begins behind them. They lie on the disks and not in the page cache, in
 *          segments of segment.bytes. What a response takes of a history is one row, however many batches it has.
 * Formula: records of a batch n = floor((batch - 61) / bytes of a record), at least 1; its bytes b = 61 + n * bytes of a record
 *          batches of a partition = floor(size / partitions / b), at least 1
 * Units:   bytes, records.
 * Source:  the scenario (topics.<name>.history), scenario/topic-history.ts.
 * Range:   as old as the phase for retention.ms; no committed offsets. A response ends where the history does. Records of
 *          a history count as consumed, and towards lag, but have no due time: no end-to-end latency.
 * Error:   none of its own; reading it is the page cache's and the disk's.
 * Test:    test/kafka/topic-history.test.ts.
 */
import type { Columns, Float64Column } from '../../kernel/columns.ts';
import { type EqualBatches, historyBatches, NO_BATCHES } from '../../scenario/topic-history.ts';
import type { Batches } from '../batches.ts';
import type { Topology } from '../cluster/topology.ts';
import { NONE } from '../requests.ts';
import type { ReaderColumns } from './reader-columns.ts';
import type { FetchSession } from './replica-manager.ts';

/** Before any phase: records that nobody measures. */
const DUE_BEFORE_NS = -1;

export class TopicHistory {
  /** Whether any topic has one. */
  readonly isOn: boolean;
  readonly #topology: Topology;
  /** Of every topic. */
  readonly #batches: readonly EqualBatches[];
  /** Per reader: batches that it has been given, or passes over. */
  readonly #taken: Float64Column;

  /** @param readers how many there are, of all partitions together */
  constructor(columns: Columns, topology: Topology, readers: number) {
    this.#topology = topology;
    const { name } = topology.cluster;
    // Copies that a mirror makes begin empty.
    this.#batches = topology.topics.map(({ class: of }) =>
      of.cluster === name ? historyBatches(of) : NO_BATCHES,
    );
    this.isOn = this.#batches.some(({ count }) => count > 0);
    this.#taken = columns.float64('readers/history-taken', this.isOn ? readers : 0);
  }

  /** Gives the partitions what they hold when the phase begins, and the readers that begin with it news of it. */
  begin(of: ReaderColumns, sessions: readonly FetchSession[]): void {
    if (!this.isOn) return;
    for (let partition = 0; partition < this.#topology.partitions.length; partition += 1) {
      const records = this.records(partition);
      if (records === 0) continue;
      of.endOffset.data[partition] = records;
      of.endBytes.data[partition] = this.bytes(partition);
      of.highWatermark.data[partition] = records;
      for (let reader = of.firstReader[partition]; reader < of.firstReader[partition + 1]; reader += 1) {
        of.replicaEnd.data[reader] = records;
        of.replicaEndKnown.data[reader] = records;
        const index = of.readerSession[reader];
        if (sessions[index].readsHistory) {
          of.available.add(index, this.bytes(partition));
          of.readerQueued.data[reader] = 1;
          of.news.push(index, reader);
        } else this.skip(reader, partition);
      }
    }
  }

  /** Bytes of a partition's. */
  bytes(partition: number): number {
    const { bytes, count } = this.#of(partition);
    return count * bytes;
  }

  /** Records of a partition's. */
  records(partition: number): number {
    const { records, count } = this.#of(partition);
    return count * records;
  }

  /** Whether a reader of the partition still has some of its history to read. */
  isLeft(reader: number, partition: number): boolean {
    return this.isOn && this.#taken.data[reader] < this.#of(partition).count;
  }

  /** Offset at which a reader is in a partition's history. */
  position(reader: number, partition: number): number {
    return this.#taken.data[reader] * this.#of(partition).records;
  }

  /** The reader begins behind the partition's history. */
  skip(reader: number, partition: number): void {
    if (this.isOn) this.#taken.data[reader] = this.#of(partition).count;
  }

  /** A new row with the next batches of the history that have room, or one if the reader must have one; NONE for none. */
  give(batches: Batches, reader: number, partition: number, room: number, mustGive: boolean): number {
    const { bytes, records, count } = this.#of(partition);
    const taken = this.#taken.data[reader];
    const given = Math.min(count - taken, Math.max(mustGive ? 1 : 0, Math.floor(room / bytes)));
    if (given === 0) return NONE;
    this.#taken.data[reader] = taken + given;
    const batch = batches.create(partition, 0);
    batches.open.data[batch] = 0;
    batches.bytes.data[batch] = given * bytes;
    batches.records.data[batch] = given * records;
    batches.position.data[batch] = taken * bytes;
    batches.endOffset.data[batch] = (taken + given) * records;
    batches.firstDueNs.data[batch] = DUE_BEFORE_NS;
    batches.lastDueNs.data[batch] = DUE_BEFORE_NS;
    return batch;
  }

  #of(partition: number): EqualBatches {
    return this.#batches[this.#topology.partitions.topic(partition)];
  }
}
