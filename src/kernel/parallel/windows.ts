/**
 * The rule of the windows, from which every worker computes the same next one without asking anybody.
 *
 *   events    ·            ·  ·                    ·  ·
 *   windows   [-lookahead-)[-lookahead-)           [-lookahead-)
 *                                       idle time costs nothing
 *
 * A window begins at the earliest pending event of all shards and is as long as the lookahead: what is sent in it to
 * another shard is due in a later one.
 */

/** Longest window, so that progress shows also where no lookahead bounds it. */
const WINDOW_NS_MAX = 1_000_000_000;

/** What a run has to go through; whole numbers of ns. */
export interface WindowPlan {
  /** All before this is over. */
  readonly startNs: number;
  /** Events up to and including this time are handled. */
  readonly untilNs: number;
  /** Least delay of an event between shards; null when they never send each other any. */
  readonly lookaheadNs: number | null;
}

/**
 * End of the window after the one that ended at `nowNs`. Events at exactly the end belong to the window after: they may
 * still be joined by another shard's.
 * @param nowNs ns; all before it is over
 * @param earliestNs ns; no event is pending or under way before it, Infinity when there is none at all
 */
export function windowEndNs(plan: WindowPlan, nowNs: number, earliestNs: number): number {
  const beginNs = Math.max(nowNs, Math.min(earliestNs, plan.untilNs));
  return Math.min(beginNs + Math.min(plan.lookaheadNs ?? WINDOW_NS_MAX, WINDOW_NS_MAX), plan.untilNs + 1);
}
