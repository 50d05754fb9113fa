/**
 * `npm run bench:load`: the load generator beside Kafka's perf tools and its own library, on one broker. The result goes to
 * stdout, progress to stderr; a full run is appended to bench/history/load.ndjson. Exit code: 0 measured (goals met or not),
 * 1 a program failed, 2 bad options.
 */
import { loadavg } from 'node:os';
import { appendHistory } from '../history.ts';
import type { Figure, Program } from '../kernel/catalogue.ts';
import { linesOf, type PeerStates } from '../kernel/lines.ts';
import type { Outcome } from '../kernel/program.ts';
import { programsOf, runRounds } from '../kernel/rounds.ts';
import { readable, tableOf } from '../kernel/table.ts';
import { runBench, say } from '../run-bench.ts';
import { FIGURES, type LoadProgram } from './catalogue.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { FULL, QUICK } from './seconds.ts';
import { Stage } from './stage.ts';

const NAME = 'bench:load';
const PEERS: PeerStates = new Map([
  ['kafka', { label: "Kafka 4.3.1's perf tools", skipped: null }],
  ['library', { label: '@platformatic/kafka send', skipped: null }],
]);

process.exitCode = await runBench({ name: NAME, usage: USAGE, read: readOptions, bench });

async function bench({ json, rounds, figures, quick, full }: Options): Promise<void> {
  const [loadBefore] = loadavg();
  const stage = await Stage.open(quick ? QUICK : FULL, (line) => say(NAME, line));
  try {
    const found = await runRounds({
      programs: programsOf(withMaximum(figures)),
      rounds,
      run: async (program) => ({ values: await runOne(program, stage), checksum: '', common: null }),
      onOutcome: (round, program, outcome) => say(NAME, progress(round, rounds, program, outcome)),
    });
    const lines = linesOf(figures, found, PEERS, { judged: !quick });
    process.stdout.write(`${json ? lines.map((line) => JSON.stringify(line)).join('\n') : tableOf(lines)}\n`);
    if (full) await appendHistory('load', { loadBefore, peers: { kafka: '4.3.1' }, rounds, figures: lines });
  } finally {
    await stage.close();
  }
}

/** Half of a maximum needs the maximum first. */
function withMaximum(figures: readonly Figure[]): Figure[] {
  const needed = figures.some(({ name }) => name === 'cpu-per-GiB');
  const maximum = FIGURES.filter(({ name }) => needed && name === 'produce-1KiB-256KiB');
  return [...new Set([...maximum, ...figures])];
}

async function runOne(program: Program, stage: Stage): Promise<Outcome['values']> {
  try {
    return await (program as LoadProgram).run(stage);
  } catch (cause) {
    throw new Error(`${program.name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function progress(round: number, rounds: number, { side, name }: Program, { values }: Outcome): string {
  const found = Object.entries(values).map(([what, value]) => `${what} ${readable(value)}`);
  return `round ${round}/${rounds}  ${side === 'ours' ? 'ours ' : ''}${name}  ${found.join(', ')}`;
}
