/**
 * `--set path=value`: one-off changes of a scenario. The path is its keys with dots between; Kafka's names keep their own
 * dots (`producers.checkout.config.linger.ms=10`), list entries are numbered from 0 (`run.phases.0.duration=5s`). The
 * value is YAML.
 */
import { parseDocument } from 'yaml';
import { type JsonSchemaNode, keysOf, schemaAt } from './json-schema.ts';
import { closest } from './nearest.ts';
import { show } from './units.ts';
import type { Path } from './yaml-source.ts';

export interface Setting {
  /** As given, behind `--set`. */
  readonly text: string;
  readonly path: Path;
}

type Data = Record<string, unknown>;

/** What has become of the data, and what was refused. */
export interface AppliedSettings {
  readonly data: Readonly<Data>;
  readonly settings: readonly Setting[];
  /** Settings as given, each with its problem. */
  readonly refused: readonly (readonly [text: string, problem: string])[];
}

/** A changed copy of the data: all settings that can be applied, in order. */
export function applySettings(given: Readonly<Data>, texts: readonly string[]): AppliedSettings {
  let data = given;
  const settings: Setting[] = [];
  const refused: [string, string][] = [];
  for (const text of texts) {
    const applied = applySetting(data, text);
    if ('problem' in applied) {
      refused.push([text, applied.problem]);
    } else {
      data = applied.data;
      settings.push(applied.setting);
    }
  }
  return { data, settings, refused };
}

/** A changed copy of the data, or the problem. */
function applySetting(
  given: Readonly<Data>,
  text: string,
): { readonly data: Data; readonly setting: Setting } | { readonly problem: string } {
  const data = structuredClone(given);
  const equals = text.indexOf('=');
  if (equals <= 0) return { problem: `expected path=value such as run.seed=9, found ${show(text)}` };
  const document = parseDocument(text.slice(equals + 1).trim(), { prettyErrors: false, stringKeys: true });
  if (document.errors.length > 0) {
    return { problem: `expected a value in YAML: ${document.errors[0].message}` };
  }
  const path = segments(data, text.slice(0, equals).trim());
  if (path.some((segment) => segment === '' || segment === '__proto__')) {
    return { problem: 'expected keys with single dots between' };
  }
  const problem = put(data, path, document.toJS());
  return problem === null ? { data, setting: { text, path } } : { problem };
}

function put(data: Data, path: Path, value: unknown): string | null {
  let parent: unknown = data;
  for (const [depth, segment] of path.entries()) {
    const last = depth === path.length - 1;
    if (Array.isArray(parent)) {
      if (typeof segment !== 'number' || segment > parent.length) {
        return `expected an entry from 0 to ${parent.length}, found ${show(segment)}`;
      }
      if (last) parent[segment] = value;
      else parent[segment] ??= {};
      parent = parent[segment];
    } else if (isData(parent)) {
      if (last) parent[segment] = value;
      else if (!Object.hasOwn(parent, segment) || parent[segment] === null) {
        parent[segment] = typeof path[depth + 1] === 'number' ? [] : {};
      }
      parent = parent[segment];
    } else {
      return `cannot set ${show(String(segment))}: ${path.slice(0, depth).join('.')} is ${show(parent)}, not a map`;
    }
  }
  return null;
}

function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function segments(data: Data, text: string): Path {
  const path: (string | number)[] = [];
  let rest = text;
  let here: unknown = data;
  while (rest !== '') {
    const segment = firstSegment(rest, here, schemaAt(path));
    path.push(segment);
    here = isData(here) || Array.isArray(here) ? Reflect.get(here, segment) : undefined;
    const length = String(segment).length;
    if (rest[length] === '.' && rest.length === length + 1) return [...path, ''];
    rest = rest.slice(length + 1);
  }
  return path;
}

function firstSegment(rest: string, here: unknown, schema: JsonSchemaNode | null): string | number {
  const upToDot = rest.split('.', 1)[0];
  if ((Array.isArray(here) || schema?.items !== undefined) && /^\d+$/.test(upToDot)) return Number(upToDot);
  const keys = [...(isData(here) ? Object.keys(here) : []), ...keysOf(schema)];
  const known = keys.filter((key) => rest === key || rest.startsWith(`${key}.`));
  if (known.length > 0) return known.reduce((longest, key) => (key.length > longest.length ? key : longest));
  const { additionalProperties } = schema ?? {};
  if (typeof additionalProperties === 'object') {
    // A map whose values are anything holds Kafka's properties, whose names have dots.
    return Object.keys(additionalProperties).length === 0 ? rest : upToDot;
  }
  return closest(rest, keys) === null ? upToDot : rest;
}
