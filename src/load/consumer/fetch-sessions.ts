/**
 * Incremental fetch sessions (KIP-227): after a full request a broker remembers what it was asked for, and is told only what
 * has changed.
 */
import type { FetchFrom, PartitionOfId } from '../wire/fetch-request.ts';

const NO_SESSION = 0;
/** The epoch of a request that does not go on with a session. */
export const FULL_REQUEST = 0;
/** Epochs go up to the largest int32, and then on from 1. */
const EPOCH_MAX = 2 ** 31 - 1;

export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly partitions: readonly FetchFrom[];
  readonly forgotten: readonly PartitionOfId[];
}

/** With one broker. */
export class FetchSession {
  #id = NO_SESSION;
  #epoch = FULL_REQUEST;
  #known = new Map<string, FetchFrom>();

  /** What to ask for, so that the broker knows these positions. */
  request(wanted: readonly FetchFrom[]): SessionRequest {
    const isFull = this.#epoch === FULL_REQUEST;
    const partitions = isFull ? wanted : wanted.filter((one) => !isSame(this.#known.get(keyOf(one)), one));
    const next = new Map(wanted.map((one) => [keyOf(one), one]));
    const forgotten = isFull
      ? []
      : [...this.#known]
          .filter(([key]) => !next.has(key))
          .map(([, { topicId, partition }]) => ({ topicId, partition }));
    this.#known = next;
    return { sessionId: this.#id, sessionEpoch: this.#epoch, partitions, forgotten };
  }

  /** The broker has answered without an error. */
  answered(sessionId: number): void {
    this.#id = sessionId;
    // A broker without room for the session answers with none: each request is a full one then.
    this.#epoch = sessionId === NO_SESSION ? FULL_REQUEST : nextEpoch(this.#epoch);
  }

  /** The session is gone, or nobody knows: the next request is a full one. */
  reset(): void {
    this.#id = NO_SESSION;
    this.#epoch = FULL_REQUEST;
    this.#known.clear();
  }
}

function nextEpoch(epoch: number): number {
  return epoch === EPOCH_MAX ? 1 : epoch + 1;
}

function isSame(known: FetchFrom | undefined, wanted: FetchFrom): boolean {
  return known?.offset === wanted.offset && known.leaderEpoch === wanted.leaderEpoch;
}

function keyOf({ topicId, partition }: PartitionOfId): string {
  return `${topicId}:${partition}`;
}
