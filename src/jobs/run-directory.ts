/** Where the files of a run go: reports/runs/<time>-<scenario>, or the directory that the user names. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../errors/errors.ts';
import { writeWhole } from '../errors/write-whole.ts';

/** Makes the directory. @throws UserError when it cannot be made */
export function runDirectory(out: string | undefined, name: string): string {
  const time = new Date().toISOString().replace(/\..*$/, '').replaceAll(':', '-');
  const directory = path.resolve(out ?? path.join('reports', 'runs', `${time}-${name}`));
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `${directory}: expected a directory that can be written, found: ${why}; name another with --out`,
    );
  }
  return directory;
}

/**
 * Writes JSON whole or not at all; returns the file.
 * @throws UserError when it cannot be written
 */
export function writeJson(directory: string, name: string, value: unknown): string {
  const file = path.join(directory, name);
  writeWhole(file, `${JSON.stringify(value, null, 2)}\n`);
  return file;
}
