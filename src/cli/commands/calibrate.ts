import { defineCommand } from '../command.ts';
import { stated, wholeNumber } from '../options.ts';

export const calibrate = defineCommand({
  usage: 'calibrate',
  describe: 'Measure what Kafka costs on this machine and write it as a profile',
  examples: [
    ['calibrate --out laptop.json', 'then: brokertwin simulate scenario.yaml --profile laptop.json'],
  ],
  options: {
    out: { describe: 'the profile file to write', type: 'string', requiresArg: true },
    kafka: {
      describe: 'version of Apache Kafka to measure, such as 4.3.1',
      type: 'string',
      requiresArg: true,
    },
    rounds: {
      describe: 'how often to play each experiment: more where the speed of the machine changes',
      type: 'string',
      requiresArg: true,
      coerce: wholeNumber('--rounds', 1, 10),
    },
  },
  run: async (args, context) => {
    const { calibrateJob } = await import('../../jobs/calibrate.ts');
    return calibrateJob({ ...stated({ out: args.out, kafka: args.kafka, rounds: args.rounds }), ...context });
  },
});
