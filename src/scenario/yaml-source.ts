/** A text in YAML as read: its data, and where in it each part of the data stands. */
import { readFileSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { UserError } from '../errors/errors.ts';
import { show } from './units.ts';

/** Keys and list indexes from the top of the file to a place in it. */
export type Path = readonly (string | number)[];

export interface YamlSource {
  readonly file: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Keys that stand twice; the only fault that leaves the rest of the file readable. */
  readonly duplicates: readonly { readonly offset: number; readonly key: string }[];
  /** Offset of a value, or of its key where the value is a map, a list or nothing; of the nearest parent if it is not there. */
  offsetOf(path: Path): number;
  /** Offset of the key. */
  keyOffsetOf(path: Path): number;
  /** `file:line:column` */
  position(offset: number): string;
}

/** The text of a file in UTF-8. Throws a UserError that says why it cannot be read, at `where`. */
export function readText(file: string, where = `${file}:1:1`): string {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    throw new UserError(`${where} ${unreadable(file, error)}`, undefined, { cause: error });
  }
  try {
    const decoded = new TextDecoder('utf-8', { fatal: true }).decode(content);
    if (!decoded.includes('\0')) return decoded;
  } catch (error) {
    throw new UserError(`${where} expected text in UTF-8, found binary content in ${file}`, undefined, {
      cause: error,
    });
  }
  throw new UserError(`${where} expected text in UTF-8, found binary content in ${file}`);
}

/** What a message says was expected of a text without content, and of one that is not a map. */
export interface Expected {
  readonly something: string;
  readonly map: string;
}

/**
 * Reads text as YAML 1.2; `file` is its name in positions. Throws a UserError for text that is not YAML, or not a map.
 */
export function yamlSource(text: string, file: string, expected: Expected): YamlSource {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    stringKeys: true,
    version: '1.2',
  });
  const position = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const faults = [...document.errors, ...document.warnings]
    .filter(({ code }) => code !== 'DUPLICATE_KEY')
    .map(({ code, message, pos }): Fault => ({ offset: pos[0], message: FAULTS[code] ?? message }));
  const all = faults.length > 0 ? faults : faultsOfKeysAndAliases(document);
  if (all.length > 0) {
    throw new UserError(
      all.map(({ offset, message }) => `${position(offset)} expected YAML: ${message.replace(/\s+/g, ' ')}`),
    );
  }
  const duplicates = removeDuplicates(document);
  return {
    file,
    data: dataOf(file, document, expected),
    duplicates,
    offsetOf: (path) => find(document, path).offset,
    keyOffsetOf: (path) => find(document, path).keyOffset,
    position,
  };
}

interface Fault {
  readonly offset: number;
  readonly message: string;
}

/** Where the package's own message would send the reader to its API. */
const FAULTS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'one document, found several: remove the line ---',
};

function faultsOfKeysAndAliases(document: Document.Parsed): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document) !== undefined) return;
      faults.push({
        offset: startOf(node) ?? 0,
        message: `no anchor &${node.source} before *${node.source}`,
      });
    },
    Pair(_, { key }) {
      if (isScalar(key) && key.value === '__proto__') {
        faults.push({ offset: startOf(key) ?? 0, message: 'another name than __proto__' });
      }
    },
  });
  return faults;
}

/** Keeps the first of equal keys, so that its part of the file is still checked. */
function removeDuplicates(document: Document.Parsed): YamlSource['duplicates'] {
  const duplicates: { offset: number; key: string }[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      map.items = map.items.filter(({ key }) => {
        const name = String(isScalar(key) ? key.value : key);
        if (seen.has(name)) duplicates.push({ offset: startOf(key) ?? 0, key: name });
        return seen.size < seen.add(name).size;
      });
    },
  });
  return duplicates;
}

function unreadable(file: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT') return `expected a file, found none: check the path ${file}`;
  if (code === 'EISDIR') return `expected a file, found a directory: name a file in ${file}`;
  if (code === 'EACCES') return `expected a readable file, found one without read permission: ${file}`;
  return `cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`;
}

function dataOf(
  file: string,
  document: Document.Parsed,
  expected: Expected,
): Readonly<Record<string, unknown>> {
  let data: unknown;
  try {
    data = document.toJS();
  } catch (error) {
    // The package's guard against aliases that multiply.
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`${file}:1:1 expected YAML: ${reason}`, undefined, { cause: error });
  }
  if (data === null || data === undefined) {
    throw new UserError(`${file}:1:1 expected ${expected.something}`);
  }
  if (typeof data !== 'object' || Array.isArray(data)) {
    throw new UserError(`${file}:1:1 expected ${expected.map}, found ${show(data)}`);
  }
  return data as Record<string, unknown>;
}

function find(document: Document.Parsed, path: Path): { offset: number; keyOffset: number } {
  let node: unknown = document.contents;
  let keyOffset = startOf(node) ?? 0;
  let offset = keyOffset;
  for (const segment of path) {
    const parent = isAlias(node) ? node.resolve(document) : node;
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
      if (pair === undefined) return { offset: keyOffset, keyOffset };
      keyOffset = startOf(pair.key) ?? keyOffset;
      node = pair.value;
      const inPlace = isAlias(node) || (isScalar(node) && node.source !== '' && node.source !== undefined);
      offset = inPlace ? (startOf(node) ?? keyOffset) : keyOffset;
    } else if (isSeq(parent) && typeof segment === 'number' && segment < parent.items.length) {
      node = parent.items[segment];
      keyOffset = startOf(node) ?? keyOffset;
      offset = keyOffset;
    } else {
      return { offset: keyOffset, keyOffset };
    }
  }
  return { offset, keyOffset };
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}
