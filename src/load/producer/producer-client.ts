/**
 * One producer client: its schedule, its accumulator, its requests in flight. It is woken when something may be due, when a
 * request is answered, and (saturating, while there is room) at the end of a turn of the event loop. Each time it takes
 * in the records that it can, then sends what is sendable to every broker that has a request to spare.
 */
import type { ProducerConfig } from '../../scenario/kafka-defaults.ts';
import { NS_PER_MS } from '../clock.ts';
import { writeDueTime } from '../due-time.ts';
import type { Random } from '../random.ts';
import type { Schedule } from '../schedule.ts';
import { Accumulator, type BatchMakings } from './accumulator.ts';
import type { Allowance } from './allowance.ts';
import { BatchSender, type ProduceLinks, type ProduceMetadata } from './batch-sender.ts';
import type { Destinations } from './destinations.ts';
import { ProducerIdentity } from './producer-identity.ts';
import type { ProducerObserver } from './producer-observer.ts';
import type { RecordSource } from './record-source.ts';
import type { Stamper } from './stamper.ts';
import type { Transactions } from './transactions.ts';

/** Records made in one go when saturating, so that the event loop comes to its sockets in between. */
const FILL_BYTES = 256 * 1024;

export interface ProducerClientOptions {
  readonly clientId: string;
  readonly config: ProducerConfig;
  readonly topics: readonly { readonly name: string; readonly partitions: number }[];
  readonly destinations: Destinations;
  readonly records: RecordSource;
  /** Saturating: after so many it makes no more. */
  readonly recordsMax: number;
  /** The steady state begins after so many; 0 for none. */
  readonly warmupRecords: number;
  readonly allowance: Allowance;
  readonly makings: BatchMakings;
  readonly random: Random;
  readonly metadata: ProduceMetadata;
  readonly links: ProduceLinks;
  /** Null without them. */
  readonly transactions: Transactions | null;
  /** Null: records are not stamped. */
  readonly stamper: Stamper | null;
  readonly observer: ProducerObserver;
  readonly now: () => number;
  /** It has done what there was to do. */
  readonly onWork: (nowNs: number) => void;
}

/** Two cursors over the same times: one is at the records not yet offered, one at those that have not found room yet. */
export interface Cursors {
  readonly offer: Schedule;
  readonly enter: Schedule;
}

export class ProducerClient {
  readonly #options: ProducerClientOptions;
  readonly #accumulator: Accumulator;
  readonly #identity: ProducerIdentity | null;
  readonly #sender: BatchSender;
  #cursors: Cursors | null = null;
  #endNs = 0;
  /** After so many records the next begins the steady state. */
  readonly #steadyAfter: number;
  #outstandingRecords = 0;
  #madeRecords = 0;
  #filling = false;
  #identifying = false;

