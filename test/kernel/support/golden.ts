import { readFileSync } from 'node:fs';

/** The lines of a golden file, without comments. A golden changes only with the equation that it pins. */
export function golden(name: string): string[] {
  const text = readFileSync(new URL(`../../golden/${name}`, import.meta.url), 'utf8');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}
