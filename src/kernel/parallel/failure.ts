/**
 * Why a run in shards ended badly. Shards of one window fail independently of each other, on one worker or on several:
 * all go on to the window's end, and the earliest failure in simulated time is the run's, whoever came upon it first.
 */

export interface ShardFailure {
  /** The shard's time. */
  readonly atNs: number;
  readonly shard: number;
  readonly error: Error;
}

/** The one of two failures that counts. */
export function earlier(one: ShardFailure, other: ShardFailure): ShardFailure {
  if (one.atNs !== other.atNs) return one.atNs < other.atNs ? one : other;
  return one.shard <= other.shard ? one : other;
}

/** What was thrown, with who failed in front of its message; it keeps its type and stack. */
export function named(who: string, thrown: unknown): Error {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  error.message = `${who}: ${error.message}`;
  return error;
}
