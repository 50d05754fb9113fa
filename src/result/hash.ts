import { createHash } from 'node:crypto';
import type { RunResult } from './run-result.ts';

/** SHA-256 (hex) of a result without `run`: equal for two runs of the same simulation, whatever machine ran them. */
export function resultHash(result: RunResult): string {
  const { run: _, ...compared } = result;
  return createHash('sha256').update(canonicalJson(compared)).digest('hex');
}

/**
 * JSON with the keys of every object in code unit order, without white space.
 * Throws an `Error` that names the place of a number that JSON cannot hold (NaN, Infinity).
 */
export function canonicalJson(value: unknown): string {
  return canonicalAt(value, '$');
}

function canonicalAt(value: unknown, place: string): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new Error(`${place}: expected a finite number, found ${value}`);
  }
  if (Array.isArray(value)) {
    return `[${value.map((entry, index) => canonicalAt(entry, `${place}[${index}]`)).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalAt(member, `${place}.${key}`)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}
