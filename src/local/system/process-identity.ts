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
  return { pid, startedAt: `${currentBoot()}:${stat.startTick}` };
}

/** Whether the process, alive or not, was started since this machine has been. */
export function isOfThisBoot(identity: ProcessIdentity): boolean {
  return identity.startedAt.startsWith(`${currentBoot()}:`);
}

function currentBoot(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
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
  signalProcess(identity, 'SIGKILL');
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

/** The same without giving way to anything else, for a process that is ending. */
export function waitUntilGoneNow(identities: readonly ProcessIdentity[], timeoutMs: number): boolean {
  const deadline = performance.now() + timeoutMs;
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  while (identities.some(isAlive)) {
    if (performance.now() > deadline) return false;
    Atomics.wait(nobody, 0, 0, GONE_POLL_MS);
  }
  return true;
}

/** Whether exactly this process stands still (SIGSTOP). */
export function isStopped(identity: ProcessIdentity): boolean {
  const text = readIfThere(`/proc/${identity.pid}/stat`);
  return text !== null && isAlive(identity) && parseProcessStat(text).state === 'T';
}

/** Sends a signal to exactly this process; false when it does not run. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
    return false;
  }
}
