/**
 * Reads the values of a file by its schema and reports every mistake. What is wrong is then left out and the rest read
 * again, so that the checks across the file can still be made on all that is right.
 */
import type { z } from 'zod';
import { type JsonSchemaNode, keysOf, nodeAt } from './json-schema.ts';
import { closest, suggestion } from './nearest.ts';
import { dotted, type Problems } from './problems.ts';
import { show } from './units.ts';
import type { Path } from './yaml-source.ts';

type Issue = z.core.$ZodIssue;

export interface Format<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** The same as a JSON Schema, for the keys that there are. */
  readonly json: () => JsonSchemaNode;
  /** What stands in for a part that every file needs when that part is broken. */
  readonly standIns: Readonly<Record<string, unknown>>;
  /** Keys that are known but have another place, and what to do with them. */
  readonly elsewhere?: Readonly<Record<string, string>>;
}

/** The values of the file, without its broken parts; all of them are reported to `problems`. */
export function validate<Schema extends z.ZodType>(
  data: Readonly<Record<string, unknown>>,
  { schema, json, standIns, elsewhere = {} }: Format<Schema>,
  problems: Problems,
): z.output<Schema> {
  const removed = new Set<string>();
  const report = new Report(json, problems, removed, elsewhere);
  for (;;) {
    const keptIndexes = new Map<string, readonly number[]>();
    const whole = prune(data, [], removed, keptIndexes) as Record<string, unknown>;
    for (const [key, standIn] of Object.entries(standIns)) {
      if (removed.has(JSON.stringify([key]))) whole[key] = standIn;
    }
    const original = (path: Path) => originalPath(path, keptIndexes);
    const result = schema.safeParse(whole);
    if (result.success) {
      problems.translate(original);
      return result.data;
    }
    const removedBefore = removed.size;
    report.issues(
      result.error.issues.flatMap((issue) => unfold(issue, whole)),
      whole,
      original,
    );
    if (removed.size === removedBefore) throw new Error(`cannot leave out ${result.error.message}`);
  }
}

class Report {
  readonly #json: () => JsonSchemaNode;
  readonly #problems: Problems;
  readonly #removed: Set<string>;
  readonly #elsewhere: Readonly<Record<string, string>>;

  constructor(
    json: () => JsonSchemaNode,
    problems: Problems,
    removed: Set<string>,
    elsewhere: Readonly<Record<string, string>>,
  ) {
    this.#json = json;
    this.#problems = problems;
    this.#removed = removed;
    this.#elsewhere = elsewhere;
  }

  issues(issues: readonly Issue[], whole: unknown, original: (path: Path) => Path): void {
    // Unknown keys first: a missing key that was only misspelt is then not reported as well.
    for (const issue of issues) {
      if (issue.code === 'unrecognized_keys') this.#unknownKeys(original(pathOf(issue)), issue.keys);
    }
    for (const issue of issues) {
      if (issue.code === 'unrecognized_keys') continue;
      const path = original(pathOf(issue));
      if (this.#removed.has(JSON.stringify(path))) {
        this.#remove(path.slice(0, -1));
      } else {
        this.#wrong(path, issue, valueAt(whole, pathOf(issue)));
        this.#remove(path);
      }
    }
  }

  #unknownKeys(parent: Path, keys: readonly string[]): void {
    const node = nodeAt(this.#json(), parent);
    const known = keysOf(node);
    const inside = parent.length === 0 ? '' : ` in ${dotted(parent)}`;
    for (const key of keys) {
      const path = [...parent, key];
      const meant = closest(key, known);
      const belongs = meant === null && keysOf(node?.properties?.config ?? null).includes(key);
      const elsewhere = belongs ? `it belongs under ${dotted([...parent, 'config'])}` : this.#elsewhere[key];
      const advice = elsewhere === undefined ? suggestion(key, known) : `, ${elsewhere}`;
      this.#problems.key(path, `unknown key "${key}"${inside}${advice}`);
      this.#remove(path);
      this.#problems.markUnknownKey(parent);
      if (meant !== null) this.#problems.markBroken([...parent, meant]);
    }
  }

  #wrong(path: Path, issue: Issue, value: unknown): void {
    if (value !== undefined) {
      this.#problems.value(path, messageOf(issue, value));
      return;
    }
    const parent = path.slice(0, -1);
    const expected = messageOf(issue, value).replace(/, found nothing.*$/, '');
    const inside = parent.length === 0 ? '' : ` in ${dotted(parent)}`;
    this.#problems.key(path, `missing key "${path.at(-1)}"${inside}: ${expected}`);
  }

  #remove(path: Path): void {
    this.#removed.add(JSON.stringify(path));
    this.#problems.markBroken(path);
  }
}

/** The issues inside the alternative that was meant: in every union of the schema one value comes first, a structure last. */
function unfold(issue: Issue, whole: unknown): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const value = valueAt(whole, pathOf(issue));
  const meant = typeof value === 'object' && value !== null ? issue.errors.at(-1) : issue.errors[0];
  return (meant ?? [])
    .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
    .flatMap((inner) => unfold(inner, whole));
}

function messageOf(issue: Issue, value: unknown): string {
  if (issue.code === 'invalid_key') return issue.issues[0].message;
  if (issue.code !== 'invalid_type') return issue.message;
  const expected = issue.expected === 'array' ? 'a list' : 'a map';
  const advice = value === null ? `: write ${issue.expected === 'array' ? '[]' : '{}'} for an empty one` : '';
  return `expected ${expected}, found ${show(value)}${advice}`;
}

function pathOf(issue: Issue): Path {
  return issue.path.map((segment) => (typeof segment === 'symbol' ? String(segment) : segment));
}

/** What stands at a place of the data; undefined when there is nothing. */
export function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, segment) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, segment)
        ? Reflect.get(value, segment)
        : undefined,
    data,
  );
}

function prune(
  value: unknown,
  path: Path,
  removed: ReadonlySet<string>,
  keptIndexes: Map<string, readonly number[]>,
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const stays = (segment: string | number) => !removed.has(JSON.stringify([...path, segment]));
  const inner = (segment: string | number, entry: unknown) =>
    prune(entry, [...path, segment], removed, keptIndexes);
  if (Array.isArray(value)) {
    const kept = value.map((_, index) => index).filter(stays);
    keptIndexes.set(JSON.stringify(path), kept);
    return kept.map((index) => inner(index, value[index]));
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => stays(key))
      .map(([key, entry]) => [key, inner(key, entry)]),
  );
}

function originalPath(path: Path, keptIndexes: ReadonlyMap<string, readonly number[]>): Path {
  const original: (string | number)[] = [];
  for (const segment of path) {
    const kept = keptIndexes.get(JSON.stringify(original));
    original.push(typeof segment === 'number' ? (kept?.[segment] ?? segment) : segment);
  }
  return original;
}
