/** Finds events of a trace by what they have to do with each other. */
import { AT, FIELDS, type TraceEvent } from './format.ts';
import { EVENTS_BETWEEN_PAUSES, pause } from './pause.ts';
import type { TraceFile, TracePart } from './trace-file.ts';

/** An event at its place: `index` in its part, from 0. */
export interface Located {
  readonly part: TracePart;
  readonly index: number;
  readonly event: TraceEvent;
}

/** The part that an entity of a phase is in; null when there is none. */
export function partOf(trace: TraceFile, phaseIndex: number, entity: number): TracePart | null {
  const isIn = ({ entityBase, entities }: TracePart): boolean =>
    entity >= entityBase && entity < entityBase + entities.length;
  return trace.parts.find((part) => part.phaseIndex === phaseIndex && isIn(part)) ?? null;
}

/** The last event for `entity` before place `end` of the part that had less than `scheduledMax` scheduled; or null. */
export async function lastBefore(
  trace: TraceFile,
  part: TracePart,
  end: number,
  entity: number,
  scheduledMax: number,
  signal: AbortSignal | undefined,
): Promise<Located | null> {
  const values = new Float64Array(FIELDS.length);
  let index = -1;
  const cursor = trace.cursor(part);
  while (cursor.next() && cursor.index < end) {
    if (cursor.index % EVENTS_BETWEEN_PAUSES === 0) await pause(signal);
    if (cursor.get(AT.target) !== entity || !(cursor.get(AT.scheduled) < scheduledMax)) continue;
    index = cursor.index;
    cursor.copyTo(values);
  }
  return index < 0 ? null : { part, index, event: toEvent(values) };
}

/**
 * The event whose handling scheduled this one: the last of its source's that had scheduled fewer than its sequence.
 * Null when it was scheduled before the trace begins, or while the model was built.
 */
export async function causeOf(
  trace: TraceFile,
  { part, index, event }: Located,
  signal: AbortSignal | undefined,
): Promise<Located | null> {
  const home = partOf(trace, part.phaseIndex, event.source);
  if (home === null) return null;
  const end = home === part ? index : Number.POSITIVE_INFINITY;
  return lastBefore(trace, home, end, event.source, event.sequence, signal);
}

/** @param values a number for each of FIELDS */
export function toEvent(values: ArrayLike<number>): TraceEvent {
  return Object.fromEntries(FIELDS.map((field, at) => [field, values[at]])) as TraceEvent;
}
