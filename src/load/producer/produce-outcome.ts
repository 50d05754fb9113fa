/** What a producer makes of an error in a produce response, as Kafka's Sender does. */
import { isRetriable } from '../kafka-errors.ts';

/**
 * * out-of-order: the broker misses what should come before it; an idempotent producer sends it again.
 * * split: its records go again in smaller batches.
 * * fatal: it is given up, and with it the idempotent producer.
 */
export type ProduceOutcome = 'acknowledged' | 'retry' | 'out-of-order' | 'split' | 'failed' | 'fatal';

/** What an idempotent producer does not recover from (TransactionManager.maybeTransitionToErrorState). */
const FATAL = new Set([
  ...['CLUSTER_AUTHORIZATION_FAILED', 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'PRODUCER_FENCED'],
  ...['UNSUPPORTED_VERSION', 'INVALID_PRODUCER_ID_MAPPING'],
]);

/**
 * Errors after which the batch may have been written all the same. With acks=all those of the second line are also told of a
 * batch that was written, when the broker stops being the leader while it waits for followers (DelayedProduce).
 */
const MAYBE_WRITTEN = new Set([
  ...['REQUEST_TIMED_OUT', 'NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'UNKNOWN_SERVER_ERROR'],
  ...['NOT_LEADER_OR_FOLLOWER', 'UNKNOWN_TOPIC_OR_PARTITION', 'KAFKA_STORAGE_ERROR'],
]);

/** By Kafka's name of the error, for a batch of so many records. */
export function outcomeOf(error: string, records: number, isIdempotent: boolean): ProduceOutcome {
  switch (error) {
    case 'NONE':
    // The broker has it from an earlier attempt.
    case 'DUPLICATE_SEQUENCE_NUMBER':
      return 'acknowledged';
    case 'MESSAGE_TOO_LARGE':
      return records > 1 ? 'split' : 'failed';
    case 'OUT_OF_ORDER_SEQUENCE_NUMBER':
    case 'UNKNOWN_PRODUCER_ID':
      return isIdempotent ? 'out-of-order' : 'failed';
    default:
      if (isRetriable(error)) {
        return 'retry';
      }
      return isIdempotent && FATAL.has(error) ? 'fatal' : 'failed';
  }
}

export function maybeWritten(error: string): boolean {
  return MAYBE_WRITTEN.has(error);
}
