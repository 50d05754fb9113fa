/**
 * What a consumer thread saw of the records of verified producers, in bounded memory.
 *
 * The log of a partition is read in readings: stretches of offsets without a hole, each read on one thread. Within one, a
 * record at an offset that was read before is a redelivery and judged no more; a stream (stamp.ts) whose sequences come
 * as 0, 1, 2, ... costs 16 bytes and a comparison, and anything else costs intervals (reading.ts).
 *
 * When a partition goes to a member on another thread, that one begins where the group's last commit was, so that both
 * readings may hold the same offsets. To let the judge cut the earlier one where the later begins, a reading keeps copies
 * of itself as of its latest commits (`committed`).
 */
import { IntervalRoom } from './intervals.ts';
import { LEDGER_LIMITS, type LedgerLimits } from './producer-ledger.ts';
import { Reading, type ReadingData, type ReadingState } from './reading.ts';
import { checkStamp, STAMP, stampSequence, stampStream } from './stamp.ts';
import type { StreamPlan } from './streams.ts';

/** Commits whose state is kept: one may be under way, and its predecessor be what a new member finds. */
const CHECKPOINTS_MAX = 3;
/** Most readings of one partition in one ledger: a consumer that leaps about would otherwise have no end of them. */
const READINGS_MAX = 16;
const NOTES_MAX = 8;

export type DamageKind = 'corrupt' | 'unstamped' | 'misplaced' | 'rewritten' | 'duplicated' | 'reordered';

/** Where damage was met. Stream and sequence are -1 where they are not known; of a corrupt record they are what it claims. */
export interface DamageNote {
  readonly kind: DamageKind;
  readonly partition: number;
  readonly offset: number;
  readonly stream: number;
  readonly sequence: number;
}

/** Plain data. */
export interface ConsumerLedgerData {
  readonly readings: readonly ReadingData[];
  /** The first few of each kind. */
  readonly notes: readonly DamageNote[];
  /** Partitions of which readings had to be given up, because they were too many. */
  readonly abandoned: readonly number[];
}

interface Partition {
  current: Reading;
  readonly finished: ReadingData[];
  checkpoints: ReadingState[];
}

export class ConsumerLedger {
  readonly #run: number;
  readonly #plan: StreamPlan;
  readonly #limits: LedgerLimits;
  readonly #room: IntervalRoom;
  readonly #partitions = new Map<number, Partition>();
  readonly #notes: DamageNote[] = [];
  readonly #noted = new Map<DamageKind, number>();
  readonly #abandoned = new Set<number>();
  #number = -1;
  #reading: Reading | null = null;

  /** `run`: the number that is stamped on the run's records. */
  constructor(run: number, plan: StreamPlan, limits: LedgerLimits = LEDGER_LIMITS) {
    this.#run = run;
    this.#plan = plan;
    this.#limits = limits;
    this.#room = new IntervalRoom(limits.intervals);
  }

  /**
   * The partition (number in the plan) is read from this offset on: said whenever a member is given it, and whenever its
   * position is set anew. A position inside of what was read goes on with the same reading.
   */
  begin(number: number, offset: number): void {
    const known = this.#partitions.get(number);
    if (known !== undefined && known.current.start <= offset && offset <= known.current.end) {
      return;
    }
    const current = new Reading(
      number,
      offset,
      this.#plan.streamsOf(number).length,
      this.#limits,
      this.#room,
    );
    if (known === undefined) {
      this.#partitions.set(number, { current, finished: [], checkpoints: [] });
    } else {
      this.#finish(known);
      known.current = current;
    }
    if (this.#number === number) {
      this.#reading = current;
    }
  }

  /** The records that `saw` is told of from now on are of this partition; throws when its reading has not begun. */
  beginBatch(number: number): void {
    const partition = this.#partitions.get(number);
    if (partition === undefined) {
      throw new Error(`partition ${number} is read, and nobody said from where`);
    }
    this.#number = number;
    this.#reading = partition.current;
  }

