/** The options of `npm run published`. */
import { parseOptions } from '../run-bench.ts';

export interface Options {
  /** Whether lines of JSON are printed, not a table. */
  readonly json: boolean;
  /** Names of runs; null for all, which also writes the report. */
  readonly only: readonly string[] | null;
  /** Only makes the machines' profiles anew. */
  readonly profiles: boolean;
}

export const USAGE = `npm run published -- [options]

  --only NAME,NAME   only these runs; neither report nor history is written
  --profiles         only make profiles/published-*.json anew, from bench/published/assumptions.yaml
  --json             one line of JSON a figure on stdout
  --help             this text`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  only: { type: 'string' },
  profiles: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/**
 * @returns null when help was asked for
 * @throws UserError of one line for what it does not know
 */
export function readOptions(args: readonly string[]): Options | null {
  const { json, only, profiles, help } = parseOptions('published', args, OPTIONS);
  if (help) return null;
  return {
    json,
    only: only === undefined ? null : only.split(',').map((name) => name.trim()),
    profiles,
  };
}