  constructor(options: ProducerClientOptions) {
    const { config } = options;
    this.#options = options;
    this.#steadyAfter = options.warmupRecords > 0 ? options.warmupRecords : Number.POSITIVE_INFINITY;
    this.#identity = config['enable.idempotence'] ? new ProducerIdentity() : null;
    this.#accumulator = new Accumulator(
      {
        batchBytes: config['batch.size'],
        lingerNs: config['linger.ms'] * NS_PER_MS,
        bufferBytes: config['buffer.memory'],
        maxRequestBytes: config['max.request.size'],
        deliveryTimeoutNs: config['delivery.timeout.ms'] * NS_PER_MS,
        oneInFlight: config['max.in.flight.requests.per.connection'] === 1,
        adaptive: config['partitioner.adaptive.partitioning.enable'],
      },
      options.topics,
      options.makings,
      options.random,
      this.#identity,
      options.transactions,
    );
    this.#sender = new BatchSender({
      ...options,
      accumulator: this.#accumulator,
      identity: this.#identity,
      onAnswered: (broker, nowNs) => this.#answered(broker, nowNs),
      onDone: (batch, failure) => {
        this.#outstandingRecords -= batch.records;
        if (failure !== null) {
          options.transactions?.failed(failure);
        }
      },
    });
    if (options.transactions !== null) {
      options.transactions.onAnswered = () => this.#go(options.now());
    }
  }

  /** Finds its id and the leaders, and connects to them. */
  async connect(): Promise<void> {
    this.leadersChanged();
    const leaders = new Set(this.#leaders().flat());
    await Promise.all([
      this.#identify(),
      ...[...leaders].filter((broker) => broker >= 0).map((broker) => this.#options.links.open(broker)),
    ]);
  }

  /** The cluster tells of other leaders. */
  leadersChanged(): void {
    this.#accumulator.setLeaders(this.#leaders());
  }

  /** Lets the client work: by these due times, or saturating when there are none. Nothing is due from `endNs` on. */
  start(cursors: Cursors | null, endNs: number): void {
    this.#cursors = cursors;
    this.#endNs = endNs;
  }

  /** Ends the schedule early. */
  stop(nowNs: number): void {
    this.#endNs = Math.min(this.#endNs, nowNs);
  }

  /** True when every record that was due by the end is acknowledged or given up, and its transaction committed. */
  get idle(): boolean {
    return (
      this.#outstandingRecords === 0 &&
      this.#options.transactions?.isOpen !== true &&
      (this.#cursors === null || this.spent || this.#cursors.enter.dueNs >= this.#endNs)
    );
  }

  /** True when all records that it shall ever make have come due. */
  get exhausted(): boolean {
    if (this.spent) {
      return true;
    }
    return this.#cursors === null
      ? this.#madeRecords >= this.#options.recordsMax
      : this.#cursors.enter.dueNs === Number.POSITIVE_INFINITY;
  }

  /** True when it has made all bytes that it may. */
  get spent(): boolean {
    return this.#options.allowance.spent;
  }

  /** Takes in all records that have come due (saturating: begins to make them), and sends what is sendable. */
  tick(nowNs: number): void {
    this.#options.links.expire(nowNs);
    this.#sender.expire(nowNs);
    if (this.#identity?.known === false) {
      this.#identifyAgain();
    }
    this.#go(nowNs);
  }

  /** When the next tick is of use, if nothing is answered before: infinite without such a time. */
  wakeNs(nowNs: number): number {
    return Math.min(
      this.#nextRecordNs(),
      this.#accumulator.sendableNs(nowNs, this.#sender),
      this.#sender.expiryNs,
      this.#options.links.wakeNs(nowNs),
      this.#transactionEndNs(),
    );
  }

  close(): void {
    this.#options.links.close();
  }

  #nextRecordNs(): number {
    const { allowance } = this.#options;
    const nextNs =
      this.#cursors?.offer.dueNs ?? (allowance.held ? allowance.nextNs : Number.POSITIVE_INFINITY);
    return this.spent || nextNs >= this.#endNs ? Number.POSITIVE_INFINITY : nextNs;
  }

  #leaders(): (readonly number[])[] {
    const { topics, metadata } = this.#options;
    return topics.map(({ name }) => metadata.topic(name).leaders);
  }

  #go(nowNs: number): void {
    this.#takeIn(nowNs);
    this.#advanceTransaction(nowNs);
    this.#sender.send(nowNs);
    this.#options.onWork(nowNs);
  }

  #transactionEndNs(): number {
    const endNs = this.#options.transactions?.endNs ?? Number.POSITIVE_INFINITY;
    return endNs === Number.POSITIVE_INFINITY ? endNs : Math.min(endNs, this.#endNs);
  }

  #advanceTransaction(nowNs: number): void {
    const { transactions } = this.#options;
    if (transactions === null) {
      return;
    }
    const isOver = this.exhausted || nowNs >= this.#endNs;
    if (transactions.isOpen && !transactions.isEnding && (isOver || nowNs >= transactions.endNs)) {
      transactions.end();
      this.#accumulator.flush();
    }
    transactions.advance(this.#outstandingRecords === 0);
  }

  #answered(broker: number, nowNs: number): void {
    this.#go(nowNs);
    if (this.#cursors === null) {
      const starved =
        !this.#options.allowance.hasRate &&
        !this.#accumulator.waitingForMemory &&
        this.#options.transactions?.isEnding !== true &&
        this.#sender.hasRoomInFlight(broker);
      this.#options.observer.answered(starved, nowNs);
    }
  }

  #takeIn(nowNs: number): void {
    if (this.#cursors === null) {
      this.#fill(nowNs);
      return;
    }
    const { offer, enter } = this.#cursors;
    while (!this.spent && offer.dueNs <= nowNs && offer.dueNs < this.#endNs) {
      this.#options.observer.offered(offer.dueNs, nowNs);
      offer.advance();
    }
    while (enter.dueNs < offer.dueNs && enter.dueNs < this.#endNs && this.#enter(enter.dueNs, nowNs)) {
      enter.advance();
    }
    for (; this.spent && enter.dueNs < offer.dueNs; enter.advance()) {
      this.#options.observer.withdrawn(enter.dueNs);
    }
  }

  #fill(nowNs: number): void {
    const { records, observer } = this.#options;
    const before = this.#madeRecords;
    let bytes = 0;
    let room = nowNs < this.#endNs && !this.#sender.hasFailed;
    while (room && bytes < FILL_BYTES && !this.exhausted) {
      bytes += records.valueBytes;
      room = this.#enter(nowNs, nowNs);
      // Steady records are told from others by when they were due.
      if (this.#madeRecords === this.#steadyAfter) break;
    }
    observer.made(this.#madeRecords - before, nowNs);
    if (room && !this.exhausted && !this.#filling) {
      this.#filling = true;
      setImmediate(() => {
        this.#filling = false;
        this.#go(this.#options.now());
      });
    }
  }

  #enter(dueNs: number, nowNs: number): boolean {
    const { records, destinations, allowance, transactions } = this.#options;
    if (transactions?.isEnding === true) {
      return false;
    }
    const bytes = records.valueBytes + records.headersBytes + (records.key?.length ?? 0);
    if (!allowance.allows(bytes, nowNs)) {
      return false;
    }
    const { topic, partition } = destinations;
    const batch = this.#accumulator.append(topic, records, dueNs, nowNs, partition);
    if (batch === null) {
      return false;
    }
    if (this.#madeRecords === this.#steadyAfter) {
      this.#options.observer.steady(dueNs);
    }
    const { writer } = batch;
    if (records.value === null) {
      writeDueTime(writer.target, writer.lastValueAt, records.valueBytes, dueNs);
    }
    this.#options.stamper?.stamp(batch, records.valueBytes);
    this.#outstandingRecords++;
    this.#madeRecords++;
    allowance.took(bytes, nowNs);
    records.next();
    destinations.next();
    return true;
  }

  async #identify(): Promise<void> {
    if (this.#identity === null) {
      return;
    }
    const { metadata, transactions } = this.#options;
    const { producerId, epoch } = await (transactions ?? metadata).initProducerId();
    this.#identity.assign(producerId, epoch);
  }

  #identifyAgain(): void {
    if (this.#identifying) {
      return;
    }
    this.#identifying = true;
    this.#identify().then(
      () => {
        this.#identifying = false;
      },
      () => {
        // The next tick asks again; until then batches wait, and are given up at their delivery timeout.
        this.#identifying = false;
      },
    );
  }
}
