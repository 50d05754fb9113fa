/** What was acknowledged in some stretch of time, without its percentiles. */

export interface Interval {
  readonly records: number;
  readonly bytes: number;
  /** Sum and greatest of the publish latencies. */
  readonly latencyMsSum: number;
  readonly latencyMsMax: number;
  /** Milliseconds since the steady state began, whose records alone are counted then; null without one. */
  readonly steadyMs: number | null;
}

export const NOTHING: Interval = { records: 0, bytes: 0, latencyMsSum: 0, latencyMsMax: 0, steadyMs: null };

export function sumOf(intervals: readonly Interval[]): Interval {
  return intervals.reduce(
    (sum, one) => ({
      records: sum.records + one.records,
      bytes: sum.bytes + one.bytes,
      latencyMsSum: sum.latencyMsSum + one.latencyMsSum,
      latencyMsMax: Math.max(sum.latencyMsMax, one.latencyMsMax),
      steadyMs: one.steadyMs ?? sum.steadyMs,
    }),
    NOTHING,
  );
}
