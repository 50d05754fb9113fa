/** Every figure of `npm run bench:load`: which of our runs it is of, and what it has to reach against which run of a peer. */
import type { Figure, Program } from '../kernel/catalogue.ts';
import type { Outcome } from '../kernel/program.ts';
import { consumeWithPerfTest, produceWithPerfTest } from './perf-test.ts';
import { consumeWithOurs, produceWithLibrary, produceWithOurs } from './programs.ts';
import type { Stage } from './stage.ts';

/** A run, on the stage that all share. */
export interface LoadProgram extends Program {
  readonly run: (stage: Stage) => Promise<Outcome['values']>;
}

type Run = LoadProgram['run'];

const ours = (name: string, run: Run): LoadProgram => program('ours', name, run);
const kafka = (name: string, run: Run): LoadProgram => program('kafka', `perf-test ${name}`, run);

function program(side: Program['side'], name: string, run: Run): LoadProgram {
  return { side, name, file: '', input: {}, smokeInput: null, run };
}

const LARGE = { batchBytes: 262_144, lingerMs: 5 };
const DEFAULT = { batchBytes: 16_384, lingerMs: 5 };
const perf100 = kafka('100 B', produceWithPerfTest({ ...LARGE, valueBytes: 100 }));
const perf1K = kafka('1 KiB', produceWithPerfTest({ ...LARGE, valueBytes: 1024, isMaximum: true }));
const perf1KDefault = kafka('1 KiB, 16 KiB', produceWithPerfTest({ ...DEFAULT, valueBytes: 1024 }));
const ours100 = ours('100 B', produceWithOurs({ 'producers.ours.record.value': '100B' }));
const KEYED = {
  'producers.ours.record.value': '100B',
  'producers.ours.record.key': '{ cardinality: 100000 }',
};
const SMALL_BATCHES = { 'producers.ours.record.value': '1KiB', 'producers.ours.config.batch.size': '16KiB' };

export const FIGURES: readonly Figure[] = [
  records('produce-100B-256KiB', ours100, perf100, 3),
  records(
    'produce-1KiB-256KiB',
    ours('1 KiB', produceWithOurs({ 'producers.ours.record.value': '1KiB' })),
    perf1K,
    2,
  ),
  records('produce-1KiB-16KiB', ours('1 KiB, 16 KiB', produceWithOurs(SMALL_BATCHES)), perf1KDefault, 1),
  records(
    'produce-1KiB-16KiB-4',
    ours('1 KiB, 16 KiB, 4 connections', produceWithOurs({ ...SMALL_BATCHES, 'producers.ours.count': '4' })),
    perf1KDefault,
    1.3,
  ),
  records('keyed-verify-100B', ours('keyed and stamped', produceWithOurs(KEYED, 'stamp')), perf100, 1.5),
  reported('keyed-verified-100B', ours('keyed and verified', produceWithOurs(KEYED, 'verify'))),
  {
    name: 'cpu-per-GiB',
    unit: 's/GiB',
    value: 'cpuSecondsPerGiB',
    better: 'lower',
    program: ours('half of the maximum', (stage) =>
      produceWithOurs({
        'producers.ours.record.value': '1KiB',
        'producers.ours.rate': `${stage.halfOfMaximum()}/s`,
        'run.phases': '[{ name: paced, load: 1 }]',
      })(stage),
    ),
    goals: [
      {
        against: kafka('half of the maximum', (stage) =>
          produceWithPerfTest({ ...LARGE, valueBytes: 1024, recordsPerSecond: stage.halfOfMaximum() })(stage),
        ),
        bound: 0.5,
      },
    ],
  },
  records('consume-1KiB', ours('consume', consumeWithOurs), kafka('consume', consumeWithPerfTest), 1.5),
  records('produce-library', ours100, program('library', 'library', produceWithLibrary), 3),
  {
    name: 'lateness-50k',
    unit: 'ms',
    value: 'latenessP99Ms',
    better: 'lower',
    program: ours(
      '50,000/s',
      produceWithOurs({ 'producers.ours.rate': '50k/s', 'run.phases': '[{ name: paced, load: 1 }]' }),
    ),
    goals: [{ against: null, bound: 2 }],
  },
  {
    name: 'connections-10000',
    unit: 'GiB',
    value: 'memoryGiB',
    better: 'lower',
    program: ours(
      '10,000 connections',
      produceWithOurs({
        'producers.ours.count': '10000',
        'producers.ours.rate': '10k/s',
        'producers.ours.config.linger.ms': '0',
        'run.phases': '[{ name: paced, load: 1 }]',
      }),
    ),
    goals: [{ against: null, bound: 1.5 }],
  },
];

function records(name: string, program: Program, against: Program, bound: number): Figure {
  return {
    name,
    unit: 'records/s',
    value: 'recordsPerSecond',
    better: 'higher',
    program,
    goals: [{ against, bound }],
  };
}

function reported(name: string, program: Program): Figure {
  const goals = [{ against: null, bound: null }];
  return { name, unit: 'records/s', value: 'recordsPerSecond', better: 'higher', program, goals };
}
