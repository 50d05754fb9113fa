import { defineCommand } from '../command.ts';
import {
  bootstrapServer,
  commandConfig,
  out,
  profile,
  scenarioFile,
  seed,
  set,
  stated,
  workers,
} from '../options.ts';

export const compare = defineCommand({
  usage: 'compare <scenario>',
  describe: 'Predict a scenario, drive a real cluster with it, and report both side by side',
  examples: [
    ['compare scenarios/demo.yaml', 'against a cluster started on this machine'],
    ['compare scenarios/demo.yaml --bootstrap-server localhost:9092', 'against a running cluster'],
  ],
  options: {
    scenario: scenarioFile,
    set,
    seed,
    workers,
    profile,
    'bootstrap-server': bootstrapServer,
    'command-config': commandConfig,
    out,
  },
  run: async (args, context) => {
    const { compareJob } = await import('../../jobs/compare.ts');
    return compareJob({
      file: args.scenario,
      set: args.set,
      workers: args.workers,
      ...stated({
        seed: args.seed,
        profile: args.profile,
        bootstrapServer: args['bootstrap-server'],
        commandConfig: args['command-config'],
        out: args.out,
      }),
      ...context,
    });
  },
});
