/**
 * The producers' record accumulator, as in Kafka's Java client and in our own generator, with records as counts.
 *
 * What:    a batch reserves batch.size of buffer.memory until it is acknowledged. A broker with a batch that is full,
 *          linger.ms old, or kept from memory gets one request with the first batch of every one of its partitions,
 *          sendable or not, up to max.request.size, starting after where the last request stopped. Keyless records
 *          stay on a partition for batch.size bytes, then the next is drawn, once its last batch is full, and after
 *          twice batch.size in any case; once all partitions have had records, the shorter a queue the more likely (KIP-794).
 *          Where partitions have shares of their own (keys, skew), records go to them one by one, or many at once (shares.ts).
 * Source:  RecordAccumulator.java, BuiltInPartitioner.java, Kafka 4.2.
 * Range:   batches that were not sent do not expire; partitions without a leader are drawn like others; queues are as long
 *          as at the draw, Kafka's as at its Sender's last round.
 * Error:   batches per request and records per batch are compared in every report.
 * Test:    test/kafka/accumulator.test.ts (conservation, sizes, linger; the generator's accumulator as oracle).
 */
import type { Float64Column, Int32Column, Uint8Column } from '../../kernel/columns.ts';
import { Fifos } from '../../kernel/fifo.ts';
import type { Stream } from '../../kernel/random.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { NONE, REQUEST } from '../requests.ts';
import type { Backoff } from './backoff.ts';
import type { Shares } from './shares.ts';

const WAITING_MAX = 33_554_432;
/** A batch's number in the linger queue: generation * this + row. */
const GENERATION = 67_108_864;
/** From so many records, and so many to a partition, they are spread at once. */
const SPREAD_RECORDS = 64;
const SPREAD_EACH = 4;

export interface ProducerClient {
  /** NONE for a mirror. */
  readonly classIndex: number;
  readonly clientThread: number;
  readonly host: number;
  /** Mean bytes of one record inside a batch. */
  readonly recordBytes: number;
  /** Of the partitions of all its topics; null for keyless records that stick to partitions. */
  readonly shares: Shares | null;
  readonly acks: '0' | '1' | 'all';
  readonly lingerNs: number;
  /** What a batch reserves of buffer.memory. */
  readonly batchBytes: number;
  /** Plain bytes that a batch may hold: as many, unless the client fills by what they will be compressed. */
  readonly fillBytes: number;
  readonly bufferBytes: number;
  readonly requestBytesMax: number;
  readonly inFlightMax: number;
  /** `partitioner.adaptive.partitioning.enable`. */
  readonly adaptive: boolean;
  /** Slots are pairs of a client and a partition; a topic's are in a row. */
  readonly topics: readonly {
    readonly firstSlot: number;
    readonly partitions: number;
    readonly lane: number;
  }[];
  /** Its thread's. */
  readonly entity: number;
  readonly deliveryTimeoutNs: number;
  readonly requestTimeoutNs: number;
  readonly backoff: Backoff;
  /** Its connection to each broker that may lead one of its partitions, else NONE. */
  readonly connectionOf: Int32Array;
  /** One link per broker that leads one of its partitions at the start. */
  readonly links: readonly ProducerLink[];
  readonly stream: Stream;
}

export interface ProducerLink {
  readonly index: number;
  readonly broker: number;
  readonly connection: number;
  readonly slots: readonly number[];
}

export class Accumulator {
  readonly #model: ClusterModel;
  readonly #slotPartition: readonly number[];
  readonly #slotLink: readonly number[];
  /** Per slot: the batch being filled, and the full ones before it. */
  readonly #open: Int32Column;
  readonly #full: Fifos;
  /** Per link: open batches by age (stale ones are dropped when they come to the front). */
  readonly #filling: Fifos;
  readonly #fullInLink: Int32Column;
  readonly #inFlight: Int32Column;
  readonly #drainStart: Int32Column;
  /** Per lane (client and topic): the sticky partition's slot and the bytes it has had. */
  readonly #stickySlot: Int32Column;
  readonly #stickyBytes: Float64Column;
  /** Per lane: partitions that never had a record; per slot: whether its partition had one. */
  readonly #unused: Int32Column;
  readonly #used: Uint8Column;
  readonly #bufferUsed: Float64Column;
  readonly #waitsForMemory: Int32Column;
  /** Per client: none of its links has anything to send before this time. */
  readonly #quietUntilNs: Float64Column;
  /** Per client with shares: the partition of the record that waits for memory, or NONE. */
  readonly #waitingShare: Int32Column;

