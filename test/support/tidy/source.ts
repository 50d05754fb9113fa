import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** A file as the tidy rules read it; paths are relative to the repository and have slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** The text with comments, strings and regular expressions blanked, at the same offsets. */
  readonly code: string;
  readonly imports: readonly Import[];
}

interface Import {
  /** As written, such as './clock.ts' or 'node:fs'. */
  readonly specifier: string;
  readonly line: number;
}

/** Something to put right. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export type Rule = (files: readonly SourceFile[]) => readonly Finding[];

const REGEX_MAY_FOLLOW =
  /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void|delete))\s*$/;
const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`|\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*|[{}]/g;
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*$/;

/** Reads every file below `folder` whose path `wanted` accepts. */
export function readFiles(root: string, folder: string, wanted: (path: string) => boolean): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter(wanted)
    .sort()
    .map((path) => parseSource(path, readFileSync(join(root, path), 'utf8')));
}

/** Finds comments, strings and imports; good enough for formatted TypeScript, not a full parser. */
export function parseSource(path: string, text: string): SourceFile {
  const code = text.split('');
  const imports: Import[] = [];
  const blank = (start: number, end: number): void => {
    for (let i = start; i < end; i += 1) if (code[i] !== '\n') code[i] = ' ';
  };
  /** Depth of braces at which each open template literal's expression began. */
  const templates: number[] = [];
  let depth = 0;
  const skipTemplate = (start: number): number => {
    for (let i = start; i < text.length; i += 1) {
      if (text[i] === '\\') i += 1;
      else if (text[i] === '`') return endTemplate(start, i);
      else if (text.startsWith('${', i)) {
        blank(start, i);
        templates.push(depth);
        depth += 1;
        return i + 2;
      }
    }
    return text.length;
  };
  const endTemplate = (start: number, end: number): number => {
    blank(start, end);
    return end + 1;
  };
  const token = new RegExp(TOKEN);
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const { 0: found, index } = match;
    const end = index + found.length;
    if (found === '`') token.lastIndex = skipTemplate(end);
    else if (found === '{') depth += 1;
    else if (found === '}') {
      depth -= 1;
      if (templates.at(-1) === depth) {
        templates.pop();
        token.lastIndex = skipTemplate(end);
      }
    } else if (found.startsWith('//') || found.startsWith('/*')) blank(index, end);
    else if (found.startsWith('/')) {
      if (REGEX_MAY_FOLLOW.test(code.slice(Math.max(0, index - 30), index).join('')))
        blank(index + 1, end - 1);
      else token.lastIndex = index + 1;
    } else {
      if (IMPORT.test(text.slice(Math.max(0, index - 30), index))) {
        imports.push({ specifier: found.slice(1, -1), line: lineAt(text, index) });
      }
      blank(index + 1, end - 1);
    }
  }
  return { path, text, code: code.join(''), imports };
}

/** The line, from 1, of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** A finding for each place where `pattern` (with the g flag) matches `text`, the file's text or its code. */
export function findAll(path: string, text: string, pattern: RegExp, message: string): Finding[] {
  return [...text.matchAll(pattern)].map((match) => ({ path, line: lineAt(text, match.index), message }));
}

/** The repository path that a relative import leads to. */
export function resolveImport(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}
