/**
 * Readers of logs when a broker leaves, when another one leads a partition, and when a connection breaks.
 *
 * What:    every reader is on the session with the broker that leads its partition. When the leader changes, the log is cut
 *          to what the new leader has; its own reader becomes that of the old one, the other followers go to their
 *          sessions with the new leader, and their first fetch there tells it how far they are. Consumers follow
 *          when they hear of it (consumer-refreshes.ts). What a lost connection carried is read again.
 * Formula: cut at the new leader's log end, which is at or above the high watermark, since it was in sync
 * Source:  Partition.makeLeader, ReplicaFetcherManager, UnifiedLog.truncateTo, Kafka 4.3.
 * Range:   a leader's high watermark does not fall behind at the change, as it may in Kafka until followers fetch. Truncation is free, and the
 *          bytes cut stay in the replicas' files. Work goes with the partitions and readers that are concerned, and one pass over all partitions.
 * Error:   unvalidated.
 * Test:    test/kafka/failures.test.ts, failures-conservation.test.ts.
 */
import type { Fifos } from '../../kernel/fifo.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { NONE } from '../requests.ts';
import { FETCHES, HELD, QUEUED, RESTS, type ReaderColumns, STOPS, UNQUEUED } from './reader-columns.ts';
import { fetcherNumber } from './replica-fetcher.ts';

export class ReaderMoves {
  readonly #model: ClusterModel;
  readonly #of: ReaderColumns;
  /** The session of a follower, leader and fetcher number; NONE where no partition could ever need it. */
  readonly #fetcherSession: Int32Array;
  readonly #fetchers: number;

  constructor(model: ClusterModel, isOn: boolean) {
    const { parts, brokers } = model;
    this.#model = model;
    this.#of = model.replicas.columns;
    this.#fetchers = brokers[0].config['num.replica.fetchers'];
    this.#fetcherSession = new Int32Array(isOn ? brokers.length * brokers.length * this.#fetchers : 0);
    this.#fetcherSession.fill(NONE);
    if (!isOn) return;
    for (const { follower, session, number } of parts.fetchers) {
      this.#fetcherSession[this.#place(follower, parts.sessions[session].broker, number)] = session;
    }
  }

  /** The broker of a follower's reader. */
  follower(reader: number): number {
    const fetcher = this.#model.replicas.ownerOf(this.#of.readerSession[reader]);
    return this.#model.parts.fetchers[fetcher].follower;
  }

