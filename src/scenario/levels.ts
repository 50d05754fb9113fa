/**
 * Service levels, one line each:
 *
 *     [class.]metric[(key=value)] [statistic] comparison bound
 *
 *     checkout.publishLatency p(99) < 50ms      billing.lag max < 100k
 *     throughput >= 10k/s                       lost(acks=all) == 0
 */
import { suggestion } from './nearest.ts';
import type { Level } from './scenario.ts';
import { mapParsed, type Parsed, parseCount, parseDurationMs, parseRate, show } from './units.ts';

interface Metric {
  /** Without `statistic` in the line; null when the line must say which. */
  readonly statistic: Level['statistic'] | null;
  readonly statistics: readonly string[];
  readonly bound: (input: unknown) => Parsed<number>;
  /** Which classes a subject may name. */
  readonly subjects: readonly ('producers' | 'consumers')[];
  readonly filters: Readonly<Record<string, readonly string[]>>;
}

const LATENCY = {
  statistic: null,
  statistics: ['p(99)', 'mean', 'max'],
  bound: parseDurationMs,
  filters: {},
} as const;

export const LEVEL_METRICS: Readonly<Record<Level['metric'], Metric>> = {
  publishLatency: { ...LATENCY, subjects: ['producers'] },
  endToEndLatency: { ...LATENCY, subjects: ['consumers'] },
  throughput: {
    statistic: { kind: 'mean' },
    statistics: ['mean'],
    bound: parseRate,
    subjects: ['producers', 'consumers'],
    filters: {},
  },
  lost: {
    statistic: { kind: 'total' },
    statistics: ['total'],
    bound: parseCount,
    subjects: ['producers'],
    filters: { acks: ['0', '1', 'all'] },
  },
  lag: {
    statistic: { kind: 'max' },
    statistics: ['max'],
    bound: parseCount,
    subjects: ['consumers'],
    filters: {},
  },
};

const EXAMPLE = '"checkout.publishLatency p(99) < 50ms"';
const SHAPE =
  /^(?:(?<subject>[\w-]+)\.)?(?<metric>\w+)(?:\((?<filter>[^()]*)\))?(?:\s+(?<statistic>\w+(?:\([^()]*\))?))?\s*(?<comparison><=|>=|==|<|>)\s*(?<bound>\S.*)$/;

/** Reads one level; whether its subject exists is for the caller to check. */
export function parseLevel(input: unknown): Parsed<Level> {
  const match = typeof input === 'string' ? SHAPE.exec(input.trim()) : null;
  if (typeof input !== 'string' || match?.groups === undefined) {
    return { problem: `expected a level such as ${EXAMPLE}, found ${show(input)}` };
  }
  const { subject, metric, filter, statistic, comparison, bound } = match.groups;
  if (!isMetric(metric)) {
    return { problem: `unknown metric "${metric}"${suggestion(metric, Object.keys(LEVEL_METRICS))}` };
  }
  const rules = LEVEL_METRICS[metric];
  const statisticRead = parseStatistic(metric, statistic);
  if ('problem' in statisticRead) return statisticRead;
  const filterRead = parseFilter(metric, filter);
  if ('problem' in filterRead) return filterRead;
  const boundRead = rules.bound(bound.trim());
  if ('problem' in boundRead) return { problem: `bound of ${metric}: ${boundRead.problem}` };
  return mapParsed(boundRead, (value) => ({
    text: input.trim(),
    subject: subject ?? null,
    metric,
    statistic: statisticRead.value,
    filter: filterRead.value,
    comparison: comparison as Level['comparison'],
    bound: value,
  }));
}

function isMetric(name: string): name is Level['metric'] {
  return Object.hasOwn(LEVEL_METRICS, name);
}

function parseStatistic(metric: Level['metric'], written: string | undefined): Parsed<Level['statistic']> {
  const { statistic, statistics } = LEVEL_METRICS[metric];
  const allowed = statistics.join(', ');
  if (written === undefined) {
    return statistic === null
      ? { problem: `${metric} needs a statistic: expected one of ${allowed}` }
      : { value: statistic };
  }
  const percentile = /^p\((\d+(?:\.\d+)?)\)$/.exec(written);
  if (percentile !== null && statistic === null) {
    const value = Number(percentile[1]);
    return value > 0 && value < 100
      ? { value: { kind: 'percentile', percentile: value } }
      : { problem: `expected a percentile above 0 and below 100 such as p(99.9), found ${written}` };
  }
  if ((written === 'mean' || written === 'max' || written === 'total') && statistics.includes(written)) {
    return { value: { kind: written } };
  }
  return { problem: `unknown statistic "${written}" of ${metric}, expected one of ${allowed}` };
}

function parseFilter(metric: Level['metric'], written: string | undefined): Parsed<Level['filter']> {
  const { filters } = LEVEL_METRICS[metric];
  const filter: Record<string, string> = {};
  for (const part of written === undefined ? [] : written.split(',')) {
    const [key, value = ''] = part.split('=').map((piece) => piece.trim());
    if (!Object.hasOwn(filters, key)) {
      return { problem: `unknown filter "${key}" of ${metric}${suggestion(key, Object.keys(filters))}` };
    }
    if (!filters[key].includes(value)) {
      return { problem: `unknown ${key} "${value}" of ${metric}${suggestion(value, filters[key])}` };
    }
    filter[key] = value;
  }
  return { value: filter };
}
