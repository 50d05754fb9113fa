/** What a Kafka broker makes of the batches of idempotent producers (ProducerAppendInfo, ProducerStateEntry). */
import assert from 'node:assert/strict';
import type { SentBatch } from './produce-support.ts';

const BATCHES_REMEMBERED = 5;

export const CODES = {
  NONE: 0,
  NOT_LEADER_OR_FOLLOWER: 6,
  REQUEST_TIMED_OUT: 7,
  MESSAGE_TOO_LARGE: 10,
  NOT_ENOUGH_REPLICAS: 19,
  TOPIC_AUTHORIZATION_FAILED: 29,
  CLUSTER_AUTHORIZATION_FAILED: 31,
  OUT_OF_ORDER_SEQUENCE_NUMBER: 45,
  INVALID_PRODUCER_EPOCH: 47,
  UNKNOWN_PRODUCER_ID: 59,
} as const;

interface ProducerEntry {
  epoch: number;
  /** The latest batches, the oldest first. */
  batches: { readonly first: number; readonly last: number }[];
}

/** The log of one partition: due times of its records, which name them. */
export class IdempotentLog {
  readonly records: number[] = [];
  #hasForgotten = false;
  readonly #producers = new Map<bigint, ProducerEntry>();
  readonly #acceptsAnyFirst: boolean;
  readonly #maxBatchBytes: number;

  /**
   * @param acceptsAnyFirst like Kafka, a log that does not know a producer takes any sequence of it for its first one
   * @param maxBatchBytes `max.message.bytes`
   */
  constructor(acceptsAnyFirst: boolean, maxBatchBytes: number) {
    this.#acceptsAnyFirst = acceptsAnyFirst;
    this.#maxBatchBytes = maxBatchBytes;
  }

  /** Forgets its producers: those that go on are told so, as by brokers before Kafka 2.5. */
  forget(): void {
    this.#hasForgotten = true;
    this.#producers.clear();
  }

  /** Appends a batch, unless it is there already or not the next one; returns the error code. */
  append({ producerId, epoch, baseSequence, records, bytes }: SentBatch): number {
    assert.ok(producerId >= 0n && epoch >= 0 && baseSequence >= 0, 'a batch without a producer');
    if (bytes > this.#maxBatchBytes) {
      return CODES.MESSAGE_TOO_LARGE;
    }
    const last = (baseSequence + records.length - 1) % 2 ** 31;
    const entry = this.#producers.get(producerId);
    if (entry !== undefined && epoch < entry.epoch) {
      return CODES.INVALID_PRODUCER_EPOCH;
    }
    const known = entry?.epoch === epoch ? entry.batches : [];
    if (known.some((batch) => batch.first === baseSequence && batch.last === last)) {
      return CODES.NONE;
    }
    const expected = known.length === 0 ? 0 : (known[known.length - 1].last + 1) % 2 ** 31;
    const isAccepted = baseSequence === expected || (entry === undefined && this.#acceptsAnyFirst);
    if (!isAccepted && entry === undefined && this.#hasForgotten) {
      return CODES.UNKNOWN_PRODUCER_ID;
    }
    if (!isAccepted) {
      return CODES.OUT_OF_ORDER_SEQUENCE_NUMBER;
    }
    const batches = [...known, { first: baseSequence, last }].slice(-BATCHES_REMEMBERED);
    this.#producers.set(producerId, { epoch, batches });
    this.records.push(...records.map(({ dueNs }) => dueNs ?? Number.NaN));
    return CODES.NONE;
  }
}
