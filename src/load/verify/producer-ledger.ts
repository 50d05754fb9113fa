/**
 * What a producer thread knows of the records that it made, by stream: how many, and what became of them. A record has
 * one of four outcomes:
 *
 * * acknowledged: the broker said that it is written;
 * * failed: certainly not written, because it was never sent or the broker refused it before it wrote;
 * * indeterminate: no answer that tells, as after a timeout, on a lost connection, or with acks=0;
 * * none yet, which at the end counts as indeterminate.
 *
 * Memory: 16 bytes a stream as long as its acknowledgements come in order, 16 bytes for each interval of outcomes otherwise,
 * bounded by `LedgerLimits`. Beyond them a stream has a horizon, from which on it is not judged.
 */
import { IntervalRoom, IntervalSet, type Intervals, interval, NO_INTERVALS, union } from './intervals.ts';

export interface LedgerLimits {
  /** Most intervals of one kind in one stream. */
  readonly intervalsPerStream: number;
  /** Most intervals in the whole ledger; 16 bytes each. */
  readonly intervals: number;
}

export const LEDGER_LIMITS: LedgerLimits = { intervalsPerStream: 16_384, intervals: 1_048_576 };

/** Plain data. Columns are by row, one row for each stream that made records. */
export interface ProducerLedgerData {
  readonly streams: Uint32Array;
  /** Records made: the sequences from 0 to before this. */
  readonly made: Float64Array;
  /** Sequences before this are acknowledged; those of `exceptions` too. */
  readonly acknowledgedTo: Float64Array;
  readonly exceptions: readonly ProducerException[];
}

/** A row whose outcomes did not come in order, or were not all acknowledgements. */
export interface ProducerException {
  readonly row: number;
  readonly acknowledged: Intervals;
  readonly failed: Intervals;
  readonly indeterminate: Intervals;
  /** From here on outcomes are not known, for want of memory; Infinity when all are. */
  readonly horizon: number;
}

/**
 * Kafka's names of errors that a partition leader answers before it appends. Those that it may also give while it waits
 * for its followers (NOT_LEADER_OR_FOLLOWER, UNKNOWN_TOPIC_OR_PARTITION, KAFKA_STORAGE_ERROR, REQUEST_TIMED_OUT,
 * NOT_ENOUGH_REPLICAS_AFTER_APPEND) are not among them.
 */
const REFUSED_BEFORE_APPEND: ReadonlySet<string> = new Set([
  'CLUSTER_AUTHORIZATION_FAILED',
  'CORRUPT_MESSAGE',
  'INVALID_RECORD',
  'INVALID_REQUIRED_ACKS',
  'INVALID_TIMESTAMP',
  'INVALID_TOPIC_EXCEPTION',
  'MESSAGE_TOO_LARGE',
  'NOT_ENOUGH_REPLICAS',
  'POLICY_VIOLATION',
  'RECORD_LIST_TOO_LARGE',
  'TOPIC_AUTHORIZATION_FAILED',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
]);

/**
 * True when an error with this name in Kafka's protocol says that nothing was written. It speaks for its own attempt only:
 * where an earlier attempt at the same batch ended without an answer, the outcome stays indeterminate.
 */
export function refusedBeforeAppend(errorName: string): boolean {
  return REFUSED_BEFORE_APPEND.has(errorName);
}

interface Outcomes {
  readonly acknowledged: IntervalSet;
  readonly failed: IntervalSet;
  readonly indeterminate: IntervalSet;
}

export class ProducerLedger {
  readonly #made: Float64Array;
  readonly #acknowledgedTo: Float64Array;
  readonly #exceptions = new Map<number, Outcomes>();
  readonly #limits: LedgerLimits;
  readonly #room: IntervalRoom;

  constructor(streamCount: number, limits: LedgerLimits = LEDGER_LIMITS) {
    this.#made = new Float64Array(streamCount);
    this.#acknowledgedTo = new Float64Array(streamCount);
    this.#limits = limits;
    this.#room = new IntervalRoom(limits.intervals);
  }

  /** Gives the stream's next `count` sequences to records; returns the first. */
  make(stream: number, count: number): number {
    const first = this.#made[stream];
    if (first === undefined) {
      throw new RangeError(`the plan has no stream ${stream}`);
    }
    this.#made[stream] = first + count;
    return first;
  }

