/**
 * Records waiting to be sent, one producer client: Kafka's RecordAccumulator and BuiltInPartitioner (KIP-480, KIP-794) with
 * the time passed in.
 *
 * * A partition has a queue of batches. A batch takes records until `batch.size` bytes (what they are expected to be
 *   compressed to), and reserves `batch.size` (or its one larger record) of `buffer.memory` until it is done.
 * * A batch may be sent when it is full, when `linger.ms` have passed since its first record, or when a record waits for
 *   memory. A broker with one such batch gets one request with the first batch of every one of its partitions, sendable
 *   or not, up to `max.request.size`, starting after where the last request stopped.
 * * A batch that goes back waits out its back-off at the front of its queue; the parts of one that was split wait there for
 *   nothing. An idempotent producer's keep their order.
 * * A keyless record that is meant for no partition goes to the sticky one, which is drawn anew after `batch.size` bytes,
 *   once no batch of it is still filling, and after twice `batch.size` in any case; partitions with longer queues are drawn
 *   less often.
 *
 * The caller bounds the requests in flight.
 */
import { partitionForKey } from '../../scenario/murmur2.ts';
import { batchBytesUpperBound } from '../../scenario/record-format.ts';
import type { Random } from '../random.ts';
import type { BatchMemories } from '../wire/batch-memory.ts';
import type { Codec } from '../wire/codecs.ts';
import { RecordBatchWriter } from '../wire/record-batch-writer.ts';
import type { ValuePool } from '../wire/value-pool.ts';
import { CompressionRatios } from './compression-ratios.ts';
import { ANY_PARTITION } from './destinations.ts';
import { drawEvenly, drawPartition } from './draw-partition.ts';
import { count, dropNotFilling, type Leader, newLeader, PartitionQueue } from './partition-queue.ts';
import { ProducerBatch } from './producer-batch.ts';
import { type ProducerIdentity, producerStateOf } from './producer-identity.ts';
import { splitBatch } from './split-batch.ts';
import type { Transactions } from './transactions.ts';

const NS_PER_MS = 1e6;
/** A batch takes its first record however large it is. */
const NO_LIMIT = Number.POSITIVE_INFINITY;

export interface AccumulatorSettings {
  readonly batchBytes: number;
  readonly lingerNs: number;
  readonly bufferBytes: number;
  readonly maxRequestBytes: number;
  readonly deliveryTimeoutNs: number;
  /** Of a partition, one batch at a time is on its way (`max.in.flight.requests.per.connection` 1). */
  readonly oneInFlight: boolean;
  /** `partitioner.adaptive.partitioning.enable`. */
  readonly adaptive: boolean;
}

export interface AccumulatorTopic {
  readonly name: string;
  readonly partitions: number;
}

/** What all clients of a thread that make such records share. */
export interface BatchMakings {
  readonly memories: BatchMemories;
  readonly pool: ValuePool;
  readonly codec: Codec;
  /** Milliseconds since 1970 at the common clock's 0. */
  readonly epochMs: number;
}

/** Which brokers may get a request now. */
export interface RoomInFlight {
  hasRoomInFlight(broker: number): boolean;
}

/** A record to be appended. */
export interface NextRecord {
  readonly valueBytes: number;
  /** Null: so many bytes of the pool. */
  readonly value: Buffer | null;
  readonly key: Buffer | null;
  /** Encoded, their number in front. */
  readonly headers: Uint8Array;
}

export class Accumulator {
  readonly #settings: AccumulatorSettings;
  readonly #makings: BatchMakings;
  readonly #random: Random;
  /** Null without idempotence. */
  readonly #identity: ProducerIdentity | null;
  readonly #transactions: Transactions | null;
  readonly #queues: PartitionQueue[][];
  /** Per topic: the partition that keyless records go to, the bytes that it has had, and partitions never used. */
  readonly #sticky: { partition: number; producedBytes: number; unused: number }[];
  readonly #ratios: CompressionRatios;
  #leaders = new Map<number, Leader>();
  #freeBytes: number;
  #waitingForMemory = false;
  #muted = 0;
  /** No batch that waits here has reached its delivery timeout before this time. */
  #expiryNs = Number.POSITIVE_INFINITY;

