import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { UserError } from './errors.ts';

/**
 * Writes a file whole or not at all: beside its place first, then renamed.
 * @throws UserError when it cannot be written; nothing is left behind
 */
export function writeWhole(file: string, text: string): void {
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(unfinished, text);
    renameSync(unfinished, file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(
      `${file}: expected a place that can be written, found: ${why}; free some space or name another place`,
      undefined,
      { cause },
    );
  } finally {
    rmSync(unfinished, { force: true });
  }
}
