import path from 'node:path';
import { UserError } from '../../errors/errors.ts';
import { parseDurationNs } from '../../scenario/units.ts';
import { defineCommand } from '../command.ts';
import { profile, scenarioFile, seed, set, sharedCores, stated, tieSeed, workers } from '../options.ts';

export const simulate = defineCommand({
  usage: 'simulate <scenario>',
  describe: 'Predict what a scenario does, with the simulator alone',
  examples: [
    ['simulate scenarios/demo.yaml', 'simulate a scenario'],
    ['simulate scenarios/demo.yaml --seed 7 --json', 'as one JSON object, from seed 7'],
    ['simulate scenarios/demo.yaml --set run.duration=30s', 'with one value changed'],
    [
      'simulate scenarios/demo.yaml --perfetto trace.json --trace-from 7s --trace-until 7100ms',
      'a tenth of a second, event by event, for ui.perfetto.dev',
    ],
  ],
  options: {
    scenario: scenarioFile,
    set,
    seed,
    'tie-seed': tieSeed,
    'shared-cores': sharedCores,
    workers,
    profile,
    report: {
      describe: 'write a report, into this folder if one is named; --no-report writes none',
      type: 'string',
      coerce: (value: unknown): string | boolean | undefined =>
        value === '' ? true : (value as string | boolean | undefined),
    },
    trace: {
      describe: 'write every event into this file, for brokertwin verify --diff',
      type: 'string',
      requiresArg: true,
    },
    perfetto: {
      describe: 'write every event into this file, for ui.perfetto.dev or chrome://tracing',
      type: 'string',
      requiresArg: true,
    },
    'trace-from': {
      describe: 'leave out the events of each phase before this time, such as 1s; its warm-up begins at 0',
      type: 'string',
      requiresArg: true,
      coerce: duration('--trace-from'),
    },
    'trace-until': {
      describe: 'leave out the events of each phase from this time on, such as 1200ms',
      type: 'string',
      requiresArg: true,
      coerce: duration('--trace-until'),
    },
  },
  run: async (args, context) => {
    const { trace, perfetto, 'trace-from': traceFromNs, 'trace-until': traceUntilNs } = args;
    refuseWindow(trace ?? perfetto, traceFromNs, traceUntilNs);
    if (trace !== undefined && perfetto !== undefined && path.resolve(trace) === path.resolve(perfetto)) {
      throw new UserError('--perfetto: expected another file than --trace');
    }
    const { simulateJob } = await import('../../jobs/simulate.ts');
    return simulateJob({
      file: args.scenario,
      set: args.set,
      workers: args.workers,
      ...stated({ tieSeed: args['tie-seed'], sharedCores: args['shared-cores'] }),
      ...stated({ seed: args.seed, profile: args.profile, report: args.report }),
      ...stated({ trace, perfetto, traceFromNs, traceUntilNs }),
      ...context,
    });
  },
});

function duration(option: string): (value: unknown) => number | undefined {
  return (value) => {
    if (value === undefined) return undefined;
    const parsed = parseDurationNs(value);
    if ('problem' in parsed) throw new UserError(`${option}: ${parsed.problem}`);
    return parsed.value;
  };
}

function refuseWindow(
  file: string | undefined,
  fromNs: number | undefined,
  untilNs: number | undefined,
): void {
  if (file === undefined && (fromNs ?? untilNs) !== undefined) {
    throw new UserError(
      '--trace-from and --trace-until say what --trace or --perfetto write: give one of these too',
    );
  }
  if (fromNs !== undefined && untilNs !== undefined && untilNs <= fromNs) {
    throw new UserError('--trace-until: expected a time after --trace-from');
  }
}
