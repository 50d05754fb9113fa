/**
 * The trace file: every handled event of a run, in blocks that are only ever appended.
 *
 *   file   run, then in any order of the parts: names, events ..., end
 *   block  24 bytes of header, payload
 *
 * A part is one shard in one phase; number phase x shards + shard. Workers append their parts' blocks as they fill, so that
 * the order of the blocks is chance, but each part's own is fixed: readers go by part. A part without an end was cut off.
 *
 *   header  uint32  magic
 *           uint16  format version
 *           uint16  type: 1 run, 2 names, 3 events, 4 end
 *           uint32  part (0 in a run block)
 *           uint32  events in the block (0 but in an events block)
 *           uint32  bytes of the payload
 *           uint32  CRC-32 of the header's 20 bytes until here and of the payload
 *
 * The payload of run, names and end is JSON; of events, zstd of the columns in the order of FIELDS, each a float64 an event.
 * The first column holds not times but steps from the event before, the first from 0: that halves the file.
 * All numbers are little-endian.
 */
export const FORMAT = 'brokertwin.trace/1';
export const VERSION = 1;
export const MAGIC = 0x72547442;
export const HEADER_BYTES = 24;
export const CHECKSUM_AT = 20;
/** Events of a full block, which each shard holds in memory (96 bytes an event): half as many cost a third more time. */
export const BLOCK_EVENTS = 8192;

export const BLOCK = { run: 1, names: 2, events: 3, end: 4 } as const;

/** The columns: the total order's six first, then what the event carries. */
export const FIELDS = [
  'timeNs',
  'microstep',
  'priority',
  'target',
  'source',
  'sequence',
  'kind',
  'a',
  'b',
  'c',
  'd',
  'scheduled',
] as const;
export const ORDER_FIELDS = 6;

export type Field = (typeof FIELDS)[number];
/** The column of each field. */
export const AT = Object.fromEntries(FIELDS.map((field, at) => [field, at])) as {
  readonly [field in Field]: number;
};

/** A handled event, as `TraceSink.event` was told it. */
export type TraceEvent = { readonly [field in Field]: number };

/** The events that are kept: from <= time < until, in the simulated time of each phase; null: to its end. */
export interface TraceWindow {
  readonly fromNs: number;
  readonly untilNs: number | null;
}

/** What identifies the run: the payload of the first block. */
export interface TraceRun extends TraceWindow {
  readonly format: typeof FORMAT;
  readonly brokertwin: string;
  readonly scenario: { readonly name: string; readonly hash: string };
  readonly seed: number;
  readonly profile: { readonly name: string; readonly hash: string };
  readonly phases: readonly string[];
  readonly shards: readonly string[];
}

/** The payload of a names block. */
export interface PartNames {
  /** Number of the part's first entity. */
  readonly entityBase: number;
  readonly entities: readonly string[];
  readonly kinds: readonly string[];
}

/** The payload of an end block. */
export interface PartEnd {
  readonly events: number;
  /** Whether the shard came to the end of its run, and did not fail or was stopped. */
  readonly complete: boolean;
}
