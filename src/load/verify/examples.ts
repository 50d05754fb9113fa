/** The first few findings of a verified run, in words. */
import type { DamageKind, DamageNote } from './consumer-ledger.ts';
import { type Intervals, includes } from './intervals.ts';
import type { LoggedStream } from './log.ts';
import type { StreamPlan } from './streams.ts';

const PER_KIND = 5;

type ExampleKind = 'lost' | 'failed seen' | 'never made' | 'unread' | 'fragmented' | DamageKind;

/** Worst first. */
const ORDER: readonly ExampleKind[] = [
  'lost',
  'corrupt',
  'duplicated',
  'reordered',
  'misplaced',
  'rewritten',
  'failed seen',
  'never made',
  'unstamped',
  'unread',
  'fragmented',
];

/** Collects sentences, a few of each kind; what comes beyond them is not even put in words. */
export class Examples {
  readonly #plan: StreamPlan;
  readonly #sentences = new Map<ExampleKind, Set<string>>();

  constructor(plan: StreamPlan) {
    this.#plan = plan;
  }

  sentences(): string[] {
    return ORDER.flatMap((kind) => [...(this.#sentences.get(kind) ?? [])]);
  }

  /** Sequences that were acknowledged and are not in the log; `read`: the offsets of the partition. */
  lost(stream: number, unseen: Intervals, logged: LoggedStream, read: Intervals): void {
    this.#each('lost', unseen, (from, to) => {
      const behind = logged.gaps.find((gap) => gap.from <= from && to <= gap.behind);
      const where =
        behind === undefined
          ? `the partition was read to offset ${read.at(-1) ?? 0}`
          : `sequence ${behind.behind} is at offset ${behind.offset}`;
      return `${this.#sequences(stream, from, to)} acknowledged and ${are(from, to)} not in the log; ${where}`;
    });
  }

  /** Sequences that two members saw at different offsets. */
  twice(stream: number, sequences: Intervals): void {
    this.#each(
      'duplicated',
      sequences,
      (from, to) => `${this.#sequences(stream, from, to)} seen by two members at different offsets`,
    );
  }

  failedSeen(stream: number, sequences: Intervals): void {
    this.#each(
      'failed seen',
      sequences,
      (from, to) => `${this.#sequences(stream, from, to)} refused and ${are(from, to)} in the log`,
    );
  }

  neverMade(stream: number, sequences: Intervals, made: number): void {
    this.#each(
      'never made',
      sequences,
      (from, to) =>
        `${this.#sequences(stream, from, to)} never made and ${are(from, to)} in the log; ${made} records were made`,
    );
  }

  /** Offsets of a partition that nobody read; null when it is not known where they should be. */
  unread(partition: number, offsets: Intervals | null): void {
    const name = this.#plan.partitionName(partition);
    if (offsets === null) {
      this.#add('unread', () => `${name}: the end of the log is not known`);
    } else {
      this.#each('unread', offsets, (from, to) => `${name}: nobody read ${range('offset', from, to)}`);
    }
  }

  fragmented(stream: number, horizon: number): void {
    this.#add(
      'fragmented',
      () =>
        `${this.#place(stream)}: too many gaps to judge ${this.#client(stream)} from sequence ${horizon} on`,
    );
  }

  /** What consumers of one partition noted; `logged` tells what came of a stream in all. */
  met(notes: readonly DamageNote[], logged: (slot: number) => LoggedStream): void {
    for (const { kind, partition, offset, stream, sequence } of notes) {
      const at = `${this.#plan.partitionName(partition)}: offset ${offset}`;
      const name = (): string => `sequence ${sequence} of producer ${this.#client(stream)}`;
      if (kind === 'duplicated' || kind === 'reordered') {
        // A member that took over did not see what its predecessor saw.
        const late = includes(logged(this.#plan.slotOf[stream]).reordered, sequence);
        if (kind === 'reordered' && late) {
          this.#add('reordered', () => `${at} has ${name()}, behind a later one`);
        } else {
          this.#add('duplicated', () => `${at} has ${name()} again`);
        }
      } else if (kind === 'rewritten') {
        this.#add(kind, () => `${at} has ${name()}, and had another record when it was first read`);
      } else if (kind === 'misplaced') {
        this.#add(kind, () => `${at} has ${this.#claim(stream, sequence)}, which was not written there`);
      } else if (kind === 'corrupt') {
        this.#add(kind, () => `${at} is corrupt; it says that it is ${this.#claim(stream, sequence)}`);
      } else {
        this.#add(kind, () => `${at} is of no producer that is known`);
      }
    }
  }

  #claim(stream: number, sequence: number): string {
    return stream < this.#plan.streamCount
      ? `sequence ${sequence} of producer ${this.#client(stream)} in ${this.#place(stream)}`
      : `sequence ${sequence} of stream ${stream}, which does not exist`;
  }

  #sequences(stream: number, from: number, to: number): string {
    const were = to - from === 1 ? 'was' : 'were';
    return `${this.#place(stream)}: ${range('sequence', from, to)} of producer ${this.#client(stream)} ${were}`;
  }

  #place(stream: number): string {
    return this.#plan.partitionName(this.#plan.partitionOf[stream]);
  }

  #client(stream: number): string {
    return this.#plan.clientOf(stream).name;
  }

  #each(kind: ExampleKind, intervals: Intervals, sentence: (from: number, to: number) => string): void {
    for (let at = 0; at < Math.min(intervals.length, 2 * PER_KIND); at += 2) {
      this.#add(kind, () => sentence(intervals[at], intervals[at + 1]));
    }
  }

  #add(kind: ExampleKind, sentence: () => string): void {
    const sentences = this.#sentences.get(kind) ?? new Set<string>();
    this.#sentences.set(kind, sentences);
    if (sentences.size < PER_KIND) {
      sentences.add(sentence());
    }
  }
}

function range(what: string, from: number, to: number): string {
  return to - from === 1 ? `${what} ${from}` : `${what}s ${from}..${to - 1}`;
}

function are(from: number, to: number): string {
  return to - from === 1 ? 'is' : 'are';
}
