/** Whether the generator, and not the cluster, was the limit of a run: the one place with the rule. */
import type { LatencySummary } from '../result/run-result.ts';

/** A paced run is honest when its 99th percentile of lateness is at most this, */
const LATENESS_MS_MAX = 5;
/** or at most this share of the publish latency's 99th percentile, which it then hardly changes. */
const LATENESS_SHARE_MAX = 0.1;
/** A saturating run is honest when at most this share of its answers found no request ready to follow. */
const STARVED_SHARE_MAX = 0.5;

export interface Honesty {
  readonly keptSchedule: boolean;
  /** One sentence, null when the schedule was kept. */
  readonly reason: string | null;
}

/**
 * Lateness is the delay from a record's due time until the generator came to it; waiting for buffer space is latency of
 * the cluster. A saturating phase has no schedule (`latenessMs` null): there the generator was the limit when requests were
 * answered before the next ones were made.
 */
export function judgeSchedule(
  latenessMs: LatencySummary | null,
  publishLatencyMs: LatencySummary | null,
  starvedShare: number,
): Honesty {
  if (latenessMs === null) {
    return starvedShare <= STARVED_SHARE_MAX
      ? { keptSchedule: true, reason: null }
      : {
          keptSchedule: false,
          reason: `the generator had no request ready after ${Math.round(starvedShare * 100)} % of the answers, so that it was the limit and not the cluster; give it more producer threads or cores`,
        };
  }
  const limitMs = Math.max(LATENESS_MS_MAX, LATENESS_SHARE_MAX * (publishLatencyMs?.p99 ?? 0));
  return latenessMs.p99 <= limitMs
    ? { keptSchedule: true, reason: null }
    : {
        keptSchedule: false,
        reason: `the generator came to 1 % of the records more than ${latenessMs.p99.toFixed(1)} ms after they were due (limit ${limitMs.toFixed(1)} ms); give it more producer threads or cores, or lower the rate`,
      };
}
