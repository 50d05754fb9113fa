/** What a producer makes of an error in a produce response, as Kafka's Sender does. */
import { isRetriable } from '../kafka-errors.ts';

export type ProduceOutcome = 'acknowledged' | 'retry' | 'out-of-order' | 'split' | 'failed';

/**
 * Errors after which the batch may have been written all the same. With acks=all those of the second line are also told of a
 * batch that was written, when the broker stops being the leader while it waits for followers (DelayedProduce).
 */
const MAYBE_WRITTEN = new Set([
  ...['REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'UNKNOWN_SERVER_ERROR'],
  ...['NOT_LEADER_OR_FOLLOWER', 'UNKNOWN_TOPIC_OR_PARTITION', 'KAFKA_STORAGE_ERROR'],
]);

/** By Kafka's name of the error. */
export function outcomeOf(error: string): ProduceOutcome {
  switch (error) {
    case 'NONE':
    // The broker has it from an earlier attempt.
    case 'DUPLICATE_SEQUENCE_NUMBER':
      return 'acknowledged';
    case 'MESSAGE_TOO_LARGE':
      return 'split';
    case 'OUT_OF_ORDER_SEQUENCE_NUMBER':
      return 'out-of-order';
    default:
      return isRetriable(error) ? 'retry' : 'failed';
  }
}

export function maybeWritten(error: string): boolean {
  return MAYBE_WRITTEN.has(error);
}
