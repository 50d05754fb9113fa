/** What two traces are of, where that differs. */
import type { TraceRun } from './format.ts';
import { partName, type TraceFile, type TracePart } from './trace-file.ts';

/** Something that both runs have, but not the same. */
export interface Note {
  /** "seed", "entity 12 of paced/east" */
  readonly of: string;
  readonly a: string;
  readonly b: string;
}

/** Scenario, seed, profile, version and times: what may differ on purpose. */
export function runNotes(a: TraceRun, b: TraceRun): Note[] {
  const pairs: (readonly [of: string, a: string, b: string])[] = [
    ['scenario', a.scenario.name, b.scenario.name],
    ['hash of the scenario', a.scenario.hash, b.scenario.hash],
    ['seed', String(a.seed), String(b.seed)],
    ['profile', a.profile.name, b.profile.name],
    ['hash of the profile', a.profile.hash, b.profile.hash],
    ['brokertwin', a.brokertwin, b.brokertwin],
    ['traced from', `${a.fromNs} ns`, `${b.fromNs} ns`],
    ['traced until', until(a), until(b)],
  ];
  return pairs.filter(([, ofA, ofB]) => ofA !== ofB).map(([of, ofA, ofB]) => ({ of, a: ofA, b: ofB }));
}

/** Parts, entities and kinds that are not the same: the first of each list. */
export function layoutNotes(a: TraceFile, b: TraceFile): Note[] {
  const notes = [
    firstOther('phase', a.run.phases, b.run.phases),
    firstOther('shard', a.run.shards, b.run.shards),
    ...a.parts.flatMap((partA) => {
      const partB = b.parts.find((part) => partName(part) === partName(partA));
      return partB === undefined ? [] : partNotes(partA, partB);
    }),
  ];
  return notes.filter((note) => note !== null);
}

function partNotes(a: TracePart, b: TracePart): (Note | null)[] {
  const name = partName(a);
  return [
    firstOther(`first entity of ${name}`, [String(a.entityBase)], [String(b.entityBase)]),
    firstOther(`entity of ${name}`, a.entities, b.entities),
    firstOther(`kind of ${name}`, a.kinds, b.kinds),
  ];
}

function firstOther(of: string, a: readonly string[], b: readonly string[]): Note | null {
  const length = Math.max(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    if (a[at] !== b[at]) return { of: `${of}, number ${at + 1}`, a: a[at] ?? 'none', b: b[at] ?? 'none' };
  }
  return null;
}

function until({ untilNs }: TraceRun): string {
  return untilNs === null ? 'the end' : `${untilNs} ns`;
}
