/** Kafka's error codes, as its clients read them. */
import { protocolErrors, protocolErrorsCodesById } from '@platformatic/kafka';

/** Kafka's InvalidMetadataException: somebody else leads, or nobody, or the topic is not the one that was known. */
const WRONG_LEADER = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'LISTENER_NOT_FOUND',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_ID',
]);

/** Kafka's name of an error code. */
export function errorName(code: number): string {
  return protocolErrorsCodesById[code] ?? `error ${code}`;
}

/** Whether the same request may succeed later. */
export function isRetriable(name: string): boolean {
  return protocolErrors[name]?.canRetry === true;
}

/** Whether the cluster should be asked who leads. */
export function isWrongLeader(name: string): boolean {
  return WRONG_LEADER.has(name);
}
