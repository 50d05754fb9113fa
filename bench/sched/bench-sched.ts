/**
 * `npm run bench:sched`: what the kernel's scheduler does with threads of several control groups, beside what
 * hardware/run-queues.ts predicts. As root, with a C compiler; about 2 minutes in which others on the machine wait.
 */
import { parseOptions, runBench, say } from '../run-bench.ts';
import { CASES, type Found } from './cases.ts';
import { withGroups } from './measure.ts';
import { predict } from './predict.ts';

const NAME = 'bench:sched';
const USAGE = `npm run bench:sched -- [options]

  --only TEXT     only cases whose names contain it
  --seconds N     of each case; 3 when not given
  --help          this text`;

interface Options {
  readonly only: string;
  readonly seconds: number;
}

process.exitCode = await runBench({ name: NAME, usage: USAGE, read: readOptions, bench });

function readOptions(args: readonly string[]): Options | null {
  const { only, seconds, help } = parseOptions(NAME, args, {
    only: { type: 'string', default: '' },
    seconds: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  });
  return help ? null : { only, seconds: Number(seconds) };
}

async function bench({ only, seconds }: Options): Promise<void> {
  const cases = CASES.filter(({ name }) => name.includes(only));
  withGroups((measure) => {
    for (const one of cases) {
      const found = measure(one, seconds);
      process.stdout.write(
        `${one.name}\n  measured  ${wordsOf(found)}\n  predicted ${wordsOf(predict(one))}\n`,
      );
    }
  });
  say(NAME, `${cases.length} cases of ${seconds} s`);
}

function wordsOf({ cores, endUs, throttledMs }: Found): string {
  const used = Object.entries(cores).map(([group, of]) => `${group} ${of.toFixed(3)}`);
  const ends = endUs === null ? [] : [`mean ${us(endUs.mean)}, p50 ${us(endUs.p50)}, p99 ${us(endUs.p99)}`];
  const still = throttledMs === null ? [] : [`still ${throttledMs.toFixed(1)} ms a period`];
  return [`cores ${used.join(', ')}`, ...ends, ...still].join('; ');
}

function us(of: number): string {
  return `${of.toFixed(0)} us`;
}
