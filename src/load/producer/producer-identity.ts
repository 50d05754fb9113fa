/**
 * An idempotent producer's id, epoch and sequence numbers (KIP-98, KIP-360), as Kafka's TransactionManager keeps them for a
 * producer without transactions:
 *
 * * A batch gets the next sequence of its partition when it is first drained, and keeps it over its retries.
 * * A batch that goes back is drained again only when all before it are done, and none is drained that would make the
 *   broker forget the oldest that is not done: Kafka's own producer lets that happen, and writes the oldest twice.
 * * When a batch is given up that certainly was not written, the epoch is raised, and the sequences of those after it,
 *   which the broker refuses, begin at 0 again with it. When nobody knows, or others before it are not done, nothing new
 *   is drained until the others are done or found out of order. Other partitions take the new epoch as soon as they have
 *   nothing in flight.
 */
import type { ProducerState } from '../wire/record-batch-writer.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { NO_SEQUENCE, type ProducerBatch } from './producer-batch.ts';

const EPOCH_MAX = 32_767;
/** Sequences are int32 and begin at 0 again after the largest. */
const SEQUENCES = 2 ** 31;
/** A broker knows a batch that comes again only among so many latest of its producer and partition (ProducerStateEntry). */
const BATCHES_REMEMBERED = 5;

export class ProducerIdentity {
  #producerId = -1n;
  #epoch = -1;

  /** Whether the broker has given an id. */
  get known(): boolean {
    return this.#producerId >= 0n;
  }

  /** Takes the id that a broker gave; everything begins at sequence 0. */
  assign(producerId: bigint, epoch: number): void {
    this.#producerId = producerId;
    this.#epoch = epoch;
  }

  /** Whether the first batch of a queue may be drained now. */
  mayDrain(queue: PartitionQueue, first: ProducerBatch): boolean {
    if (!this.known) {
      return false;
    }
    const [oldest] = queue.sequenced;
    if (first.baseSequence !== NO_SEQUENCE) {
      return oldest === undefined || oldest === first;
    }
    return (
      !queue.unresolved &&
      (oldest === undefined || (!this.#isStale(queue) && queue.nextTurn - oldest.turn < BATCHES_REMEMBERED))
    );
  }

  /** A batch is drained: gives it its sequence, unless it has one. */
  drained(batch: ProducerBatch): void {
    const { queue } = batch;
    // Those that were in flight when the last id was used up have no id yet.
    if (this.#isStale(queue) && (queue.sequenced.length === 0 || queue.producerId < 0n)) {
      this.#numberAnew(queue);
    }
    if (batch.baseSequence === NO_SEQUENCE) {
      this.#sequence(batch);
      batch.turn = queue.nextTurn++;
      queue.sequenced.push(batch);
    }
    batch.resequenced = false;
  }

  /** A batch is replaced by smaller ones with its records: they take its sequences, and its place before those after it. */
  split(batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    const { queue } = batch;
    const place = queue.sequenced.indexOf(batch);
    for (const later of queue.sequenced.slice(place + 1)) {
      later.turn += parts.length - 1;
    }
    queue.nextTurn += parts.length - 1;
    queue.sequenced.splice(place, 1, ...parts);
    let { turn, baseSequence } = batch;
    for (const part of parts) {
      part.producerId = batch.producerId;
      part.epoch = batch.epoch;
      part.baseSequence = baseSequence;
      part.turn = turn++;
      baseSequence = (baseSequence + part.records) % SEQUENCES;
    }
  }

  acknowledged(batch: ProducerBatch): void {
    const { queue } = batch;
    remove(queue.sequenced, batch);
    const last = (batch.baseSequence + batch.records - 1) % SEQUENCES;
    if (
      batch.producerId === queue.producerId &&
      batch.epoch === queue.epoch &&
      isAfter(last, queue.lastAcknowledgedSequence)
    ) {
      queue.lastAcknowledgedSequence = last;
    }
    this.#resolve(queue);
  }

  /** A batch is given up. `mayBeWritten`: it was sent, and nobody knows what became of it. */
  failed(batch: ProducerBatch, mayBeWritten: boolean): void {
    const { queue } = batch;
    if (batch.baseSequence === NO_SEQUENCE) {
      return;
    }
    const isFirst = queue.sequenced[0] === batch;
    remove(queue.sequenced, batch);
    // Without it those after it cannot have been written, so that they may be numbered anew; those before it may not.
    if (mayBeWritten || !isFirst) {
      queue.unresolved = true;
      this.#resolve(queue);
    } else {
      this.#bump(queue);
    }
  }

  /**
   * The broker found a batch out of order, or knows nothing of its producer, so that it is to be sent again: after those
   * before it, or, when it is the first, with a raised epoch, since one before it that was given up is missing.
   */
  outOfOrder(batch: ProducerBatch): void {
    const { queue } = batch;
    if (!batch.resequenced && queue.sequenced[0] === batch) {
      this.#bump(queue);
    }
  }

  #resolve(queue: PartitionQueue): void {
    if (queue.unresolved && queue.sequenced.length === 0) {
      queue.unresolved = false;
      if (queue.nextSequence !== (queue.lastAcknowledgedSequence + 1) % SEQUENCES) {
        this.#bump(queue);
      }
    }
  }

  /** Raises the epoch and numbers the partition's batches anew from 0. */
  #bump(queue: PartitionQueue): void {
    if (this.#epoch < EPOCH_MAX) {
      this.#epoch++;
    } else {
      // The next id comes from a broker; until then nothing is sent.
      this.#producerId = -1n;
    }
    this.#numberAnew(queue);
  }

  #numberAnew(queue: PartitionQueue): void {
    this.#begin(queue);
    for (const batch of queue.sequenced) {
      this.#sequence(batch);
      batch.resequenced = true;
    }
  }

  #begin(queue: PartitionQueue): void {
    queue.producerId = this.#producerId;
    queue.epoch = this.#epoch;
    queue.nextSequence = 0;
    queue.unresolved = false;
    queue.lastAcknowledgedSequence = NO_SEQUENCE;
  }

  #sequence(batch: ProducerBatch): void {
    const { queue } = batch;
    batch.producerId = queue.producerId;
    batch.epoch = queue.epoch;
    batch.baseSequence = queue.nextSequence;
    queue.nextSequence = (queue.nextSequence + batch.records) % SEQUENCES;
  }

  #isStale(queue: PartitionQueue): boolean {
    return queue.producerId !== this.#producerId || queue.epoch !== this.#epoch;
  }
}

/** What a batch says of its producer. */
export function producerStateOf({ producerId, epoch, baseSequence }: ProducerBatch): ProducerState {
  return { producerId, epoch, baseSequence };
}

/** Sequences begin at 0 again: one is after another when it is less than half of them away. */
function isAfter(sequence: number, other: number): boolean {
  return (sequence - other + SEQUENCES) % SEQUENCES < SEQUENCES / 2 && sequence !== other;
}

function remove(batches: ProducerBatch[], batch: ProducerBatch): void {
  const index = batches.indexOf(batch);
  if (index >= 0) {
    batches.splice(index, 1);
  }
}