  /** One record of the partition of `beginBatch`: its value of `length` bytes at `at`, and its offset. Null is 0 bytes. */
  saw(bytes: Uint8Array, at: number, length: number, offset: number): void {
    const reading = this.#reading;
    if (reading === null) {
      throw new Error('a record came before its batch');
    }
    const finding = checkStamp(bytes, at, length, this.#run);
    if (finding !== STAMP.good) {
      this.#sawBad(reading, finding, bytes, at, offset);
      return;
    }
    const stream = stampStream(bytes, at);
    const sequence = stampSequence(bytes, at);
    if (this.#plan.partitionOf[stream] !== this.#number) {
      if (reading.advance(offset)) {
        reading.counts.misplaced++;
        this.#note('misplaced', offset, stream, sequence);
      }
      return;
    }
    const slot = this.#plan.slotOf[stream];
    if (!reading.advance(offset)) {
      if (!reading.knows(slot, sequence)) {
        reading.rewritten(slot, sequence, offset);
        this.#note('rewritten', offset, stream, sequence);
      }
      return;
    }
    if (reading.next[slot] === sequence) {
      reading.next[slot] = sequence + 1;
      return;
    }
    const damage = reading.outOfOrder(slot, sequence, offset);
    if (damage !== null) {
      this.#note(damage, offset, stream, sequence);
    }
  }

  /** A fetch of the partition was handled whole: the next one begins at this offset, whatever its last record was. */
  advanced(number: number, nextOffset: number): void {
    const reading = this.#partitions.get(number)?.current;
    if (reading !== undefined && reading.end < nextOffset) {
      reading.end = nextOffset;
    }
  }

  /**
   * The group's position was committed. Said before the commit is sent, when every record before the offset and none
   * behind it has been `saw`; otherwise nothing is kept, and false returned.
   */
  committed(number: number, offset: number): boolean {
    const partition = this.#partitions.get(number);
    if (partition?.current.end !== offset) {
      return false;
    }
    if (partition.checkpoints.at(-1)?.end === offset) {
      return true;
    }
    while (partition.checkpoints.length >= CHECKPOINTS_MAX) {
      this.#drop(partition);
    }
    let copy = partition.current.checkpoint();
    while (copy === null && partition.checkpoints.length > 0) {
      this.#drop(partition);
      copy = partition.current.checkpoint();
    }
    if (copy !== null) {
      partition.checkpoints.push(copy);
    }
    return copy !== null;
  }

  /** What it has seen so far, as plain data of its own memory. */
  data(): ConsumerLedgerData {
    return {
      readings: [...this.#partitions.values()].flatMap(({ current, finished, checkpoints }) => [
        ...finished,
        { ...current.state(), checkpoints: [...checkpoints] },
      ]),
      notes: [...this.#notes],
      abandoned: [...this.#abandoned],
    };
  }

  #sawBad(reading: Reading, finding: number, bytes: Uint8Array, at: number, offset: number): void {
    if (!reading.advance(offset)) {
      return;
    }
    if (finding === STAMP.foreign) {
      reading.counts.foreign++;
    } else if (finding === STAMP.corrupt) {
      reading.counts.corrupt++;
      this.#note('corrupt', offset, stampStream(bytes, at), stampSequence(bytes, at));
    } else {
      reading.counts.unstamped++;
      this.#note('unstamped', offset, -1, -1);
    }
  }

  #finish(partition: Partition): void {
    const { finished, current, checkpoints } = partition;
    finished.push({ ...current.state(), checkpoints });
    current.retire();
    partition.checkpoints = [];
    if (finished.length >= READINGS_MAX) {
      const dropped = finished.shift();
      if (dropped !== undefined) {
        this.#abandoned.add(dropped.partition);
        this.#room.give(dropped.intervals);
        for (const { intervals } of dropped.checkpoints) {
          this.#room.give(intervals);
        }
      }
    }
  }

  #drop(partition: Partition): void {
    const dropped = partition.checkpoints.shift();
    this.#room.give(dropped?.intervals ?? 0);
  }

  #note(kind: DamageKind, offset: number, stream: number, sequence: number): void {
    const noted = this.#noted.get(kind) ?? 0;
    if (noted < NOTES_MAX) {
      this.#noted.set(kind, noted + 1);
      this.#notes.push({ kind, partition: this.#number, offset, stream, sequence });
    }
  }
}
