/** Records over time, from lines that tools print now and then: each line is of the time up to when it came. */
import { NS_PER_SECOND } from '../load/clock.ts';
import type { ReportWindow } from './perf-output.ts';

export interface TimedWindow extends ReportWindow {
  readonly endNs: number;
}

/** Records in every second from `fromNs`, `seconds` of them (the last may be cut), spread evenly over each window. */
export function recordsPerSecond(windows: readonly TimedWindow[], fromNs: number, seconds: number): number[] {
  const counts = new Array<number>(Math.ceil(seconds)).fill(0);
  for (const { endNs, seconds: length, records } of windows) {
    const end = (endNs - fromNs) / NS_PER_SECOND;
    const begin = end - length;
    for (let second = Math.max(0, Math.floor(begin)); second < Math.min(counts.length, end); second += 1) {
      const overlap = Math.min(end, second + 1, seconds) - Math.max(begin, second);
      if (overlap > 0) counts[second] += (records * overlap) / length;
    }
  }
  return counts;
}
