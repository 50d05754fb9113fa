/**
 * Windows between samples of one thing. What counts may start from zero again in between (a broker that was restarted), or
 * may not be there for a while.
 */
import type { ResourceSeries } from '../../result/run-result.ts';

/** A sample of something that counts. */
export interface Reading {
  readonly atMs: number;
  /** Counters of another life have started from zero. */
  readonly life: string;
  /** When this life began; null when it began before anything was watched. */
  readonly bornAtMs: number | null;
}

export interface Window<Of> {
  /** Null: its counters were at zero. */
  readonly before: Of | null;
  readonly after: Of;
  readonly seconds: number;
}

/**
 * The windows between samples, one fewer than there are samples. A window at whose end nothing could be read is null;
 * the next one then goes back to the last reading of the same life. The first window of a life that began meanwhile
 * goes back to its begin, if that was after `beginMs`, when watching began.
 */
export function windowsOf<Of extends Reading>(
  readings: readonly (Of | null)[],
  beginMs: number,
): (Window<Of> | null)[] {
  let last: Of | null = readings[0] ?? null;
  return readings.slice(1).map((after) => {
    if (after === null) return null;
    const before = last;
    last = after;
    if (before?.life === after.life)
      return { before, after, seconds: secondsBetween(before.atMs, after.atMs) };
    if (after.bornAtMs === null || after.bornAtMs < beginMs) return null;
    return { before: null, after, seconds: secondsBetween(after.bornAtMs, after.atMs) };
  });
}

/** Values per second of a counter. */
export function ratesOf<Of>(
  windows: readonly (Window<Of> | null)[],
  counter: (reading: Of) => number | null,
): ResourceSeries['values'] {
  return windows.map((window) => {
    if (window === null) return null;
    const end = counter(window.after);
    const start = window.before === null ? 0 : counter(window.before);
    return end === null || start === null ? null : (end - start) / window.seconds;
  });
}

/** What stood at the end of each window. */
export function levelsOf<Of>(
  readings: readonly (Of | null)[],
  level: (reading: Of) => number | null,
): ResourceSeries['values'] {
  return readings.slice(1).map((reading) => (reading === null ? null : level(reading)));
}

/** Timers are exact to a millisecond; nothing is divided by less. */
function secondsBetween(fromMs: number, toMs: number): number {
  return Math.max(toMs - fromMs, 1) / 1000;
}
