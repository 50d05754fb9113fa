/**
 * Records waiting to be sent, one producer client: Kafka's RecordAccumulator and BuiltInPartitioner (KIP-794) as pure
 * code with the time passed in.
 *
 * * A partition has a queue of batches. A batch takes records until `batch.size` bytes (format v2, before compression),
 *   and reserves `batch.size` (or its one larger record) of `buffer.memory` until it is acknowledged.
 * * A batch may be sent when it is full, when `linger.ms` have passed since its first record, or when a record waits for
 *   memory. A broker with one such batch gets one request with the first batch of every one of its partitions, sendable
 *   or not, up to `max.request.size`, starting after where the last request stopped.
 * * A keyless record goes to the sticky partition, which is drawn anew (evenly: Kafka's weighting by queue length is left
 *   out) after `batch.size` bytes, once no batch of it is still filling, and after twice `batch.size` in any case.
 *
 * The caller bounds the requests in flight.
 */

import { partitionForKey } from '../scenario/murmur2.ts';
import {
  BATCH_OVERHEAD_BYTES,
  batchBytesUpperBound,
  type RecordShape,
  recordBytes,
} from '../scenario/record-format.ts';
import type { Random } from './random.ts';

export interface AccumulatorSettings {
  readonly batchBytes: number;
  readonly lingerNs: number;
  readonly bufferBytes: number;
  readonly maxRequestBytes: number;
}

export interface AccumulatorTopic {
  readonly name: string;
  readonly partitions: number;
}

/** Records of one partition, as columns of equal length. */
export interface Batch {
  readonly topic: string;
  readonly partition: number;
  readonly createdNs: number;
  readonly dueNs: readonly number[];
  readonly valueBytes: readonly number[];
  /** Empty when the records have no keys. */
  readonly keys: readonly Buffer[];
  /** Size in Kafka's format, uncompressed. */
  readonly bytes: number;
  /** Keys and values alone. */
  readonly payloadBytes: number;
}

class OpenBatch implements Batch {
  readonly topic: string;
  readonly partition: number;
  readonly queue: Queue;
  readonly createdNs: number;
  readonly dueNs: number[] = [];
  readonly valueBytes: number[] = [];
  readonly keys: Buffer[] = [];
  bytes = BATCH_OVERHEAD_BYTES;
  payloadBytes = 0;
  readonly limitBytes: number;
  full = false;
  drained = false;

  constructor(queue: Queue, createdNs: number, limitBytes: number) {
    this.topic = queue.topic;
    this.partition = queue.partition;
    this.queue = queue;
    this.createdNs = createdNs;
    this.limitBytes = limitBytes;
  }
}

interface Queue {
  readonly topic: string;
  readonly partition: number;
  readonly batches: OpenBatch[];
  leader: Leader;
}

/** The queues whose partitions one broker leads. */
interface Leader {
  readonly broker: number;
  readonly queues: Queue[];
  drainIndex: number;
  fullBatches: number;
  batches: number;
  /** In the order of creation; full and drained ones are dropped when they come to the front. */
  filling: OpenBatch[];
}

interface Sticky {
  partition: number;
  producedBytes: number;
}

export class Accumulator {
  readonly #settings: AccumulatorSettings;
  readonly #topics: readonly AccumulatorTopic[];
  readonly #random: Random;
  readonly #queues: Queue[][];
  readonly #sticky: Sticky[];
  #leaders = new Map<number, Leader>();
  #freeBytes: number;
  #waitingForMemory = false;

