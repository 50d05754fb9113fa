/** Batches of one partition that wait to be sent, the oldest first, and the sequence numbers of an idempotent producer. */
import type { ProducerBatch } from './producer-batch.ts';
import { NO_SEQUENCE } from './producer-batch.ts';

/** The queues whose partitions one broker leads. */
export interface Leader {
  readonly broker: number;
  readonly queues: PartitionQueue[];
  drainIndex: number;
  batches: number;
  /** Full ones that wait for their first attempt. */
  fullBatches: number;
  /** Batches that wait for another attempt. */
  retries: number;
  /** Not full, in the order of creation; others are dropped when they come to the front. */
  filling: ProducerBatch[];
}

export class PartitionQueue {
  readonly topic: string;
  readonly topicIndex: number;
  readonly partition: number;
  readonly batches: ProducerBatch[] = [];
  leader: Leader;
  /** On its way, and must be answered before the next (one request in flight). */
  mutedBy: ProducerBatch | null = null;
  /** Has ever had a record. */
  used = false;
  /** Drained with a sequence and not done yet, in the order of their sequences. */
  readonly sequenced: ProducerBatch[] = [];
  /** So many batches have had a sequence. */
  nextTurn = 0;
  producerId = -1n;
  epoch = -1;
  nextSequence = 0;
  lastAcknowledgedSequence = NO_SEQUENCE;
  /** A batch was given up and nobody knows if the broker has it: nothing new is drained until all in flight are done. */
  unresolved = false;

  constructor(topic: string, topicIndex: number, partition: number, leader: Leader) {
    this.topic = topic;
    this.topicIndex = topicIndex;
    this.partition = partition;
    this.leader = leader;
    leader.queues.push(this);
  }
}

export function newLeader(broker: number): Leader {
  return { broker, queues: [], drainIndex: 0, batches: 0, fullBatches: 0, retries: 0, filling: [] };
}

/** Counts a batch into its leader's queues, or out of them. */
export function count(leader: Leader, batch: ProducerBatch, by: 1 | -1): void {
  leader.batches += by;
  if (batch.attempts > 0) {
    leader.retries += by;
  } else if (batch.full) {
    leader.fullBatches += by;
  }
}

export function dropNotFilling(filling: ProducerBatch[]): void {
  while (filling.length > 0 && filling[0].full) {
    filling.shift();
  }
}