  /** A broker leads nothing any more: its sessions are left, at once or when their last response has come. */
  leave(broker: number): void {
    const { sessions } = this.#model.parts;
    sessions.forEach((session, index) => {
      if (session.broker !== broker) return;
      if (this.#of.fetching.get(index) === FETCHES) this.#of.fetching.set(index, STOPS);
      if (session.isFollower) this.#recall(index);
      this.empty(index);
      this.#endPoll(index);
    });
  }

  /** Nobody of a session has news any more, as far as it knows; its readers are to be queued again. */
  empty(session: number): void {
    const { news, toTell, moved, available } = this.#of;
    while (news.length(session) > 0) this.#leaveNews(news.shift(session));
    while (toTell.length(session) > 0) moved.data[toTell.shift(session)] = 0;
    available.set(session, 0);
  }

  /** A partition has a new leader; its log was that of `from`. */
  follow(partition: number, from: number, leader: number): void {
    const { firstReader, isFollower, readerSession, replicaEnd, replicaEndKnown, highWatermark } = this.#of;
    const first = firstReader[partition];
    const last = firstReader[partition + 1];
    for (let reader = first; reader < last; reader += 1) {
      if (isFollower[readerSession[reader]] === 1) this.#unqueue(reader);
    }
    if (from !== leader) {
      this.#refuseWaiting(partition);
      this.#cut(partition, this.#endOf(partition, leader));
    }
    const end = this.#of.endOffset.data[partition];
    const number = this.#fetcherNumber(partition);
    for (let reader = first; reader < last; reader += 1) {
      if (isFollower[readerSession[reader]] === 0) continue;
      const before = this.follower(reader);
      const follower = before === leader ? from : before;
      this.#move(reader, this.#fetcherSession[this.#place(follower, leader, number)]);
      if (before === leader) replicaEnd.data[reader] = end;
      else replicaEnd.data[reader] = Math.min(replicaEnd.data[reader], end);
      replicaEndKnown.data[reader] = Math.min(replicaEnd.data[reader], highWatermark.data[partition]);
      this.#tell(reader);
    }
    this.#model.failures.inSync.leads(partition);
    this.#queueAgain(partition);
    this.isrShrunk(partition);
  }

  /** Those who are left in sync may have more than the high watermark says. */
  isrShrunk(partition: number): void {
    this.#model.replicas.raiseHighWatermark(partition, NONE);
    this.#model.failures.inSync.isrShrunk(partition);
  }

  /** Puts a reader that is not queued among those with news, if it has some, and completes the poll that waits for it. */
  queue(reader: number): void {
    const { readerSession, readerQueued, news, available } = this.#of;
    const session = readerSession[reader];
    const bytes = this.readableBytes(reader);
    if (bytes === 0 || readerQueued.data[reader] !== UNQUEUED) return;
    readerQueued.data[reader] = QUEUED;
    news.push(session, reader);
    available.add(session, bytes);
    this.#model.replicas.completeParked(NONE, session);
  }

  /** A consumer's reader goes to another session of its client. */
  moveConsumer(reader: number, session: number): void {
    this.#move(reader, session);
  }

  /** The first fetches of a broker that is back tell all leaders how far it is. */
  tellEnds(broker: number): void {
    const { readerSession, isFollower } = this.#of;
    for (let reader = 0; reader < readerSession.length; reader += 1) {
      if (isFollower[readerSession[reader]] === 1 && this.follower(reader) === broker) this.#tell(reader);
    }
  }

  /** Fetchers that have partitions, between two brokers that are up, fetch. */
  startFetchers(): void {
    const { parts, failures, fetchers, replicas } = this.#model;
    parts.fetchers.forEach(({ follower, session }, index) => {
      if (this.#of.sessionSize.get(session) === 0) return;
      if (!failures.lives.isUp(follower) || !failures.lives.isUp(parts.sessions[session].broker)) return;
      if (this.#of.fetching.get(session) === STOPS) {
        this.#of.fetching.set(session, FETCHES);
        return;
      }
      if (replicas.isFetching(session) || failures.lives.isOrphaned(session)) return;
      this.#of.fetching.set(session, FETCHES);
      fetchers.start(index);
    });
  }

  /** A fetch is lost with its connection, `batches` of them in its response: they will be read again. */
  lost(session: number, batches: number): void {
    const { fetched } = this.#of;
    const taken: number[] = [];
    const before = fetched.length(session) - batches;
    for (let left = before; left > 0; left -= 1) fetched.push(session, fetched.shift(session));
    for (let left = batches; left > 0; left -= 1) taken.push(fetched.shift(session));
    this.#readAgain(session, taken, false);
  }

  /** A session rests: its fetch is lost and no other is to come. */
  rest(session: number): void {
    this.#of.fetching.set(session, RESTS);
    const { parked, timer } = this.#of;
    if (parked.get(session) === NONE) return;
    this.#model.sim.cancel(timer.get(session));
    parked.set(session, NONE);
  }

  /** The followers' readers of a partition have news again, those that have. */
  #queueAgain(partition: number): void {
    const { firstReader, isFollower, readerSession } = this.#of;
    for (let reader = firstReader[partition]; reader < firstReader[partition + 1]; reader += 1) {
      if (isFollower[readerSession[reader]] === 1) this.queue(reader);
    }
  }

  /** A response that is on its way from an old leader will be dropped when it comes: what is in it is read again. */
  #recall(session: number): void {
    const { fetched } = this.#of;
    const taken: number[] = [];
    for (let left = fetched.length(session); left > 0; left -= 1) {
      const batch = fetched.shift(session);
      taken.push(batch);
      fetched.push(session, batch);
    }
    this.#readAgain(session, taken, true);
  }

