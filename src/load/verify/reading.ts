/**
 * One stretch of a partition's log as one thread read it: of each stream the sequences from `first` to before `next`, less
 * the missing ones in between. A sequence of less than `next` that comes at a new offset is reordered when it was missing
 * (or is less than `first`), else it is a duplicate in the log.
 */
import { type IntervalRoom, IntervalSet, type Intervals, NO_INTERVALS } from './intervals.ts';
import type { LedgerLimits } from './producer-ledger.ts';

const GAP_NOTES_MAX = 4;

/** Of the records at offsets not read before; `redelivered` alone is of those read again. */
export interface ReadingCounts {
  readonly records: number;
  readonly redelivered: number;
  /** Redelivered offsets that now hold a record which was not seen before. */
  readonly rewritten: number;
  readonly corrupt: number;
  /** Whole records of other runs. */
  readonly foreign: number;
  readonly unstamped: number;
  /** Whole records of this run that belong into another partition. */
  readonly misplaced: number;
}

/** A reading as of one moment. Plain data; columns are by slot, the place of a stream among those of the partition. */
export interface ReadingState {
  readonly partition: number;
  /** The first offset, and the one behind the last. */
  readonly start: number;
  readonly end: number;
  /** Lowest sequence seen, and the one behind the highest; equal when none was. */
  readonly first: Float64Array;
  readonly next: Float64Array;
  readonly disorders: readonly DisorderState[];
  readonly counts: ReadingCounts;
  /** Intervals in it, which take memory. */
  readonly intervals: number;
}

/** With its state as of the latest commits, the oldest first. */
export interface ReadingData extends ReadingState {
  readonly checkpoints: readonly ReadingState[];
}

/** Of a stream whose sequences did not come as 0, 1, 2, ... */
export interface DisorderState {
  readonly slot: number;
  /** Between `first` and `next`, not seen. */
  readonly missing: Intervals;
  /** Seen only after a later one. */
  readonly reordered: Intervals;
  /** Records whose sequence was seen at another offset before. */
  readonly duplicates: number;
  /** From here on `missing` and `reordered` are not known, for want of memory; Infinity when they are. */
  readonly horizon: number;
  readonly gaps: readonly GapNote[];
}

/** The sequence behind the gap that begins at `from` was met at `offset`. */
export interface GapNote {
  readonly from: number;
  readonly behind: number;
  readonly offset: number;
}

interface Disorder {
  readonly missing: IntervalSet;
  readonly reordered: IntervalSet;
  duplicates: number;
  gaps: GapNote[];
}

export class Reading {
  readonly partition: number;
  readonly start: number;
  end: number;
  readonly first: Float64Array;
  /** The sequence that would come in order. */
  readonly next: Float64Array;
  readonly counts: { -readonly [Count in keyof ReadingCounts]: number } = {
    records: 0,
    redelivered: 0,
    rewritten: 0,
    corrupt: 0,
    foreign: 0,
    unstamped: 0,
    misplaced: 0,
  };
  readonly #disorders = new Map<number, Disorder>();
  readonly #limits: LedgerLimits;
  readonly #room: IntervalRoom;

  constructor(partition: number, start: number, slots: number, limits: LedgerLimits, room: IntervalRoom) {
    this.partition = partition;
    this.start = start;
    this.end = start;
    this.first = new Float64Array(slots);
    this.next = new Float64Array(slots);
    this.#limits = limits;
    this.#room = room;
  }

  /** Comes to a record at this offset; false when the offset was read before. */
  advance(offset: number): boolean {
    if (offset < this.end) {
      this.counts.redelivered++;
      return false;
    }
    this.end = offset + 1;
    this.counts.records++;
    return true;
  }

  /** True when the sequence has been seen, or may have been: that is not known beyond a stream's horizon. */
  knows(slot: number, sequence: number): boolean {
    return (
      this.first[slot] <= sequence &&
      sequence < this.next[slot] &&
      this.#disorders.get(slot)?.missing.has(sequence) !== true
    );
  }

