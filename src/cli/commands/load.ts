import { defineCommand } from '../command.ts';
import { bootstrapServer, out, scenarioFile, seed, set, stated } from '../options.ts';

export const load = defineCommand({
  usage: 'load <scenario>',
  describe: 'Drive a real cluster with a scenario and measure it, without a prediction',
  examples: [
    ['load scenarios/demo.yaml', 'a cluster started on this machine'],
    ['load scenarios/demo.yaml --bootstrap-server localhost:9092', 'a running cluster'],
  ],
  options: { scenario: scenarioFile, set, seed, 'bootstrap-server': bootstrapServer, out },
  run: async (args, context) => {
    const { loadJob } = await import('../../jobs/load.ts');
    return loadJob({
      file: args.scenario,
      set: args.set,
      ...stated({ seed: args.seed, bootstrapServer: args['bootstrap-server'], out: args.out }),
      ...context,
    });
  },
});
