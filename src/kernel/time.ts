/** Simulated time is integer nanoseconds in a float64: exact below 2^53 ns, about 104 days. */

export const TIME_NS_MAX = Number.MAX_SAFE_INTEGER;
export const NS_PER_MS = 1_000_000;
export const NS_PER_SECOND = 1_000_000_000;

/** The one rounding rule from real to simulated time: to the nearest nanosecond, halves upward; NaN for what is no time. */
export function nearestNs(realNs: number): number {
  return realNs >= 0 && realNs <= TIME_NS_MAX ? Math.round(realNs) : Number.NaN;
}

/**
 * A duration or a time, rounded by the one rule.
 * @throws RangeError when it is negative, not a number, or beyond 2^53 ns
 */
export function roundNs(realNs: number): number {
  const ns = nearestNs(realNs);
  if (Number.isNaN(ns)) throw new RangeError(`a time must be between 0 and 2^53 - 1 ns, found ${realNs}`);
  return ns;
}
