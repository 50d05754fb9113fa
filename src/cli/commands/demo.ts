import { defineCommand } from '../command.ts';
import { out, stated } from '../options.ts';

export const demo = defineCommand({
  usage: 'demo',
  describe: 'Start a real broker, calibrate, predict, measure and report: all of it, in a few minutes',
  examples: [['demo', "the last line of stdout is the report's path"]],
  options: { out },
  run: async (args, context) => {
    const { demoJob } = await import('../../jobs/demo.ts');
    return demoJob({ ...stated({ out: args.out }), ...context });
  },
});
