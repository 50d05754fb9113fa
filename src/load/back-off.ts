import type { Random } from './random.ts';

const MULTIPLIER = 2;
const JITTER = 0.2;

/**
 * How long to wait after the `failures`-th failure, from 0: `firstMs` doubled each time up to `maxMs`, then up to a fifth
 * less or more (clients, ExponentialBackoff).
 */
export function exponentialBackOffMs(
  firstMs: number,
  maxMs: number,
  failures: number,
  random: Random,
): number {
  const plainMs = Math.min(Math.max(firstMs, maxMs), firstMs * MULTIPLIER ** failures);
  return plainMs * (1 - JITTER + 2 * JITTER * random());
}
