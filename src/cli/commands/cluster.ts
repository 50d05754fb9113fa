import { EXIT, UserError } from '../../errors/errors.ts';
import type { JobOutcome } from '../../jobs/outcome.ts';
import type { ClusterStatus } from '../../local/cluster/cluster-commands.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { stated, wholeNumber } from '../options.ts';

const brokerCount = wholeNumber('--brokers', 1);

export const cluster = defineCommand({
  usage: 'cluster <action>',
  describe: 'Start, stop or look at a real Kafka cluster on this machine',
  examples: [
    ['cluster up --brokers 3', 'three brokers on ports of their own choice'],
    ['cluster status --json', 'what runs, and where'],
    ['cluster down', 'stop it and remove its data; its logs stay'],
  ],
  options: {
    action: { describe: 'what to do', choices: ['up', 'down', 'status'] as const, demandOption: true },
    name: {
      describe: "the cluster's name (up, down); local if not given",
      type: 'string',
      requiresArg: true,
    },
    brokers: {
      describe: 'how many brokers (up)',
      type: 'string',
      requiresArg: true,
      default: '1',
      coerce: (value: unknown): number => brokerCount(value) ?? 1,
    },
    kafka: { describe: 'version of Apache Kafka (up)', type: 'string', requiresArg: true, default: '4.3.1' },
    config: {
      describe: 'a broker property such as num.io.threads=4 (up); may be repeated',
      type: 'string',
      array: true,
      requiresArg: true,
      default: [] as string[],
    },
    directory: { describe: 'where the data go (up)', type: 'string', requiresArg: true },
    all: { describe: 'every cluster, also those of running commands (down)', type: 'boolean' },
  },
  run: async ({ action, name, brokers, kafka, config, directory, all }, context) => {
    const { clusterDown, clusterStatus } = await import('../../local/cluster/cluster-commands.ts');
    switch (action) {
      case 'up':
        return up(
          { version: kafka, brokers, config: properties(config), ...stated({ name, directory }) },
          context,
        );
      case 'down':
        return removed(await clusterDown(all === true ? { all } : stated({ name })));
      case 'status':
        return shown(clusterStatus());
    }
  },
});

async function up(
  options: {
    readonly version: string;
    readonly brokers: number;
    readonly config: Readonly<Record<string, string>>;
    readonly name?: string;
    readonly directory?: string;
  },
  { progress, signal }: CommandContext,
): Promise<JobOutcome> {
  const { clusterUp } = await import('../../local/cluster/cluster-commands.ts');
  progress.stage('starting the cluster');
  const status = await clusterUp({
    ...options,
    signal,
    progress: (message) => progress.update(null, message),
  });
  return { exitCode: EXIT.good, json: status, text: describe(status) };
}

function removed(names: readonly string[]): JobOutcome {
  const text = names.length === 0 ? 'no cluster was there to remove' : `removed ${names.join(', ')}`;
  return { exitCode: EXIT.good, json: { removed: names }, text };
}

function shown(clusters: readonly ClusterStatus[]): JobOutcome {
  const text = clusters.length === 0 ? 'no clusters' : clusters.map(describe).join('\n');
  return { exitCode: EXIT.good, json: { clusters }, text };
}

function describe(status: ClusterStatus): string {
  const alive = status.brokers.filter((broker) => broker.alive).length;
  return [
    `${status.name}  Kafka ${status.version}  ${alive} of ${status.brokers.length} brokers alive  ${status.bootstrapServers}`,
    `  logs ${status.logDirectory}`,
  ].join('\n');
}

function properties(stated: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    stated.map((text) => {
      const [, name, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
      if (name === undefined || value === undefined) {
        throw new UserError(`--config: expected name=value, found "${text}"`);
      }
      return [name, value];
    }),
  );
}
