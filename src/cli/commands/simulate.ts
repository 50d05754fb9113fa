import { defineCommand } from '../command.ts';
import { profile, scenarioFile, seed, set, stated, workers } from '../options.ts';

export const simulate = defineCommand({
  usage: 'simulate <scenario>',
  describe: 'Predict what a scenario does, with the simulator alone',
  examples: [
    ['simulate scenarios/demo.yaml', 'simulate a scenario'],
    ['simulate scenarios/demo.yaml --seed 7 --json', 'as one JSON object, from seed 7'],
    ['simulate scenarios/demo.yaml --set run.duration=30s', 'with one value changed'],
  ],
  options: {
    scenario: scenarioFile,
    set,
    seed,
    workers,
    profile,
    report: {
      describe: 'write a report, into this folder if one is named; --no-report writes none',
      type: 'string',
      coerce: (value: unknown): string | boolean | undefined =>
        value === '' ? true : (value as string | boolean | undefined),
    },
  },
  run: async (args, context) => {
    const { simulateJob } = await import('../../jobs/simulate.ts');
    return simulateJob({
      file: args.scenario,
      set: args.set,
      workers: args.workers,
      ...stated({ seed: args.seed, profile: args.profile, report: args.report }),
      ...context,
    });
  },
});
