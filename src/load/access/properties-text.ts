/** Text of a Java .properties file, with the last of each key as java.util.Properties keeps it. */
import { parseJavaProperties } from '../../scenario/java-properties.ts';

export interface PropertyEntry {
  /** Unescaped; blanks at its end are part of it. */
  readonly value: string;
  /** Where it begins, from 1. */
  readonly line: number;
}

export interface PropertiesText {
  /** By key, in order of the file; of a key that is there twice the last one counts. */
  readonly entries: ReadonlyMap<string, PropertyEntry>;
  /** Lines with a `\u` that four hexadecimal digits do not follow: Java refuses the whole file then. */
  readonly malformed: readonly number[];
}

/** Reads the text of a whole file; never fails, see `malformed`. */
export function parsePropertiesText(text: string): PropertiesText {
  const lines = parseJavaProperties(text);
  const entries = lines
    .filter(({ malformed }) => !malformed)
    .map(({ key, value, line }) => [key, { value, line: line + 1 }] as const);
  return {
    entries: new Map(entries),
    malformed: lines.filter(({ malformed }) => malformed).map(({ line }) => line + 1),
  };
}
