/** The log of a partition, put together from the readings of all threads. */
import {
  below,
  type Intervals,
  includes,
  intersect,
  interval,
  NO_INTERVALS,
  sizeOf,
  subtract,
  union,
} from './intervals.ts';
import type { GapNote, ReadingCounts, ReadingData, ReadingState } from './reading.ts';

/** What is in the log of one stream. */
export interface LoggedStream {
  readonly seen: Intervals;
  readonly reordered: Intervals;
  /** Records beyond the first of each sequence. */
  readonly duplicates: number;
  /** Of these, the sequences that one member saw at one offset, and another member at another. */
  readonly twice: Intervals;
  /** From here on nothing is known. */
  readonly horizon: number;
  readonly gaps: readonly GapNote[];
}

export interface PartitionLog {
  /** Offsets that were read. */
  readonly offsets: Intervals;
  /** Offsets read by two members where the state at the border is not known: duplicates look like redeliveries there. */
  readonly unclearOffsets: number;
  /** Records seen by one member, and not in the log when another read the same offsets. */
  readonly vanished: number;
  readonly counts: ReadingCounts;
  /** What is in the log of the stream in this slot. */
  stream(slot: number): LoggedStream;
}

const NOTHING_LOGGED: LoggedStream = {
  seen: NO_INTERVALS,
  reordered: NO_INTERVALS,
  duplicates: 0,
  twice: NO_INTERVALS,
  horizon: Number.POSITIVE_INFINITY,
  gaps: [],
};

interface Link {
  readonly slots: Slots;
  /** True when offsets of the link before may be in it too. */
  readonly unclear: boolean;
}

/**
 * Puts readings in the order of their offsets. A reading that another one takes over from is cut back to its checkpoint
 * where that one begins; readings that the chain does not need were redelivered as a whole.
 */
export function partitionLog(readings: readonly ReadingData[], slots: number): PartitionLog {
  const links: Link[] = [];
  const used = new Set<ReadingState>();
  let offsets: Intervals = NO_INTERVALS;
  let unclearOffsets = 0;
  for (const stretch of stretches(readings)) {
    const chain = exactChain(stretch) ?? coveringChain(stretch);
    let end = chain[0].start;
    for (const state of chain) {
      const overlap = Math.max(0, end - state.start);
      links.push({ slots: new Slots(state), unclear: overlap > 0 });
      used.add(state);
      unclearOffsets += overlap;
      end = state.end;
    }
    offsets = union(offsets, interval(chain[0].start, end));
  }
  const stream = (slot: number) =>
    links.reduce((before, link) => follow(before, link.slots.stream(slot), link.unclear), NOTHING_LOGGED);
  let vanished = 0;
  for (const reading of readings.filter((one) => one.start < one.end && !used.has(one))) {
    const there = new Slots(reading);
    for (let slot = 0; slot < slots; slot++) {
      const { seen, horizon } = there.stream(slot);
      const log = stream(slot);
      vanished += sizeOf(below(subtract(seen, log.seen), Math.min(horizon, log.horizon)));
    }
  }
  return { offsets, unclearOffsets, vanished, counts: countsOf(readings, links), stream };
}

/** Readings by the stretches of offsets that they cover without a hole, each in the order of starts. */
function stretches(readings: readonly ReadingData[]): ReadingData[][] {
  const sorted = readings
    .filter(({ start, end }) => start < end)
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const found: ReadingData[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const reading of sorted) {
    if (reading.start > end) {
      found.push([]);
    }
    found[found.length - 1].push(reading);
    end = Math.max(end, reading.end);
  }
  return found;
}

/** States that cover a stretch, each beginning where the one before ends; null when there are no such. */
function exactChain(stretch: readonly ReadingData[]): ReadingState[] | null {
  const begin = stretch[0].start;
  const end = Math.max(...stretch.map((reading) => reading.end));
  /** By offset: the state that ends there, the last of a chain from the beginning. */
  const reached = new Map<number, ReadingState>();
  for (const reading of stretch) {
    if (reading.start !== begin && !reached.has(reading.start)) {
      continue;
    }
    for (const state of [reading, ...reading.checkpoints]) {
      if (state.start < state.end && !reached.has(state.end)) {
        reached.set(state.end, state);
      }
    }
  }
  const chain: ReadingState[] = [];
  for (let at = end; at > begin; ) {
    const state = reached.get(at);
    if (state === undefined) {
      return null;
    }
    chain.unshift(state);
    at = state.start;
  }
  return chain;
}

/** Readings that cover a stretch, the later ones reaching into the earlier. */
function coveringChain(stretch: readonly ReadingData[]): ReadingState[] {
  const chain: ReadingState[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const reading of stretch) {
    if (reading.end > end) {
      chain.push(reading);
      end = reading.end;
    }
  }
  return chain;
}

/** What both readings say of a stream, where the second follows the first in the log. */
function follow(before: LoggedStream, after: LoggedStream, unclear: boolean): LoggedStream {
  if (before.seen.length === 0 && before.horizon === Number.POSITIVE_INFINITY) return after;
  if (after.seen.length === 0 && after.horizon === Number.POSITIVE_INFINITY) return before;
  const fresh = subtract(after.seen, before.seen);
  const twice = unclear ? NO_INTERVALS : intersect(before.seen, after.seen);
  const highest = before.seen.at(-1) ?? 0;
  return {
    seen: union(before.seen, after.seen),
    reordered: union(before.reordered, union(below(fresh, highest), subtract(after.reordered, before.seen))),
    duplicates: before.duplicates + after.duplicates + sizeOf(twice),
    twice: union(before.twice, union(after.twice, twice)),
    horizon: Math.min(before.horizon, after.horizon),
    gaps: [...before.gaps, ...after.gaps.filter(({ from }) => !includes(before.seen, from))],
  };
}

/** The streams of a reading, by slot. */
class Slots {
  readonly state: ReadingState;
  readonly #disorders: ReadonlyMap<number, ReadingState['disorders'][number]>;

  constructor(state: ReadingState) {
    this.state = state;
    this.#disorders = new Map(state.disorders.map((disorder) => [disorder.slot, disorder]));
  }

  stream(slot: number): LoggedStream {
    const range = interval(this.state.first[slot], this.state.next[slot]);
    const disorder = this.#disorders.get(slot);
    if (disorder === undefined) {
      return range.length === 0 ? NOTHING_LOGGED : { ...NOTHING_LOGGED, seen: range };
    }
    const { missing, reordered, duplicates, horizon, gaps } = disorder;
    return {
      seen: below(subtract(range, missing), horizon),
      reordered,
      duplicates,
      twice: NO_INTERVALS,
      horizon,
      gaps,
    };
  }
}

function countsOf(readings: readonly ReadingData[], links: readonly Link[]): ReadingCounts {
  const sum = (count: keyof ReadingCounts) =>
    links.reduce((total, { slots }) => total + slots.state.counts[count], 0);
  const delivered = readings.reduce((total, { counts }) => total + counts.records + counts.redelivered, 0);
  const records = sum('records');
  return {
    records,
    redelivered: delivered - records,
    rewritten: readings.reduce((total, { counts }) => total + counts.rewritten, 0),
    corrupt: sum('corrupt'),
    foreign: sum('foreign'),
    unstamped: sum('unstamped'),
    misplaced: sum('misplaced'),
  };
}
