/** What a broker did between two reads of its counters, over all its processes if it was started anew. */
import { type MBeanRead, type MBeanValues, mbeanKey } from './jolokia.ts';
import type { Life } from './lives.ts';

/** Differences of a broker's cumulative counters over an interval. */
export interface BrokerActivity {
  readonly broker: number;
  /** Bytes of record batches appended from producers, as they arrived (compressed if they are). */
  readonly bytesIn: number;
  readonly recordsIn: number;
  /** Flushes of a log to disk (fsync). */
  readonly logFlushes: number;
  readonly gcCount: number;
  /** Time in collections as the JVM counts it, pauses and (G1's) concurrent cycles' stops. */
  readonly gcSeconds: number;
}

export const BYTES_IN = 'kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec';
const MESSAGES_IN = 'kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec';
export const LOG_FLUSH = 'kafka.log:type=LogFlushStats,name=LogFlushRateAndTimeMs';

/** What to read for `activityOver`. */
export const ACTIVITY_READS: readonly MBeanRead[] = [
  { mbean: BYTES_IN, attributes: ['Count'] },
  { mbean: MESSAGES_IN, attributes: ['Count'] },
  { mbean: LOG_FLUSH, attributes: ['Count'] },
  { mbean: 'java.lang:type=GarbageCollector,name=*', attributes: ['CollectionCount', 'CollectionTime'] },
];

/** Sums of the differences over the spans of a broker's lives. */
export function activityOver(broker: number, lives: readonly Life[]): BrokerActivity {
  const sum = (count: (values: MBeanValues) => number): number =>
    lives.reduce((total, { from, to }) => total + count(to) - count(from), 0);
  return {
    broker,
    bytesIn: sum((values) => countOf(values, BYTES_IN)),
    recordsIn: sum((values) => countOf(values, MESSAGES_IN)),
    logFlushes: sum((values) => countOf(values, LOG_FLUSH)),
    gcCount: sum((values) => collections(values).count),
    gcSeconds: sum((values) => collections(values).timeMs) / 1000,
  };
}

/** A counter that has not counted yet has no MBean. */
function countOf(values: MBeanValues, mbean: string): number {
  return values.get(mbeanKey(mbean))?.Count ?? 0;
}

function collections(values: MBeanValues): { readonly count: number; readonly timeMs: number } {
  const collectors = [...values].filter(([name]) => name.includes('type=GarbageCollector'));
  return {
    count: collectors.reduce((sum, [, value]) => sum + value.CollectionCount, 0),
    timeMs: collectors.reduce((sum, [, value]) => sum + value.CollectionTime, 0),
  };
}
