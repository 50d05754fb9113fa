/**
 * A process named so that it cannot be mistaken for a later one with the same number: its id and the moment of its
 * start (boot id and tick). Nothing is ever stopped by name or by number alone.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseProcessStat } from './process-stat.ts';
import { hasCode, readIfThere } from './system-files.ts';

export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

const GONE_POLL_MS = 20;

let bootId: string | null = null;

/** Who has the number `pid` now; null when nobody alive has. */
export function identify(pid: number): ProcessIdentity | null {
  const text = readIfThere(`/proc/${pid}/stat`);
  if (text === null) return null;
  const stat = parseProcessStat(text);
  if (!stat.running) return null;
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return { pid, startedAt: `${bootId}:${stat.startTick}` };
}

/** This very process. */
export function identifySelf(): ProcessIdentity {
  const self = identify(process.pid);
  if (self === null) throw new Error(`/proc/${process.pid}/stat of this very process cannot be read`);
  return self;
}

/** Whether exactly this process still runs; a zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

/** Sends SIGKILL to exactly this process, if it still runs. */
export function killNow(identity: ProcessIdentity): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** Waits until none of the processes runs; false when one still does after `timeoutMs`. */
export async function waitUntilGone(
  identities: readonly ProcessIdentity[],
  timeoutMs: number,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (identities.some(isAlive)) {
    if (performance.now() > deadline) return false;
    await sleep(GONE_POLL_MS);
  }
  return true;
}
