/**
 * One producer client: its schedule, its accumulator, its requests in flight. Three things wake it, and nothing else: the
 * thread's tick, an acknowledgement, and (saturating, while there is room) the end of a turn of the event loop. Each
 * time it takes in the records that it can, then sends what is sendable to every broker that has a request to spare.
 */
import type { ProducerConfig } from '../scenario/kafka-defaults.ts';
import { Accumulator, type Batch } from './accumulator.ts';
import { NS_PER_MS } from './clock.ts';
import type { Random } from './random.ts';
import type { RecordSource } from './record-source.ts';
import type { Schedule } from './schedule.ts';
import type { ProduceTransport } from './transport.ts';

/** Records made in one go when saturating, so that the event loop comes to its sockets in between. */
const FILL_BYTES = 256 * 1024;

/** What a client tells about its records; times in nanoseconds on the common clock. */
export interface ProducerObserver {
  /** A record of a schedule has come due and the client came to it, whether or not there is room for it. */
  offered(dueNs: number, atNs: number): void;
  /** A record was made because there was room; it is due at that moment. */
  made(dueNs: number): void;
  sent(batches: readonly Batch[], atNs: number): void;
  acknowledged(batch: Batch, atNs: number): void;
  failed(batch: Batch, error: Error): void;
}

export interface ProducerClientOptions {
  readonly config: ProducerConfig;
  readonly topics: readonly { readonly name: string; readonly partitions: number }[];
  /** The topic, by number, that gets the first record; the others follow in turn. */
  readonly firstTopic: number;
  readonly records: RecordSource;
  readonly random: Random;
  readonly transport: ProduceTransport;
  readonly observer: ProducerObserver;
  readonly now: () => number;
}

/** Two cursors over the same times: one is at the records not yet offered, one at those that have not found room yet. */
export interface Cursors {
  readonly offer: Schedule;
  readonly enter: Schedule;
}

export class ProducerClient {
  readonly #options: ProducerClientOptions;
  readonly #accumulator: Accumulator;
  readonly #inFlight = new Map<number, number>();
  readonly #maxInFlight: number;
  #cursors: Cursors | null = null;
  #endNs = 0;
  #topic: number;
  #outstandingRecords = 0;
  #refreshing = false;
  #filling = false;

  constructor(options: ProducerClientOptions) {
    const { config } = options;
    this.#options = options;
    this.#topic = options.firstTopic;
    this.#maxInFlight = config['max.in.flight.requests.per.connection'];
    this.#accumulator = new Accumulator(
      {
        batchBytes: config['batch.size'],
        lingerNs: config['linger.ms'] * NS_PER_MS,
        bufferBytes: config['buffer.memory'],
        maxRequestBytes: config['max.request.size'],
      },
      options.topics,
      options.random,
    );
  }

  /** Finds the leaders and connects to them. */
  async connect(): Promise<void> {
    const brokers = await this.#findLeaders(false);
    await this.#options.transport.connect(brokers);
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

  /** True when every record that was due by the end is acknowledged or given up. */
  get idle(): boolean {
    return (
      this.#outstandingRecords === 0 && (this.#cursors === null || this.#cursors.enter.dueNs >= this.#endNs)
    );
  }

  /** Takes in all records that have come due (saturating: begins to make them), and sends what is sendable. */
  tick(nowNs: number): void {
    if (this.#cursors === null) {
      this.#fill(nowNs);
      return;
    }
    const { offer } = this.#cursors;
    while (offer.dueNs <= nowNs && offer.dueNs < this.#endNs) {
      this.#options.observer.offered(offer.dueNs, nowNs);
      offer.advance();
    }
    this.#enterDue(this.#cursors, nowNs);
    this.#send(nowNs);
  }

  close(): Promise<void> {
    return this.#options.transport.close();
  }

  #enterDue({ offer, enter }: Cursors, nowNs: number): void {
    while (enter.dueNs < offer.dueNs && enter.dueNs < this.#endNs && this.#enter(enter.dueNs, nowNs)) {
      enter.advance();
    }
  }

  #fill(nowNs: number): void {
    let bytes = 0;
    let room = nowNs < this.#endNs;
    while (room && bytes < FILL_BYTES) {
      bytes += this.#options.records.valueBytes;
      room = this.#enter(nowNs, nowNs);
      if (room) {
        this.#options.observer.made(nowNs);
      }
    }
    this.#send(nowNs);
    if (room && !this.#filling) {
      this.#filling = true;
      setImmediate(() => {
        this.#filling = false;
        this.#fill(this.#options.now());
      });
    }
  }

  #enter(dueNs: number, nowNs: number): boolean {
    const { records, topics } = this.#options;
    if (!this.#accumulator.append(this.#topic, records, records.key, { dueNs, nowNs })) {
      return false;
    }
    this.#topic = (this.#topic + 1) % topics.length;
    this.#outstandingRecords++;
    records.next();
    return true;
  }

  #send(nowNs: number): void {
    for (const broker of this.#accumulator.brokers) {
      while (broker >= 0 && (this.#inFlight.get(broker) ?? 0) < this.#maxInFlight) {
        const batches = this.#accumulator.drain(broker, nowNs);
        if (batches === null) {
          break;
        }
        this.#sendTo(broker, batches, nowNs);
      }
    }
  }

  #sendTo(broker: number, batches: readonly Batch[], nowNs: number): void {
    this.#inFlight.set(broker, (this.#inFlight.get(broker) ?? 0) + 1);
    this.#options.observer.sent(batches, nowNs);
    let called = true;
    this.#options.transport.send(batches, (error) => {
      // Called back inside of `send` (acks=0, or refused at once): sending on from here would recurse.
      if (called) {
        setImmediate(() => this.#answered(broker, batches, error));
      } else {
        this.#answered(broker, batches, error);
      }
    });
    called = false;
  }

  #answered(broker: number, batches: readonly Batch[], error: Error | null): void {
    const nowNs = this.#options.now();
    this.#inFlight.set(broker, (this.#inFlight.get(broker) ?? 1) - 1);
    this.#accumulator.release(batches);
    for (const batch of batches) {
      this.#outstandingRecords -= batch.dueNs.length;
      if (error === null) {
        this.#options.observer.acknowledged(batch, nowNs);
      } else {
        this.#options.observer.failed(batch, error);
      }
    }
    if (error !== null) {
      this.#refreshLeaders();
    }
    if (this.#cursors === null) {
      this.#fill(nowNs);
    } else {
      this.#enterDue(this.#cursors, nowNs);
      this.#send(nowNs);
    }
  }

  #refreshLeaders(): void {
    if (this.#refreshing) {
      return;
    }
    this.#refreshing = true;
    this.#findLeaders(true).then(
      () => {
        this.#refreshing = false;
      },
      () => {
        // The next failed request asks again; its batches are counted as failed.
        this.#refreshing = false;
      },
    );
  }

  async #findLeaders(refresh: boolean): Promise<number[]> {
    const { topics, transport } = this.#options;
    const leaders = await Promise.all(topics.map(({ name }) => transport.leaders(name, refresh)));
    this.#accumulator.setLeaders(leaders);
    return [...new Set(leaders.flat())].filter((broker) => broker >= 0);
  }
}
