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

const BENCH = {
  name: 'bench:load',
  figures: FIGURES,
  rounds: 5,
  short: { option: 'quick', describe: 'short runs, not judged' },
} as const;

export const USAGE = usage(BENCH);

/**
 * @returns null when help was asked for
 * @throws UserError of one line for what it does not know
 */
export function readOptions(args: readonly string[]): Options | null {
  const options = readKernelOptions(args, BENCH);
  if (options === null) return null;
  const { json, rounds, figures, smoke: quick, full } = options;
  return { json, rounds, figures, quick, full };
}
