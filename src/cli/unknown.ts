import { closest, distance } from 'fastest-levenshtein';
import { UserError } from '../errors/errors.ts';

/** What every command understands: --help and --version are yargs's own. */
const GLOBAL_OPTIONS = ['json', 'quiet', 'help', 'version'];
const SHORT_OPTIONS = ['h', 'q'];
/** A suggestion further away than this share of the word is a guess, not help. */
const DISTANCE_SHARE_MAX = 0.5;

/**
 * Refuses options and arguments that a command does not have, all of them at once.
 *
 * @throws UserError with a line for each.
 */
export function refuseUnknown(
  command: string,
  args: Readonly<Record<string, unknown>>,
  options: readonly string[],
  positionals: readonly string[],
): true {
  const known = [...options, ...GLOBAL_OPTIONS];
  const unknownOptions = Object.keys(args)
    .filter((key) => ![...known, ...positionals, ...SHORT_OPTIONS, '_', '--', '$0'].includes(key))
    .map((key) => `unknown option ${dashed(key)}${suggestion(key, known, dashed)}`);
  const rest = Array.isArray(args['--']) ? args['--'] : [];
  const words = [...(Array.isArray(args._) ? args._.slice(1) : []), ...rest];
  const unknownWords = words.map((word) => `unexpected argument "${String(word)}"`);
  const lines = [...unknownOptions, ...unknownWords];
  if (lines.length === 0) return true;
  throw new UserError([...lines.map((line) => `brokertwin ${command}: ${line}`), helpLine(command)]);
}

/** The error for a command that is not there. */
export function unknownCommand(name: string, commands: readonly string[]): UserError {
  return new UserError([`brokertwin: unknown command "${name}"${suggestion(name, commands)}`, helpLine()]);
}

/** Where to read on after a mistake. */
export function helpLine(command = ''): string {
  return `  see brokertwin ${command === '' ? '' : `${command} `}--help`;
}

function suggestion(word: string, known: readonly string[], show = (name: string) => `"${name}"`): string {
  const nearest = closest(word, known);
  const isNear = distance(word, nearest) <= Math.max(word.length, nearest.length) * DISTANCE_SHARE_MAX;
  return isNear ? `, did you mean ${show(nearest)}?` : '';
}

function dashed(option: string): string {
  return option.length === 1 ? `-${option}` : `--${option}`;
}
