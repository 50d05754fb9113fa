/** A run of verified producers and consumers on modelled logs, with damage where it is asked for, and a naive oracle. */
import { ConsumerLedger } from '../../../src/load/verify/consumer-ledger.ts';
import type { DeliveryEvidence } from '../../../src/load/verify/judge.ts';
import { type LedgerLimits, ProducerLedger } from '../../../src/load/verify/producer-ledger.ts';
import { STAMP_BYTES, writeStamp } from '../../../src/load/verify/stamp.ts';
import { StreamPlan } from '../../../src/load/verify/streams.ts';
import type { DeliveryCounts, DeliveryPromises } from '../../../src/result/delivery-proof.ts';
import { viewOf } from '../../support/view-of.ts';

export const RUN = 4711;
export const ALL_PROMISED: DeliveryPromises = { kept: true, once: true, ordered: true };
const OTHER_RUN = 4712;
const VALUE_BYTES = STAMP_BYTES + 10;
const THREADS = 3;

/** Two classes; `web-0` and `web-1` write to both topics, `batch-0` to the second alone. */
export const plan = new StreamPlan(
  [
    { name: 'orders', partitions: 2 },
    { name: 'audit', partitions: 1 },
  ],
  [
    { name: 'web-0', classIndex: 0, topics: [0, 1] },
    { name: 'web-1', classIndex: 0, topics: [1, 0] },
    { name: 'batch-0', classIndex: 1, topics: [1] },
  ],
);

export type Outcome = 'acknowledged' | 'failed' | 'indeterminate' | 'none';
export type Damage =
  | 'none'
  | 'lost'
  | 'duplicated'
  | 'late'
  | 'corrupt'
  | 'misplaced'
  | 'foreign'
  | 'unstamped';

export interface MadeBatch {
  readonly stream: number;
  readonly count: number;
  readonly outcome: Outcome;
  /** Of batches that were not acknowledged. */
  readonly written: boolean;
  /** What befalls one record of the batch, and how far on in the log a copy or a late one lands. */
  readonly damage: Damage;
  readonly victim: number;
  readonly distance: number;
}

/** A member of the group: reads so many offsets on from the last commit, and commits on the way. */
export interface Turn {
  readonly thread: number;
  readonly offsets: number;
  readonly commits: readonly number[];
}

export interface History {
  readonly batches: readonly MadeBatch[];
  /** Offsets that a partition's log begins at. */
  readonly logStart: number;
  /** Every so many offsets one holds no record, as after a transaction; 0 for none. */
  readonly markerEvery: number;
  readonly turns: readonly Turn[];
  /** Whether the last member reads to the end. */
  readonly readWhole: boolean;
}

export interface LogRecord {
  readonly kind: 'ours' | 'corrupt' | 'misplaced' | 'foreign' | 'unstamped' | 'marker';
  readonly stream: number;
  readonly sequence: number;
}

export interface ModelledRun {
  readonly evidence: DeliveryEvidence;
  /** By partition. */
  readonly logs: readonly (readonly LogRecord[])[];
  /** By partition: how many records of the log were read, and how many deliveries there were in all. */
  readonly read: readonly { readonly offsets: number; readonly deliveries: number }[];
}

/** Plays a history; both ledgers go through a structured clone, as they do between threads. */
export function play(history: History, limits?: LedgerLimits): ModelledRun {
  const producers = [0, 1, 2].map(() => new ProducerLedger(plan.streamCount, limits));
  const logs = writeLogs(history, producers);
  const consumers = Array.from({ length: THREADS }, () => new ConsumerLedger(RUN, plan, limits));
  const read = logs.map((log, partition) => readLog(history, partition, log, consumers));
  const evidence: DeliveryEvidence = {
    group: 'readers',
    plan,
    classes: [
      { name: 'web', promises: ALL_PROMISED },
      { name: 'batch', promises: ALL_PROMISED },
    ],
    producers: structuredClone(producers.map((ledger) => ledger.data())),
    consumers: structuredClone(consumers.map((ledger) => ledger.data())),
    bounds: logs.map((log) => ({ start: history.logStart, end: history.logStart + log.length })),
    otherWriters: false,
    missing: [],
  };
  return { evidence, logs, read };
}

