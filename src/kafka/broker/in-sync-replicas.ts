/**
 * A leader's part in the in-sync replicas: followers that fall behind leave, those that have caught up come back, and
 * acks=all needs enough of them.
 *
 * What:    every replica.lag.time.max.ms / 2 a leader looks for followers that have not caught up for replica.lag.time.max.ms. A
 *          fetch of a follower out of sync that reaches the high watermark brings it back. Below min.insync.replicas the
 *          high watermark stands, produce requests with acks=all are refused, and those that wait end at request.timeout.ms.
 * Formula: caught up at t, when the fetch at t has reached the log end; at the time of the session's fetch before, when it has reached
 *          the log end of then.  Back in sync one round to the controller after the fetch.
 * Units:   ns; 12 bytes for each follower and consumer group of a partition, where a scenario has operations.
 * Source:  Partition.scala (maybeShrinkIsr, maybeExpandIsr, appendRecordsToLeader), Replica.updateFetchStateOrThrow, DelayedProduce, Kafka 4.3.
 * Range:   fetches that move nothing are not looked at: a follower that stands still is as late as its last news. A request
 *          with one partition that may not be written is refused whole. Pending additions to the ISR do not hold the high watermark back.
 * Error:   unvalidated.
 * Test:    test/kafka/failures.test.ts.
 */
import type { Float64Column, Uint16Column, Uint32Column } from '../../kernel/columns.ts';
import { NS_PER_MS, NS_PER_SECOND } from '../../kernel/time.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { KIND } from '../kinds.ts';
import { NONE, REQUEST } from '../requests.ts';

/** offsets.commit.timeout.ms, which scenarios do not have. */
const COMMIT_TIMEOUT_NS = 5 * NS_PER_SECOND;

export class InSyncReplicas {
  readonly #model: ClusterModel;
  /** Per reader: when it was caught up, ms; the log end at its last news. */
  readonly #caughtUpMs: Uint32Column;
  readonly #endThen: Float64Column;
  /** Per session: its last fetch with news. */
  readonly #newsMs: Uint32Column;
  /** Per partition: replicas, as bits, that the leader has asked the controller to add; log end when its leader came. */
  readonly #joining: Uint16Column;
  readonly #epochStart: Float64Column;
  /** Per broker: followers that it has taken out of ISRs and back in. */
  readonly #shrinks: Float64Column;
  readonly #expands: Float64Column;

  constructor(model: ClusterModel, isOn: boolean) {
    const { columns } = model.sim;
    const { readerSession } = model.replicas.columns;
    const { partitions } = model.parts.topology;
    this.#model = model;
    this.#caughtUpMs = columns.uint32('in-sync/caught-up', isOn ? readerSession.length : 0);
    this.#endThen = columns.float64('in-sync/end-then', isOn ? readerSession.length : 0);
    this.#newsMs = columns.uint32('in-sync/news', isOn ? model.parts.sessions.length : 0);
    this.#joining = columns.uint16('in-sync/joining', isOn ? partitions.length : 0);
    this.#epochStart = columns.float64('in-sync/epoch-start', isOn ? partitions.length : 0);
    this.#shrinks = columns.float64('in-sync/shrinks', model.brokers.length);
    this.#expands = columns.float64('in-sync/expands', model.brokers.length);
  }