  /** A sequence other than `next` at a new offset; returns what is wrong with it, if anything. */
  outOfOrder(slot: number, sequence: number, offset: number): 'duplicated' | 'reordered' | null {
    if (this.first[slot] === this.next[slot]) {
      this.first[slot] = sequence;
      this.next[slot] = sequence + 1;
      return null;
    }
    const disorder = this.#disorder(slot);
    const late = sequence < this.next[slot];
    if (late && sequence >= horizonOf(disorder)) {
      return null;
    }
    if (this.knows(slot, sequence)) {
      disorder.duplicates++;
      return 'duplicated';
    }
    this.#enter(disorder, slot, sequence, offset);
    if (!late) {
      return null;
    }
    disorder.reordered.add(sequence, sequence + 1);
    return 'reordered';
  }

  /** A sequence that was not known, at an offset where another record was read before: seen, but in no order. */
  rewritten(slot: number, sequence: number, offset: number): void {
    this.counts.rewritten++;
    if (this.first[slot] === this.next[slot]) {
      this.first[slot] = sequence;
      this.next[slot] = sequence + 1;
    } else {
      this.#enter(this.#disorder(slot), slot, sequence, offset);
    }
  }

  state(): ReadingState {
    const disorders: DisorderState[] = [];
    let intervals = 0;
    for (const [slot, disorder] of this.#disorders) {
      intervals += disorder.missing.count + disorder.reordered.count;
      disorders.push({
        slot,
        missing: intervalsOf(disorder.missing),
        reordered: intervalsOf(disorder.reordered),
        duplicates: disorder.duplicates,
        horizon: horizonOf(disorder),
        gaps: [...disorder.gaps],
      });
    }
    return {
      partition: this.partition,
      start: this.start,
      end: this.end,
      first: this.first.slice(),
      next: this.next.slice(),
      disorders,
      counts: { ...this.counts },
      intervals,
    };
  }

  /** Its state, in memory that it takes from the room; null when there is too little. */
  checkpoint(): ReadingState | null {
    let wanted = 0;
    for (const { missing, reordered } of this.#disorders.values()) {
      wanted += missing.count + reordered.count;
    }
    const taken = this.#room.take(wanted);
    if (taken < wanted) {
      this.#room.give(taken);
      return null;
    }
    return this.state();
  }

  /** Gives back the memory that a copy of its state does not need; it must not be used any more. */
  retire(): void {
    for (const { missing, reordered } of this.#disorders.values()) {
      this.#room.give(missing.capacity - missing.count + reordered.capacity - reordered.count);
    }
  }

  #disorder(slot: number): Disorder {
    let disorder = this.#disorders.get(slot);
    if (disorder === undefined) {
      disorder = {
        missing: new IntervalSet(this.#limits.intervalsPerStream, this.#room),
        reordered: new IntervalSet(this.#limits.intervalsPerStream, this.#room),
        duplicates: 0,
        gaps: [],
      };
      this.#disorders.set(slot, disorder);
    }
    return disorder;
  }

  /** Notes a sequence that is not known as seen. */
  #enter(disorder: Disorder, slot: number, sequence: number, offset: number): void {
    const { missing } = disorder;
    const next = this.next[slot];
    if (sequence >= next) {
      if (sequence > next) {
        missing.add(next, sequence);
        noteGap(disorder, { from: next, behind: sequence, offset });
      }
      this.next[slot] = sequence + 1;
    } else if (sequence < this.first[slot]) {
      missing.add(sequence + 1, this.first[slot]);
      this.first[slot] = sequence;
    } else {
      missing.remove(sequence, sequence + 1);
    }
  }
}

function horizonOf({ missing, reordered }: Disorder): number {
  return Math.min(missing.horizon, reordered.horizon);
}

function intervalsOf(set: IntervalSet): Intervals {
  return set.count === 0 ? NO_INTERVALS : set.intervals();
}

/** Keeps the first few gaps, those that were filled since being the first to go. */
function noteGap(disorder: Disorder, gap: GapNote): void {
  if (disorder.gaps.length >= GAP_NOTES_MAX) {
    disorder.gaps = disorder.gaps.filter(({ behind }) => disorder.missing.has(behind - 1));
  }
  if (disorder.gaps.length < GAP_NOTES_MAX) {
    disorder.gaps.push(gap);
  }
}
