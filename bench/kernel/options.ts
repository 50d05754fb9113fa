/** The options of `npm run bench:kernel` and `npm run bench:model`. */
import { UserError } from '../../src/errors/errors.ts';
import { parseOptions } from '../run-bench.ts';
import type { Figure } from './catalogue.ts';

export interface Options {
  /** Whether lines of JSON are printed, not a table. */
  readonly json: boolean;
  readonly rounds: number;
  readonly figures: readonly Figure[];
  /** Whether everything is measured at its full size, to be kept in the history. */
  readonly full: boolean;
  /** Whether short runs are made, to see that all works. */
  readonly smoke: boolean;
}

/** A benchmark: the npm script, its figures, its rounds when none are given. */
export interface Bench {
  readonly name: string;
  readonly figures: readonly Figure[];
  readonly rounds: number;
  /** The option for short runs, which are not kept, and what it does. */
  readonly short?: { readonly option: 'smoke' | 'quick'; readonly describe: string };
}

const SMOKE = { option: 'smoke', describe: 'every program of ours at a tiny size, no peers' } as const;

export function usage({ name, figures, rounds, short = SMOKE }: Bench): string {
  return `npm run ${name} -- [options]

  --rounds N          rounds, 1 to 100; ${rounds} when not given (1 with --${short.option})
  --only NAME,NAME    only these figures; nothing is kept in the history
  --${short.option}             ${short.describe}; nothing is kept in the history
  --json              one line of JSON a figure on stdout
  --help              this text

Figures: ${figures.map((figure) => figure.name).join(', ')}`;
}

const ROUNDS_MAX = 100;
const OPTIONS = {
  json: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  only: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/**
 * @returns null when help was asked for
 * @throws UserError of one line for what it does not know
 */
export function readOptions(args: readonly string[], bench: Bench): Options | null {
  const { option } = bench.short ?? SMOKE;
  const given = parseOptions(bench.name, args, { ...OPTIONS, [option]: { type: 'boolean', default: false } });
  const { json, rounds, only, help } = given;
  const smoke = Reflect.get(given, option) === true;
  if (help) return null;
  return {
    json,
    rounds: rounds === undefined ? (smoke ? 1 : bench.rounds) : readRounds(rounds, bench),
    figures: only === undefined ? bench.figures : readOnly(only, bench),
    full: only === undefined && !smoke,
    smoke,
  };
}

function readRounds(text: string, { name }: Bench): number {
  const rounds = Number(text);
  if (/^\d+$/.test(text) && rounds >= 1 && rounds <= ROUNDS_MAX) return rounds;
  throw new UserError(`${name}: --rounds: expected a whole number from 1 to ${ROUNDS_MAX}, found "${text}"`);
}

function readOnly(text: string, { name: bench, figures }: Bench): Figure[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !figures.some((figure) => figure.name === name));
  if (unknown.length === 0) return figures.filter(({ name }) => names.includes(name));
  throw new UserError(
    `${bench}: --only: no figure is named "${unknown.join('", "')}"; ` +
      `there are ${figures.map(({ name }) => name).join(', ')}`,
  );
}
