/**
 * A trace in Chrome's trace event format, for ui.perfetto.dev and chrome://tracing.
 *
 *   process   a shard in a phase          thread   an entity
 *   slice     a handled event ("X" of no duration: an event takes no simulated time), named by its kind
 *   arrow     from the event that scheduled another to that other ("s" and "f")
 *
 * Times are microseconds with the nanoseconds behind the point; each phase begins at 0. Viewers bind an arrow's end to the
 * thread's last slice in the order of the file, so that an arrow's start is written before the next slice of its thread.
 */
import { type Arrows, findArrows, type Scheduler } from './arrows.ts';
import type { EventCursor } from './event-cursor.ts';
import { AT } from './format.ts';
import { partOf } from './look-up.ts';
import { EVENTS_BETWEEN_PAUSES, pause } from './pause.ts';
import { TextFile } from './text-file.ts';
import { partName, type TraceFile, type TracePart } from './trace-file.ts';

/** A thread of the viewer, while its entity's events are written. */
interface Thread {
  /** `"pid":1,"tid":4` */
  readonly ids: string;
  /** The entity's name as JSON. */
  readonly name: string;
  /** Time of its last slice. */
  lastNs: number;
  /** The sequence up to which its arrows are begun. */
  begun: number;
}

/**
 * Writes `trace` as JSON to `file`, over one that is there; whole or not at all.
 * @param onProgress told the share of the events written
 * @throws UserError when the trace is damaged or the file cannot be written; the signal's reason when aborted
 */
export async function writePerfetto(
  trace: TraceFile,
  file: string,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (fraction: number) => void } = {},
): Promise<void> {
  const arrows = await findArrows(trace, signal);
  const text = new TextFile(file);
  try {
    const threads = trace.parts.map((part) => threadsOf(trace, part));
    text.write(`{"otherData":${JSON.stringify(trace.run)},"traceEvents":[\n`);
    text.write(trace.parts.map((part, index) => metadata(part, index + 1, threads[index])).join(',\n'));
    let done = 0;
    for (const [index, part] of trace.parts.entries()) {
      const writer = new PartWriter(trace, part, threads[index], arrows[part.phaseIndex], text);
      const cursor = trace.cursor(part);
      while (cursor.next()) {
        if (cursor.index % EVENTS_BETWEEN_PAUSES === 0) {
          onProgress?.((done + cursor.index) / trace.events);
          await pause(signal);
        }
        writer.write(cursor);
      }
      writer.finish();
      done += part.events;
    }
    text.write('\n]}\n');
    text.finish();
  } catch (error) {
    text.abandon();
    throw error;
  }
}

/** Numbers of threads are unique over all processes: some viewers take a thread's name by its number alone. */
function threadsOf(trace: TraceFile, part: TracePart): Thread[] {
  const index = trace.parts.indexOf(part);
  const before = trace.parts.slice(0, index).reduce((sum, { entities }) => sum + entities.length, 0);
  const first = trace.parts.length + before + 1;
  return part.entities.map((name, entity) => ({
    ids: `"pid":${index + 1},"tid":${first + entity}`,
    name: JSON.stringify(name),
    lastNs: 0,
    begun: Number.NaN,
  }));
}

function metadata(part: TracePart, pid: number, threads: readonly Thread[]): string {
  return [
    `{"ph":"M","name":"process_name","pid":${pid},"args":{"name":${JSON.stringify(partName(part))}}}`,
    `{"ph":"M","name":"process_sort_index","pid":${pid},"args":{"sort_index":${pid}}}`,
    ...threads.flatMap(({ ids, name }, index) => [
      `{"ph":"M","name":"thread_name",${ids},"args":{"name":${name}}}`,
      `{"ph":"M","name":"thread_sort_index",${ids},"args":{"sort_index":${index}}}`,
    ]),
  ].join(',\n');
}

class PartWriter {
  readonly #trace: TraceFile;
  readonly #part: TracePart;
  readonly #threads: readonly Thread[];
  readonly #kinds: readonly string[];
  readonly #arrows: Arrows;
  readonly #text: TextFile;

  constructor(trace: TraceFile, part: TracePart, threads: readonly Thread[], arrows: Arrows, text: TextFile) {
    this.#trace = trace;
    this.#part = part;
    this.#threads = threads;
    this.#kinds = part.kinds.map((kind) => JSON.stringify(kind));
    this.#arrows = arrows;
    this.#text = text;
  }

  write(cursor: EventCursor): void {
    const target = cursor.get(AT.target);
    const source = cursor.get(AT.source);
    const sequence = cursor.get(AT.sequence);
    const timeNs = cursor.get(AT.timeNs);
    const thread = this.#threads[target - this.#part.entityBase];
    const scheduled = cursor.get(AT.scheduled);
    if (Number.isNaN(thread.begun)) thread.begun = scheduled;
    this.#begin(target, scheduled);
    thread.lastNs = timeNs;
    const args = ['a', 'b', 'c', 'd'] as const;
    this.#text.write(
      `,\n{"ph":"X","cat":"event","name":${this.#kinds[cursor.get(AT.kind)]},"ts":${microseconds(timeNs)},"dur":0,` +
        `${thread.ids},"args":{${args.map((name) => `"${name}":${json(cursor.get(AT[name]))}`).join(',')},` +
        `"sent by":${this.#nameOf(source)},"sequence":${sequence}}}`,
    );
    const scheduler = this.#arrows.get(source);
    if (scheduler?.hasArrow(sequence) !== true) return;
    this.#begin(source, sequence);
    this.#arrow('"f","bp":"e"', scheduler, sequence, thread, timeNs);
  }

  /** Begins what arrows are left: those to other shards. */
  finish(): void {
    for (const index of this.#threads.keys())
      this.#begin(this.#part.entityBase + index, Number.MAX_SAFE_INTEGER);
  }

  /** Begins, at the entity's last slice, the arrows of what it scheduled up to a sequence. */
  #begin(entity: number, sequence: number): void {
    const thread = this.#threads[entity - this.#part.entityBase];
    const scheduler = this.#arrows.get(entity);
    if (thread === undefined || scheduler === undefined) return;
    const last = Math.min(sequence, scheduler.last);
    for (let next = thread.begun + 1; next <= last; next += 1) {
      if (scheduler.hasArrow(next)) this.#arrow('"s"', scheduler, next, thread, thread.lastNs);
    }
    if (sequence > thread.begun) thread.begun = sequence;
  }

  #arrow(phase: string, { firstArrow }: Scheduler, sequence: number, { ids }: Thread, timeNs: number): void {
    this.#text.write(
      `,\n{"ph":${phase},"cat":"cause","name":"schedules","id":${firstArrow + sequence},"ts":${microseconds(timeNs)},${ids}}`,
    );
  }

  #nameOf(entity: number): string {
    const mine = this.#threads[entity - this.#part.entityBase];
    if (mine !== undefined) return mine.name;
    const home = partOf(this.#trace, this.#part.phaseIndex, entity);
    return home === null
      ? `"entity ${entity}"`
      : JSON.stringify(`${home.shard}/${home.entities[entity - home.entityBase]}`);
  }
}

/** Nanoseconds as microseconds in decimal, exactly. */
function microseconds(timeNs: number): string {
  const whole = Math.floor(timeNs / 1000);
  const rest = timeNs - whole * 1000;
  return rest === 0 ? String(whole) : `${whole}.${String(rest).padStart(3, '0')}`;
}

/** JSON has no NaN or Infinity, and no -0 by the ordinary way. */
function json(value: number): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}
