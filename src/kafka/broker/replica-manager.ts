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
 * Range:   what a log costs its disk is in log.ts; what waits for it is seen after. Who leads and who is in sync:
 *          controller/leadership.ts; readers that follow another leader: reader-moves.ts. There is one log of a
 *          partition, that of its leader; the others' are how far they have come in it.
 * Error:   per stage in reports.
 * Test:    test/kafka/replication.test.ts.
 */
import type { Float64Column, Int32Column, Uint8Column } from '../../kernel/columns.ts';
import type { Fifos } from '../../kernel/fifo.ts';
import type { Field } from '../../kernel/rows.ts';
import { lookedAt } from '../cluster/offsets-topic.ts';
import type { Partitions } from '../cluster/partitions.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { KIND } from '../kinds.ts';
import { NONE } from '../requests.ts';
import type { Broker } from './broker.ts';
import { FetchSessionCache } from './fetch-session-cache.ts';
import { LogReads } from './log-reads.ts';
import {
  FETCHES,
  HELD,
  layOutReaders,
  QUEUED,
  RESTS,
  type ReaderColumns,
  STOPS,
  UNQUEUED,
} from './reader-columns.ts';

const RESPONSE_HEADER_BYTES = 64;

/** One client or replica fetcher reading from one broker. */
export interface FetchSession {
  readonly isFollower: boolean;
  readonly broker: number;
  readonly connection: number;
  /** The consumer's, or the fetcher's, index. */
  readonly owner: number;
  readonly partitions: Int32Array;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly partitionMaxBytes: number;
  readonly maxWaitNs: number;
  /** Whether it begins with what is in the topics already. */
  readonly readsHistory: boolean;
}

export class ReplicaManager {
  readonly cache: FetchSessionCache;
  readonly #model: ClusterModel;
  readonly columns: ReaderColumns;
  readonly #reads: LogReads;
  readonly #sessions: readonly FetchSession[];
  readonly #isFollower: Uint8Array;
  readonly #partitions: Partitions;
  /** Readers of partition p are numbered firstReader[p] .. firstReader[p + 1] - 1. */
  readonly #firstReader: Int32Array;
  readonly #readerSession: Int32Array;
  readonly #readerPartition: Int32Array;
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
  readonly #sessionLooks: Field;
  readonly #available: Field;
  readonly #parked: Field;
  readonly #timer: Field;
  readonly #fetching: Field;
  readonly #minBytes: Field;
  readonly #maxBytes: Field;
  readonly #partitionMaxBytes: Field;
  readonly #maxWaitNs: Field;
  readonly #owner: Field;
  readonly #connection: Field;

  constructor(model: ClusterModel, partitions: Partitions, sessions: readonly FetchSession[]) {
    this.#model = model;
    this.#sessions = sessions;
    this.#partitions = partitions;
    const { groupMembers, topology } = model.parts;
    const kept = new Set(groupMembers.map(({ offsetsPartition }) => offsetsPartition));
    const isLookedAt = lookedAt(topology.offsets?.firstPartition, kept);
    const of = layOutReaders(model.sim.columns, partitions, sessions, isLookedAt);
    this.columns = of;
    this.#sessionLooks = of.sessionLooks;
    this.#isFollower = of.isFollower;
    this.#firstReader = of.firstReader;
    this.#readerSession = of.readerSession;
    this.#readerPartition = of.readerPartition;
    this.#endOffset = of.endOffset;
    this.#endBytes = of.endBytes;
    this.#highWatermark = of.highWatermark;
    this.#tail = of.tail;
    this.#aboveWatermark = of.aboveWatermark;
    this.#readerNext = of.readerNext;
    this.#readerQueued = of.readerQueued;
    this.#replicaEnd = of.replicaEnd;
    this.#replicaEndKnown = of.replicaEndKnown;
    this.#moved = of.moved;
    this.#news = of.news;
    this.#fetched = of.fetched;
    this.#toTell = of.toTell;
    this.#available = of.available;
    this.#parked = of.parked;
    this.#timer = of.timer;
    this.#fetching = of.fetching;
    this.#minBytes = of.minBytes;
    this.#maxBytes = of.maxBytes;
    this.#partitionMaxBytes = of.partitionMaxBytes;
    this.#maxWaitNs = of.maxWaitNs;
    this.#owner = of.owner;
    this.#connection = of.connection;
    this.cache = new FetchSessionCache(model.sim.columns, model.brokers, sessions, partitions);
    model.history.begin(of, sessions);
    this.#reads = new LogReads(model, of);
  }

