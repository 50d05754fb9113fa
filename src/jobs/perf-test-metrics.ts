/**
 * What a producer measured of itself, by Kafka's names and in the lines of its tools (ToolsUtils.printMetrics). Kafka's rates
 * and averages are of the last minute at most, ours of the whole run; requests are those of Produce alone.
 */
import type { SendTotals } from '../load/producer/send-totals.ts';

export interface ClientMetric {
  readonly group: 'producer-metrics' | 'producer-topic-metrics';
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Null where there was nothing to take an average of. */
  readonly value: number | null;
}

/** In the order in which Kafka's tool has them. */
export function clientMetrics(
  totals: SendTotals,
  durationSeconds: number,
  { clientId, topic }: { readonly clientId: string; readonly topic: string },
): ClientMetric[] {
  const { requests, batches, responses } = totals;
  const ratio = (sum: number, count: number): number | null => (count > 0 ? sum / count : null);
  const largest = (value: number, count: number): number | null => (count > 0 ? value : null);
  const counted = (name: string, total: number): Readonly<Record<string, number | null>> => ({
    [`${name}-rate`]: ratio(total, durationSeconds),
    [`${name}-total`]: total,
  });
  const records = {
    ...counted('record-error', totals.recordsFailed),
    ...counted('record-retry', totals.recordsRetried),
    ...counted('record-send', totals.records),
  };
  const ofClient = {
    'batch-size-avg': ratio(totals.batchBytes, batches),
    'batch-size-max': largest(totals.batchBytesMax, batches),
    ...counted('outgoing-byte', totals.requestBytes),
    ...records,
    'record-queue-time-avg': ratio(totals.queueMsSum, batches),
    'record-queue-time-max': largest(totals.queueMsMax, batches),
    'records-per-request-avg': ratio(totals.records, requests),
    'request-latency-avg': ratio(totals.responseMsSum, responses),
    'request-latency-max': largest(totals.responseMsMax, responses),
    ...counted('request', requests),
    'request-size-avg': ratio(totals.requestBytes, requests),
    'request-size-max': largest(totals.requestBytesMax, requests),
    ...counted('response', responses),
  };
  const ofTopic = { ...counted('byte', totals.batchBytes), ...records };
  const tags = { 'client-id': clientId };
  const all: ClientMetric[] = [
    ...Object.entries(ofClient).map(([name, value]) => ({
      group: 'producer-metrics' as const,
      name,
      tags,
      value,
    })),
    ...Object.entries(ofTopic).map(([name, value]) => ({
      group: 'producer-topic-metrics' as const,
      name,
      tags: { ...tags, topic },
      value,
    })),
  ];
  return all.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** As Kafka's tool prints them, an empty line and a head first. */
export function metricLines(metrics: readonly ClientMetric[]): string[] {
  const width = Math.max(...metrics.map((metric) => nameOf(metric).length));
  return [
    '',
    `${'Metric Name'.padEnd(width)}   Value`,
    ...metrics.map((metric) => `${nameOf(metric).padEnd(width)} : ${metric.value?.toFixed(3) ?? 'NaN'}`),
  ];
}

function nameOf({ group, name, tags }: ClientMetric): string {
  const shown = Object.entries(tags).map(([tag, value]) => `${tag}=${value}`);
  return `${group}:${name}:{${shown.join(', ')}}`;
}
