/** The windows of a simulated phase. */
export const WINDOW_SECONDS = 1;

/** What was counted in every window as a rate; the last window may be cut short. */
export function perSecond(counts: readonly number[], seconds: number): number[] {
  return counts.map((count, window) => count / Math.min(WINDOW_SECONDS, seconds - window * WINDOW_SECONDS));
}
