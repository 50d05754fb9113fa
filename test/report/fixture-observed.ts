/** The series of a made-up measured phase that only the observation of a local cluster gives. */
import type { DeliveryCounts } from '../../src/result/delivery-proof.ts';
import type { LatencySummary, PhaseResult } from '../../src/result/run-result.ts';

/** Of a second each, in every phase. */
export const WINDOWS = 20;

/** Repeatable unrest between -1 and 1. */
export function wobble(index: number, salt: number): number {
  return Math.sin(index * 12.9898 + salt * 78.233);
}

/** What only a measured run has: quiet but for a pause of broker 1 in the 13th second. */
export function observed(cores: number): PhaseResult['resources'] {
  const every = (seconds: number, value: (second: number) => number | null) =>
    Array.from({ length: WINDOWS / seconds }, (_, index) => value(index * seconds));
  const often = { host: 'local', capacity: null, windowSeconds: 1 } as const;
  const seldom = { host: 'local', broker: 1, capacity: null, windowSeconds: 2 } as const;
  const pause = (second: number): boolean => second === 12 || second === 13;
  const collector = 'G1 Young Generation';
  return [
    { ...often, broker: null, resource: 'cpu.steal', unit: 'cores', values: every(1, () => 0) },
    {
      ...often,
      broker: null,
      resource: 'memory.dirty',
      unit: 'B',
      values: every(1, (second) => 4e6 * (1 + second)),
    },
    {
      ...seldom,
      resource: 'cpu.wait',
      unit: 'cores',
      values: every(2, (second) => cores * (0.2 + 0.1 * wobble(second, 9))),
    },
    {
      ...seldom,
      resource: 'gc.time',
      of: collector,
      unit: 'share',
      values: every(2, (second) => (pause(second) ? 0.06 : 0.004)),
    },
    { ...seldom, resource: 'gc.time', of: 'G1 Old Generation', unit: 'share', values: every(2, () => 0) },
    {
      ...seldom,
      resource: 'partitions.underReplicated',
      unit: 'count',
      values: every(2, (second) => (pause(second) ? 3 : 0)),
    },
    { ...seldom, resource: 'dirs.offline', unit: 'count', values: every(2, () => 0) },
    {
      ...seldom,
      resource: 'heap.used',
      unit: 'B',
      values: every(2, (second) => (second === 4 ? null : 2e8 + 1e7 * wobble(second, 3))),
    },
    {
      ...seldom,
      resource: 'handlers.idle',
      unit: 'share',
      values: every(2, () => 1 - cores / 4),
    },
  ];
}

/** What only the clients of a measured run know: in its paced phase a record was lost and one was doubled. */
export function clientsSaw(
  records: number,
  response: LatencySummary | null,
  delay: LatencySummary | null,
): Pick<PhaseResult, 'responseLatencyMs' | 'sendDelayMs' | 'batchesRetried' | 'deliveries'> {
  const counts: DeliveryCounts = {
    made: records + 40,
    acknowledged: records,
    lost: 1,
    unread: 0,
    duplicated: 2,
    reordered: 0,
    failed: 0,
    failedSeen: 0,
    indeterminate: 40,
    indeterminateSeen: 12,
    neverMade: 0,
    notJudged: 0,
  };
  const log = {
    records: records + 13,
    redelivered: 0,
    rewritten: 0,
    corrupt: 0,
    misplaced: 0,
    unstamped: 0,
    foreign: 0,
  };
  const proven = { ...counts, lost: 0, duplicated: 0, indeterminate: 0, indeterminateSeen: 0 };
  const none = { notJudged: [], permitted: [], examples: [], classes: [], log };
  return {
    responseLatencyMs: response,
    sendDelayMs: delay,
    batchesRetried: 7,
    deliveries: [
      { ...none, group: 'billing', verdict: 'proven', broken: [], total: proven },
      {
        ...none,
        group: 'analytics',
        verdict: 'broken',
        broken: ['1 acknowledged records of checkout are not in the log'],
        permitted: ['2 records of checkout are in the log again'],
        examples: ['orders-3: record 4711 of checkout-0 was acknowledged and is not in the log'],
        total: counts,
      },
    ],
  };
}
