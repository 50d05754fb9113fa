import { UserError } from '../../errors/errors.ts';
import { defineCommand } from '../command.ts';
import {
  bootstrapServer,
  commandConfig,
  list,
  maxBytes,
  maxRate,
  out,
  scenarioFile,
  seed,
  set,
  stated,
} from '../options.ts';
import { perfTestOptions, readPerfTest } from '../perf-test-options.ts';
import { helpLine } from '../unknown.ts';

const DEFAULT_SEED = 1;

export const load = defineCommand({
  usage: 'load [scenario]',
  describe: 'Drive a real cluster and measure it: with a scenario, or as kafka-producer-perf-test does',
  examples: [
    ['load scenarios/demo.yaml', 'a cluster started on this machine'],
    ['load scenarios/demo.yaml --bootstrap-server localhost:9092', 'a running cluster'],
    ['load scenarios/demo.yaml --verify', 'and prove that nothing acknowledged was lost'],
    ['load --workload 1-topic-100b.yaml --driver kafka.yaml', 'what the OpenMessaging Benchmark runs'],
    [
      'load --topic t --num-records 1000000 --record-size 1024 --throughput 50000 --bootstrap-server localhost:9092',
      "the options and lines of Kafka's own tool",
    ],
  ],
  options: {
    scenario: { ...scenarioFile, demandOption: false },
    set,
    seed,
    'bootstrap-server': bootstrapServer,
    'command-config': commandConfig,
    verify: {
      describe:
        'prove the delivery: nothing acknowledged lost, doubled, out of order or changed; exit 99 if not',
      type: 'boolean',
      default: false,
    },
    'existing-topics': {
      describe:
        'topics of the scenario that are there already and are used as they are; names with commas between',
      type: 'string',
      array: true,
      requiresArg: true,
      default: [] as string[],
    },
    'max-rate': maxRate,
    'max-bytes': maxBytes,
    'dry-run': {
      describe: 'read, check and connect, and say what would be done; nothing is made or written',
      type: 'boolean',
      default: false,
    },
    out,
    junit: { describe: 'a file for the verdicts as JUnit XML', type: 'string', requiresArg: true },
    workload: {
      describe: 'in place of a scenario: a workload file of the OpenMessaging Benchmark, with --driver',
      type: 'string',
      requiresArg: true,
    },
    driver: { describe: "with --workload: OMB's driver file of Kafka", type: 'string', requiresArg: true },
    ...perfTestOptions,
  },
  run: async (args, context) => {
    const mode = modeOf(args);
    const caps = { recordsPerSecond: args['max-rate'] ?? null, bytes: args['max-bytes'] ?? null };
    const common = {
      ...stated({
        bootstrapServer: args['bootstrap-server'],
        commandConfig: args['command-config'] ?? args['producer.config'],
      }),
      ...context,
    };
    if (mode === 'topic') {
      const { perfTestJob } = await import('../../jobs/perf-test.ts');
      return perfTestJob({ ...readPerfTest(args), ...common, caps, seed: args.seed ?? DEFAULT_SEED });
    }
    const { loadJob } = await import('../../jobs/load.ts');
    const { scenario = '', workload = '', driver = '', set: settings } = args;
    const given = { set: settings, ...stated({ seed: args.seed }) };
    return loadJob({
      input:
        mode === 'scenario'
          ? { kind: 'scenario', file: scenario, ...given }
          : { kind: 'omb', workload, driver, ...given },
      verify: args.verify,
      existingTopics: [...new Set(args['existing-topics'].flatMap(list))],
      caps,
      dryRun: args['dry-run'],
      ...common,
      ...stated({ out: args.out, junit: args.junit }),
    });
  },
});

type Mode = 'scenario' | 'workload' | 'topic';

/**
 * A scenario, OMB's files, or Kafka's own options.
 *
 * @throws UserError unless it is one of them, with nothing of the others
 */
function modeOf(args: Readonly<Record<string, unknown>>): Mode {
  const isGiven = (name: string): boolean => {
    const value = args[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  };
  const modes = (['scenario', 'workload', 'topic'] as const).filter(isGiven);
  const [mode] = modes;
  if (modes.length !== 1 || mode === undefined) {
    const found = modes.length === 0 ? 'none of them' : modes.join(' and ');
    throw new UserError([
      `brokertwin load: expected a scenario, or --workload and --driver, or --topic, found ${found}`,
      helpLine('load'),
    ]);
  }
  const perfTest = Object.keys(perfTestOptions);
  const strangers = {
    scenario: [...perfTest, 'driver'],
    workload: perfTest,
    topic: ['set', 'verify', 'out', 'junit', 'driver', 'existing-topics', 'dry-run'],
  }[mode];
  const problems = strangers.filter(isGiven).map((name) => `--${name} does not go with ${nameOf(mode)}`);
  if (mode === 'workload' && !isGiven('driver')) {
    problems.push("--workload needs --driver, OMB's driver file of Kafka");
  }
  if (problems.length > 0) {
    throw new UserError([...problems.map((problem) => `brokertwin load: ${problem}`), helpLine('load')]);
  }
  return mode;
}

function nameOf(mode: Mode): string {
  return mode === 'scenario' ? 'a scenario' : `--${mode}`;
}
