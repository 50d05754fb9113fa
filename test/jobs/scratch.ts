/** A directory for one test, and a progress that remembers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { Progress } from '../../src/jobs/progress.ts';

/** An empty directory that goes with the test. */
export function scratch(t: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'brokertwin-jobs-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Stages and notes in the order in which they came; updates are left out. */
export function rememberedProgress(): { readonly progress: Progress; readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    progress: {
      stage: (name) => void lines.push(`stage ${name}`),
      update: () => undefined,
      note: (line) => void lines.push(`note ${line}`),
      done: () => void lines.push('done'),
      fail: () => void lines.push('fail'),
    },
  };
}
