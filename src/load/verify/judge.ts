/** Holds what the producers made against what a consumer group read, and says whether Kafka kept its promises. */
import type {
  ClassDelivery,
  DeliveryCounts,
  DeliveryPromises,
  DeliveryProof,
  LogCounts,
} from '../../result/delivery-proof.ts';
import type { ConsumerLedgerData } from './consumer-ledger.ts';
import { Examples } from './examples.ts';
import { below, type Intervals, intersect, interval, sizeOf, subtract } from './intervals.ts';
import { type LoggedStream, type PartitionLog, partitionLog } from './log.ts';
import { mergeProducers, type ProducedStream, type ProducerLedgerData } from './producer-ledger.ts';
import type { StreamPlan } from './streams.ts';

/** Where the records of the run lie in a partition's log: log ends before the first was made, and after the last. */
export interface LogBounds {
  readonly start: number;
  readonly end: number;
}

export interface DeliveryEvidence {
  readonly group: string;
  readonly plan: StreamPlan;
  /** Producer classes, by the index that the plan's clients have. */
  readonly classes: readonly { readonly name: string; readonly promises: DeliveryPromises }[];
  readonly producers: readonly ProducerLedgerData[];
  /** Of all threads with members of the group. */
  readonly consumers: readonly ConsumerLedgerData[];
  /** By partition number; null where they are not known. */
  readonly bounds: readonly (LogBounds | null)[];
  /** True when others write into the topics as well: records without a stamp then prove nothing. */
  readonly otherWriters: boolean;
  /** What is missing of the evidence, one clause each, such as a thread that died without telling what it knew. */
  readonly missing: readonly string[];
}

type Counts = { -readonly [Count in keyof DeliveryCounts]: number };

/** Judges one consumer group. Throws when two producers made records in the same stream. */
export function judgeDelivery(evidence: DeliveryEvidence): DeliveryProof {
  return new Judge(evidence).judge();
}

