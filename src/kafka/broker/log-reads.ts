/**
 * What a fetch reads of a partition: the batches that its reader has not had yet, those of a history first.
 *
 * What:    whole batches up to the limits of the response and of the partition, always the first of a response; a consumer
 *          up to the high watermark, a follower up to the log end.
 * Units:   bytes, rows of batches.
 * Source:  ReplicaManager.readFromLog, UnifiedLog.read, Kafka 4.2.
 * Range:   readers go on from where they were.
 * Error:   none of its own.
 * Test:    test/kafka/replication.test.ts, test/kafka/topic-history.test.ts.
 */
import type { ClusterModel } from '../cluster-model.ts';
import { NONE } from '../requests.ts';
import type { ReaderColumns } from './reader-columns.ts';

export class LogReads {
  readonly #model: ClusterModel;
  readonly #of: ReaderColumns;

  constructor(model: ClusterModel, of: ReaderColumns) {
    this.#model = model;
    this.#of = of;
  }

  /** Moves a reader over the batches that fit; always over the first of a response. Returns the bytes. */
  read(session: number, request: number, reader: number, room: number, mustRead: boolean): number {
    const { batches, requests, logs, compression, history } = this.#model;
    const { readerPartition, readerNext, fetched, isFollower } = this.#of;
    const unpacks = compression.isOn && isFollower[session] === 0;
    const partition = readerPartition[reader];
    if (history.isLeft(reader, partition)) {
      return this.#readHistory(session, request, reader, room, mustRead);
    }
    let bytes = 0;
    let batch = readerNext.data[reader];
    const partitionMaxBytes = this.#of.partitionMaxBytes.get(session);
    while (this.#isReadable(session, batch, partition)) {
      const size = batches.bytes.data[batch];
      const isFirst = mustRead && bytes === 0;
      if (!isFirst && (bytes + size > room || bytes + size > partitionMaxBytes)) break;
      bytes += size;
      requests.batches.data[request] += 1;
      requests.records.data[request] += batches.records.data[batch];
      if (unpacks)
        requests.unpackNs.data[request] += compression.unpackNs(this.#of.owner.get(session), batch);
      fetched.push(session, batch);
      batch = batches.nextInLog.data[batch];
    }
    const broker = this.#of.broker.get(session);
    if (bytes > 0 && logs.isOn(broker)) {
      const from = batches.position.data[readerNext.data[reader]];
      logs.lookUp(session, broker, partition, from, from + bytes);
    }
    readerNext.data[reader] = batch;
    return bytes;
  }

  /** Whether the reader would be given more. */
  hasMore(session: number, reader: number): boolean {
    const partition = this.#of.readerPartition[reader];
    if (this.#model.history.isLeft(reader, partition)) return true;
    return this.#isReadable(session, this.#of.readerNext.data[reader], partition);
  }

  /** Offset after what the reader has been given. */
  position(reader: number): number {
    const { batches, history } = this.#model;
    const { readerPartition, readerNext, endOffset } = this.#of;
    const partition = readerPartition[reader];
    if (history.isLeft(reader, partition)) return history.position(reader, partition);
    const next = readerNext.data[reader];
    if (next === NONE) return endOffset.data[partition];
    return batches.endOffset.data[next] - batches.records.data[next];
  }

  /** What was there when the phase began. */
  #readHistory(session: number, request: number, reader: number, room: number, mustRead: boolean): number {
    const { batches, requests, logs, history } = this.#model;
    const partition = this.#of.readerPartition[reader];
    const fits = Math.min(room, this.#of.partitionMaxBytes.get(session));
    const batch = history.give(batches, reader, partition, fits, mustRead);
    if (batch === NONE) return 0;
    const bytes = batches.bytes.data[batch];
    requests.batches.data[request] += 1;
    requests.records.data[request] += batches.records.data[batch];
    this.#of.fetched.push(session, batch);
    const broker = this.#of.broker.get(session);
    const from = batches.position.data[batch];
    if (logs.isOn(broker)) logs.lookUp(session, broker, partition, from, from + bytes);
    return bytes;
  }

  #isReadable(session: number, batch: number, partition: number): boolean {
    if (batch === NONE) return false;
    if (this.#of.isFollower[session] === 1) return true;
    return this.#model.batches.endOffset.data[batch] <= this.#of.highWatermark.data[partition];
  }
}
