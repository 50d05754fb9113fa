/**
 * One consumer client: a member of its group with one fetch under way per broker that leads one of its partitions. When
 * a response comes, the next fetch is sent first and the records are handled after it, so that the broker works while
 * this client does; a client that takes time for its records has at most one response waiting.
 *
 * With `enable.auto.commit` it commits at the interval, before the group takes partitions away, and at its end. While a group
 * of the classic protocol gives its partitions out anew, nothing is read, as Kafka's eager assignors have it.
 */
import type { ConsumerClass } from '../../scenario/scenario.ts';
import { isWrongLeader } from '../kafka-errors.ts';
import { nextOffsetOf, type RecordVisitor, visitRecords } from '../wire/record-batch-reader.ts';
import { AutoCommit } from './auto-commit.ts';
import type { FetchedPartition, FetchPosition, FetchTransport, TopicPartition } from './fetch-transport.ts';
import { fetchPosition, keyOf, type Position, sourceOf } from './position.ts';
import { RecordReceiver } from './record-receiver.ts';

const ASSIGNMENT_POLL_MS = 50;
const RETRY_MS = 100;
/** How often a client that is paused looks how far behind it is. */
const PAUSED_LOOK_MS = 500;
const NS_PER_US = 1000;

/** Where a record's value is, and what else is known of it. */
export interface FetchedRecord extends TopicPartition {
  readonly bytes: Buffer;
  readonly valueAt: number;
  /** -1 for null. */
  readonly valueBytes: number;
  readonly offset: number;
}

export interface ConsumerObserver {
  /** One record, at the moment that the application would get it. The record is valid during the call only. */
  received(record: FetchedRecord, atNs: number): void;
  /** A fetch was answered, or a paused client has asked where the logs end: its `lag` is of this moment. */
  fetched(atNs: number): void;
  /** A partition is read from this offset on. */
  positioned(partition: TopicPartition, offset: number): void;
  /** All that was fetched of a partition before this offset was handed over. */
  advanced(partition: TopicPartition, offset: number): void;
  /** This position is about to be committed. */
  committing(position: FetchPosition): void;
  assigned(partitions: number): void;
  failed(error: Error): void;
}

export interface ConsumerClientOptions {
  readonly consumer: ConsumerClass;
  readonly transport: FetchTransport;
  readonly observer: ConsumerObserver;
  readonly now: () => number;
}

/** What came of one partition: the records from one offset to another. */
interface Arrived {
  readonly fetched: FetchedPartition;
  readonly fromOffset: number;
  readonly end: FetchPosition;
}

/** Records of one answer that the application has not taken yet. */
interface WaitingRecords {
  readonly records: FetchedRecord[];
  /** Where its partitions are read to when all of them are taken. */
  readonly ends: readonly FetchPosition[];
}

export class ConsumerClient {
  readonly #options: ConsumerClientOptions;
  readonly #receiver: RecordReceiver;
  readonly #fetching = new Set<number>();
  /** Null where it is not enabled. */
  readonly #autoCommit: AutoCommit | null;
  #poll: NodeJS.Timeout | null = null;
  #positions = new Map<string, Position>();
  #assignment: readonly TopicPartition[] | null = null;
  #assigning = false;
  #waiting: WaitingRecords[] = [];
  #handling = false;
  #retrying = false;
  #rebalancing = false;
  #closed = false;
  /** Looks at the lag of a paused client. */
  #pause: NodeJS.Timeout | null = null;