function writeLogs(history: History, producers: readonly ProducerLedger[]): LogRecord[][] {
  const logs: LogRecord[][] = Array.from({ length: plan.partitionCount }, () => []);
  const late: { at: number; partition: number; record: LogRecord }[] = [];
  for (const batch of history.batches) {
    const { stream, count, outcome } = batch;
    const ledger = producers[plan.clients.indexOf(plan.clientOf(stream))];
    const first = ledger.make(stream, count);
    if (outcome !== 'none') ledger[outcome](stream, first, first + count);
    if (outcome !== 'acknowledged' && !batch.written) continue;
    const partition = plan.partitionOf[stream];
    for (let index = 0; index < count; index++) {
      const record: LogRecord = { kind: 'ours', stream, sequence: first + index };
      const damage = index === batch.victim % count ? batch.damage : 'none';
      const at = logs[partition].length + batch.distance;
      if (damage === 'lost') continue;
      if (damage === 'duplicated' || damage === 'late') late.push({ at, partition, record });
      if (damage === 'late') continue;
      if (damage === 'foreign' || damage === 'unstamped') logs[partition].push({ ...record, kind: damage });
      if (damage === 'misplaced') {
        logs[(partition + 1) % logs.length].push({ ...record, kind: damage });
        continue;
      }
      logs[partition].push(damage === 'corrupt' ? { ...record, kind: damage } : record);
    }
  }
  for (const { at, partition, record } of late.sort((a, b) => b.at - a.at)) {
    logs[partition].splice(at, 0, record);
  }
  const { markerEvery } = history;
  return logs.map((log) =>
    log.flatMap((record, index) =>
      markerEvery > 0 && index % markerEvery === 0
        ? [record, { kind: 'marker' as const, stream: -1, sequence: -1 }]
        : [record],
    ),
  );
}

function readLog(
  history: History,
  partition: number,
  log: readonly LogRecord[],
  consumers: readonly ConsumerLedger[],
): { offsets: number; deliveries: number } {
  const end = history.logStart + log.length;
  let committed = history.logStart;
  let furthest = committed;
  let deliveries = 0;
  for (const [index, { thread, offsets, commits }] of history.turns.entries()) {
    const ledger = consumers[(thread + partition) % THREADS];
    const isLast = index === history.turns.length - 1;
    const begin = committed;
    const until = isLast && history.readWhole ? end : Math.min(end, begin + offsets);
    ledger.begin(partition, begin);
    for (let offset = begin; offset < until; offset++) {
      const record = log[offset - history.logStart];
      // Markers take an offset that no record is delivered for.
      if (record.kind !== 'marker') {
        deliver(ledger, partition, record, offset);
        deliveries++;
      }
      if (commits.includes(offset - begin)) {
        ledger.advanced(partition, offset + 1);
        ledger.committed(partition, offset + 1);
        committed = offset + 1;
      }
    }
    ledger.advanced(partition, until);
    furthest = Math.max(furthest, until);
  }
  return { offsets: furthest - history.logStart, deliveries };
}

function deliver(ledger: ConsumerLedger, partition: number, record: LogRecord, offset: number): void {
  ledger.beginBatch(partition);
  const bytes = Buffer.alloc(VALUE_BYTES + 2, 0x55);
  const run = record.kind === 'foreign' ? OTHER_RUN : RUN;
  writeStamp(viewOf(bytes), 1, VALUE_BYTES, run, record.stream, record.sequence);
  if (record.kind === 'corrupt') bytes[1 + VALUE_BYTES - 1] ^= 1;
  if (record.kind === 'unstamped') bytes.fill(0);
  ledger.saw(bytes, 1, VALUE_BYTES, offset);
}

/** What there is to find, by looking at everything. */
export function oracle(history: History, run: ModelledRun): { classes: DeliveryCounts[]; records: number } {
  const classes: DeliveryCounts[] = run.evidence.classes.map(() => ({
    made: 0,
    acknowledged: 0,
    lost: 0,
    unread: 0,
    duplicated: 0,
    reordered: 0,
    failed: 0,
    failedSeen: 0,
    indeterminate: 0,
    indeterminateSeen: 0,
    neverMade: 0,
    notJudged: 0,
  }));
  for (let stream = 0; stream < plan.streamCount; stream++) {
    const counts = classes[plan.clientOf(stream).classIndex] as {
      -readonly [Key in keyof DeliveryCounts]: number;
    };
    const partition = plan.partitionOf[stream];
    const { offsets } = run.read[partition];
    const whole = offsets === run.logs[partition].length;
    const inLog = run.logs[partition]
      .slice(0, offsets)
      .filter((record) => record.kind === 'ours' && record.stream === stream)
      .map(({ sequence }) => sequence);
    const seen = new Set(inLog);
    let highest = -1;
    const before = new Set<number>();
    for (const sequence of inLog) {
      if (before.has(sequence)) counts.duplicated++;
      else if (sequence < highest) counts.reordered++;
      before.add(sequence);
      highest = Math.max(highest, sequence);
    }
    let sequence = 0;
    for (const { count, outcome } of history.batches.filter((batch) => batch.stream === stream)) {
      for (let index = 0; index < count; index++) {
        const found = seen.has(sequence++);
        counts.made++;
        if (outcome === 'acknowledged') {
          counts.acknowledged++;
          if (!found) counts[whole ? 'lost' : 'unread']++;
        } else if (outcome === 'failed') {
          counts.failed++;
          if (found) counts.failedSeen++;
        } else {
          counts.indeterminate++;
          if (found) counts.indeterminateSeen++;
        }
      }
    }
  }
  return {
    classes,
    records: run.logs.reduce(
      (sum, log, partition) =>
        sum + log.slice(0, run.read[partition].offsets).filter(({ kind }) => kind !== 'marker').length,
      0,
    ),
  };
}
