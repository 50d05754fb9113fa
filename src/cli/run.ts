import yargs, { type Argv } from 'yargs';
import { EXIT, UserError } from '../errors/errors.ts';
import { version } from '../package.ts';
import type { Command, GlobalArguments } from './command.ts';
import { calibrate } from './commands/calibrate.ts';
import { cluster } from './commands/cluster.ts';
import { compare } from './commands/compare.ts';
import { demo } from './commands/demo.ts';
import { doctor } from './commands/doctor.ts';
import { load } from './commands/load.ts';
import { schema } from './commands/schema.ts';
import { simulate } from './commands/simulate.ts';
import { verify } from './commands/verify.ts';
import { explain } from './explain.ts';
import { listenForInterrupts } from './interrupt.ts';
import { spreadProperties } from './perf-test-options.ts';
import { createProgress } from './progress.ts';
import { ignoreClosedPipes } from './streams.ts';
import { helpLine, unknownCommand } from './unknown.ts';

const commands: readonly Command[] = [
  demo,
  simulate,
  load,
  compare,
  calibrate,
  cluster,
  doctor,
  verify,
  schema,
];
const COMPLETION = 'completion';
const HELP_WIDTH_MAX = 110;

/**
 * Runs one command line (without node and the script) to its end: the result on stdout, everything else on stderr.
 *
 * @returns the exit code; nothing is thrown.
 */
export async function run(args: readonly string[]): Promise<number> {
  ignoreClosedPipes();
  const interrupts = listenForInterrupts();
  let exitCode: number = EXIT.good;
  let parser = createParser(spreadProperties(args));
  for (const command of commands) {
    parser = command.addTo(parser, async ({ json, quiet }, job) => {
      const progress = createProgress({
        stream: process.stderr,
        quiet: quiet === true,
        now: () => performance.now(),
      });
      const line = (text: string): void => {
        if (json !== true && quiet !== true) process.stdout.write(`${text}\n`);
      };
      try {
        const outcome = await job({ progress, signal: interrupts.signal, line });
        if (outcome.text !== '') {
          process.stdout.write(
            json === true ? `${JSON.stringify(outcome.json, null, 2)}\n` : `${outcome.text}\n`,
          );
        }
        exitCode = outcome.exitCode;
      } catch (error) {
        progress.fail();
        throw error;
      }
      progress.done();
    });
  }
  try {
    await parser.parseAsync();
  } catch (error) {
    const explanation = explain(error, interrupts.signal);
    process.stderr.write(explanation.lines.map((line) => `${line}\n`).join(''));
    exitCode = explanation.exitCode;
  } finally {
    interrupts.stop();
  }
  return interrupts.signal.aborted ? EXIT.interrupted : exitCode;
}

function createParser(args: readonly string[]): Argv<GlobalArguments> {
  return yargs([...args])
    .scriptName('brokertwin')
    .locale('en')
    .usage('$0 <command>\n\nA deterministic twin of a Kafka fleet, and the load tester that keeps it honest.')
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
    })
    .option('json', { describe: 'print the result as one JSON object', type: 'boolean', global: true })
    .option('quiet', { alias: 'q', describe: 'no progress on stderr', type: 'boolean', global: true })
    .command(
      '$0',
      false,
      (builder) => builder,
      (found) => refuseWithoutCommand(found._),
    )
    .completion(COMPLETION, 'Print a script that completes commands and options in bash or zsh')
    .epilogue(
      'Exit: 0 good, 1 our fault, 2 bad usage or scenario, 3 cluster unreachable, 4 generator late, 99 level missed, 130 ended early',
    )
    .help()
    .alias('help', 'h')
    .version(version)
    .wrap(Math.min(HELP_WIDTH_MAX, process.stdout.columns ?? HELP_WIDTH_MAX))
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      throw error === undefined || error.name === 'YError' ? misuse(args, error?.message ?? message) : error;
    });
}

function refuseWithoutCommand(words: readonly (string | number)[]): void {
  const names = [...commands.map((command) => command.name), COMPLETION];
  const [first] = words;
  if (first === COMPLETION) return;
  if (first !== undefined) throw unknownCommand(String(first), names);
  throw new UserError([`brokertwin: a command is needed: ${names.join(', ')}`, helpLine()]);
}

/** What yargs found wrong, on one line and with the command's usage. */
function misuse(args: readonly string[], message: string | null): UserError {
  const command = commands.find(({ name }) => args.includes(name));
  const prefix = command === undefined ? 'brokertwin' : `brokertwin ${command.name}`;
  if (message?.startsWith('Not enough non-option arguments') === true && command !== undefined) {
    return new UserError([
      `${prefix}: an argument is missing: brokertwin ${command.usage}`,
      helpLine(command.name),
    ]);
  }
  const found = (message ?? 'the command line was not understood').replaceAll(/\s*\n\s*/g, ' ');
  return new UserError([`${prefix}: ${found}`, helpLine(command?.name)]);
}
