import { createHash } from 'node:crypto';
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

/** JSON with the keys of every object sorted by code unit. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`).join(',')}}`;
}
