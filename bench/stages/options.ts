/** The options of `npm run stages`. */
import { parseOptions } from '../run-bench.ts';

export interface Options {
  /** Whether lines of JSON are printed, not a table. */
  readonly json: boolean;
  /** Whether the cases are held against what was measured before, without a cluster. */
  readonly kept: boolean;
  /** Names of cases; null for all, which also writes the report. */
  readonly only: readonly string[] | null;
  readonly profile: string | null;
}

export const USAGE = `npm run stages -- [options]

  --kept             predict anew and hold against what was measured before; builds no cluster
  --only NAME,NAME   only these cases; measurements are kept, neither report nor history is written
  --profile NAME     profile that predictions are made with; when not given, one that is calibrated first (6 minutes)
  --json             one line of JSON a figure on stdout
  --help             this text`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  kept: { type: 'boolean', default: false },
  only: { type: 'string' },
  profile: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/**
 * @returns null when help was asked for
 * @throws UserError of one line for what it does not know
 */
export function readOptions(args: readonly string[]): Options | null {
  const { json, kept, only, profile, help } = parseOptions('stages', args, OPTIONS);
  if (help) return null;
  return {
    json,
    kept,
    only: only === undefined ? null : only.split(',').map((name) => name.trim()),
    profile: profile ?? null,
  };
}