  constructor(options: ConsumerClientOptions) {
    this.#options = options;
    this.#receiver = new RecordReceiver(options.observer);
    this.#autoCommit = options.consumer.config['enable.auto.commit']
      ? new AutoCommit({ ...options, consumed: () => this.#consumed() })
      : null;
  }

  /** Joins the group and begins to fetch; partitions come with the group's assignments. */
  async join(): Promise<void> {
    const { transport, consumer } = this.#options;
    await transport.join(() => this.#rebalance());
    this.#poll = setInterval(() => this.#checkAssignment(), ASSIGNMENT_POLL_MS);
    this.#autoCommit?.start(consumer.config['auto.commit.interval.ms']);
    this.#checkAssignment();
  }

  /** Records behind the log end, over all partitions of the client, by its latest fetches. */
  get lag(): number {
    let sum = 0;
    for (const { lag } of this.#positions.values()) {
      sum += lag;
    }
    return sum;
  }

  /**
   * As a Java client that pauses all of its partitions: it stays in its group, and fetches nothing. What is under way still
   * comes.
   */
  pause(): void {
    this.#pause ??= setInterval(() => this.lookAtLag(), PAUSED_LOOK_MS);
  }

  resume(): void {
    if (this.#pause !== null) {
      clearInterval(this.#pause);
      this.#pause = null;
      this.#handleWaiting();
      this.#fetchAll();
    }
  }

  /** Asks how far a paused client is behind; otherwise its fetches tell. */
  lookAtLag(): void {
    const { transport, observer, now } = this.#options;
    const positions = [...this.#positions.values()];
    if (this.#pause === null || positions.length === 0) {
      return;
    }
    transport.logEnds(positions.map(({ partition }) => partition)).then(
      (ends) => {
        if (this.#pause === null) {
          return;
        }
        for (const [index, { offset }] of ends.entries()) {
          positions[index].lag = Math.max(0, offset - positions[index].offset);
        }
        observer.fetched(now());
      },
      (error: unknown) => this.#failed(error),
    );
  }

  /** Whether all of its partitions are read to these ends, by `end` of each: 0 for those that need not be. */
  isAt(end: (partition: TopicPartition) => number): boolean {
    return (
      this.#waiting.length === 0 &&
      [...this.#positions.values()].every(({ partition, offset }) => offset >= end(partition))
    );
  }

  /** What was not committed yet is, and the group is left. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#poll !== null) {
      clearInterval(this.#poll);
    }
    this.resume();
    await this.#autoCommit?.close();
    await this.#options.transport.close();
  }

  /** The group is about to take partitions away. */
  #rebalance(): void {
    const { config } = this.#options.consumer;
    if (!this.#closed) {
      this.#autoCommit?.commit();
    }
    this.#rebalancing = config['group.protocol'] === 'classic';
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
        this.#rebalancing = false;
        this.#options.observer.assigned(assignment.length);
        this.#fetchAll();
        this.#handleWaiting();
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
      for (const { topic, partition, offset } of await transport.startOffsets(unknown)) {
        this.#options.observer.positioned({ topic, partition }, offset);
        positions.set(keyOf({ topic, partition }), {
          partition: { topic, partition },
          offset,
          leader: transport.leader({ topic, partition }),
          replica: -1,
          resetting: false,
          lag: 0,
        });
      }
    }
    this.#positions = positions;
    this.#autoCommit?.keep(positions);
    this.#waiting = this.#waiting.map(({ records, ends }) => ({
      records: records.filter((record) => positions.has(keyOf(record))),
      ends: ends.filter((end) => positions.has(keyOf(end))),
    }));
  }

  #fetchAll(): void {
    for (const broker of new Set([...this.#positions.values()].map(sourceOf))) {
      if (broker < 0) {
        this.#retryLater();
      } else {
        this.#fetch(broker);
      }
    }
  }

  #fetch(broker: number): void {
    const isHeld = this.#rebalancing || this.#pause !== null || this.#waiting.length > 0;
    if (this.#closed || isHeld || this.#fetching.has(broker)) {
      return;
    }
    const positions = [...this.#positions.values()].filter(
      (position) => sourceOf(position) === broker && !position.resetting,
    );
    if (positions.length === 0) {
      return;
    }
    this.#fetching.add(broker);
    const asked = new Map(positions.map((position) => [position, position.offset]));
    this.#options.transport.fetch(broker, positions.map(fetchPosition), (error, fetched) => {
      this.#fetching.delete(broker);
      if (this.#closed) {
        return;
      }
      if (error !== null) {
        this.#failed(error);
        for (const position of positions.filter((one) => sourceOf(one) === broker)) {
          position.leader = -1;
          position.replica = -1;
        }
        this.#retryLater();
        return;
      }
      this.#onFetched(broker, asked, fetched);
    });
  }

  #onFetched(
    broker: number,
    asked: ReadonlyMap<Position, number>,
    fetched: readonly FetchedPartition[],
  ): void {
    const nowNs = this.#options.now();
    const { consumer, observer } = this.#options;
    const arrived: Arrived[] = [];
    let isMoved = false;
    for (const one of this.#rebalancing ? [] : fetched) {
      const position = this.#positions.get(keyOf(one));
      // What was asked for may be another member's by now, or be read from elsewhere: Kafka's clients drop it, too.
      if (
        position !== undefined &&
        sourceOf(position) === broker &&
        asked.get(position) === position.offset &&
        !position.resetting
      ) {
        const fromOffset = position.offset;
        this.#advance(position, one);
        isMoved ||= sourceOf(position) !== broker;
        arrived.push({ fetched: one, fromOffset, end: fetchPosition(position) });
      }
    }
    observer.fetched(nowNs);
    const fetchNext = () => (isMoved ? this.#fetchAll() : this.#fetch(broker));
    // Records that wait to be handled are copied first: the next answer comes into the same memory.
    if (consumer.processUs > 0) {
      const records = arrived.flatMap((one) => this.#copied(one));
      fetchNext();
      if (arrived.length > 0) {
        // Also without a record, such as the end of a transaction: the position moves when its turn comes.
        this.#waiting.push({ records, ends: arrived.map(({ end }) => end) });
      }
      this.#handleWaiting();
      return;
    }
    fetchNext();
    this.#receiver.atNs = nowNs;
    for (const { fetched: one, fromOffset, end } of arrived) {
      this.#receiver.topic = one.topic;
      this.#receiver.partition = one.partition;
      this.#visit(one, fromOffset, this.#receiver);
      observer.advanced(one, end.offset);
    }
  }

  /** Moves a position behind what was fetched, or does what an error asks for. */
  #advance(position: Position, one: FetchedPartition): void {
    if (one.preferredReadReplica >= 0) {
      position.replica = one.preferredReadReplica;
    }
    if (one.error !== null) {
      this.#failed(new Error(`${one.topic}-${one.partition}: ${one.error}`));
      const isNearer = position.replica >= 0;
      position.replica = -1;
      if (one.error === 'OFFSET_OUT_OF_RANGE') {
        // A follower may not have it yet: the leader knows.
        if (!isNearer) this.#resetOffset(position);
      } else if (isWrongLeader(one.error)) {
        position.leader = -1;
      }
      return;
    }
    position.offset = nextOffsetOf(one.bytes, one.start, one.end, position.offset);
    position.lag = Math.max(0, one.highWatermark - position.offset);
  }

  #visit({ bytes, start, end }: FetchedPartition, fromOffset: number, visitor: RecordVisitor): void {
    const checkCrcs = this.#options.consumer.config['check.crcs'];
    try {
      visitRecords(bytes, start, end, { fromOffset, checkCrcs }, visitor);
    } catch (error) {
      this.#failed(error);
    }
  }

  #copied({ fetched, fromOffset }: Arrived): FetchedRecord[] {
    const { topic, partition, start, end } = fetched;
    const bytes = Buffer.from(fetched.bytes.subarray(start, end));
    const records: FetchedRecord[] = [];
    this.#visit({ ...fetched, bytes, start: 0, end: bytes.length }, fromOffset, {
      record: (of, _keyAt, _keyBytes, valueAt, valueBytes, offset) =>
        records.push({ topic, partition, bytes: of, valueAt, valueBytes, offset }),
    });
    return records;
  }

  /** The offset is not in the log any more: on to where `auto.offset.reset` says. */
  #resetOffset(position: Position): void {
    position.resetting = true;
    this.#options.transport.resetOffsets([position.partition]).then(
      ([{ offset }]) => {
        this.#options.observer.positioned(position.partition, offset);
        position.offset = offset;
        position.resetting = false;
        this.#fetchAll();
      },
      (error: unknown) => {
        this.#failed(error);
        position.resetting = false;
        position.leader = -1;
        this.#retryLater();
      },
    );
  }

  /** Handles `max.poll.records` records in a turn of the event loop, busy for the scenario's time with each. */
  #handleWaiting(): void {
    const waiting = this.#waiting[0];
    const isHeld = this.#handling || this.#rebalancing || this.#pause !== null;
    if (waiting === undefined || isHeld || this.#closed) {
      return;
    }
    const { records, ends } = waiting;
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
      for (const { topic, partition, offset } of ends) {
        observer.advanced({ topic, partition }, offset);
      }
      this.#fetchAll();
    }
    setImmediate(() => {
      this.#handling = false;
      this.#handleWaiting();
    });
  }

  /** Asks who leads and fetches again, once for all that failed meanwhile. */
  #retryLater(): void {
    if (this.#retrying) {
      return;
    }
    this.#retrying = true;
    setTimeout(() => {
      if (this.#closed) {
        return;
      }
      this.#options.transport.refreshLeaders().then(
        () => {
          this.#retrying = false;
          this.#followLeaders();
          this.#fetchAll();
        },
        (error: unknown) => {
          this.#retrying = false;
          this.#failed(error);
          this.#retryLater();
        },
      );
    }, RETRY_MS);
  }

  #followLeaders(): void {
    for (const position of this.#positions.values()) {
      const leader = this.#options.transport.leader(position.partition);
      if (leader !== position.leader) {
        position.leader = leader;
        position.replica = -1;
      }
    }
  }

  /** Where the application is in its partitions: before the first record of each that waits for it. */
  #consumed(): FetchPosition[] {
    const waiting = new Map<string, number>();
    for (const record of this.#waiting.flatMap(({ records }) => records)) {
      if (!waiting.has(keyOf(record))) waiting.set(keyOf(record), record.offset);
    }
    return [...this.#positions].map(([key, { partition, offset }]) => ({
      ...partition,
      offset: waiting.get(key) ?? offset,
    }));
  }

  #failed(error: unknown): void {
    if (!this.#closed) {
      this.#options.observer.failed(asError(error));
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function spinUntil(untilNs: number, now: () => number): void {
  while (now() < untilNs) {
    // Busy on purpose: the scenario's `process` is CPU time of the application.
  }
}
