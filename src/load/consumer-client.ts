/**
 * One consumer client: a member of its group with one fetch under way per broker that leads one of its partitions. When
 * a response comes, the next fetch is sent first and the records are handled after it, so that the broker works while
 * this client does; a client that takes time for its records has at most one response waiting.
 */
import type { ConsumerClass } from '../scenario/scenario.ts';
import type {
  FetchedPartition,
  FetchedRecord,
  FetchPosition,
  FetchTransport,
  TopicPartition,
} from './transport.ts';

const ASSIGNMENT_POLL_MS = 50;
const RETRY_MS = 100;
const NS_PER_US = 1000;

export interface ConsumerObserver {
  /** One record, at the moment that the application would get it. */
  received(record: FetchedRecord, atNs: number): void;
  /** A fetch was answered; the client's `lag` is of this moment. */
  fetched(atNs: number): void;
  assigned(partitions: number): void;
  failed(error: Error): void;
}

export interface ConsumerClientOptions {
  readonly consumer: ConsumerClass;
  readonly transport: FetchTransport;
  readonly observer: ConsumerObserver;
  readonly now: () => number;
}

interface Position {
  readonly partition: TopicPartition;
  offset: bigint;
  broker: number;
  lag: number;
}

export class ConsumerClient {
  readonly #options: ConsumerClientOptions;
  readonly #fetching = new Set<number>();
  readonly #timers: NodeJS.Timeout[] = [];
  #positions = new Map<string, Position>();
  #assignment: readonly TopicPartition[] | null = null;
  #assigning = false;
  #waiting: FetchedRecord[][] = [];
  #handling = false;
  #started = false;
  #committing = false;
  #committed = new Map<string, bigint>();
  #closed = false;

  constructor(options: ConsumerClientOptions) {
    this.#options = options;
  }

  /** Joins the group and begins to fetch; partitions come with the group's assignments. */
  async join(): Promise<void> {
    const { transport, consumer } = this.#options;
    await transport.join();
    this.#timers.push(setInterval(() => this.#checkAssignment(), ASSIGNMENT_POLL_MS));
    if (consumer.config['enable.auto.commit']) {
      this.#timers.push(
        setInterval(() => this.#commit(), Math.max(1, consumer.config['auto.commit.interval.ms'])),
      );
    }
    this.#checkAssignment();
  }

  /** The load begins: partitions that come from now on may have been read by another member. */
  start(): void {
    this.#started = true;
  }

