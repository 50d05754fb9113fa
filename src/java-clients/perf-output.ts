/**
 * What Kafka's perf tools print, a line at a time: kafka-producer-perf-test and kafka-consumer-perf-test of Kafka 4.2 and
 * 4.3. Lines of anything else (logging, stack frames) are nobody's result.
 */

/** Records of one reporting interval, and how long it was. */
export interface ReportWindow {
  readonly records: number;
  readonly seconds: number;
}

/** The tool's last word: milliseconds from send() to the acknowledgement, percentiles in whole ones. */
export interface ProducerSummary {
  readonly records: number;
  readonly recordsPerSecond: number;
  readonly meanMs: number;
  readonly maxMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

export type ProducerLine =
  | { readonly kind: 'window'; readonly window: ReportWindow }
  | { readonly kind: 'summary'; readonly steady: boolean; readonly summary: ProducerSummary };

/** A client's metric, such as `producer-metrics:request-total`, as `--print-metrics` has it. */
export interface MetricLine {
  readonly name: string;
  readonly tags: string;
  readonly value: number;
}

const RATE = String.raw`([\d.]+) records\/sec \([\d.]+ MB\/sec\), ([\d.]+) ms avg latency, ([\d.]+) ms max latency`;
const WINDOW = new RegExp(String.raw`^(\d+) records sent, ${RATE}\.$`);
const SUMMARY = new RegExp(
  String.raw`^(\d+)( steady state)? records sent, ${RATE}, (\d+) ms 50th, (\d+) ms 95th, (\d+) ms 99th, (\d+) ms 99\.9th\.$`,
);
const DATE = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}`;
const CONSUMED = new RegExp(
  String.raw`^${DATE}, \d+, [\d.]+, [\d.]+, (\d+), ([\d.]+), -?\d+, -?\d+, [\d.]+, [\d.]+$`,
);
const METRIC = /^([\w-]+:[\w.-]+):\{(.*)\}\s*: (\S+)$/;
/** The first line of a stack trace, or an error that the client's logging tells. */
const ERROR = /(?:^|: |\]: )((?:[a-z]\w*\.)+[A-Z]\w*(?:Exception|Error)(?:: .*)?)$/;

/** A window or a summary of kafka-producer-perf-test; null for any other line. */
export function parseProducerLine(line: string): ProducerLine | null {
  const window = WINDOW.exec(line);
  if (window !== null) {
    const [records, rate] = [Number(window[1]), Number(window[2])];
    return { kind: 'window', window: { records, seconds: rate > 0 ? records / rate : 0 } };
  }
  const summary = SUMMARY.exec(line);
  if (summary === null) return null;
  const [records, , recordsPerSecond, meanMs, maxMs, p50Ms, p95Ms, p99Ms, p999Ms] = summary
    .slice(1)
    .map(Number);
  return {
    kind: 'summary',
    steady: summary[2] !== undefined,
    summary: { records, recordsPerSecond, meanMs, maxMs, p50Ms, p95Ms, p99Ms, p999Ms },
  };
}

/**
 * A line of `kafka-consumer-perf-test --show-detailed-stats`: records read until then, and their rate since the last line;
 * null for any other line.
 */
export function parseConsumerLine(line: string): { records: number; recordsPerSecond: number } | null {
  const found = CONSUMED.exec(line);
  return found === null ? null : { records: Number(found[1]), recordsPerSecond: Number(found[2]) };
}

/** A metric with a number for its value; null for any other line. */
export function parseMetric(line: string): MetricLine | null {
  const found = METRIC.exec(line);
  const value = Number(found?.[3] ?? Number.NaN);
  return found === null || Number.isNaN(value) ? null : { name: found[1], tags: found[2], value };
}

/** A Java error with its message; null for a line that tells of none. */
export function parseError(line: string): string | null {
  const found = ERROR.exec(line);
  return found === null ? null : found[1].replace(/^(?:[a-z]\w*\.)+/, '');
}
