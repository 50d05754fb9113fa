/** What every benchmark does around its work: options, help, errors and the exit code. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { EXIT, UserError } from '../src/errors/errors.ts';

/**
 * Runs a benchmark on the command line's options; what goes wrong is said on stderr, in one line.
 *
 * @param read gives null when help was asked for
 * @returns the exit code
 */
export async function runBench<Options>(of: {
  /** Of the npm script. */
  readonly name: string;
  readonly read: (args: readonly string[]) => Options | null;
  readonly usage: string;
  readonly bench: (options: Options) => Promise<void>;
}): Promise<number> {
  try {
    const options = of.read(process.argv.slice(2));
    if (options === null) process.stdout.write(`${of.usage}\n`);
    else await of.bench(options);
    return EXIT.good;
  } catch (error) {
    say(of.name, error instanceof Error ? error.message : String(error));
    return error instanceof UserError ? error.exitCode : EXIT.ourFault;
  }
}

/** A line of progress; what comes from a benchmark's own errors has its name already. */
export function say(name: string, line: string): void {
  const told = `${name}: `;
  process.stderr.write(`${line.startsWith(told) ? line : told + line}\n`);
}

/** @throws UserError of one line for what the options do not know */
export function parseOptions<Options extends NonNullable<ParseArgsConfig['options']>>(
  name: string,
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    // Its messages are sentences of which only the first says what is wrong.
    const why = cause instanceof Error ? cause.message.split(/\. |\n/, 1)[0] : String(cause);
    throw new UserError(`${name}: ${why}; see --help`, undefined, { cause });
  }
}
