import { createHash } from 'node:crypto';
import { canonicalJson } from '../result/hash.ts';
import type { Scenario } from './scenario.ts';

/**
 * SHA-256, in hexadecimal, of everything in a resolved scenario but its seed: equal for two files that mean the same,
 * whatever the order of their keys or the units they are written in.
 */
export function scenarioHash(scenario: Scenario): string {
  const { seed: _, ...run } = scenario.run;
  return createHash('sha256')
    .update(canonicalJson({ ...scenario, run }))
    .digest('hex');
}
