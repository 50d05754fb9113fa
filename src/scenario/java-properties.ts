/**
 * Text in the format that `java.util.Properties.load` reads (Java SE API, class Properties): a key and its value on a
 * line, with `=`, `:` or blanks between; lines that begin with `#` or `!` are comments; a backslash at the end of a line
 * continues it, elsewhere it escapes the next character.
 */

export interface PropertyLine {
  readonly key: string;
  /** Unescaped; blanks at its end are part of it. */
  readonly value: string;
  /** The line of the text, from 0, that the key stands on. */
  readonly line: number;
  /** It has a `\u` that four hexadecimal digits do not follow: Java refuses the whole text then. */
  readonly malformed: boolean;
}

interface LogicalLine {
  readonly text: string;
  readonly line: number;
}

const BLANKS = ' \t\f';
/** A backslash that has the last line for itself is, to Java, a key without letters. */
const LONE_AT_END = /(?:^|[\r\n])[ \t\f]*\\[\r\n]?$/;
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n', f: '\f' };

/** What a text of properties says, in its order, keys that stand twice both. Never fails, see `malformed`. */
export function parseJavaProperties(text: string): PropertyLine[] {
  return [...logicalLines(text)].map(({ text: logical, line }) => {
    const escaped = split(logical);
    const key = unescaped(escaped.key);
    const value = unescaped(escaped.value);
    return { key: key.text, value: value.text, line, malformed: key.malformed || value.malformed };
  });
}

/** Lines without comments and leading blanks, joined where a backslash ends them, still escaped. */
function* logicalLines(text: string): Generator<LogicalLine> {
  const natural = text.split(/\r\n|\r|\n/);
  let logical = '';
  let start = 0;
  for (const [index, whole] of natural.entries()) {
    const line = withoutLeadingBlanks(whole);
    // Java takes a line for a comment as long as it has nothing of a property yet, also after a lone backslash.
    if (logical === '' && /^[#!]/.test(line)) continue;
    if (logical === '' && line !== '') start = index;
    const continues = /\\*$/.exec(line)?.[0].length ?? 0;
    logical += line;
    if (continues % 2 === 1) {
      logical = logical.slice(0, -1);
    } else {
      if (logical !== '') yield { text: logical, line: start };
      logical = '';
    }
  }
  if (logical !== '' || LONE_AT_END.test(text)) yield { text: logical, line: start };
}

function withoutLeadingBlanks(text: string): string {
  let start = 0;
  while (start < text.length && BLANKS.includes(text[start])) start += 1;
  return text.slice(start);
}

/** The key ends at the first separator that is not escaped: a blank, `=` or `:`, the latter two amid blanks or not. */
function split(line: string): { readonly key: string; readonly value: string } {
  const [key] = /^(?:\\[\s\S]|[^\\ \t\f=:])*/.exec(line) ?? [''];
  const value = line.slice(key.length).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '');
  return { key, value };
}

/** A `\u` without its digits is `malformed`, and stays as the letter. */
function unescaped(text: string): { readonly text: string; readonly malformed: boolean } {
  let malformed = false;
  const plain = text.replace(
    /\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g,
    (_, digits: string | undefined, other: string) => {
      if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16));
      if (other === 'u') malformed = true;
      return ESCAPES[other] ?? other;
    },
  );
  return { text: plain, malformed };
}
