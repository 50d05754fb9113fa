/** The options of `npm run bench:load`. */
import type { Figure } from '../kernel/catalogue.ts';
import { readOptions as readKernelOptions, usage } from '../kernel/options.ts';
import { FIGURES } from './catalogue.ts';

export interface Options {
  readonly json: boolean;
  readonly rounds: number;
  readonly figures: readonly Figure[];
  /** Short runs, one round: to see that all works. */
  readonly quick: boolean;
  readonly full: boolean;
}

const BENCH = { name: 'bench:load', figures: FIGURES, rounds: 5 };

export const USAGE = usage(BENCH).replace(
  / {2}--smoke.*/,
  '  --quick             short runs, not judged and not kept in the history',
);

/**
 * @returns null when help was asked for
 * @throws UserError of one line for what it does not know
 */
export function readOptions(args: readonly string[]): Options | null {
  const options = readKernelOptions(
    args.map((arg) => (arg === '--quick' ? '--smoke' : arg)),
    BENCH,
  );
  if (options === null) return null;
  const { json, rounds, figures, smoke: quick, full } = options;
  return { json, rounds, figures, quick, full };
}
