import { UserError } from '../../errors/errors.ts';
import { defineCommand } from '../command.ts';
import { scenarioFile, seed, set, stated, wholeNumber } from '../options.ts';

const oneWorkerCount = wholeNumber('--workers', 1);
const runCount = wholeNumber('--runs', 1);

export const verify = defineCommand({
  usage: 'verify <scenario>',
  describe: 'Prove that a scenario gives the same trace and result on every run and any number of workers',
  examples: [['verify scenarios/two-clusters.yaml --workers 1,2 --runs 2', 'four runs, all compared']],
  options: {
    scenario: scenarioFile,
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
  run: async (args, { progress }) => {
    const { verifyJob } = await import('../../jobs/verify.ts');
    return verifyJob({
      file: args.scenario,
      set: args.set,
      workers: args.workers,
      runs: args.runs,
      ...stated({ seed: args.seed }),
      progress,
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
