import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** An empty directory that goes with the test. */
export function emptyDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'brokertwin-access-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
