/** Room in memory for a cluster's brokers. */
import { readFileSync } from 'node:fs';
import { EXIT, UserError } from '../../errors/errors.ts';

/** What a broker's JVM takes beside its heap: code, stacks, buffers. */
export const BEYOND_HEAP_MIB = 256;

/**
 * Checks that so many brokers fit into what the kernel says is available.
 *
 * @throws UserError (exit 3) with what was found.
 */
export function requireMemory(
  brokers: number,
  heapMiB: number,
  availableMiB: number = parseAvailableMiB(readFileSync('/proc/meminfo', 'utf8')),
): void {
  const neededMiB = brokers * (heapMiB + BEYOND_HEAP_MIB);
  if (availableMiB >= neededMiB) return;
  throw new UserError(
    `memory of this machine: expected ${neededMiB} MiB available for ${brokers} brokers (heap ${heapMiB} MiB and ${BEYOND_HEAP_MIB} MiB beside it each), found ${Math.floor(availableMiB)} MiB: end other programs, or start fewer brokers`,
    EXIT.clusterUnreachable,
  );
}

/** Parses MemAvailable of /proc/meminfo. */
export function parseAvailableMiB(text: string): number {
  return Number(/^MemAvailable:\s*(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024;
}
