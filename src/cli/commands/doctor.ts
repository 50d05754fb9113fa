import { defineCommand } from '../command.ts';

export const doctor = defineCommand({
  usage: 'doctor',
  describe: 'Say what this machine can do for clusters of its own, and how to get what is missing',
  examples: [
    ['doctor', 'exits 0 when at least a cluster on loopback can run'],
    ['doctor --json', 'the same for a program'],
  ],
  options: {},
  run: async (_, context) => {
    const { doctorJob } = await import('../../jobs/doctor.ts');
    return doctorJob(context);
  },
});
