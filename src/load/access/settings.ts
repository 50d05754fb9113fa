/** Settings by Kafka's names, from a properties file or from a login module's options, and what is wrong with them. */
import type { PropertyEntry } from './properties-text.ts';

/** The setting that these settings are the value of. */
interface Within {
  readonly key: string;
  readonly line: number | null;
}

export interface Problem {
  /** Null for what is not in the file. */
  readonly line: number | null;
  readonly text: string;
}

/** Collects problems, so that the user sees all at once. */
export class Settings {
  readonly #problems: Problem[];
  readonly #entries: ReadonlyMap<string, PropertyEntry>;
  readonly #file: string;
  readonly #within: Within | null;

  constructor(
    file: string,
    entries: ReadonlyMap<string, PropertyEntry>,
    problems: Problem[] = [],
    within: Within | null = null,
  ) {
    this.#file = file;
    this.#entries = entries;
    this.#problems = problems;
    this.#within = within;
  }

  /** The options of a login module that is the value of `key`. */
  inside(key: string, options: ReadonlyMap<string, string>): Settings {
    const line = this.#entries.get(key)?.line ?? null;
    const entries = new Map([...options].map(([name, value]) => [name, { value, line: line ?? 0 }]));
    return new Settings(this.#file, entries, this.#problems, { key, line });
  }

  /** As Kafka sees it, without blanks around it; null when it is not there. */
  text(key: string): string | null {
    const value = this.exact(key);
    return value === null ? null : trimmed(value);
  }

  /** With the blanks around it, which Kafka leaves to user names and passwords in login modules. */
  exact(key: string): string | null {
    return this.#entries.get(key)?.value ?? null;
  }

  /** Null, too, when nothing stands behind the key. */
  filled(key: string): string | null {
    const text = this.text(key);
    return text === '' ? null : text;
  }

  /** Items with commas between them. */
  list(key: string): readonly string[] {
    const items = (this.text(key) ?? '').split(',').map(trimmed);
    return items.filter((item) => item !== '');
  }

  /** Pairs whose key begins with `prefix`, without it. */
  withPrefix(prefix: string): [string, string][] {
    return [...this.#entries]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { value }]) => [key.slice(prefix.length), trimmed(value)]);
  }

  /** @param problem "expected ..., found ...; do ..."; it must not repeat a secret */
  refuse(key: string, problem: string): void {
    const line = this.#within?.line ?? this.#entries.get(key)?.line ?? null;
    const within = this.#within === null ? '' : `${this.#within.key}: `;
    this.#problems.push({ line, text: `${within}${key}: ${problem}` });
  }

  /** One line each, in order of the file. */
  get problems(): readonly string[] {
    const place = ({ line }: Problem): number => line ?? Number.MAX_SAFE_INTEGER;
    const inOrder = this.#problems.toSorted((left, right) => place(left) - place(right));
    return inOrder.map(({ line, text }) => `${this.#file}${line === null ? '' : `:${line}`}: ${text}`);
  }
}

/** Without what Java's String.trim takes away. */
function trimmed(text: string): string {
  return text.replace(/^[\0-\x20]+|[\0-\x20]+$/g, '');
}
