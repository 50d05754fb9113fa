/**
 * The logs of a cluster's partitions, who reads them, the high watermark, and the purgatory.
 *
 * What:    every partition's log is a chain of batches, kept while somebody still has to read them. Readers are the
 *          followers and one per consumer group. A fetch session (one client or fetcher on one broker) has a list of
 *          its partitions with news, so that idle partitions cost no event. A fetch that finds less than
 *          fetch.min.bytes is parked until enough has come or max.wait has passed. Produce with acks=all is parked
 *          until the high watermark has passed its batches.
 * Formula: high watermark = min over the leader's and the followers' log ends, where the leader learns a follower's
 *          end only from the follower's next fetch.
 * Source:  Partition.scala, ReplicaManager.scala, DelayedFetch.scala, UnifiedLog.scala, Kafka 4.2.
 * Range:   every replica in sync; no failures. What a log costs its disk is in log.ts; what waits for it is seen after.
 * Error:   per stage in reports.
 * Test:    test/kafka/replication.test.ts.
 */
import type { Float64Column, Int32Column, Uint8Column } from '../../kernel/columns.ts';
import { Fifos } from '../../kernel/fifo.ts';
import type { PartitionLayout } from '../cluster/topology.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { KIND } from '../kinds.ts';
import { NONE } from '../requests.ts';
import type { Broker } from './broker.ts';

const WAITING_MAX = 33_554_432;
const RESPONSE_HEADER_BYTES = 64;

/** One client or replica fetcher reading from one broker. */
export interface FetchSession {
  readonly isFollower: boolean;
  readonly broker: number;
  readonly connection: number;
  /** The consumer's, or the fetcher's, index. */
  readonly owner: number;
  readonly partitions: readonly number[];
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  readonly maxWaitNs: number;
}

export class ReplicaManager {
  readonly #model: ClusterModel;
  readonly #sessions: readonly FetchSession[];
  readonly #partitions: readonly PartitionLayout[];
  /** Readers of partition p are numbered firstReader[p] .. firstReader[p + 1] - 1. */
  readonly #firstReader: number[] = [0];
  readonly #readerSession: number[] = [];
  readonly #readerPartition: number[] = [];
  readonly #endOffset: Float64Column;
  readonly #endBytes: Float64Column;
  readonly #highWatermark: Float64Column;
  /** Last batch of the log while somebody holds it, and the first that the high watermark has not passed; or NONE. */
  readonly #tail: Int32Column;
  readonly #aboveWatermark: Int32Column;
  readonly #readerNext: Int32Column;
  readonly #readerQueued: Uint8Column;
  /** Followers: offset after what the follower holds, and after what the leader knows it to hold. */
  readonly #replicaEnd: Float64Column;
  readonly #replicaEndKnown: Float64Column;
  readonly #moved: Uint8Column;
  /** Per session: readers with news; batches in the response on its way; readers that the next fetch tells about. */
  readonly #news: Fifos;
  readonly #fetched: Fifos;
  readonly #toTell: Fifos;
  readonly #available: Float64Column;
  readonly #parked: Int32Column;