  constructor(
    model: ClusterModel,
    clients: readonly ProducerClient[],
    slotPartition: readonly number[],
    slotLink: readonly number[],
    lanes: number,
    links: number,
  ) {
    this.#model = model;
    this.#slotPartition = slotPartition;
    this.#slotLink = slotLink;
    const columns = model.sim.columns;
    this.#open = columns.int32('accumulator/open', slotPartition.length);
    this.#open.data.fill(NONE);
    this.#full = new Fifos(columns, 'accumulator/full', slotPartition.length, WAITING_MAX);
    this.#filling = new Fifos(columns, 'accumulator/filling', links, WAITING_MAX);
    this.#fullInLink = columns.int32('accumulator/full-in-link', links);
    this.#inFlight = columns.int32('accumulator/in-flight', links);
    this.#drainStart = columns.int32('accumulator/drain-start', links);
    this.#stickySlot = columns.int32('accumulator/sticky-slot', lanes);
    this.#stickyBytes = columns.float64('accumulator/sticky-bytes', lanes);
    this.#unused = columns.int32('accumulator/unused', lanes);
    this.#used = columns.uint8('accumulator/used', slotPartition.length);
    this.#bufferUsed = columns.float64('accumulator/buffer-used', clients.length);
    this.#waitsForMemory = columns.int32('accumulator/waits-for-memory', clients.length);
    this.#quietUntilNs = columns.float64('accumulator/quiet-until', clients.length);
    this.#waitingShare = columns.int32('accumulator/waiting-share', clients.length);
    this.#waitingShare.data.fill(NONE);
    for (const client of clients) {
      for (const topic of client.topics) {
        this.#unused.data[topic.lane] = topic.partitions;
        this.#stickySlot.data[topic.lane] = this.#drawEvenly(client, topic);
      }
    }
  }

  /**
   * Puts in records of one topic, due at first, first + gap, ...
   * @returns how many found room; the others wait for memory
   */
  add(
    client: ProducerClient,
    index: number,
    topic: number,
    records: number,
    firstDueNs: number,
    gapNs: number,
  ): number {
    const added =
      client.shares === null
        ? this.#addSticking(client, index, topic, records, firstDueNs, gapNs)
        : this.#addShared(client, index, client.shares, records, firstDueNs, gapNs);
    this.#waitsForMemory.data[index] = added < records ? 1 : 0;
    if (added < records) this.#quietUntilNs.data[index] = 0;
    return added;
  }