  /** Whether a session fetches, also if it will stop. */
  isFetching(session: number): boolean {
    return this.#fetching.get(session) !== RESTS;
  }

  /** Whether a session that comes to its next fetch is not to send it; it rests then. */
  hasToStop(session: number): boolean {
    if (this.#fetching.get(session) === FETCHES) return false;
    this.#fetching.set(session, RESTS);
    return true;
  }

  session(index: number): FetchSession {
    return this.#sessions[index];
  }

  /** The consumer's, or the fetcher's, index. */
  ownerOf(session: number): number {
    return this.#owner.get(session);
  }

  connectionOf(session: number): number {
    return this.#connection.get(session);
  }

  /** Records in the partition's log. */
  endOffset(partition: number): number {
    return this.#endOffset.data[partition];
  }

  /** Offset after what a consumer has been given of one of its partitions. */
  position(consumer: number, partition: number): number {
    return this.#reads.position(this.readerOfConsumer(consumer, partition));
  }

  /** A consumer's reader of one of its partitions. @throws Error when it is not one of them */
  readerOfConsumer(consumer: number, partition: number): number {
    const last = this.#firstReader[partition + 1];
    for (let reader = this.#firstReader[partition]; reader < last; reader += 1) {
      const session = this.#readerSession[reader];
      if (this.#isFollower[session] === 0 && this.#owner.get(session) === consumer) return reader;
    }
    throw new Error(`consumer ${consumer} does not read partition ${partition}`);
  }

  /** Writes the batches of a produce request to the leader's disk; returns when the handler is free of it, ns. */
  write(broker: Broker, request: number): number {
    const { requests, batches, logs, sim, failures } = this.#model;
    let freeNs = sim.nowNs;
    if (failures.isOn && !failures.inSync.mayAppend(broker.index, request)) return freeNs;
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
    const { requests, batches, recorder, failures } = this.#model;
    if (failures.isOn && !failures.inSync.mayAppend(broker.index, request)) {
      this.refuse(request);
      return;
    }
    const waitsForAll = this.#model.acks(request) === 'all';
    let batch = requests.firstBatch.data[request];
    while (batch !== NONE) {
      recorder.appended(broker.index, batches.bytes.data[batch]);
      this.#appendBatch(thread, batch, waitsForAll ? request : NONE);
      batch = batches.nextInRequest.data[batch];
    }
    if (failures.isOn) this.#raiseAlone(thread, request);
    if (requests.pending.data[request] > 0) return;
    this.#answer(request);
  }

  /**
   * A handler serves a fetch: learns what a follower holds, then answers or parks.
   * @returns when the disk lets the handler respond, ns; 0 when it has responded or parked
   */
  fetch(broker: Broker, thread: number, request: number): number {
    const { requests, failures } = this.#model;
    const index = requests.owner.data[request];
    const maxWaitNs = this.#maxWaitNs.get(index);
    if (!this.cache.use(index, this.#model.sim.nowNs)) {
      requests.bytesOut.data[request] = RESPONSE_HEADER_BYTES;
      this.respond(request);
      return 0;
    }
    if (this.#isFollower[index] === 1) {
      this.#learnReplicaEnds(index, thread);
      if (failures.throttles.isOn) failures.throttles.review(index, 'leader');
    }
    const isLeft = this.#fetching.get(index) === STOPS;
    if (maxWaitNs === 0 || isLeft || this.#available.get(index) >= this.#minBytes.get(index)) {
      return this.answerFetch(request);
    }
    this.#parked.set(index, request);
    this.#timer.set(
      index,
      this.#model.sim.resetTimer(
        this.#timer.get(index),
        maxWaitNs,
        broker.entity,
        KIND.fetchTimesOut,
        request,
      ),
    );
    return 0;
  }

  fetchTimesOut(request: number): void {
    const { requests } = this.#model;
    this.#parked.set(requests.owner.data[request], NONE);
    if (this.answerFetch(request) > 0) this.respond(request);
  }

  /** CPU of reading for a fetch: every partition of the session is looked at. */
  readWorkNs(broker: Broker, request: number): number {
    const session = this.#model.requests.owner.data[request];
    return this.#sessionLooks.get(session) * broker.costs.fetchPerPartitionNs;
  }

  /**
   * Takes what the session may have now, whole batches within its limits, and responds.
   * @returns when the disk lets the handler `respond`, ns; 0 when it has responded
   */
  answerFetch(request: number): number {
    const { requests } = this.#model;
    const index = requests.owner.data[request];
    const { quotas, failures } = this.#model;
    const maxBytes = Math.min(this.#maxBytes.get(index), quotas.fetchBytesMax(request));
    const roomBytes = Math.min(maxBytes, this.#news.length(index) * this.#partitionMaxBytes.get(index));
    const expectedBytes = Math.min(this.#available.get(index), roomBytes);
    if (quotas.holdsBack(request, expectedBytes)) {
      requests.bytesOut.data[request] = RESPONSE_HEADER_BYTES;
      this.respond(request);
      return 0;
    }
    let taken = 0;
    for (let left = this.#news.length(index); left > 0; left -= 1) {
      const reader = this.#news.shift(index);
      if (this.#readerQueued.data[reader] === HELD) {
        this.#news.push(index, reader);
        continue;
      }
      const bytes = this.#reads.read(index, request, reader, maxBytes - taken, taken === 0);
      taken += bytes;
      if (failures.throttles.isOn && this.#isFollower[index] === 1) {
        failures.throttles.sent(index, this.#readerPartition[reader], bytes);
      }
      if (this.#reads.hasMore(index, reader)) {
        this.#news.push(index, reader);
        if (taken >= maxBytes) break;
      } else {
        this.#readerQueued.data[reader] = UNQUEUED;
      }
    }
    this.#available.add(index, -taken);
    quotas.adjust(request, taken - expectedBytes);
    requests.bytesOut.data[request] = RESPONSE_HEADER_BYTES + this.cache.responseBytes(index) + taken;
    this.cache.answered(index, this.#model.sim.nowNs);
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
    const reader = this.readerOf(partition, session);
    if (reader === NONE) {
      // Another leader has come meanwhile: what the old one sent is dropped.
      this.release(batch);
      return;
    }
    this.#replicaEnd.data[reader] = this.#model.batches.endOffset.data[batch];
    if (this.#moved.data[reader] === 0) {
      this.#moved.data[reader] = 1;
      this.#toTell.push(session, reader);
    }
    this.release(batch);
  }

  /** Answers a produce request with an error, whatever of it waits. */
  refuse(request: number): void {
    const { requests } = this.#model;
    this.forgetWaiting(request);
    requests.refused.data[request] = 1;
    this.#answer(request);
  }

  /** Nothing of a produce request waits for the high watermark any more. */
  forgetWaiting(request: number): void {
    const { requests, batches } = this.#model;
    requests.pending.data[request] = 0;
    for (let batch = requests.firstBatch.data[request]; batch !== NONE; ) {
      if (batches.waiting.data[batch] === request) batches.waiting.data[batch] = NONE;
      batch = batches.nextInRequest.data[batch];
    }
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
    const replicated = this.#partitions.replicas(partition) > 1;
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

  /** A leader that is alone in sync waits for nobody. */
  #raiseAlone(thread: number, request: number): void {
    const { requests, batches } = this.#model;
    // One more, so that nothing is answered before all of it has been looked at.
    requests.pending.data[request] += 1;
    for (let batch = requests.firstBatch.data[request]; batch !== NONE; ) {
      this.raiseHighWatermark(batches.partition.data[batch], thread);
      batch = batches.nextInRequest.data[batch];
    }
    requests.pending.data[request] -= 1;
  }

  #tellReaders(thread: number, partition: number, batch: number, followers: boolean): void {
    const bytes = this.#model.batches.bytes.data[batch];
    const kind = followers ? 1 : 0;
    const last = this.#firstReader[partition + 1];
    for (let reader = this.#firstReader[partition]; reader < last; reader += 1) {
      const index = this.#readerSession[reader];
      if (this.#isFollower[index] !== kind) continue;
      if (this.#readerQueued.data[reader] === HELD) continue;
      this.#available.add(index, bytes);
      if (this.#readerQueued.data[reader] === UNQUEUED) {
        this.#readerQueued.data[reader] = QUEUED;
        this.#news.push(index, reader);
      }
      this.completeParked(thread, index);
    }
  }

  /** Completes what is parked on a session if it is satisfied: next in the thread, or, without one, at no cost. */
  completeParked(thread: number, index: number): void {
    const request = this.#parked.get(index);
    if (request === NONE || this.#available.get(index) < this.#minBytes.get(index)) return;
    const { sim, handlers } = this.#model;
    this.#parked.set(index, NONE);
    sim.cancel(this.#timer.get(index));
    if (thread !== NONE) handlers.completeNext(thread, request);
    else if (this.answerFetch(request) > 0) this.respond(request);
  }

  #learnReplicaEnds(index: number, thread: number): void {
    while (this.#toTell.length(index) > 0) {
      const reader = this.#toTell.shift(index);
      this.#moved.data[reader] = 0;
      this.#replicaEndKnown.data[reader] = this.#replicaEnd.data[reader];
      const partition = this.#readerPartition[reader];
      this.raiseHighWatermark(partition, thread);
      if (this.#model.failures.isOn) this.#model.failures.inSync.heard(partition, reader);
    }
  }

  /** Raises it as far as those in sync have come; never below min.insync.replicas. */
  raiseHighWatermark(partition: number, thread: number): void {
    const { batches, requests, failures } = this.#model;
    const watermark = this.#leastEnd(partition);
    if (failures.isOn && failures.leadership.isUnderMinIsr(partition)) return;
    if (watermark <= this.#highWatermark.data[partition]) return;
    this.#highWatermark.data[partition] = watermark;
    let batch = this.#aboveWatermark.data[partition];
    while (batch !== NONE && batches.endOffset.data[batch] <= watermark) {
      const next = batches.nextInLog.data[batch];
      const waiting = batches.waiting.data[batch];
      if (waiting !== NONE) {
        batches.waiting.data[batch] = NONE;
        requests.pending.data[waiting] -= 1;
        if (requests.pending.data[waiting] === 0) this.#answer(waiting);
      }
      this.#tellReaders(thread, partition, batch, false);
      this.release(batch);
      batch = next;
    }
    this.#aboveWatermark.data[partition] = batch;
  }

  #leastEnd(partition: number): number {
    const { failures } = this.#model;
    let least = this.#endOffset.data[partition];
    const last = this.#firstReader[partition + 1];
    for (let reader = this.#firstReader[partition]; reader < last; reader += 1) {
      if (this.#isFollower[this.#readerSession[reader]] === 0) continue;
      if (failures.isOn && !failures.inSync.isInSync(partition, reader)) continue;
      const end = this.#replicaEndKnown.data[reader];
      if (end < least) least = end;
    }
    return least;
  }

  /** The session's reader of a partition; NONE when it has been moved to another session. */
  readerOf(partition: number, session: number): number {
    const last = this.#firstReader[partition + 1];
    let reader = this.#firstReader[partition];
    while (reader < last && this.#readerSession[reader] !== session) reader += 1;
    return reader === last ? NONE : reader;
  }

  /** Answers what has been appended; nothing is sent back for acks 0. */
  #answer(request: number): void {
    const isSilent = this.#model.acks(request) === '0';
    this.#model.requests.bytesOut.data[request] = isSilent ? 0 : RESPONSE_HEADER_BYTES;
    this.respond(request);
  }
}
