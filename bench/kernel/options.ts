/** The options of `npm run bench:kernel`. */
import { parseArgs } from 'node:util';
import { UserError } from '../../src/errors/errors.ts';
import { FIGURES, type Figure } from './catalogue.ts';

export interface Options {
  /** Whether lines of JSON are printed, not a table. */
  readonly json: boolean;
  readonly rounds: number;
  readonly figures: readonly Figure[];
  /** Whether everything is measured at its full size, to be kept in the history. */
  readonly full: boolean;
  /** Whether tiny sizes are run, without the peers, to see that all works. */
  readonly smoke: boolean;
}

export const USAGE = `npm run bench:kernel -- [options]

  --rounds N          rounds, 1 to 100; 5 when not given (1 with --smoke)
  --only NAME,NAME    only these figures; nothing is kept in the history
  --smoke             every program of ours at a tiny size, no peers; nothing is kept in the history
  --json              one line of JSON a figure on stdout
  --help              this text

Figures: ${FIGURES.map(({ name }) => name).join(', ')}`;

const ROUNDS = 5;
const ROUNDS_MAX = 100;

/**
 * @returns null when help was asked for
 * @throws UserError of one line for what it does not know
 */
export function readOptions(args: readonly string[]): Options | null {
  const { json, rounds, only, smoke, help } = parse(args);
  if (help) return null;
  return {
    json,
    rounds: rounds === undefined ? (smoke ? 1 : ROUNDS) : readRounds(rounds),
    figures: only === undefined ? FIGURES : readOnly(only),
    full: only === undefined && !smoke,
    smoke,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        only: { type: 'string' },
        smoke: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (cause) {
    // Its messages are sentences of which only the first says what is wrong.
    const why = cause instanceof Error ? cause.message.split(/\. |\n/, 1)[0] : String(cause);
    throw new UserError(`bench:kernel: ${why}; see --help`, undefined, { cause });
  }
}

function readRounds(text: string): number {
  const rounds = Number(text);
  if (/^\d+$/.test(text) && rounds >= 1 && rounds <= ROUNDS_MAX) return rounds;
  throw new UserError(
    `bench:kernel: --rounds: expected a whole number from 1 to ${ROUNDS_MAX}, found "${text}"`,
  );
}

function readOnly(text: string): Figure[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !FIGURES.some((figure) => figure.name === name));
  if (unknown.length === 0) return FIGURES.filter(({ name }) => names.includes(name));
  throw new UserError(
    `bench:kernel: --only: no figure is named "${unknown.join('", "')}"; ` +
      `there are ${FIGURES.map(({ name }) => name).join(', ')}`,
  );
}