  #addSticking(
    client: ProducerClient,
    index: number,
    topic: number,
    records: number,
    firstDueNs: number,
    gapNs: number,
  ): number {
    const of = client.topics[topic];
    let added = 0;
    while (added < records) {
      const slot = this.#sticky(client, index, of);
      const batch = this.#batchWithRoom(client, index, slot, of.lane);
      if (batch === NONE) break;
      const wanted = Math.min(records - added, this.#untilSwitch(client, of.lane));
      added += this.#fill(client, batch, wanted, firstDueNs + added * gapNs, gapNs, of.lane);
      this.#closeIfFull(client, index, slot, batch);
      this.#switchIfDue(client, of, this.#open.data[slot] === NONE);
    }
    return added;
  }

  #addShared(
    client: ProducerClient,
    index: number,
    shares: Shares,
    records: number,
    firstDueNs: number,
    gapNs: number,
  ): number {
    if (this.#mayBeSpread(client, index, shares, records)) {
      shares.spread(records, this.#model.sim.random, client.stream);
      for (let share = 0; share < shares.length; share += 1) {
        const count = shares.counts[share];
        if (count === 0) continue;
        // Evenly among all of them, half of a gap of its own before the first and after the last.
        const ownGapNs = (gapNs * records) / count;
        this.#addToOne(client, index, share, count, firstDueNs + (ownGapNs - gapNs) / 2, ownGapNs);
      }
      return records;
    }
    let added = 0;
    while (added < records) {
      const waits = this.#waitingShare.data[index];
      const share = waits === NONE ? shares.draw(this.#model.sim.random, client.stream) : waits;
      const taken = this.#addToOne(client, index, share, 1, firstDueNs + added * gapNs, gapNs);
      this.#waitingShare.data[index] = taken === 1 ? NONE : share;
      if (taken === 0) break;
      added += 1;
    }
    return added;
  }

  /** Whether there are many records for each partition, and memory for all of them wherever they fall. */
  #mayBeSpread(client: ProducerClient, index: number, shares: Shares, records: number): boolean {
    if (records < SPREAD_RECORDS || records < SPREAD_EACH * shares.length) return false;
    if (this.#waitingShare.data[index] !== NONE) return false;
    // A batch that is not filled to the end for want of room for one more record counts as two.
    const batches = shares.length + Math.ceil((2 * records * client.recordBytes) / client.fillBytes);
    return this.#bufferUsed.data[index] + batches * client.batchBytes <= client.bufferBytes;
  }

  /** Puts records into one partition; returns how many found room. */
  #addToOne(
    client: ProducerClient,
    index: number,
    share: number,
    records: number,
    firstDueNs: number,
    gapNs: number,
  ): number {
    // The slots of a client are numbered in a row, topic after topic.
    const slot = client.topics[0].firstSlot + share;
    let added = 0;
    while (added < records) {
      const batch = this.#batchWithRoom(client, index, slot, NONE);
      if (batch === NONE) break;
      added += this.#fill(client, batch, records - added, firstDueNs + added * gapNs, gapNs, NONE);
      this.#closeIfFull(client, index, slot, batch);
    }
    return added;
  }

  #closeIfFull(client: ProducerClient, index: number, slot: number, batch: number): void {
    if (this.#model.batches.bytes.data[batch] >= client.fillBytes) this.#close(index, slot);
  }

  /**
   * How many more records would only go into the batch that is being filled; 0 for clients whose next record may go
   * into one of several.
   */
  roomInOpenBatch(client: ProducerClient): number {
    if (client.shares !== null || client.topics.length !== 1) return 0;
    const [{ lane }] = client.topics;
    const batch = this.#open.data[this.#stickySlot.data[lane]];
    if (batch === NONE) return 0;
    const fits = Math.floor((client.fillBytes - this.#model.batches.bytes.data[batch]) / client.recordBytes);
    return Math.min(fits, this.#untilSwitch(client, lane));
  }

  /** Whether a link of the client may have something to send: most ticks of most clients find nothing. */
  mayDrain(index: number): boolean {
    return this.#model.sim.nowNs >= this.#quietUntilNs.data[index];
  }

  /** To be called before all links of the client are drained: what they keep says when to look again. */
  beginDrain(index: number): void {
    this.#quietUntilNs.data[index] = Number.POSITIVE_INFINITY;
  }

  /** Whether a link has batches, sendable or not. */
  hasBatches(link: number): boolean {
    return this.#fullInLink.data[link] > 0 || this.#filling.length(link) > 0;
  }

  /** Forms the next request of a link, or NONE when nothing may be sent yet or enough is in flight. */
  drain(client: ProducerClient, index: number, link: ProducerLink): number {
    if (this.#inFlight.data[link.index] >= client.inFlightMax || !this.#isSendable(client, index, link))
      return NONE;
    const { requests, batches } = this.#model;
    const request = requests.open(REQUEST.produce, link.connection, link.index);
    const slots = link.slots;
    let last = NONE;
    let place = this.#drainStart.data[link.index] % slots.length;
    for (let left = slots.length; left > 0; left -= 1) {
      this.#drainStart.data[link.index] = place;
      const batch = this.#first(slots[place]);
      if (batch !== NONE) {
        const bytes = requests.bytesIn.data[request] + batches.bytes.data[batch];
        if (last !== NONE && bytes > client.requestBytesMax) break;
        this.#take(slots[place], link.index);
        if (last === NONE) requests.firstBatch.data[request] = batch;
        else batches.nextInRequest.data[last] = batch;
        last = batch;
        requests.bytesIn.data[request] = bytes;
        requests.batches.data[request] += 1;
        requests.records.data[request] += batches.records.data[batch];
      }
      place = place + 1 === slots.length ? 0 : place + 1;
    }
    this.#inFlight.data[link.index] += 1;
    return request;
  }

  /** When the oldest batch of a link will have lingered; infinite when none is being filled. */
  lingersUntilNs(client: ProducerClient, link: ProducerLink): number {
    const oldest = this.#oldest(link);
    if (oldest === NONE) return Number.POSITIVE_INFINITY;
    return this.#model.batches.createdNs.data[oldest] + client.lingerNs;
  }

  /** One of the link's requests goes on as two. */
  splits(link: number): void {
    this.#inFlight.data[link] += 1;
  }

  /** A request of the link is done: its place in flight and the memory of its batches are free. */
  done(client: ProducerClient, index: number, link: number, batches: number): void {
    this.#inFlight.data[link] -= 1;
    this.#quietUntilNs.data[index] = 0;
    this.#bufferUsed.data[index] -= batches * client.batchBytes;
  }

  /** The slot of the present sticky partition, drawn anew when it is due to change. */
  #sticky(client: ProducerClient, index: number, topic: ProducerClient['topics'][number]): number {
    const slot = this.#stickySlot.data[topic.lane];
    const open = this.#open.data[slot];
    const isFull = open === NONE || this.#isFull(client, open);
    // What is left behind is full: it waits for nothing any more.
    if (open !== NONE && isFull && this.#isDue(client, topic, isFull)) this.#close(index, slot);
    this.#switchIfDue(client, topic, isFull);
    return this.#stickySlot.data[topic.lane];
  }

  #switchIfDue(client: ProducerClient, topic: ProducerClient['topics'][number], isFull: boolean): void {
    if (!this.#isDue(client, topic, isFull)) return;
    this.#stickySlot.data[topic.lane] = this.#draw(client, topic);
    this.#stickyBytes.data[topic.lane] = 0;
  }

  #isDue(client: ProducerClient, topic: ProducerClient['topics'][number], isFull: boolean): boolean {
    return this.#stickyBytes.data[topic.lane] >= client.fillBytes * (isFull ? 1 : 2);
  }

  /** Records until the sticky partition has had twice batch.size. */
  #untilSwitch(client: ProducerClient, lane: number): number {
    return Math.ceil((2 * client.fillBytes - this.#stickyBytes.data[lane]) / client.recordBytes);
  }

  #isFull(client: ProducerClient, batch: number): boolean {
    return this.#model.batches.bytes.data[batch] + client.recordBytes > client.fillBytes;
  }

  /** The slot's batch that takes one more record, a new one if need be; NONE when memory is exhausted. */
  #batchWithRoom(client: ProducerClient, index: number, slot: number, lane: number): number {
    const { batches, sim } = this.#model;
    const open = this.#open.data[slot];
    if (open !== NONE && !this.#isFull(client, open)) return open;
    const link = this.#slotLink[slot];
    if (open !== NONE) this.#close(index, slot);
    if (this.#bufferUsed.data[index] + client.batchBytes > client.bufferBytes) return NONE;
    this.#bufferUsed.data[index] += client.batchBytes;
    const batch = batches.create(this.#slotPartition[slot], sim.nowNs);
    if (lane !== NONE) {
      this.#stickyBytes.data[lane] += batches.bytes.data[batch];
      this.#unused.data[lane] -= 1 - this.#used.data[slot];
      this.#used.data[slot] = 1;
    }
    this.#open.data[slot] = batch;
    this.#expectAt(index, sim.nowNs + client.lingerNs);
    this.#filling.push(link, batches.generation.data[batch] * GENERATION + batch);
    return batch;
  }

  /** The slot's open batch is full. */
  #close(index: number, slot: number): void {
    this.#quietUntilNs.data[index] = 0;
    const batch = this.#open.data[slot];
    this.#model.batches.open.data[batch] = 0;
    this.#open.data[slot] = NONE;
    this.#full.push(slot, batch);
    this.#fullInLink.data[this.#slotLink[slot]] += 1;
  }

  /** Adds up to `wanted` records, at least one, as far as the batch has room; returns how many. */
  #fill(
    client: ProducerClient,
    batch: number,
    wanted: number,
    firstDueNs: number,
    gapNs: number,
    lane: number,
  ): number {
    const { batches, recorder } = this.#model;
    const fits = Math.floor((client.fillBytes - batches.bytes.data[batch]) / client.recordBytes);
    const count = Math.max(1, Math.min(wanted, fits));
    if (batches.records.data[batch] === 0) batches.firstDueNs.data[batch] = firstDueNs;
    batches.records.data[batch] += count;
    batches.measured.data[batch] += recorder.measuredOf(count, firstDueNs, gapNs);
    batches.bytes.data[batch] += count * client.recordBytes;
    batches.lastDueNs.data[batch] = firstDueNs + (count - 1) * gapNs;
    if (lane !== NONE) this.#stickyBytes.data[lane] += count * client.recordBytes;
    return count;
  }

  #isSendable(client: ProducerClient, index: number, link: ProducerLink): boolean {
    if (this.#fullInLink.data[link.index] > 0) return true;
    const oldest = this.#oldest(link);
    if (oldest === NONE) return false;
    const { batches, sim } = this.#model;
    const oldNs = batches.createdNs.data[oldest] + client.lingerNs;
    this.#expectAt(index, oldNs);
    return sim.nowNs >= oldNs || this.#waitsForMemory.data[index] === 1;
  }

  /** The oldest batch of a link that is still being filled; NONE without one. */
  #oldest(link: ProducerLink): number {
    const { batches } = this.#model;
    while (this.#filling.length(link.index) > 0) {
      const entry = this.#filling.peek(link.index);
      const batch = entry % GENERATION;
      const isSame = batches.generation.data[batch] === (entry - batch) / GENERATION;
      if (isSame && batches.open.data[batch] === 1) return batch;
      this.#filling.shift(link.index);
    }
    return NONE;
  }

  #expectAt(index: number, timeNs: number): void {
    if (timeNs < this.#quietUntilNs.data[index]) this.#quietUntilNs.data[index] = timeNs;
  }

  #first(slot: number): number {
    return this.#full.length(slot) > 0 ? this.#full.peek(slot) : this.#open.data[slot];
  }

  #take(slot: number, link: number): void {
    if (this.#full.length(slot) > 0) {
      this.#full.shift(slot);
      this.#fullInLink.data[link] -= 1;
      return;
    }
    this.#model.batches.open.data[this.#open.data[slot]] = 0;
    this.#open.data[slot] = NONE;
  }

  #draw(client: ProducerClient, topic: ProducerClient['topics'][number]): number {
    const { firstSlot, partitions, lane } = topic;
    if (!client.adaptive || this.#unused.data[lane] > 0 || partitions === 1) {
      return this.#drawEvenly(client, topic);
    }
    let longest = 0;
    let waiting = 0;
    for (let slot = firstSlot; slot < firstSlot + partitions; slot += 1) {
      const length = this.#queueLength(slot);
      waiting += length;
      if (length > longest) longest = length;
    }
    if (waiting === longest * partitions) return this.#drawEvenly(client, topic);
    const room = (longest + 1) * partitions - waiting;
    let left = this.#model.sim.random.integer(client.stream, room);
    let slot = firstSlot;
    for (; left >= longest + 1 - this.#queueLength(slot); slot += 1) {
      left -= longest + 1 - this.#queueLength(slot);
    }
    return slot;
  }

  /** Batches of a slot that wait, the open one among them. */
  #queueLength(slot: number): number {
    return this.#full.length(slot) + (this.#open.data[slot] === NONE ? 0 : 1);
  }

  #drawEvenly(client: ProducerClient, topic: ProducerClient['topics'][number]): number {
    return topic.firstSlot + this.#model.sim.random.integer(client.stream, topic.partitions);
  }
}
