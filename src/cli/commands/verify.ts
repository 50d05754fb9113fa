import { UserError } from '../../errors/errors.ts';
import { defineCommand } from '../command.ts';
import { scenarioFile, seed, set, stated, wholeNumber } from '../options.ts';
import { helpLine } from '../unknown.ts';

const oneWorkerCount = wholeNumber('--workers', 1);
const runCount = wholeNumber('--runs', 1);

export const verify = defineCommand({
  usage: 'verify [scenario]',
  describe: 'Prove that a scenario gives the same trace and result on every run and any number of workers',
  examples: [
    ['verify scenarios/two-clusters.yaml --workers 1,2 --runs 2', 'four runs, all compared'],
    ['verify --diff a.trace b.trace', 'the first event in which two traces of simulate --trace differ'],
  ],
  options: {
    scenario: { ...scenarioFile, demandOption: false },
    diff: {
      describe: 'compare two traces in place of running a scenario; exits 1 when they differ',
      type: 'string',
      nargs: 2,
      coerce: twoFiles,
    },
    set,
    seed,
    workers: {
      describe: 'the numbers of workers to compare, with commas',
      type: 'string',
      requiresArg: true,
      default: '1,2',
      coerce: workerCounts,
    },
    runs: {
      describe: 'runs for each number of workers',
      type: 'string',
      requiresArg: true,
      default: '2',
      coerce: (value: unknown): number => runCount(value) ?? 1,
    },
  },
  run: async (args, context) => {
    const { scenario, diff } = args;
    const { diffJob, verifyJob } = await import('../../jobs/verify.ts');
    if (scenario === undefined && diff !== undefined) return diffJob({ ...diff, ...context });
    if (scenario === undefined || diff !== undefined) throw oneOfTwo(scenario);
    return verifyJob({
      file: scenario,
      set: args.set,
      workers: args.workers,
      runs: args.runs,
      ...stated({ seed: args.seed }),
      ...context,
    });
  },
});

function workerCounts(value: unknown): number[] {
  if (typeof value !== 'string') throw new UserError('--workers: give it once, such as --workers 1,2');
  return value
    .split(',')
    .map(oneWorkerCount)
    .filter((count) => count !== undefined);
}

function twoFiles(value: unknown): { readonly a: string; readonly b: string } | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.length === 2) return { a: String(value[0]), b: String(value[1]) };
  throw new UserError('--diff: give it once, with two traces, such as --diff a.trace b.trace');
}

function oneOfTwo(scenario: string | undefined): UserError {
  const found = scenario === undefined ? 'neither' : 'both';
  return new UserError([
    `brokertwin verify: expected a scenario to run, or --diff with two traces, found ${found}`,
    helpLine('verify'),
  ]);
}
