/** Finds the first event, in the total order over all shards, in which two traces differ. */
import type { EventCursor } from './event-cursor.ts';
import { FIELDS, type Field, ORDER_FIELDS } from './format.ts';
import { causeOf, type Located, lastBefore, toEvent } from './look-up.ts';
import { layoutNotes, type Note, runNotes } from './notes.ts';
import { EVENTS_BETWEEN_PAUSES, pause } from './pause.ts';
import { partName, type TraceFile, type TracePart } from './trace-file.ts';

export interface FirstDifference {
  /** "paced/east" */
  readonly part: string;
  /** What each run has at the place; null where its part has ended. */
  readonly a: Located | null;
  readonly b: Located | null;
  /** The run with the event that comes first in the total order, or both when only its contents differ. */
  readonly in: 'a' | 'b' | 'both';
  /** The fields that differ; all when one run has ended. */
  readonly fields: readonly Field[];
  /** The last event before that the same entity had in both runs. */
  readonly lastInCommon: Located | null;
  /** The event that scheduled it; null when it was scheduled before the trace begins, or while the model was built. */
  readonly cause: Located | null;
}

export interface TraceDifference {
  /** What the runs are of: no difference by itself. */
  readonly runs: readonly Note[];
  /** Shards, entities and kinds that are not the same. */
  readonly layout: readonly Note[];
  readonly first: FirstDifference | null;
}

/** What each run has where a part first differs. */
interface Place {
  readonly a: Located | null;
  readonly b: Located | null;
}

/**
 * Compares shard by shard, event by event, the times that both traces cover. Where a trace was cut off nothing is
 * compared; `TraceFile.cutOff` says so.
 * @param onProgress told the share of the events compared
 * @throws UserError when a trace is damaged; the signal's reason when aborted
 */
export async function diffTraces(
  a: TraceFile,
  b: TraceFile,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (fraction: number) => void } = {},
): Promise<TraceDifference> {
  let first: Place | null = null;
  let done = 0;
  for (const partA of a.parts) {
    const partB = b.parts.find((part) => partName(part) === partName(partA));
    if (partB === undefined) continue;
    const place = await firstPlace(a, b, partA, partB, async (index) => {
      onProgress?.((done + index) / Math.max(1, a.events));
      await pause(signal);
    });
    if (place !== null && (first === null || order(earlier(place), earlier(first)) < 0)) first = place;
    done += partA.events;
  }
  return {
    runs: runNotes(a.run, b.run),
    layout: layoutNotes(a, b),
    first: first === null ? null : await described(a, b, first, signal),
  };
}

async function firstPlace(
  a: TraceFile,
  b: TraceFile,
  partA: TracePart,
  partB: TracePart,
  breathe: (index: number) => Promise<void>,
): Promise<Place | null> {
  const fromNs = Math.max(a.run.fromNs, b.run.fromNs);
  const untilNs = Math.min(a.run.untilNs ?? Infinity, b.run.untilNs ?? Infinity);
  const cursorA = a.cursor(partA);
  const cursorB = b.cursor(partB);
  for (let index = 0; ; index += 1) {
    if (index % EVENTS_BETWEEN_PAUSES === 0) await breathe(index);
    const hasA = nextWithin(cursorA, fromNs, untilNs);
    const hasB = nextWithin(cursorB, fromNs, untilNs);
    if (!hasA && !hasB) return null;
    if ((!hasA && !partA.complete) || (!hasB && !partB.complete)) return null;
    if (hasA && hasB && isSame(cursorA, cursorB)) continue;
    return { a: hasA ? located(partA, cursorA) : null, b: hasB ? located(partB, cursorB) : null };
  }
}

function located(part: TracePart, cursor: EventCursor): Located {
  const values = new Float64Array(FIELDS.length);
  cursor.copyTo(values);
  return { part, index: cursor.index, event: toEvent(values) };
}

/** Goes to the next event in the window; the events of a part come in the order of their times. */
function nextWithin(cursor: EventCursor, fromNs: number, untilNs: number): boolean {
  while (cursor.next()) {
    const timeNs = cursor.get(0);
    if (timeNs >= fromNs) return timeNs < untilNs;
  }
  return false;
}

function isSame(a: EventCursor, b: EventCursor): boolean {
  for (let field = 0; field < FIELDS.length; field += 1) {
    if (!Object.is(a.get(field), b.get(field))) return false;
  }
  return true;
}

async function described(
  a: TraceFile,
  b: TraceFile,
  place: Place,
  signal: AbortSignal | undefined,
): Promise<FirstDifference> {
  const found = earlier(place);
  const { part, index, event } = found;
  const trace = found === place.a ? a : b;
  const isSameEvent = place.a !== null && place.b !== null && order(place.a, place.b) === 0;
  return {
    part: partName(part),
    ...place,
    in: isSameEvent ? 'both' : found === place.a ? 'a' : 'b',
    fields: FIELDS.filter((field) => !Object.is(place.a?.event[field], place.b?.event[field])),
    lastInCommon: await lastBefore(trace, part, index, event.target, Infinity, signal),
    cause: await causeOf(trace, found, signal),
  };
}

/** The one of the two events that comes first in the total order. */
function earlier({ a, b }: Place): Located {
  if (a === null && b === null) throw new Error('a difference without an event');
  if (a === null) return b as Located;
  return b === null || order(a, b) <= 0 ? a : b;
}

/** Below 0 when `one` comes before `other` in the total order; a phase comes before the next. */
function order(one: Located, other: Located): number {
  if (one.part.phaseIndex !== other.part.phaseIndex) return one.part.phaseIndex - other.part.phaseIndex;
  for (const field of FIELDS.slice(0, ORDER_FIELDS)) {
    if (one.event[field] !== other.event[field]) return one.event[field] - other.event[field];
  }
  return 0;
}