  /** All brokers begin to look. */
  start(): void {
    for (const { index } of this.#model.brokers) this.#lookLater(index);
  }

  shrinks(broker: number): number {
    return this.#shrinks.data[broker];
  }

  expands(broker: number): number {
    return this.#expands.data[broker];
  }

  /** Whether a broker may write all batches of a produce request. */
  mayAppend(broker: number, request: number): boolean {
    const { requests, batches, failures } = this.#model;
    const needsAll = this.#model.acks(request) === 'all';
    for (let batch = requests.firstBatch.data[request]; batch !== NONE; ) {
      const partition = batches.partition.data[batch];
      if (failures.leadership.leader(partition) !== broker) return false;
      if (needsAll && failures.leadership.isUnderMinIsr(partition)) return false;
      batch = batches.nextInRequest.data[batch];
    }
    return true;
  }

  isInSync(partition: number, reader: number): boolean {
    const { leadership, readers } = this.#model.failures;
    return leadership.isInSync(partition, readers.follower(reader));
  }

  /** A fetch has told the leader how far a follower is. */
  heard(partition: number, reader: number): void {
    const { sim, replicas, failures } = this.#model;
    const { readerSession, replicaEndKnown, endOffset, highWatermark } = replicas.columns;
    const end = replicaEndKnown.data[reader];
    const nowMs = Math.floor(sim.nowNs / NS_PER_MS);
    const session = readerSession[reader];
    if (end >= endOffset.data[partition]) this.#caughtUpMs.data[reader] = nowMs;
    else if (end >= this.#endThen.data[reader]) this.#caughtUpMs.data[reader] = this.#newsMs.data[session];
    this.#endThen.data[reader] = endOffset.data[partition];
    this.#newsMs.data[session] = nowMs;
    const least = Math.max(highWatermark.data[partition], this.#epochStart.data[partition]);
    if (end >= least && !this.isInSync(partition, reader)) {
      this.#join(partition, failures.readers.follower(reader));
    }
  }

  /** The controller has added a replica, if the leader that asked for it still leads. */
  joined(partition: number, broker: number, epoch: number): void {
    const { leadership, sessions } = this.#model.failures;
    if (leadership.epoch(partition) !== epoch) return;
    this.#joining.data[partition] &= ~(1 << leadership.numberOf(partition, broker));
    const leader = leadership.leader(partition);
    if (leader === NONE || sessions.isFenced(broker)) return;
    leadership.addInSync(partition, broker);
    this.#expands.data[leader] += 1;
    this.#model.replicas.raiseHighWatermark(partition, NONE);
  }

  /** A partition has a new leader, which has asked for nobody yet: who is in sync counts as caught up. */
  leads(partition: number): void {
    const { firstReader, endOffset } = this.#model.replicas.columns;
    this.#joining.data[partition] = 0;
    this.#epochStart.data[partition] = endOffset.data[partition];
    const nowMs = Math.floor(this.#model.sim.nowNs / NS_PER_MS);
    for (let reader = firstReader[partition]; reader < firstReader[partition + 1]; reader += 1) {
      this.#caughtUpMs.data[reader] = nowMs;
      this.#endThen.data[reader] = endOffset.data[partition];
    }
  }

  /** Where too few are left in sync, produce requests that wait have a time to wait until. */
  isrShrunk(partition: number): void {
    const { failures, batches, requests, producers, sim, replicas } = this.#model;
    const leader = failures.leadership.leader(partition);
    if (leader === NONE || !failures.leadership.isUnderMinIsr(partition)) return;
    let batch = replicas.columns.aboveWatermark.data[partition];
    for (; batch !== NONE; batch = batches.nextInLog.data[batch]) {
      const request = batches.waiting.data[batch];
      if (request === NONE) continue;
      const isCommit = requests.type.data[request] === REQUEST.offsetCommit;
      const timeoutNs = isCommit ? COMMIT_TIMEOUT_NS : producers.clientOf(request).requestTimeoutNs;
      const untilNs = requests.startedNs.data[request] + timeoutNs;
      const delayNs = Math.max(0, untilNs - sim.nowNs);
      const { entity } = this.#model.brokers[leader];
      sim.schedule(delayNs, entity, KIND.produceTimesOut, request, batch, batches.generation.data[batch]);
    }
  }

  /** The time of a produce request is over, if it still waits. */
  produceTimesOut(request: number, batch: number, generation: number): void {
    const { batches, replicas } = this.#model;
    if (batches.generation.data[batch] !== generation || batches.waiting.data[batch] !== request) return;
    replicas.refuse(request);
  }

  /** A leader looks for followers that are too late. */
  look(broker: number): void {
    const { failures, parts, sim, replicas, brokers } = this.#model;
    this.#lookLater(broker);
    if (!failures.lives.isUp(broker)) return;
    const { firstReader, readerSession, isFollower, replicaEndKnown, endOffset } = replicas.columns;
    const lateMs = sim.nowNs / NS_PER_MS - brokers[broker].config['replica.lag.time.max.ms'];
    for (let partition = 0; partition < parts.topology.partitions.length; partition += 1) {
      if (failures.leadership.leader(partition) !== broker) continue;
      for (let reader = firstReader[partition]; reader < firstReader[partition + 1]; reader += 1) {
        if (isFollower[readerSession[reader]] === 0 || !this.isInSync(partition, reader)) continue;
        const isAtEnd = replicaEndKnown.data[reader] >= endOffset.data[partition];
        if (isAtEnd || this.#caughtUpMs.data[reader] >= lateMs) continue;
        failures.leadership.removeInSync(partition, failures.readers.follower(reader));
        this.#shrinks.data[broker] += 1;
        failures.readers.isrShrunk(partition);
      }
    }
  }

  #lookLater(broker: number): void {
    const { entity, config } = this.#model.brokers[broker];
    const periodNs = (config['replica.lag.time.max.ms'] * NS_PER_MS) / 2;
    this.#model.sim.schedule(periodNs, entity, KIND.isrLooks, broker);
  }

  #join(partition: number, broker: number): void {
    const { failures, sim, brokers } = this.#model;
    const bit = 1 << failures.leadership.numberOf(partition, broker);
    const isAsked = (this.#joining.data[partition] & bit) !== 0;
    if (isAsked || failures.sessions.isFenced(broker) || !failures.lives.isUp(broker)) return;
    this.#joining.data[partition] |= bit;
    const epoch = failures.leadership.epoch(partition);
    const delayNs = failures.elections.publishNs(broker);
    sim.schedule(delayNs, brokers[broker].entity, KIND.isrJoins, partition, broker, epoch);
  }
}