  constructor(
    model: ClusterModel,
    partitions: readonly PartitionLayout[],
    sessions: readonly FetchSession[],
  ) {
    this.#model = model;
    this.#sessions = sessions;
    this.#partitions = partitions;
    const readersOf: number[][] = partitions.map(() => []);
    sessions.forEach((session, index) => {
      for (const partition of session.partitions) readersOf[partition].push(index);
    });
    readersOf.forEach((readers, partition) => {
      for (const session of readers) {
        this.#readerSession.push(session);
        this.#readerPartition.push(partition);
      }
      this.#firstReader.push(this.#readerSession.length);
    });
    const columns = model.sim.columns;
    const readers = this.#readerSession.length;
    this.#endOffset = columns.float64('partitions/end', partitions.length);
    this.#endBytes = columns.float64('partitions/end-bytes', partitions.length);
    this.#highWatermark = columns.float64('partitions/high-watermark', partitions.length);
    this.#tail = columns.int32('partitions/tail', partitions.length);
    this.#aboveWatermark = columns.int32('partitions/above-watermark', partitions.length);
    this.#readerNext = columns.int32('readers/next', readers);
    this.#readerQueued = columns.uint8('readers/queued', readers);
    this.#replicaEnd = columns.float64('readers/replica-end', readers);
    this.#replicaEndKnown = columns.float64('readers/replica-end-known', readers);
    this.#moved = columns.uint8('readers/moved', readers);
    this.#news = new Fifos(columns, 'sessions/news', sessions.length, WAITING_MAX);
    this.#fetched = new Fifos(columns, 'sessions/fetched', sessions.length, WAITING_MAX);
    this.#toTell = new Fifos(columns, 'sessions/to-tell', sessions.length, WAITING_MAX);
    this.#available = columns.float64('sessions/available', sessions.length);
    this.#parked = columns.int32('sessions/parked', sessions.length);
    this.#tail.data.fill(NONE);
    this.#aboveWatermark.data.fill(NONE);
    this.#readerNext.data.fill(NONE);
    this.#parked.data.fill(NONE);
  }

  session(index: number): FetchSession {
    return this.#sessions[index];
  }

  /** Records in the partition's log. */
  endOffset(partition: number): number {
    return this.#endOffset.data[partition];
  }

  /** Writes the batches of a produce request to the leader's disk; returns when the handler is free of it, ns. */
  write(broker: Broker, request: number): number {
    const { requests, batches, logs, sim } = this.#model;
    let freeNs = sim.nowNs;
    let batch = requests.firstBatch.data[request];
    while (batch !== NONE) {
      const partition = batches.partition.data[batch];
      const bytes = batches.bytes.data[batch];
      freeNs = logs.append(broker.index, partition, bytes, batches.records.data[batch], freeNs);
      batch = batches.nextInRequest.data[batch];
    }
    return freeNs;
  }

  /** A handler appends the batches of a produce request; answers it, or parks it until it is replicated. */
  append(broker: Broker, thread: number, request: number): void {
    const { requests, batches, recorder } = this.#model;
    const waitsForAll = this.#model.acks(request) === 'all';
    let batch = requests.firstBatch.data[request];
    while (batch !== NONE) {
      recorder.appended(broker.index, batches.bytes.data[batch]);
      this.#appendBatch(thread, batch, waitsForAll ? request : NONE);
      batch = batches.nextInRequest.data[batch];
    }
    if (requests.pending.data[request] > 0) return;
    this.#answer(request, this.#model.acks(request) === '0' ? 0 : RESPONSE_HEADER_BYTES);
  }