  /** The broker acknowledged the sequences from `from` to before `to`. */
  acknowledged(stream: number, from: number, to: number): void {
    this.#check(stream, from, to);
    if (this.#acknowledgedTo[stream] === from) {
      this.#acknowledgedTo[stream] = to;
    } else {
      this.#exception(stream).acknowledged.add(from, to);
    }
  }

  /** These sequences are certainly not in the log. */
  failed(stream: number, from: number, to: number): void {
    this.#check(stream, from, to);
    this.#exception(stream).failed.add(from, to);
  }

  /** Nobody knows whether these sequences are in the log. */
  indeterminate(stream: number, from: number, to: number): void {
    this.#check(stream, from, to);
    this.#exception(stream).indeterminate.add(from, to);
  }

  /** What it knows of the streams from `from` to before `to`, as plain data of its own memory. */
  data(from = 0, to = this.#made.length): ProducerLedgerData {
    const streams: number[] = [];
    const exceptions: ProducerException[] = [];
    for (let stream = from; stream < to; stream++) {
      if (this.#made[stream] === 0) {
        continue;
      }
      const outcomes = this.#exceptions.get(stream);
      if (outcomes !== undefined) {
        exceptions.push(exceptionData(streams.length, outcomes));
      }
      streams.push(stream);
    }
    return {
      streams: Uint32Array.from(streams),
      made: Float64Array.from(streams, (stream) => this.#made[stream]),
      acknowledgedTo: Float64Array.from(streams, (stream) => this.#acknowledgedTo[stream]),
      exceptions,
    };
  }

  #check(stream: number, from: number, to: number): void {
    if (!(from >= 0 && from <= to && to <= this.#made[stream])) {
      throw new RangeError(`sequences ${from} to ${to} of stream ${stream} were never made`);
    }
  }

  #exception(stream: number): Outcomes {
    let outcomes = this.#exceptions.get(stream);
    if (outcomes === undefined) {
      outcomes = { acknowledged: this.#set(), failed: this.#set(), indeterminate: this.#set() };
      this.#exceptions.set(stream, outcomes);
    }
    return outcomes;
  }

  #set(): IntervalSet {
    return new IntervalSet(this.#limits.intervalsPerStream, this.#room);
  }
}

function exceptionData(row: number, { acknowledged, failed, indeterminate }: Outcomes): ProducerException {
  return {
    row,
    acknowledged: acknowledged.intervals(),
    failed: failed.intervals(),
    indeterminate: indeterminate.intervals(),
    horizon: Math.min(acknowledged.horizon, failed.horizon, indeterminate.horizon),
  };
}

/** What producers know of one stream, with no intervals that overlap. */
export interface ProducedStream {
  readonly made: number;
  readonly acknowledged: Intervals;
  readonly failed: Intervals;
  /** From here on outcomes are not known. */
  readonly horizon: number;
}

const NOTHING_PRODUCED: ProducedStream = {
  made: 0,
  acknowledged: NO_INTERVALS,
  failed: NO_INTERVALS,
  horizon: Number.POSITIVE_INFINITY,
};

/** The streams of several ledgers, or of parts of one; throws when two of them made records in the same stream. */
export function mergeProducers(ledgers: readonly ProducerLedgerData[]): (stream: number) => ProducedStream {
  const rows = new Map<number, { readonly ledger: ProducerLedgerData; readonly row: number }>();
  const exceptions = new Map<number, ProducerException>();
  for (const ledger of ledgers) {
    for (const [row, stream] of ledger.streams.entries()) {
      if (rows.has(stream)) {
        throw new Error(`two producers made records in stream ${stream}`);
      }
      rows.set(stream, { ledger, row });
    }
    for (const exception of ledger.exceptions) {
      exceptions.set(ledger.streams[exception.row], exception);
    }
  }
  return (stream) => {
    const found = rows.get(stream);
    if (found === undefined) {
      return NOTHING_PRODUCED;
    }
    const { ledger, row } = found;
    const inOrder = interval(0, ledger.acknowledgedTo[row]);
    const exception = exceptions.get(stream);
    return {
      made: ledger.made[row],
      acknowledged: exception === undefined ? inOrder : union(inOrder, exception.acknowledged),
      failed: exception?.failed ?? NO_INTERVALS,
      horizon: exception?.horizon ?? Number.POSITIVE_INFINITY,
    };
  };
}
