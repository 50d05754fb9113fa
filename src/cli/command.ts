import type { Argv, InferredOptionTypes, Options } from 'yargs';
import type { JobOutcome } from '../jobs/outcome.ts';
import type { Progress } from '../jobs/progress.ts';
import { refuseUnknown } from './unknown.ts';

/** What a command is given besides its own options. */
export interface CommandContext {
  /** Prints a line of the summary ahead of the rest; with --json or --quiet nothing. */
  readonly line: (text: string) => void;
  readonly progress: Progress;
  /** Aborted on Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A command as its file in commands/ describes it; `options` holds the positional arguments named in `usage` too. */
interface CommandSpec<O extends Readonly<Record<string, Options>>> {
  readonly usage: string;
  readonly describe: string;
  readonly examples: readonly (readonly [command: string, description: string])[];
  readonly options: O;
  readonly run: (args: InferredOptionTypes<O>, context: CommandContext) => Promise<JobOutcome>;
}

/** The options of every command. */
export interface GlobalArguments {
  readonly json: boolean | undefined;
  readonly quiet: boolean | undefined;
}

/** Runs a command's job and shows its outcome. */
export type Start = (
  args: GlobalArguments,
  run: (context: CommandContext) => Promise<JobOutcome>,
) => Promise<void>;

export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly addTo: (parser: Argv<GlobalArguments>, start: Start) => Argv<GlobalArguments>;
}

/** A command for yargs that refuses what it does not know; its arguments are typed from `spec.options`. */
export function defineCommand<O extends Readonly<Record<string, Options>>>(spec: CommandSpec<O>): Command {
  const [name = ''] = spec.usage.split(' ');
  const positionals = Object.keys(spec.options).filter((key) =>
    RegExp(`[<[]${key}(\\.\\.)?[\\]>]`).test(spec.usage),
  );
  const known = Object.keys(spec.options).filter((key) => !positionals.includes(key));
  const variadic = /\[(\w+)\.\.\]/.exec(spec.usage)?.[1];
  return {
    name,
    usage: spec.usage,
    addTo: (parser, start) =>
      parser.command({
        command: spec.usage,
        describe: spec.describe,
        builder: (builder: Argv<GlobalArguments>) => {
          builder.options(spec.options);
          for (const key of positionals) builder.positional(key, {});
          for (const [command, description] of spec.examples) builder.example(`$0 ${command}`, description);
          return builder.check((args) => {
            if (variadic !== undefined) addRest(args, variadic);
            return refuseUnknown(name, args, known, positionals);
          }, false);
        },
        // yargs's types lose the options of a generic record on their way to the handler
        handler: (args: GlobalArguments) =>
          start(args, (context) => spec.run(args as unknown as InferredOptionTypes<O>, context)),
      }),
  };
}

/** Words after `--`, which are not ours to read, belong to the arguments that the command takes any number of. */
function addRest(args: Record<string, unknown>, variadic: string): void {
  const rest = args['--'];
  const words = args[variadic];
  if (!Array.isArray(rest)) return;
  args[variadic] = [...(Array.isArray(words) ? words : []), ...rest.map(String)];
  delete args['--'];
}
