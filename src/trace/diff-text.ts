/** The difference of two traces, for people and for machines. */
import type { FirstDifference, TraceDifference } from './diff.ts';
import type { Field, TraceEvent } from './format.ts';
import { type Located, partOf } from './look-up.ts';
import type { Note } from './notes.ts';
import { partName, type TraceFile } from './trace-file.ts';

/** What a reader calls the fields. */
const LABELS: Readonly<Record<Field, string>> = {
  timeNs: 'time',
  microstep: 'microstep',
  priority: 'priority',
  target: 'entity',
  source: 'sent by',
  sequence: 'sequence',
  kind: 'kind',
  a: 'a',
  b: 'b',
  c: 'c',
  d: 'd',
  scheduled: 'scheduled before',
};

/** An event with names in place of numbers, and its place in its part, from 0. */
interface NamedEvent extends Omit<TraceEvent, 'target' | 'source' | 'kind'> {
  readonly part: string;
  readonly index: number;
  readonly target: string;
  readonly source: string;
  readonly kind: string;
}

/** A few lines: the runs, what they are of, the first event that differs, and what led to it. */
export function differenceLines(a: TraceFile, b: TraceFile, difference: TraceDifference): string[] {
  const { runs, layout, first } = difference;
  return [
    ...table([runRow('a', a), runRow('b', b)]),
    ...runs.map(noteLine),
    ...layout.map(noteLine),
    ...(first === null ? [] : firstLines(a, b, first)),
  ];
}

/** The same as one object. */
export function differenceJson(a: TraceFile, b: TraceFile, { runs, layout, first }: TraceDifference): object {
  const name = (trace: TraceFile, located: Located | null): NamedEvent | null =>
    located === null ? null : named(trace, located);
  const owner = first?.in === 'b' ? b : a;
  return {
    a: { file: a.file, ...a.run, events: a.events },
    b: { file: b.file, ...b.run, events: b.events },
    runs,
    layout,
    first:
      first === null
        ? null
        : {
            part: first.part,
            in: first.in,
            fields: first.fields,
            a: name(a, first.a),
            b: name(b, first.b),
            lastInCommon: name(owner, first.lastInCommon),
            cause: name(owner, first.cause),
          },
  };
}

function firstLines(a: TraceFile, b: TraceFile, first: FirstDifference): string[] {
  const owner = first.in === 'b' ? b : a;
  const located = first.in === 'b' ? first.b : first.a;
  if (located === null) throw new Error('a difference without an event');
  const event = named(owner, located);
  const other = first.in === 'both' ? 'both have it, not the same' : `only ${first.in} has it`;
  return [
    `first difference: ${place(located)}: ${other}`,
    `  ${event.kind} for ${event.target} at ${seconds(event.timeNs)}, sent by ${event.source}`,
    ...sideBySide(a, b, first).map((row) => `  ${row}`),
    `last in common for ${event.target}: ${line(owner, first.lastInCommon) ?? 'none'}`,
    `caused by: ${line(owner, first.cause) ?? uncaused(owner)}`,
  ];
}

function sideBySide(a: TraceFile, b: TraceFile, first: FirstDifference): string[] {
  if (first.a === null || first.b === null) return [`${first.a === null ? 'a' : 'b'} has ended there`];
  const [inA, inB] = [first.a, first.b];
  return table([
    ['', 'a', 'b'],
    ...first.fields.map((field) => [LABELS[field], shown(a, inA, field), shown(b, inB, field)]),
  ]);
}

/** "event 48,212 of paced/east", counted from 1. */
function place({ part, index }: Located): string {
  return `event ${(index + 1).toLocaleString('en-US')} of ${partName(part)}`;
}

function line(trace: TraceFile, located: Located | null): string | null {
  if (located === null) return null;
  const { kind, target, timeNs } = named(trace, located);
  return `${kind} for ${target} at ${seconds(timeNs)} (${place(located)})`;
}

function uncaused({ run }: TraceFile): string {
  return run.fromNs === 0
    ? 'nothing: scheduled when the model was built'
    : 'something before the trace begins';
}

function shown(trace: TraceFile, located: Located, field: Field): string {
  const value = named(trace, located)[field];
  if (field === 'timeNs') return seconds(located.event.timeNs);
  return Object.is(value, -0) ? '-0' : String(value);
}

function named(trace: TraceFile, { part, index, event }: Located): NamedEvent {
  const entity = (number: number): string => {
    const home = partOf(trace, part.phaseIndex, number);
    if (home === null) return `entity ${number}`;
    const name = home.entities[number - home.entityBase];
    return home === part ? name : `${home.shard}/${name}`;
  };
  return {
    part: partName(part),
    index,
    ...event,
    target: entity(event.target),
    source: entity(event.source),
    kind: part.kinds[event.kind] ?? `kind ${event.kind}`,
  };
}

/** "1.204311204 s" */
function seconds(timeNs: number): string {
  const whole = Math.floor(timeNs / 1e9);
  return `${whole}.${String(timeNs - whole * 1e9).padStart(9, '0')} s`;
}

function runRow(name: string, { file, run, events }: TraceFile): string[] {
  return [name, file, run.scenario.name, `seed ${run.seed}`, `${events.toLocaleString('en-US')} events`];
}

function noteLine({ of, a, b }: Note): string {
  return `not the same: ${of}: ${a} in a, ${b} in b`;
}

/** Columns that line up, two blanks between them. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}