  /**
   * A handler serves a fetch: learns what a follower holds, then answers or parks.
   * @returns when the disk lets the handler respond, ns; 0 when it has responded or parked
   */
  fetch(broker: Broker, thread: number, request: number): number {
    const requests = this.#model.requests;
    const index = requests.owner.data[request];
    const session = this.#sessions[index];
    if (session.isFollower) this.#learnReplicaEnds(index, thread);
    if (session.maxWaitNs === 0 || this.#available.data[index] >= session.minBytes) {
      return this.answerFetch(request);
    }
    this.#parked.data[index] = request;
    requests.timeout.data[request] = this.#model.sim.scheduleTimer(
      session.maxWaitNs,
      broker.entity,
      KIND.fetchTimesOut,
      request,
    );
    return 0;
  }

  fetchTimesOut(request: number): void {
    const { requests } = this.#model;
    requests.timeout.data[request] = NONE;
    this.#parked.data[requests.owner.data[request]] = NONE;
    if (this.answerFetch(request) > 0) this.respond(request);
  }

  /** CPU of reading for a fetch: every partition of the session is looked at. */
  readWorkNs(broker: Broker, request: number): number {
    const session = this.#sessions[this.#model.requests.owner.data[request]];
    return session.partitions.length * broker.costs.fetchPerPartitionNs;
  }

  /**
   * Takes what the session may have now, whole batches within its limits, and responds.
   * @returns when the disk lets the handler `respond`, ns; 0 when it has responded
   */
  answerFetch(request: number): number {
    const { requests } = this.#model;
    const index = requests.owner.data[request];
    const session = this.#sessions[index];
    let taken = 0;
    for (let left = this.#news.length(index); left > 0; left -= 1) {
      const reader = this.#news.shift(index);
      taken += this.#read(session, request, reader, session.maxBytes - taken, taken === 0);
      if (this.#isReadable(session, this.#readerNext.data[reader], this.#readerPartition[reader])) {
        this.#news.push(index, reader);
        if (taken >= session.maxBytes) break;
      } else {
        this.#readerQueued.data[reader] = 0;
      }
    }
    this.#available.data[index] -= taken;
    requests.bytesOut.data[request] = RESPONSE_HEADER_BYTES + taken;
    const placesNs = this.#model.logs.findPlaces(index);
    if (placesNs > this.#model.sim.nowNs) return placesNs;
    this.respond(request);
    return 0;
  }

  /** Hands a response to its network thread. */
  respond(request: number): void {
    this.#model.sockets.respond(request);
  }

  /** Takes the next batch of the session's last response; the taker releases it. */
  takeFetched(session: number): number {
    return this.#fetched.shift(session);
  }

  /** A follower has appended a batch that it fetched; its next fetch will say so. */
  replicated(session: number, batch: number): void {
    const partition = this.#model.batches.partition.data[batch];
    const reader = this.#readerOf(partition, session);
    this.#replicaEnd.data[reader] = this.#model.batches.endOffset.data[batch];
    if (this.#moved.data[reader] === 0) {
      this.#moved.data[reader] = 1;
      this.#toTell.push(session, reader);
    }
    this.release(batch);
  }

  /** Lets go of a batch; forgets the log's tail when that was the last holder. */
  release(batch: number): void {
    const partition = this.#model.batches.partition.data[batch];
    if (this.#model.batches.release(batch) && this.#tail.data[partition] === batch) {
      this.#tail.data[partition] = NONE;
    }
  }

  #appendBatch(thread: number, batch: number, waiting: number): void {
    const { batches, requests } = this.#model;
    const partition = batches.partition.data[batch];
    const end = this.#endOffset.data[partition] + batches.records.data[batch];
    this.#endOffset.data[partition] = end;
    batches.endOffset.data[batch] = end;
    batches.position.data[batch] = this.#endBytes.data[partition];
    this.#endBytes.data[partition] += batches.bytes.data[batch];
    const replicated = this.#partitions[partition].replicas.length > 1;
    const first = this.#firstReader[partition];
    const last = this.#firstReader[partition + 1];
    batches.holders.data[batch] += last - first + (replicated ? 1 : 0);
    const tail = this.#tail.data[partition];
    if (tail !== NONE) batches.nextInLog.data[tail] = batch;
    this.#tail.data[partition] = batch;
    for (let reader = first; reader < last; reader += 1) {
      if (this.#readerNext.data[reader] === NONE) this.#readerNext.data[reader] = batch;
    }
    if (!replicated) {
      this.#highWatermark.data[partition] = end;
      this.#tellReaders(thread, partition, batch, false);
      return;
    }
    if (this.#aboveWatermark.data[partition] === NONE) this.#aboveWatermark.data[partition] = batch;
    if (waiting !== NONE) {
      batches.waiting.data[batch] = waiting;
      requests.pending.data[waiting] += 1;
    }
    this.#tellReaders(thread, partition, batch, true);
  }

  #tellReaders(thread: number, partition: number, batch: number, followers: boolean): void {
    const bytes = this.#model.batches.bytes.data[batch];
    const last = this.#firstReader[partition + 1];
    for (let reader = this.#firstReader[partition]; reader < last; reader += 1) {
      const index = this.#readerSession[reader];
      if (this.#sessions[index].isFollower !== followers) continue;
      this.#available.data[index] += bytes;
      if (this.#readerQueued.data[reader] === 0) {
        this.#readerQueued.data[reader] = 1;
        this.#news.push(index, reader);
      }
      this.#completeParked(thread, index);
    }
  }

  #completeParked(thread: number, index: number): void {
    const request = this.#parked.data[index];
    if (request === NONE || this.#available.data[index] < this.#sessions[index].minBytes) return;
    const { requests, sim, handlers } = this.#model;
    this.#parked.data[index] = NONE;
    sim.cancel(requests.timeout.data[request]);
    requests.timeout.data[request] = NONE;
    handlers.completeNext(thread, request);
  }

  #learnReplicaEnds(index: number, thread: number): void {
    while (this.#toTell.length(index) > 0) {
      const reader = this.#toTell.shift(index);
      this.#moved.data[reader] = 0;
      this.#replicaEndKnown.data[reader] = this.#replicaEnd.data[reader];
      this.#raiseHighWatermark(this.#readerPartition[reader], thread);
    }
  }

  #raiseHighWatermark(partition: number, thread: number): void {
    const { batches, requests } = this.#model;
    const watermark = this.#leastEnd(partition);
    if (watermark <= this.#highWatermark.data[partition]) return;
    this.#highWatermark.data[partition] = watermark;
    let batch = this.#aboveWatermark.data[partition];
    while (batch !== NONE && batches.endOffset.data[batch] <= watermark) {
      const next = batches.nextInLog.data[batch];
      const waiting = batches.waiting.data[batch];
      if (waiting !== NONE) {
        batches.waiting.data[batch] = NONE;
        requests.pending.data[waiting] -= 1;
        if (requests.pending.data[waiting] === 0) this.#answer(waiting, RESPONSE_HEADER_BYTES);
      }
      this.#tellReaders(thread, partition, batch, false);
      this.release(batch);
      batch = next;
    }
    this.#aboveWatermark.data[partition] = batch;
  }

  #leastEnd(partition: number): number {
    let least = this.#endOffset.data[partition];
    const last = this.#firstReader[partition + 1];
    for (let reader = this.#firstReader[partition]; reader < last; reader += 1) {
      if (!this.#sessions[this.#readerSession[reader]].isFollower) continue;
      const end = this.#replicaEndKnown.data[reader];
      if (end < least) least = end;
    }
    return least;
  }

  /** Moves a reader over the batches that fit; always over the first of a response. Returns the bytes. */
  #read(session: FetchSession, request: number, reader: number, room: number, mustRead: boolean): number {
    const { batches, requests, logs } = this.#model;
    const partition = this.#readerPartition[reader];
    let bytes = 0;
    let batch = this.#readerNext.data[reader];
    while (this.#isReadable(session, batch, partition)) {
      const size = batches.bytes.data[batch];
      const isFirst = mustRead && bytes === 0;
      if (!isFirst && (bytes + size > room || bytes + size > session.partitionMaxBytes)) break;
      bytes += size;
      requests.batches.data[request] += 1;
      requests.records.data[request] += batches.records.data[batch];
      this.#fetched.push(requests.owner.data[request], batch);
      batch = batches.nextInLog.data[batch];
    }
    if (bytes > 0 && logs.isOn(session.broker)) {
      const from = batches.position.data[this.#readerNext.data[reader]];
      logs.lookUp(requests.owner.data[request], session.broker, partition, from, from + bytes);
    }
    this.#readerNext.data[reader] = batch;
    return bytes;
  }

  #isReadable(session: FetchSession, batch: number, partition: number): boolean {
    if (batch === NONE) return false;
    if (session.isFollower) return true;
    return this.#model.batches.endOffset.data[batch] <= this.#highWatermark.data[partition];
  }

  #readerOf(partition: number, session: number): number {
    let reader = this.#firstReader[partition];
    while (this.#readerSession[reader] !== session) reader += 1;
    return reader;
  }

  #answer(request: number, bytes: number): void {
    this.#model.requests.bytesOut.data[request] = bytes;
    this.respond(request);
  }
}
