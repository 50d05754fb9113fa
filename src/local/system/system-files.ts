/** Reading files that may vanish at any moment, such as those of /proc. */
import { readFileSync } from 'node:fs';

/** What reading a file gives that has gone, its process (ESRCH), or its device (ENODEV). */
const GONE = ['ENOENT', 'ESRCH', 'ENODEV'];

/** The text of a file, or null when it (or the process or device behind it) is gone. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (GONE.some((code) => hasCode(error, code))) return null;
    throw error;
  }
}

/** Whether a caught error is the system error `code` (ENOENT, ESRCH, ...). */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
