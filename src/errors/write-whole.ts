import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { atPlace } from './at-place.ts';

/**
 * Writes a file whole or not at all: beside its place first, then renamed.
 * @throws UserError when it cannot be written; nothing is left behind
 */
export function writeWhole(file: string, text: string): void {
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    atPlace(file, () => {
      writeFileSync(unfinished, text);
      renameSync(unfinished, file);
    });
  } finally {
    rmSync(unfinished, { force: true });
  }
}
