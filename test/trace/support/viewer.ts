/**
 * Reads a file in Chrome's trace event format as Perfetto's trace processor does: events in the order of their times and,
 * at one time, of the file; a slice without duration stays on top of its thread's stack until the next one; an arrow's
 * ends are bound to the slice on top ("bp": "e"). Refuses what the format does not allow.
 */
import assert from 'node:assert/strict';

export interface Slice {
  readonly name: string;
  /** Nanoseconds, as the viewer rounds them. */
  readonly timeNs: number;
  readonly process: string;
  readonly thread: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface Viewed {
  readonly slices: readonly Slice[];
  readonly arrows: readonly { readonly from: Slice; readonly to: Slice }[];
  readonly otherData: unknown;
}

interface Entry {
  readonly ph: string;
  readonly name: string;
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid?: number;
  readonly id?: number;
  readonly bp?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** What an entry of each phase must have, besides ph, name and pid. */
const REQUIRED: Readonly<Record<string, readonly (keyof Entry)[]>> = {
  M: ['args'],
  X: ['tid', 'ts', 'dur', 'cat', 'args'],
  s: ['tid', 'ts', 'cat', 'id'],
  f: ['tid', 'ts', 'cat', 'id', 'bp'],
};

export function view(json: string): Viewed {
  const { traceEvents, otherData } = JSON.parse(json) as { traceEvents: Entry[]; otherData: unknown };
  const names = new Map<string, string>();
  for (const entry of traceEvents) {
    check(entry);
    if (entry.ph === 'M' && entry.name.endsWith('_name')) names.set(key(entry), String(entry.args?.name));
  }
  const timed = traceEvents
    .filter(({ ph }) => ph !== 'M')
    .sort((left, right) => nanoseconds(left) - nanoseconds(right));
  const slices: Slice[] = [];
  const top = new Map<number, Slice>();
  const begun = new Map<string, Slice>();
  const arrows: { from: Slice; to: Slice }[] = [];
  for (const entry of timed) {
    const { ph, pid, tid, args } = entry;
    if (tid === undefined) throw new Error('no thread');
    if (ph === 'X') {
      const thread = named(names, `${pid} ${tid}`);
      const slice = {
        name: entry.name,
        timeNs: nanoseconds(entry),
        process: named(names, `${pid}`),
        thread,
        args: args ?? {},
      };
      slices.push(slice);
      top.set(tid, slice);
      continue;
    }
    const slice = top.get(tid);
    assert.ok(slice !== undefined, 'an arrow without a slice to bind it to');
    const arrow = `${entry.cat} ${entry.name} ${entry.id}`;
    const from = begun.get(arrow);
    if (ph === 's') {
      assert.equal(from, undefined, `arrow ${arrow} begins twice`);
      assert.equal(slice.timeNs, nanoseconds(entry));
      begun.set(arrow, slice);
    } else {
      assert.ok(from !== undefined, `arrow ${arrow} ends before it begins`);
      assert.equal(slice.timeNs, nanoseconds(entry));
      arrows.push({ from, to: slice });
    }
  }
  assert.equal(arrows.length, begun.size, 'every arrow that begins ends, once');
  return { slices, arrows, otherData };
}

function check(entry: Entry): void {
  const required = REQUIRED[entry.ph];
  assert.ok(required !== undefined, `phase ${entry.ph}`);
  for (const field of ['name', 'pid', ...required] as const) {
    assert.ok(entry[field] !== undefined, `${entry.ph} without ${field}`);
  }
  for (const number of [entry.pid, entry.tid ?? 1, entry.id ?? 1]) {
    assert.ok(Number.isSafeInteger(number) && number > 0, `${number} as a pid, tid or id`);
  }
  if (entry.ph === 'X') assert.equal(entry.dur, 0);
  if (entry.ph === 'f') assert.equal(entry.bp, 'e');
}

function key({ name, pid, tid }: Entry): string {
  return name === 'process_name' ? `${pid}` : `${pid} ${tid}`;
}

function named(names: ReadonlyMap<string, string>, of: string): string {
  const name = names.get(of);
  assert.ok(name !== undefined, `${of} has no name`);
  return name;
}

function nanoseconds({ ts }: Entry): number {
  return Math.round((ts ?? Number.NaN) * 1000);
}