  /** Records behind the log end, over all partitions of the client, by its latest fetches. */
  get lag(): number {
    let sum = 0;
    for (const { lag } of this.#positions.values()) {
      sum += lag;
    }
    return sum;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) {
      clearInterval(timer);
    }
    await this.#options.transport.close();
  }

  #checkAssignment(): void {
    const assignment = this.#options.transport.assignment();
    if (assignment === this.#assignment || assignment === null || this.#assigning || this.#closed) {
      return;
    }
    this.#assigning = true;
    this.#assign(assignment).then(
      () => {
        this.#assigning = false;
        this.#assignment = assignment;
        this.#options.observer.assigned(assignment.length);
        this.#fetchAll();
      },
      (error: unknown) => {
        this.#assigning = false;
        this.#failed(error);
      },
    );
  }

  async #assign(assignment: readonly TopicPartition[]): Promise<void> {
    const { transport } = this.#options;
    const positions = new Map<string, Position>();
    const unknown: TopicPartition[] = [];
    for (const partition of assignment) {
      const known = this.#positions.get(keyOf(partition));
      if (known === undefined) {
        unknown.push(partition);
      } else {
        positions.set(keyOf(partition), known);
      }
    }
    if (unknown.length > 0) {
      for (const { topic, partition, offset } of await transport.startOffsets(unknown, this.#started)) {
        const broker = await transport.leader({ topic, partition }, false);
        positions.set(keyOf({ topic, partition }), {
          partition: { topic, partition },
          offset,
          broker,
          lag: 0,
        });
      }
    }
    this.#positions = positions;
  }

  #fetchAll(): void {
    for (const broker of new Set([...this.#positions.values()].map((position) => position.broker))) {
      this.#fetch(broker);
    }
  }

  #fetch(broker: number): void {
    if (this.#closed || this.#fetching.has(broker) || this.#waiting.length > 0) {
      return;
    }
    const positions = [...this.#positions.values()].filter((position) => position.broker === broker);
    if (positions.length === 0) {
      return;
    }
    this.#fetching.add(broker);
    this.#options.transport.fetch(broker, positions.map(fetchPosition), (error, fetched) => {
      this.#fetching.delete(broker);
      if (this.#closed) {
        return;
      }
      if (error !== null) {
        this.#failed(error);
        this.#retryLater();
        return;
      }
      this.#onFetched(broker, fetched);
    });
  }

  #onFetched(broker: number, fetched: readonly FetchedPartition[]): void {
    const nowNs = this.#options.now();
    const records: FetchedRecord[] = [];
    for (const one of fetched) {
      const position = this.#positions.get(keyOf(one));
      if (position === undefined) {
        continue;
      }
      position.offset = one.nextOffset;
      position.lag = Math.max(0, Number(one.highWatermark - one.nextOffset));
      for (const batch of one.batches) {
        for (const record of batch) {
          records.push(record);
        }
      }
    }
    this.#options.observer.fetched(nowNs);
    this.#fetch(broker);
    if (this.#options.consumer.processUs === 0) {
      for (const record of records) {
        this.#options.observer.received(record, nowNs);
      }
      return;
    }
    if (records.length > 0) {
      this.#waiting.push(records);
      this.#handleWaiting();
    }
  }

  /** Handles `max.poll.records` records in a turn of the event loop, busy for the scenario's time with each. */
  #handleWaiting(): void {
    const records = this.#waiting[0];
    if (this.#handling || records === undefined || this.#closed) {
      return;
    }
    this.#handling = true;
    const { consumer, observer, now } = this.#options;
    const processNs = consumer.processUs * NS_PER_US;
    const turn = records.splice(0, consumer.config['max.poll.records']);
    const beganNs = now();
    for (const [index, record] of turn.entries()) {
      observer.received(record, beganNs + index * processNs);
    }
    spinUntil(beganNs + turn.length * processNs, now);
    if (records.length === 0) {
      this.#waiting.shift();
      this.#fetchAll();
    }
    setImmediate(() => {
      this.#handling = false;
      this.#handleWaiting();
    });
  }

  #retryLater(): void {
    setTimeout(() => {
      this.#refreshLeaders().then(
        () => this.#fetchAll(),
        (error: unknown) => {
          this.#failed(error);
          this.#retryLater();
        },
      );
    }, RETRY_MS);
  }

  async #refreshLeaders(): Promise<void> {
    let refresh = true;
    for (const position of this.#positions.values()) {
      position.broker = await this.#options.transport.leader(position.partition, refresh);
      refresh = false;
    }
  }

  #commit(): void {
    const changed = [...this.#positions.values()]
      .map(fetchPosition)
      .filter((position) => this.#committed.get(keyOf(position)) !== position.offset);
    if (this.#committing || this.#closed || changed.length === 0) {
      return;
    }
    this.#committing = true;
    this.#options.transport.commit(changed).then(
      () => {
        this.#committing = false;
        for (const position of changed) {
          this.#committed.set(keyOf(position), position.offset);
        }
      },
      (error: unknown) => {
        this.#committing = false;
        this.#failed(error);
      },
    );
  }

  #failed(error: unknown): void {
    if (!this.#closed) {
      this.#options.observer.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}:${partition}`;
}

function fetchPosition({ partition, offset }: Position): FetchPosition {
  return { ...partition, offset };
}

function spinUntil(untilNs: number, now: () => number): void {
  while (now() < untilNs) {
    // Busy on purpose: the scenario's `process` is CPU time of the application.
  }
}