  /** `random` draws the sticky partitions. Every partition is without a leader until `setLeaders`. */
  constructor(
    settings: AccumulatorSettings,
    topics: readonly AccumulatorTopic[],
    makings: BatchMakings,
    random: Random,
    identity: ProducerIdentity | null,
    transactions: Transactions | null = null,
  ) {
    this.#settings = settings;
    this.#makings = makings;
    this.#random = random;
    this.#identity = identity;
    this.#transactions = transactions;
    this.#freeBytes = settings.bufferBytes;
    this.#ratios = new CompressionRatios(topics.length);
    const nobody = newLeader(-1);
    this.#queues = topics.map(({ name, partitions }, index) =>
      Array.from(
        { length: partitions },
        (_, partition) => new PartitionQueue(name, index, partition, nobody),
      ),
    );
    this.#sticky = topics.map(({ partitions }) => ({
      partition: drawEvenly(partitions, random),
      producedBytes: 0,
      unused: partitions,
    }));
  }

  /** True while a record was refused for want of memory and none has been taken since. */
  get waitingForMemory(): boolean {
    return this.#waitingForMemory;
  }

  get brokers(): Iterable<number> {
    return this.#leaders.keys();
  }

  /** Whether anything waits for this broker, sendable or not. */
  hasBatches(broker: number): boolean {
    return (this.#leaders.get(broker)?.batches ?? 0) > 0;
  }

  /** Tells who leads: broker ids by topic (in the constructor's order) and partition, -1 for nobody. */
  setLeaders(brokers: readonly (readonly number[])[]): void {
    const leaders = new Map<number, Leader>();
    for (const [topic, queues] of this.#queues.entries()) {
      for (const queue of queues) {
        const broker = brokers[topic][queue.partition] ?? -1;
        const leader = leaders.get(broker) ?? newLeader(broker);
        leader.drainIndex = this.#leaders.get(broker)?.drainIndex ?? 0;
        leaders.set(broker, leader);
        leader.queues.push(queue);
        const isMoved = queue.leader.broker !== broker;
        queue.leader = leader;
        for (const batch of queue.batches) {
          // What failed at the old leader need not wait for the new one.
          if (isMoved) {
            batch.retryNs = 0;
          }
          count(leader, batch, 1);
          if (!batch.full) {
            leader.filling.push(batch);
          }
        }
      }
    }
    for (const leader of leaders.values()) {
      leader.filling.sort((a, b) => a.createdNs - b.createdNs);
    }
    this.#leaders = leaders;
  }

  /**
   * Takes one record; returns its batch, or null when `buffer.memory` has no room for the batch that it needs.
   * Its value is at `writer.lastValueAt` in `writer.target`, to be stamped.
   */
  append(
    topic: number,
    record: NextRecord,
    dueNs: number,
    nowNs: number,
    stated = ANY_PARTITION,
  ): ProducerBatch | null {
    const { key, value, valueBytes, headers } = record;
    const queues = this.#queues[topic];
    const timestampMs = Math.floor(this.#makings.epochMs + nowNs / NS_PER_MS);
    const isSticky = stated === ANY_PARTITION && key === null;
    for (;;) {
      const partition = isSticky ? this.#sticky[topic].partition : partitionOf(stated, key, queues.length);
      const queue = queues[partition];
      const { batches } = queue;
      const last = batches.length === 0 ? undefined : batches[batches.length - 1];
      if (isSticky && last?.full !== false && this.#switchSticky(topic, this.#settings.batchBytes)) {
        continue;
      }
      let batch = last;
      let bytesBefore = 0;
      if (batch !== undefined && !batch.full) {
        bytesBefore = batch.bytes;
        const { writer, limitBytes } = batch;
        const room = limitBytes - bytesBefore;
        if (!writer.append(room, dueNs, nowNs, timestampMs, key, valueBytes, headers, value)) {
          this.#markFull(batch);
          continue;
        }
      } else {
        batch = this.#begin(queue, record, timestampMs, nowNs);
        if (batch === undefined) {
          return null;
        }
        batch.writer.append(NO_LIMIT, dueNs, nowNs, timestampMs, key, valueBytes, headers, value);
      }
      batch.payloadBytes += valueBytes + (key?.length ?? 0);
      const bytesAfter = batch.bytes;
      if (bytesAfter >= batch.limitBytes) {
        this.#markFull(batch);
      }
      this.#waitingForMemory = false;
      if (isSticky) {
        this.#sticky[topic].producedBytes += bytesAfter - bytesBefore;
        this.#switchSticky(topic, this.#settings.batchBytes * (batch.full ? 1 : 2));
      }
      return batch;
    }
  }

  /** The batches of the next request to this broker, sealed, or null when none of its batches may be sent yet. */
  drain(broker: number, nowNs: number): ProducerBatch[] | null {
    const leader = this.#leaders.get(broker);
    if (leader === undefined || leader.batches === 0 || !this.#isSendable(leader, nowNs)) {
      return null;
    }
    const request: ProducerBatch[] = [];
    const queues = leader.queues.length;
    const start = leader.drainIndex % queues;
    let bytes = 0;
    for (let step = 0; step < queues; step++) {
      const index = (start + step) % queues;
      leader.drainIndex = index;
      const queue = leader.queues[index];
      const first = queue.batches[0];
      if (first === undefined || queue.mutedBy !== null || isBackingOff(first, nowNs)) {
        continue;
      }
      if (this.#transactions?.admits(queue) === false) {
        continue;
      }
      if (bytes + first.bytes > this.#settings.maxRequestBytes && request.length > 0) {
        break;
      }
      if (this.#identity?.mayDrain(queue, first) === false) {
        break;
      }
      this.#take(queue, first);
      if (this.#settings.oneInFlight) {
        queue.mutedBy = first;
        this.#muted++;
      }
      bytes += this.#seal(first);
      request.push(first);
    }
    return request.length === 0 ? null : request;
  }

  /** All batches may be sent now: none takes more records. */
  flush(): void {
    for (const { filling } of this.#leaders.values()) {
      for (const batch of filling) {
        this.#markFull(batch);
      }
    }
  }

  /** A batch was not written and may be sent again after so long, in front of its partition's others. */
  requeue(batch: ProducerBatch, nowNs: number, backOffNs: number): void {
    this.#unmute(batch);
    batch.attempts++;
    batch.retryNs = nowNs + backOffNs;
    this.#putBack(batch);
  }

  /** A batch was refused for its size: smaller ones with its records take its place. */
  split(batch: ProducerBatch): void {
    const { topicIndex } = batch.queue;
    let ratio: number | null = null;
    if (this.#makings.codec.compress !== null) {
      this.#ratios.reset(topicIndex, batch.writer.compressionRatio);
      ratio = this.#ratios.ratio(topicIndex);
    }
    const parts = splitBatch(batch, this.#settings.batchBytes, this.#makings, ratio);
    this.#identity?.split(batch, parts);
    for (const part of parts.toReversed()) {
      this.#putBack(part);
    }
    this.#finish(batch);
  }

  /** A batch is acknowledged. */
  acknowledged(batch: ProducerBatch): void {
    this.#identity?.acknowledged(batch);
    this.#finish(batch);
  }

  /** A batch is given up. `mayBeWritten`: it was sent, and nobody knows what became of it. */
  failed(batch: ProducerBatch, mayBeWritten: boolean): void {
    this.#identity?.failed(batch, mayBeWritten);
    this.#finish(batch);
  }

  /** Takes back what a batch held; one that was given up on its way holds it until its request has ended. */
  release(batch: ProducerBatch): void {
    this.#unmute(batch);
    this.#freeBytes += batch.limitBytes;
    batch.writer.release();
  }

  /** Takes out the batches that were not sent within `delivery.timeout.ms`; the caller gives them up. */
  expired(nowNs: number): ProducerBatch[] {
    if (nowNs < this.#expiryNs) {
      return [];
    }
    const { deliveryTimeoutNs } = this.#settings;
    const expired: ProducerBatch[] = [];
    this.#expiryNs = Number.POSITIVE_INFINITY;
    for (const queue of this.#queues.flat()) {
      for (let first = queue.batches[0]; first !== undefined; first = queue.batches[0]) {
        const atNs = first.createdNs + deliveryTimeoutNs;
        if (nowNs < atNs) {
          this.#expiryNs = Math.min(this.#expiryNs, atNs);
          break;
        }
        this.#take(queue, first);
        expired.push(first);
      }
    }
    return expired;
  }

  /** When a batch that waits now may be sent, or expires, if nothing is answered before: infinite without one. */
  sendableNs(nowNs: number, requests: RoomInFlight): number {
    let soonestNs = this.#expiryNs;
    for (const leader of this.#leaders.values()) {
      if (leader.batches === 0 || !requests.hasRoomInFlight(leader.broker)) {
        continue;
      }
      if (leader.fullBatches > 0 || this.#waitingForMemory) {
        return nowNs;
      }
      dropNotFilling(leader.filling);
      if (leader.filling.length > 0) {
        soonestNs = Math.min(soonestNs, leader.filling[0].createdNs + this.#settings.lingerNs);
      }
      if (leader.retries > 0) {
        for (const { batches } of leader.queues) {
          const retryNs = batches[0]?.retryNs ?? Number.POSITIVE_INFINITY;
          soonestNs = Math.min(soonestNs, Math.max(nowNs, retryNs));
        }
      }
    }
    return soonestNs;
  }

  #isSendable(leader: Leader, nowNs: number): boolean {
    // A leader with retries, or muted partitions, is looked at queue by queue as it is drained.
    if (leader.fullBatches > 0 || leader.retries > 0 || this.#waitingForMemory) {
      return leader.retries === 0 && this.#muted === 0 ? true : this.#isAnySendable(leader, nowNs);
    }
    dropNotFilling(leader.filling);
    return leader.filling.length > 0 && nowNs - leader.filling[0].createdNs >= this.#settings.lingerNs;
  }

  #isAnySendable(leader: Leader, nowNs: number): boolean {
    return leader.queues.some(({ batches, mutedBy }) => {
      const first = batches[0];
      if (first === undefined || mutedBy !== null || isBackingOff(first, nowNs)) {
        return false;
      }
      const isFull = first.full || batches.length > 1 || first.attempts > 0;
      return isFull || this.#waitingForMemory || nowNs - first.createdNs >= this.#settings.lingerNs;
    });
  }

  #begin(
    queue: PartitionQueue,
    { key, valueBytes, headers }: NextRecord,
    timestampMs: number,
    nowNs: number,
  ): ProducerBatch | undefined {
    const { memories, pool, codec } = this.#makings;
    const shape = { keyBytes: key?.length ?? null, valueBytes, headersBytes: headers.length };
    const atLeastBytes = batchBytesUpperBound(shape);
    const limitBytes = Math.max(this.#settings.batchBytes, atLeastBytes);
    if (limitBytes > this.#freeBytes) {
      this.#waitingForMemory = true;
      return undefined;
    }
    this.#freeBytes -= limitBytes;
    const ratio = codec.compress === null ? null : this.#ratios.ratio(queue.topicIndex);
    const writer = new RecordBatchWriter(memories, pool, timestampMs, atLeastBytes);
    const batch = new ProducerBatch(queue, nowNs, limitBytes, writer, ratio);
    queue.batches.push(batch);
    this.#transactions?.uses(queue, nowNs);
    const { leader } = queue;
    count(leader, batch, 1);
    dropNotFilling(leader.filling);
    leader.filling.push(batch);
    if (!queue.used) {
      queue.used = true;
      this.#sticky[queue.topicIndex].unused--;
    }
    if (this.#expiryNs === Number.POSITIVE_INFINITY) {
      this.#expiryNs = nowNs + this.#settings.deliveryTimeoutNs;
    }
    return batch;
  }

  #markFull(batch: ProducerBatch): void {
    if (!batch.full) {
      batch.full = true;
      batch.queue.leader.fullBatches++;
    }
  }

  /** Takes the first batch out of its queue; it takes no more records, not even when it comes back. */
  #take(queue: PartitionQueue, first: ProducerBatch): void {
    queue.batches.shift();
    count(queue.leader, first, -1);
    first.full = true;
  }

  /** Gives a batch its sequence and makes it ready for the wire; returns its bytes there. */
  #seal(batch: ProducerBatch): number {
    this.#identity?.drained(batch);
    const { writer } = batch;
    const { codec } = this.#makings;
    const isNew = !writer.isSealed;
    writer.seal(codec, producerStateOf(batch));
    if (isNew && codec.compress !== null) {
      this.#ratios.observed(batch.queue.topicIndex, writer.compressionRatio);
    }
    return writer.sealedBytes;
  }

  /** Puts a batch at the front, or after those of its partition with earlier sequences. */
  #putBack(batch: ProducerBatch): void {
    const { batches, leader } = batch.queue;
    const place = batches.findIndex((other) => other.turn < 0 || batch.turn < other.turn);
    batches.splice(place < 0 ? batches.length : place, 0, batch);
    count(leader, batch, 1);
    this.#expiryNs = Math.min(this.#expiryNs, batch.createdNs + this.#settings.deliveryTimeoutNs);
  }

  #finish(batch: ProducerBatch): void {
    batch.done = true;
    if (!batch.inFlight) {
      this.release(batch);
    }
  }

  #unmute(batch: ProducerBatch): void {
    if (batch.queue.mutedBy === batch) {
      batch.queue.mutedBy = null;
      this.#muted--;
    }
  }

  /** Draws the next sticky partition when the present one has had this many bytes. */
  #switchSticky(topic: number, afterBytes: number): boolean {
    const sticky = this.#sticky[topic];
    if (sticky.producedBytes < Math.max(1, afterBytes)) {
      return false;
    }
    const byLength = this.#settings.adaptive && sticky.unused === 0;
    sticky.partition = drawPartition(this.#queues[topic], byLength, this.#random);
    sticky.producedBytes = 0;
    return true;
  }
}

function partitionOf(stated: number, key: Buffer | null, partitions: number): number {
  return stated === ANY_PARTITION && key !== null ? partitionForKey(key, partitions) : stated;
}

function isBackingOff(batch: ProducerBatch, nowNs: number): boolean {
  return batch.retryNs > nowNs;
}