  /** `random` draws the sticky partitions. Every partition is without a leader until `setLeaders`. */
  constructor(settings: AccumulatorSettings, topics: readonly AccumulatorTopic[], random: Random) {
    this.#settings = settings;
    this.#topics = topics;
    this.#random = random;
    this.#freeBytes = settings.bufferBytes;
    const nobody = newLeader(-1);
    this.#queues = topics.map((topic) =>
      Array.from({ length: topic.partitions }, (_, partition) => {
        const queue: Queue = { topic: topic.name, partition, batches: [], leader: nobody };
        nobody.queues.push(queue);
        return queue;
      }),
    );
    this.#sticky = topics.map((topic) => ({ partition: this.#draw(topic), producedBytes: 0 }));
  }

  /** True while a record was refused for want of memory and none has been taken since. */
  get waitingForMemory(): boolean {
    return this.#waitingForMemory;
  }

  get brokers(): Iterable<number> {
    return this.#leaders.keys();
  }

  /** Tells who leads: broker ids by topic (in the constructor's order) and partition. */
  setLeaders(brokers: readonly (readonly number[])[]): void {
    const leaders = new Map<number, Leader>();
    for (const [topic, queues] of this.#queues.entries()) {
      for (const queue of queues) {
        const broker = brokers[topic][queue.partition];
        const leader = leaders.get(broker) ?? newLeader(broker);
        leaders.set(broker, leader);
        leader.queues.push(queue);
        leader.batches += queue.batches.length;
        leader.fullBatches += queue.batches.filter((batch) => batch.full).length;
        leader.filling.push(...queue.batches.filter((batch) => !batch.full));
        queue.leader = leader;
      }
    }
    for (const leader of leaders.values()) {
      leader.filling.sort((a, b) => a.createdNs - b.createdNs);
    }
    this.#leaders = leaders;
  }

  /** Takes one record, or returns false when `buffer.memory` has no room for the batch that it needs. */
  append(
    topic: number,
    shape: RecordShape,
    key: Buffer | null,
    time: { readonly dueNs: number; readonly nowNs: number },
  ): boolean {
    const queues = this.#queues[topic];
    for (;;) {
      const partition = key === null ? this.#sticky[topic].partition : partitionForKey(key, queues.length);
      const queue = queues[partition];
      const last = queue.batches.at(-1);
      if (key === null && last?.full !== false && this.#switchSticky(topic, this.#settings.batchBytes)) {
        continue;
      }
      if (last !== undefined && !last.full) {
        const bytes = recordBytes(shape, last.dueNs.length);
        if (last.bytes + bytes > last.limitBytes) {
          markFull(last);
          continue;
        }
        this.#add(last, bytes, shape, key, time.dueNs);
        this.#afterAppend(topic, key, last, bytes);
        return true;
      }
      const limitBytes = Math.max(this.#settings.batchBytes, batchBytesUpperBound(shape));
      if (limitBytes > this.#freeBytes) {
        this.#waitingForMemory = true;
        return false;
      }
      this.#freeBytes -= limitBytes;
      const batch = new OpenBatch(queue, time.nowNs, limitBytes);
      queue.batches.push(batch);
      queue.leader.batches++;
      dropNotFilling(queue.leader.filling);
      queue.leader.filling.push(batch);
      this.#add(batch, recordBytes(shape, 0), shape, key, time.dueNs);
      this.#afterAppend(topic, key, batch, batch.bytes);
      return true;
    }
  }

  /** The batches of the next request to this broker, or null when none of its batches may be sent yet. */
  drain(broker: number, nowNs: number): Batch[] | null {
    const leader = this.#leaders.get(broker);
    if (leader === undefined || !this.#isSendable(leader, nowNs)) {
      return null;
    }
    const request: OpenBatch[] = [];
    const count = leader.queues.length;
    const start = leader.drainIndex % count;
    let bytes = 0;
    for (let step = 0; step < count; step++) {
      const index = (start + step) % count;
      leader.drainIndex = index;
      const { batches } = leader.queues[index];
      const first = batches[0];
      if (first === undefined) {
        continue;
      }
      if (bytes + first.bytes > this.#settings.maxRequestBytes && request.length > 0) {
        break;
      }
      batches.shift();
      first.drained = true;
      leader.batches--;
      if (first.full) {
        leader.fullBatches--;
      }
      bytes += first.bytes;
      request.push(first);
    }
    return request;
  }

  /** Gives back the memory of batches that were acknowledged or given up. */
  release(batches: readonly Batch[]): void {
    for (const batch of batches) {
      if (!(batch instanceof OpenBatch)) {
        throw new Error('a batch was released that this accumulator did not make');
      }
      this.#freeBytes += batch.limitBytes;
    }
  }

  #isSendable(leader: Leader, nowNs: number): boolean {
    if (leader.batches === 0) {
      return false;
    }
    if (leader.fullBatches > 0 || this.#waitingForMemory) {
      return true;
    }
    dropNotFilling(leader.filling);
    return leader.filling.length > 0 && nowNs - leader.filling[0].createdNs >= this.#settings.lingerNs;
  }

  #add(batch: OpenBatch, bytes: number, shape: RecordShape, key: Buffer | null, dueNs: number): void {
    batch.bytes += bytes;
    batch.payloadBytes += shape.valueBytes + (shape.keyBytes ?? 0);
    batch.dueNs.push(dueNs);
    batch.valueBytes.push(shape.valueBytes);
    if (key !== null) {
      batch.keys.push(key);
    }
    if (batch.bytes >= batch.limitBytes) {
      markFull(batch);
    }
  }

  #afterAppend(topic: number, key: Buffer | null, batch: OpenBatch, bytes: number): void {
    this.#waitingForMemory = false;
    if (key === null) {
      this.#sticky[topic].producedBytes += bytes;
      this.#switchSticky(topic, this.#settings.batchBytes * (batch.full ? 1 : 2));
    }
  }

  /** Draws the next sticky partition when the present one has had this many bytes. */
  #switchSticky(topic: number, afterBytes: number): boolean {
    const sticky = this.#sticky[topic];
    if (sticky.producedBytes < Math.max(1, afterBytes)) {
      return false;
    }
    sticky.partition = this.#draw(this.#topics[topic]);
    sticky.producedBytes = 0;
    return true;
  }

  #draw(topic: AccumulatorTopic): number {
    return Math.floor(this.#random() * topic.partitions);
  }
}

function newLeader(broker: number): Leader {
  return { broker, queues: [], drainIndex: 0, fullBatches: 0, batches: 0, filling: [] };
}

function dropNotFilling(filling: OpenBatch[]): void {
  while (filling.length > 0 && (filling[0].drained || filling[0].full)) {
    filling.shift();
  }
}

function markFull(batch: OpenBatch): void {
  if (!batch.full) {
    batch.full = true;
    batch.queue.leader.fullBatches++;
  }
}