  /** @param areHeld whether somebody else still holds and will release them */
  #readAgain(session: number, taken: readonly number[], areHeld: boolean): void {
    const { batches, replicas } = this.#model;
    const { readerNext, readerQueued, news, available } = this.#of;
    for (const batch of taken.toReversed()) {
      const reader = replicas.readerOf(batches.partition.data[batch], session);
      // A response that was recalled may be lost too: its reader stands before the batch already, and holds it.
      if (reader === NONE || this.#isBefore(reader, batch)) {
        if (!areHeld) replicas.release(batch);
        continue;
      }
      if (areHeld) batches.holders.data[batch] += 1;
      readerNext.data[reader] = batch;
      if (readerQueued.data[reader] === HELD) continue;
      available.add(session, batches.bytes.data[batch]);
      if (readerQueued.data[reader] === QUEUED) continue;
      readerQueued.data[reader] = QUEUED;
      news.push(session, reader);
    }
  }

  #isBefore(reader: number, batch: number): boolean {
    const next = this.#of.readerNext.data[reader];
    const ends = this.#model.batches.endOffset.data;
    return next !== NONE && ends[next] <= ends[batch];
  }

  /** The long poll that waits on a session that is left ends with an error. */
  #endPoll(session: number): void {
    const { parked, timer } = this.#of;
    const request = parked.get(session);
    if (request === NONE) return;
    this.#model.sim.cancel(timer.get(session));
    this.#model.replicas.fetchTimesOut(request);
  }

  #move(reader: number, session: number): void {
    const { readerSession, readerPartition, sessionSize, sessionLooks, isLookedAt } = this.#of;
    this.#unqueue(reader);
    const before = readerSession[reader];
    const looks = isLookedAt(readerPartition[reader]) ? 1 : 0;
    sessionSize.add(before, -1);
    sessionLooks.add(before, -looks);
    sessionSize.add(session, 1);
    sessionLooks.add(session, looks);
    readerSession[reader] = session;
  }

  /** A reader is neither among those with news of its session, nor of those to be told of. */
  #unqueue(reader: number): void {
    const { readerSession, readerQueued, moved, news, toTell, available } = this.#of;
    const from = readerSession[reader];
    if (readerQueued.data[reader] !== UNQUEUED) {
      without(news, from, reader);
      if (readerQueued.data[reader] === QUEUED) available.add(from, -this.readableBytes(reader));
      this.#leaveNews(reader);
    }
    if (moved.data[reader] === 1) {
      without(toTell, from, reader);
      moved.data[reader] = 0;
    }
  }

  #leaveNews(reader: number): void {
    const { readerQueued, readerSession } = this.#of;
    if (readerQueued.data[reader] === HELD) this.#model.failures.throttles.letGo(readerSession[reader]);
    readerQueued.data[reader] = UNQUEUED;
  }

  #tell(reader: number): void {
    const { moved, toTell, readerSession } = this.#of;
    if (moved.data[reader] === 1) return;
    moved.data[reader] = 1;
    toTell.push(readerSession[reader], reader);
  }

  /** Produce requests that wait at a leader that is none any more are answered with an error. */
  #refuseWaiting(partition: number): void {
    const { batches, replicas } = this.#model;
    for (let batch = this.#of.aboveWatermark.data[partition]; batch !== NONE; ) {
      const waiting = batches.waiting.data[batch];
      if (waiting !== NONE) replicas.refuse(waiting);
      batch = batches.nextInLog.data[batch];
    }
  }

  /** The log ends at `end` from here on, which a record's batch ends at too. */
  #cut(partition: number, end: number): void {
    const { endOffset, endBytes, tail, aboveWatermark, readerNext, firstReader } = this.#of;
    if (end === endOffset.data[partition]) return;
    const { batches, replicas } = this.#model;
    const ends = batches.endOffset.data;
    let kept = NONE;
    let batch = aboveWatermark.data[partition];
    const cut = this.#firstBeyond(batch, end);
    if (cut === NONE) throw new Error(`partition ${partition} has nothing to be cut at ${end}`);
    const first = firstReader[partition];
    const last = firstReader[partition + 1];
    for (let reader = first - 1; reader < last; reader += 1) {
      batch = reader < first ? aboveWatermark.data[partition] : readerNext.data[reader];
      while (batch !== NONE && ends[batch] <= end) {
        if (kept === NONE || ends[batch] > ends[kept]) kept = batch;
        batch = batches.nextInLog.data[batch];
      }
      if (reader >= first && readerNext.data[reader] !== NONE && ends[readerNext.data[reader]] > end) {
        readerNext.data[reader] = NONE;
      }
    }
    if (aboveWatermark.data[partition] === cut) aboveWatermark.data[partition] = NONE;
    if (kept !== NONE) batches.nextInLog.data[kept] = NONE;
    tail.data[partition] = kept;
    endOffset.data[partition] = end;
    endBytes.data[partition] = batches.position.data[cut];
    for (batch = cut; batch !== NONE; ) {
      const next = batches.nextInLog.data[batch];
      batches.nextInLog.data[batch] = NONE;
      const holders = this.#holders(partition, ends[batch]);
      for (let left = holders; left > 0; left -= 1) replicas.release(batch);
      batch = next;
    }
  }

  /** Who holds a batch that is cut off: the high watermark, and the readers that have not passed it. */
  #holders(partition: number, end: number): number {
    const { firstReader, isFollower, readerSession, replicaEnd } = this.#of;
    let holders = 1;
    for (let reader = firstReader[partition]; reader < firstReader[partition + 1]; reader += 1) {
      const isAhead = isFollower[readerSession[reader]] === 1 && replicaEnd.data[reader] >= end;
      if (!isAhead) holders += 1;
    }
    return holders;
  }

  #firstBeyond(from: number, end: number): number {
    const { batches } = this.#model;
    let batch = from;
    while (batch !== NONE && batches.endOffset.data[batch] <= end) batch = batches.nextInLog.data[batch];
    return batch;
  }

  /** How far a follower has come. */
  #endOf(partition: number, broker: number): number {
    const { firstReader, isFollower, readerSession, replicaEnd } = this.#of;
    for (let reader = firstReader[partition]; reader < firstReader[partition + 1]; reader += 1) {
      if (isFollower[readerSession[reader]] === 1 && this.follower(reader) === broker) {
        return replicaEnd.data[reader];
      }
    }
    throw new Error(`broker ${broker} does not follow partition ${partition}`);
  }

  /** What a reader could be given, bytes. */
  readableBytes(reader: number): number {
    const { batches } = this.#model;
    const { readerNext, readerPartition, isFollower, readerSession, highWatermark } = this.#of;
    const watermark = highWatermark.data[readerPartition[reader]];
    const isConsumer = isFollower[readerSession[reader]] === 0;
    let bytes = 0;
    for (let batch = readerNext.data[reader]; batch !== NONE; batch = batches.nextInLog.data[batch]) {
      if (isConsumer && batches.endOffset.data[batch] > watermark) break;
      bytes += batches.bytes.data[batch];
    }
    return bytes;
  }

  #fetcherNumber(partition: number): number {
    const { topics, partitions } = this.#model.parts.topology;
    const { name, firstPartition } = topics[partitions.topic(partition)];
    return fetcherNumber(name, partition - firstPartition, this.#fetchers);
  }

  #place(follower: number, leader: number, number: number): number {
    return (follower * this.#model.brokers.length + leader) * this.#fetchers + number;
  }
}

/** Takes a value out of a queue. */
function without(queues: Fifos, queue: number, value: number): void {
  for (let left = queues.length(queue); left > 0; left -= 1) {
    const other = queues.shift(queue);
    if (other !== value) queues.push(queue, other);
  }
}
