/**
 * What changes of the readers of logs and of their fetch sessions, laid out from the sessions. A reader is a follower or a
 * consumer group with one partition; a session is one fetcher or client on one broker.
 */
import type { Columns, Float64Column, Int32Column, Uint8Column } from '../../kernel/columns.ts';
import { Fifos } from '../../kernel/fifo.ts';
import { type Field, Rows } from '../../kernel/rows.ts';
import type { Partitions } from '../cluster/partitions.ts';
import { NONE } from '../requests.ts';
import type { FetchSession } from './replica-manager.ts';

const WAITING_MAX = 33_554_432;

/** Whether a session fetches: not, over and over, or not again after the fetch that it has sent. */
export const RESTS = 0;
export const FETCHES = 1;
export const STOPS = 2;

/** Where a reader stands: not among those with news of its session, among them, or among them but held by a throttle. */
export const UNQUEUED = 0;
export const QUEUED = 1;
export const HELD = 2;

export interface ReaderColumns {
  readonly isFollower: Uint8Array;
  /** Per session: its partitions, and those of them that cost a look. */
  readonly sessionSize: Field;
  readonly sessionLooks: Field;
  /** What it may have now; the fetch that is parked on it, with its timer; RESTS, FETCHES or STOPS. */
  readonly available: Field;
  readonly parked: Field;
  readonly timer: Field;
  readonly fetching: Field;
  /** As `FetchSession` has them. */
  readonly minBytes: Field;
  readonly maxBytes: Field;
  readonly partitionMaxBytes: Field;
  readonly maxWaitNs: Field;
  readonly owner: Field;
  readonly connection: Field;
  readonly broker: Field;
  readonly isLookedAt: (partition: number) => boolean;
  /** Readers of partition p are numbered firstReader[p] .. firstReader[p + 1] - 1. */
  readonly firstReader: Int32Array;
  readonly readerSession: Int32Array;
  readonly readerPartition: Int32Array;
  readonly endOffset: Float64Column;
  readonly endBytes: Float64Column;
  readonly highWatermark: Float64Column;
  /** Last batch of the log while somebody holds it, and the first that the high watermark has not passed; or NONE. */
  readonly tail: Int32Column;
  readonly aboveWatermark: Int32Column;
  readonly readerNext: Int32Column;
  /** UNQUEUED, QUEUED or HELD; what is held is not in its session's `available`. */
  readonly readerQueued: Uint8Column;
  /** Followers: offset after what the follower holds, and after what the leader knows it to hold. */
  readonly replicaEnd: Float64Column;
  readonly replicaEndKnown: Float64Column;
  readonly moved: Uint8Column;
  /** Per session: readers with news; batches in the response on its way; readers that the next fetch tells about. */
  readonly news: Fifos;
  readonly fetched: Fifos;
  readonly toTell: Fifos;
}

export function layOutReaders(
  columns: Columns,
  partitions: Partitions,
  sessions: readonly FetchSession[],
  isLookedAt: (partition: number) => boolean,
): ReaderColumns {
  // Counted, then filled in the sessions' order: a list for each partition would take more than all else here.
  const firstReader = new Int32Array(partitions.length + 1);
  for (const session of sessions) {
    for (const partition of session.partitions) firstReader[partition + 1] += 1;
  }
  for (let partition = 0; partition < partitions.length; partition += 1) {
    firstReader[partition + 1] += firstReader[partition];
  }
  const readers = firstReader[partitions.length];
  const readerSession = columns.int32('readers/session', readers).data;
  const readerPartition = new Int32Array(readers);
  const next = firstReader.slice();
  sessions.forEach((session, index) => {
    for (const partition of session.partitions) {
      const reader = next[partition];
      next[partition] += 1;
      readerSession[reader] = index;
      readerPartition[reader] = partition;
    }
  });
  const rows = new Rows(columns, 'sessions', sessions.length);
  const filled = (value: (session: FetchSession) => number): Field => {
    const field = rows.field();
    sessions.forEach((session, index) => {
      field.set(index, value(session));
    });
    return field;
  };
  return {
    isFollower: Uint8Array.from(sessions, ({ isFollower }) => (isFollower ? 1 : 0)),
    sessionSize: filled(({ partitions: list }) => list.length),
    sessionLooks: filled(({ partitions: list }) => list.filter(isLookedAt).length),
    available: rows.field(),
    parked: rows.field(NONE),
    timer: rows.field(),
    fetching: filled(({ partitions: list }) => (list.length > 0 ? FETCHES : RESTS)),
    minBytes: filled((of) => of.minBytes),
    maxBytes: filled((of) => of.maxBytes),
    partitionMaxBytes: filled((of) => of.partitionMaxBytes),
    maxWaitNs: filled((of) => of.maxWaitNs),
    owner: filled((of) => of.owner),
    connection: filled((of) => of.connection),
    broker: filled((of) => of.broker),
    isLookedAt,
    firstReader,
    readerSession,
    readerPartition,
    endOffset: columns.float64('partitions/end', partitions.length),
    endBytes: columns.float64('partitions/end-bytes', partitions.length),
    highWatermark: columns.float64('partitions/high-watermark', partitions.length),
    tail: none(columns.int32('partitions/tail', partitions.length)),
    aboveWatermark: none(columns.int32('partitions/above-watermark', partitions.length)),
    readerNext: none(columns.int32('readers/next', readers)),
    readerQueued: columns.uint8('readers/queued', readers),
    replicaEnd: columns.float64('readers/replica-end', readers),
    replicaEndKnown: columns.float64('readers/replica-end-known', readers),
    moved: columns.uint8('readers/moved', readers),
    news: new Fifos(columns, 'sessions/news', sessions.length, WAITING_MAX),
    fetched: new Fifos(columns, 'sessions/fetched', sessions.length, WAITING_MAX),
    toTell: new Fifos(columns, 'sessions/to-tell', sessions.length, WAITING_MAX),
  };
}

function none(column: Int32Column): Int32Column {
  column.data.fill(NONE);
  return column;
}
