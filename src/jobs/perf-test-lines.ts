/** The lines of kafka-producer-perf-test, as its ProducerPerformance prints them. */
import type { Interval } from '../load/interval.ts';
import type { LoadResult } from '../load/load-result.ts';
import type { LatencySummary } from '../result/run-result.ts';

const MIB = 1024 ** 2;

/** Of a reporting interval. */
export function intervalLine(sum: Interval, elapsedMs: number): string {
  const perSecond = 1000 / elapsedMs;
  const rate = (sum.records * perSecond).toFixed(1);
  const mib = ((sum.bytes * perSecond) / MIB).toFixed(2);
  const mean = (sum.latencyMsSum / sum.records).toFixed(1);
  return `${sum.records} records sent, ${rate} records/sec (${mib} MB/sec), ${mean} ms avg latency, ${sum.latencyMsMax.toFixed(1)} ms max latency.`;
}

/** What is said before the first record. */
export function warmupLine(records: number): string {
  return `Warmup first ${records} records. Steady state results will print after the complete test summary.`;
}

/** Said before the first reporting interval of the steady state. */
export const STEADY_LINE = 'In steady state.';

/** What was acknowledged, of the whole run or of its steady state. */
export interface PerfTestSummary {
  readonly records: number;
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly latencyMs: LatencySummary | null;
}

/** Percentiles in whole milliseconds. */
export function summaryLine(summary: PerfTestSummary, of: 'run' | 'steady state'): string {
  const { records, latencyMs: latency } = summary;
  const rate = summary.recordsPerSecond.toFixed(6);
  const mib = (summary.bytesPerSecond / MIB).toFixed(2);
  const ms = (value: number | undefined): string => (value ?? 0).toFixed(2);
  const whole = (value: number | undefined): string => String(Math.trunc(value ?? 0));
  return [
    `${records}${of === 'run' ? '' : ' steady state'} records sent, ${rate} records/sec (${mib} MB/sec)`,
    `${ms(latency?.mean)} ms avg latency`,
    `${ms(latency?.max)} ms max latency`,
    `${whole(latency?.p50)} ms 50th`,
    `${whole(latency?.p95)} ms 95th`,
    `${whole(latency?.p99)} ms 99th`,
    `${whole(latency?.p999)} ms 99.9th.`,
  ].join(', ');
}

/** Whether the generator kept its schedule. */
export function verdictLine({ generator }: LoadResult): string {
  const { latenessMs, keptSchedule, reason } = generator;
  if (latenessMs === null) return 'as fast as possible: there was no schedule to keep';
  const found = `lateness p99 ${latenessMs.p99.toFixed(1)} ms`;
  return keptSchedule
    ? `${found}: the generator kept its schedule`
    : `${found}: the run is invalid: ${reason}`;
}
