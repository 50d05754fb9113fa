/**
 * Directories that appear complete or not at all: filled under a name that says which process fills it, then
 * renamed. What a killed process left half-filled is recognised by its dead owner and removed.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { identifySelf, isAlive } from './process-identity.ts';

const STAGING = /^\.staging_(\d+)_([\w:-]+)_\w{6}$/;

/** Makes an empty staging directory inside `parent`; removes those of dead processes on the way. */
export function makeStagingDirectory(parent: string): string {
  mkdirSync(parent, { recursive: true });
  for (const entry of readdirSync(parent)) {
    const owner = STAGING.exec(entry);
    if (owner !== null && !isAlive({ pid: Number(owner[1]), startedAt: owner[2] })) {
      removeDirectory(join(parent, entry));
    }
  }
  const self = identifySelf();
  return mkdtempSync(join(parent, `.staging_${self.pid}_${self.startedAt}_`));
}

/** Removes a directory and all in it, also while a process that was just killed still writes its last file. */
export function removeDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
