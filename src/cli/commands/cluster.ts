import { UserError } from '../../errors/errors.ts';
import type { JobOutcome } from '../../jobs/outcome.ts';
import { clusterOptions, type UpArguments, upOptions } from '../cluster-options.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { stated } from '../options.ts';

const ACTIONS = ['up', 'status', 'do', 'exec', 'down'] as const;
/** Options of each action, beside those of every command. */
const TAKES: Readonly<Record<(typeof ACTIONS)[number], readonly string[]>> = {
  up: ['name', ...Object.keys(upOptions)],
  status: ['name'],
  do: ['name'],
  exec: ['name', 'machine'],
  down: ['name', 'all'],
};
const OWN_OPTIONS = [...new Set(Object.values(TAKES).flat())];
/** Of those of `up`, what a scenario does not say. */
const BESIDE_SCENARIO = ['name', 'directory'];

export const cluster = defineCommand({
  usage: 'cluster <action> [words..]',
  describe: 'Start a real Kafka cluster on this machine, look at it, operate on it, stop it',
  examples: [
    ['cluster up --brokers 3', 'three brokers on ports of their own choice'],
    [
      'cluster up --brokers 3 --network shaped --nic 200Mbit/s --cpu 0.6',
      'each on a machine of its own, limited',
    ],
    ['cluster up orders.yaml', 'the cluster that a scenario describes'],
    ['cluster status', 'what runs, where, and within which limits'],
    ["cluster do 'isolate: {broker: 1, from: 3}'", "one operation, as in a scenario's timeline"],
    ['cluster exec -- kafka-topics.sh --bootstrap-server 198.18.0.1:9092 --list', "on a client's machine"],
    ['cluster down', 'stop it and remove its data; its logs stay'],
  ],
  options: {
    action: { describe: 'what to do', choices: ACTIONS, demandOption: true },
    words: {
      describe: 'a scenario (up), an operation (do), a program and its arguments (exec)',
      type: 'string',
      array: true,
      default: [] as string[],
    },
    name: {
      describe: "the cluster's name; local if not given, all of them for status",
      type: 'string',
      requiresArg: true,
    },
    ...upOptions,
    machine: {
      describe: "where to run the program (exec); a client's machine if not given",
      type: 'string',
      requiresArg: true,
    },
    all: { describe: 'every cluster, also those of running commands (down)', type: 'boolean' },
  },
  run: async (args, context): Promise<JobOutcome> => {
    const { action, name, machine, all } = args;
    const words = args.words.map(String);
    const jobs = await import('../../jobs/cluster.ts');
    refuseOthers(args, TAKES[action], (option) => `cluster ${action}: unexpected option ${option}`);
    const named = stated({ name });
    switch (action) {
      case 'up':
        return up(args, words, context);
      case 'down':
        refuseWords(action, words);
        if (all === true && name !== undefined) {
          throw new UserError('cluster down: expected --all or --name, found both: leave one out');
        }
        return jobs.down(all === true ? { all } : named);
      case 'status':
        refuseWords(action, words);
        return jobs.status(named);
      case 'do':
        if (words.length !== 1) {
          throw new UserError(
            `cluster do: expected one operation such as 'kill: {broker: 2}' (in quotes), found ${words.length === 0 ? 'none' : `${words.length} words`}`,
          );
        }
        return jobs.operation({ ...named, text: words[0] }, context);
      case 'exec':
        if (words.length === 0) {
          throw new UserError(
            'cluster exec: expected a program after --, such as -- kafka-topics.sh --help, found none',
          );
        }
        return jobs.exec({ ...named, ...stated({ machine }), command: words }, context);
    }
  },
});

async function up(
  args: UpArguments & { readonly name: string | undefined },
  words: readonly string[],
  context: CommandContext,
): Promise<JobOutcome> {
  const { up: start, upFromScenario } = await import('../../jobs/cluster.ts');
  refuseWords('up', words.slice(1));
  const named = stated({ name: args.name });
  if (words.length === 0) return start({ ...clusterOptions(args), ...named }, context);
  const [file] = words;
  refuseOthers(
    args,
    BESIDE_SCENARIO,
    (option) => `cluster up ${file}: the scenario says it, found ${option}: leave it out`,
  );
  return upFromScenario({ file, ...named, ...stated({ directory: args.directory }) }, context);
}

/** Refuses options that were given and would have no effect, all at once. */
function refuseOthers(
  args: Readonly<Record<string, unknown>>,
  taken: readonly string[],
  problem: (option: string) => string,
): void {
  const given = OWN_OPTIONS.filter((option) => args[option] !== undefined && !taken.includes(option));
  if (given.length > 0) throw new UserError(given.map((option) => problem(`--${option}`)));
}

function refuseWords(action: string, words: readonly string[]): void {
  if (words.length > 0) throw new UserError(`cluster ${action}: unexpected argument "${words[0]}"`);
}
