/** What a broker did between two reads of its counters. */
import { type MBeanRead, type MBeanValues, mbeanKey } from './jolokia.ts';

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

const BYTES_IN = 'kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec';
const MESSAGES_IN = 'kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec';
const LOG_FLUSH = 'kafka.log:type=LogFlushStats,name=LogFlushRateAndTimeMs';

/** What to read for `activityBetween`. */
export const ACTIVITY_READS: readonly MBeanRead[] = [
  { mbean: BYTES_IN, attributes: ['Count'] },
  { mbean: MESSAGES_IN, attributes: ['Count'] },
  { mbean: LOG_FLUSH, attributes: ['Count'] },
  { mbean: 'java.lang:type=GarbageCollector,name=*', attributes: ['CollectionCount', 'CollectionTime'] },
];

/** Differences between two reads of the same broker. */
export function activityBetween(broker: number, before: MBeanValues, after: MBeanValues): BrokerActivity {
  const difference = (mbean: string): number => countOf(after, mbean) - countOf(before, mbean);
  const start = collections(before);
  const end = collections(after);
  return {
    broker,
    bytesIn: difference(BYTES_IN),
    recordsIn: difference(MESSAGES_IN),
    logFlushes: difference(LOG_FLUSH),
    gcCount: end.count - start.count,
    gcSeconds: (end.timeMs - start.timeMs) / 1000,
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
