/**
 * Looking at the processes of brokers now and then: their metrics by JMX, one bulk request each, and how long their threads
 * waited for a core. Dearer than the files that `sampleResources` reads, so done less often.
 */
import type { ResourceSeries } from '../../result/run-result.ts';
import { ACTIVITY_READS } from './broker-activity.ts';
import { brokerSeries, WINDOW_READS } from './broker-metrics.ts';
import { monotonicMs } from './clock.ts';
import { type MBeanRead, readMBeans } from './jolokia.ts';
import { type BrokerReading, type FailedRead, LIFE_READS, readingOf } from './lives.ts';
import { type ProcessReading, readRunQueueWait, type WaitReading, waitBetween } from './process-counters.ts';
import { REQUEST_STAGE_READS } from './request-metrics.ts';
import { windowsOf } from './windows.ts';

/** A broker to watch; a `LocalBroker` is one. */
export interface ObservedBroker {
  readonly id: number;
  readonly pid: number;
  readonly jolokiaUrl: string | null;
  readonly processName: string;
  /** Name of the machine that it runs on; without, the one machine that there is. */
  readonly machine?: string;
}

export type BrokerRead = BrokerReading | FailedRead;

/** One look at all brokers, by id. */
export interface BrokerLook {
  readonly atMs: number;
  /** Never rejected. Null for a broker that still owes the answer to an earlier look. */
  readonly metrics: ReadonlyMap<number, Promise<BrokerRead | null>>;
  readonly waits: ReadonlyMap<number, WaitReading>;
}

/** The answers to a look at one broker. */
export interface SettledLook {
  readonly read: BrokerRead | null;
  readonly wait: WaitReading | null;
}

/** The number of reads is a small part of the cost of asking. */
const READS = mergeReads([...LIFE_READS, ...REQUEST_STAGE_READS, ...ACTIVITY_READS, ...WINDOW_READS]);

/** Gives a function that looks at the brokers; `processes` are what was read of them just before. To insist is to ask again one that owes an answer. */
export function brokerWatch(): (
  brokers: readonly ObservedBroker[],
  processes: ReadonlyMap<number, ProcessReading>,
  options?: { readonly insist: boolean },
) => BrokerLook {
  const owing = new Set<number>();
  const ask = async (broker: ObservedBroker, insist: boolean): Promise<BrokerRead | null> => {
    if (owing.has(broker.id) && !insist) return null;
    owing.add(broker.id);
    const read = await readBroker(broker);
    owing.delete(broker.id);
    return read;
  };
  return (brokers, processes, options = { insist: false }) => {
    const atMs = monotonicMs();
    const metrics = new Map(brokers.map((broker) => [broker.id, ask(broker, options.insist)]));
    const waits = new Map(
      brokers.flatMap(({ id }) => {
        const process = processes.get(id);
        const reading = process === undefined ? null : readRunQueueWait(process);
        return reading === null ? [] : [[id, reading] as const];
      }),
    );
    return { atMs, metrics, waits };
  };
}

/** The series of one broker out of the looks at it. */
export function watchedSeries(
  looks: readonly SettledLook[],
  options: {
    readonly host: string;
    readonly broker: number;
    readonly beginMs: number;
    readonly windowSeconds: number;
  },
): ResourceSeries[] {
  const { host, broker, windowSeconds, beginMs } = options;
  const readings = looks.map(({ read }) => (read !== null && 'values' in read ? read : null));
  const waits = windowsOf(
    looks.map(({ wait }) => wait),
    beginMs,
  ).map((window) => (window === null ? null : waitBetween(window.before, window.after) / window.seconds));
  return [
    ...(waits.some((wait) => wait !== null)
      ? [
          {
            host,
            broker,
            resource: 'cpu.wait',
            unit: 'cores',
            capacity: null,
            windowSeconds,
            values: waits,
          } as const,
        ]
      : []),
    ...brokerSeries(readings, options),
  ];
}

async function readBroker(broker: ObservedBroker): Promise<BrokerRead> {
  const sentMs = monotonicMs();
  if (broker.jolokiaUrl === null) return { atMs: sentMs, problem: 'it runs without a metrics agent' };
  try {
    const values = await readMBeans(broker.jolokiaUrl, READS);
    return readingOf((sentMs + monotonicMs()) / 2, values);
  } catch (error) {
    return { atMs: sentMs, problem: messageOf(error) };
  }
}

/** `fetch failed` alone says nothing; its cause does. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** One read for each MBean, with all attributes that are asked of it. */
function mergeReads(reads: readonly MBeanRead[]): MBeanRead[] {
  const merged = new Map<string, MBeanRead>();
  for (const read of reads) {
    const attributes = [...new Set([...(merged.get(read.mbean)?.attributes ?? []), ...read.attributes])];
    merged.set(read.mbean, { ...read, attributes });
  }
  return [...merged.values()];
}