class Judge {
  readonly #evidence: DeliveryEvidence;
  readonly #produced: (stream: number) => ProducedStream;
  readonly #classes: readonly Counts[];
  readonly #log: { -readonly [Count in keyof LogCounts]: number } = {
    records: 0,
    redelivered: 0,
    rewritten: 0,
    corrupt: 0,
    misplaced: 0,
    unstamped: 0,
    foreign: 0,
  };
  readonly #examples: Examples;
  readonly #notJudged: string[];
  #unreadPartitions = 0;
  #unclearOffsets = 0;

  constructor(evidence: DeliveryEvidence) {
    this.#evidence = evidence;
    this.#produced = mergeProducers(evidence.producers);
    this.#classes = evidence.classes.map(noCounts);
    this.#examples = new Examples(evidence.plan);
    this.#notJudged = [...evidence.missing];
  }

  judge(): DeliveryProof {
    const { plan, consumers, classes, group } = this.#evidence;
    const notes = consumers.flatMap((ledger) => ledger.notes);
    const readings = Map.groupBy(
      consumers.flatMap((ledger) => ledger.readings),
      ({ partition }) => partition,
    );
    for (let partition = 0; partition < plan.partitionCount; partition++) {
      const log = partitionLog(readings.get(partition) ?? [], plan.streamsOf(partition).length);
      this.#partition(partition, log);
      this.#examples.met(
        notes.filter((note) => note.partition === partition),
        (slot) => log.stream(slot),
      );
    }
    const total = this.#classes.reduce(add, noCounts());
    const broken = this.#broken();
    this.#leftOpen(total);
    return {
      group,
      verdict: broken.length > 0 ? 'broken' : this.#notJudged.length > 0 ? 'not judged' : 'proven',
      broken,
      notJudged: this.#notJudged,
      permitted: this.#permitted(),
      classes: classes.map(
        ({ name, promises }, index): ClassDelivery => ({ name, promises, counts: this.#classes[index] }),
      ),
      total,
      log: this.#log,
      examples: this.#examples.sentences(),
    };
  }

  #partition(partition: number, log: PartitionLog): void {
    const { plan, bounds } = this.#evidence;
    const limits = bounds[partition] ?? null;
    const unread = limits === null ? null : subtract(interval(limits.start, limits.end), log.offsets);
    const whole = unread !== null && unread.length === 0;
    let made = 0;
    for (const [slot, stream] of plan.streamsOf(partition).entries()) {
      const produced = this.#produced(stream);
      made += produced.made;
      this.#stream(stream, produced, log.stream(slot), whole ? log.offsets : null);
    }
    if (!whole && (made > 0 || (unread !== null && unread.length > 0))) {
      this.#unreadPartitions++;
      this.#examples.unread(partition, unread);
    }
    this.#unclearOffsets += log.unclearOffsets;
    this.#log.records += log.counts.records;
    this.#log.redelivered += log.counts.redelivered;
    this.#log.rewritten += log.counts.rewritten + log.vanished;
    this.#log.corrupt += log.counts.corrupt;
    this.#log.misplaced += log.counts.misplaced;
    this.#log.unstamped += log.counts.unstamped;
    this.#log.foreign += log.counts.foreign;
  }

  /** `read`: the offsets of its partition, when they are all read. */
  #stream(stream: number, produced: ProducedStream, logged: LoggedStream, read: Intervals | null): void {
    const counts = this.#classes[this.#evidence.plan.clientOf(stream).classIndex];
    const horizon = Math.min(produced.horizon, logged.horizon);
    const { made } = produced;
    const all = below(interval(0, made), horizon);
    const seen = below(logged.seen, horizon);
    // What the broker acknowledged it has to keep, whatever an earlier attempt came to.
    const acknowledged = below(produced.acknowledged, horizon);
    const failed = subtract(below(produced.failed, horizon), acknowledged);
    const indeterminate = subtract(subtract(all, acknowledged), failed);
    const unseen = subtract(acknowledged, seen);
    const failedSeen = intersect(failed, seen);
    const neverMade = subtract(seen, interval(0, made));
    counts.made += made;
    counts.acknowledged += sizeOf(acknowledged);
    counts[read === null ? 'unread' : 'lost'] += sizeOf(unseen);
    counts.duplicated += logged.duplicates;
    counts.reordered += sizeOf(below(logged.reordered, horizon));
    counts.failed += sizeOf(failed);
    counts.failedSeen += sizeOf(failedSeen);
    counts.indeterminate += sizeOf(indeterminate);
    counts.indeterminateSeen += sizeOf(intersect(indeterminate, seen));
    counts.neverMade += sizeOf(neverMade);
    counts.notJudged += made - sizeOf(all);
    if (read !== null) {
      this.#examples.lost(stream, unseen, logged, read);
    }
    this.#examples.twice(stream, below(logged.twice, horizon));
    this.#examples.failedSeen(stream, failedSeen);
    this.#examples.neverMade(stream, neverMade, made);
    if (horizon !== Number.POSITIVE_INFINITY) {
      this.#examples.fragmented(stream, horizon);
    }
  }

  #broken(): string[] {
    const { classes, missing, otherWriters } = this.#evidence;
    const broken = classes.flatMap(({ name, promises }, index) => {
      const counts = this.#classes[index];
      return [
        ...(promises.kept ? clause(counts.lost, `acknowledged records of ${name} are not in the log`) : []),
        ...(promises.once ? clause(counts.duplicated, `records of ${name} are in the log again`) : []),
        ...(promises.ordered ? clause(counts.reordered, `records of ${name} are behind later ones`) : []),
        ...clause(counts.failedSeen, `records of ${name} are in the log though they were refused`),
        // Who made them may be what is missing.
        ...(missing.length > 0 ? [] : clause(counts.neverMade, `records of ${name} were never made`)),
      ];
    });
    return [
      ...broken,
      ...clause(this.#log.corrupt, 'records are corrupt'),
      ...clause(this.#log.misplaced, 'records are in a partition that they were not written to'),
      ...clause(this.#log.rewritten, 'records were not the same when their offset was read again'),
      ...(otherWriters ? [] : clause(this.#log.unstamped, 'records are not of any producer that is known')),
    ];
  }

  #permitted(): string[] {
    return this.#evidence.classes.flatMap(({ name, promises }, index) => {
      const counts = this.#classes[index];
      return [
        ...(promises.kept ? [] : clause(counts.lost, `acknowledged records of ${name} are not in the log`)),
        ...(promises.once ? [] : clause(counts.duplicated, `records of ${name} are in the log again`)),
        ...(promises.ordered ? [] : clause(counts.reordered, `records of ${name} are behind later ones`)),
      ];
    });
  }

  #leftOpen(total: Counts): void {
    const { plan, consumers, missing } = this.#evidence;
    const abandoned = new Set(consumers.flatMap((ledger) => ledger.abandoned));
    this.#notJudged.push(
      ...(total.made === 0 ? ['no record was made'] : []),
      ...clause(this.#unreadPartitions, 'partitions were not read whole'),
      ...clause(total.unread, 'acknowledged records lie in partitions that were not read whole'),
      ...clause(total.notJudged, 'records are of streams with too many gaps to be judged to their ends'),
      ...clause(
        this.#unclearOffsets,
        'offsets were read by two members: what is twice there may be a duplicate',
      ),
      ...[...abandoned].map((partition) => `${plan.partitionName(partition)} was read in too many pieces`),
      ...(missing.length > 0 ? clause(total.neverMade, 'records came of which no producer told') : []),
    );
  }
}

function clause(count: number, what: string): string[] {
  return count > 0 ? [`${count} ${what}`] : [];
}

function noCounts(): Counts {
  return {
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
  };
}

function add(a: Counts, b: Counts): Counts {
  const sum = noCounts();
  for (const count of Object.keys(sum) as (keyof Counts)[]) {
    sum[count] = a[count] + b[count];
  }
  return sum;
}
