/** Errors that a cluster answers with, in words. */
import { protocolErrors, protocolErrorsCodesById } from '@platformatic/kafka';
import { EXIT, UserError } from '../../errors/errors.ts';

/** Kafka's error codes that are dealt with by name. */
export const KAFKA_ERROR = {
  none: 0,
  unknownTopicOrPartition: 3,
  notLeaderOrFollower: 6,
  requestTimedOut: 7,
  networkException: 13,
  notController: 41,
  preferredLeaderNotAvailable: 80,
  eligibleLeadersNotAvailable: 83,
  electionNotNeeded: 84,
  noReassignmentInProgress: 85,
  brokerIdNotRegistered: 102,
} as const;

/** Errors that pass when a controller has been found or elected. */
const PASSING: ReadonlySet<number> = new Set([
  KAFKA_ERROR.notLeaderOrFollower,
  KAFKA_ERROR.requestTimedOut,
  KAFKA_ERROR.networkException,
  KAFKA_ERROR.notController,
]);

/** Whether the same request may succeed in a moment. */
export function isPassing(code: number): boolean {
  return PASSING.has(code);
}

/** What Kafka said; its general words for the error when it said nothing in particular. */
export function kafkaWords(code: number, message: string | null): string {
  const name = protocolErrorsCodesById[code];
  if (name === undefined) return message ?? `error ${code}`;
  const words = message === null || message === '' ? protocolErrors[name].message : message;
  return `${words.replace(/\.$/, '')} (${name})`;
}

/** Cluster trouble (exit 3), one line for each problem. */
export function clusterTrouble(lines: string | readonly string[], options?: ErrorOptions): UserError {
  return new UserError(lines, EXIT.clusterUnreachable, options);
}
