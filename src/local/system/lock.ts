/**
 * Locks between processes that end with their holder. Who wants one writes a ticket, a file that names its process, and then
 * looks for those of others, so that at most one finds itself alone. The ticket of a dead process is removed by its
 * name, which no other ticket ever has.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identifySelf, isAlive } from './process-identity.ts';
import { readIfThere } from './system-files.ts';

export interface Lock {
  /** Is there, on this machine's own disk. */
  readonly directory: string;
  /** Of the lock among others in the directory: letters alone. */
  readonly name: string;
  /** What is done meanwhile, told to whoever waits. */
  readonly what: string;
  /** How long to wait for others. */
  readonly waitMs: number;
}

/** Who has it. */
export interface LockHolder {
  readonly pid: number;
  readonly what: string;
}

const RETRY_MS_MIN = 5;
const RETRY_MS_MAX = 50;

/**
 * Runs `use` while nobody else has the lock.
 *
 * @param refusal the error for having waited in vain
 * @throws what `refusal` gives; a system error (ENOENT) when the directory is not there
 */
export async function whileLocked<Result>(
  lock: Lock,
  refusal: (holder: LockHolder) => Error,
  use: () => Result | Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + lock.waitMs;
  for (;;) {
    const ticket = writeTicket(lock);
    try {
      const holder = findOther(lock, ticket);
      if (holder === null) return await use();
      if (performance.now() > deadline) throw refusal(holder);
    } finally {
      rmSync(join(lock.directory, ticket), { force: true });
    }
    // At random, so that two who have met do not meet again.
    await sleep(randomInt(RETRY_MS_MIN, RETRY_MS_MAX));
  }
}

function writeTicket({ directory, name, what }: Lock): string {
  const { pid, startedAt } = identifySelf();
  const ticket = `.${name}_${pid}_${startedAt}_${randomBytes(3).toString('hex')}`;
  writeFileSync(join(directory, ticket), what);
  return ticket;
}

function findOther({ directory, name }: Lock, own: string): LockHolder | null {
  for (const entry of readdirSync(directory)) {
    const owner = RegExp(`^\\.${name}_(\\d+)_([\\w:-]+)_\\w{6}$`).exec(entry);
    if (owner === null || entry === own) continue;
    const file = join(directory, entry);
    if (!isAlive({ pid: Number(owner[1]), startedAt: owner[2] })) {
      rmSync(file, { force: true });
      continue;
    }
    const what = readIfThere(file);
    // Null: it has just been given back.
    if (what !== null) return { pid: Number(owner[1]), what: what === '' ? 'something' : what };
  }
  return null;
}
