/**
 * `npm run bench:model`: how fast and how small the model of a cluster is. The result goes to stdout, progress to stderr,
 * with events per request by kind; a full run is appended to bench/history/model.ndjson. Exit code: 0 measured (goals met or
 * not), 1 a program failed, 2 bad options.
 */
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { appendHistory } from '../history.ts';
import type { Program } from '../kernel/catalogue.ts';
import { linesOf } from '../kernel/lines.ts';
import { type Options, readOptions, usage } from '../kernel/options.ts';
import { type Outcome, wordsOf } from '../kernel/program.ts';
import { programsOf, runRounds } from '../kernel/rounds.ts';
import { runChild } from '../kernel/run-child.ts';
import { readable, tableOf } from '../kernel/table.ts';
import { runBench, say } from '../run-bench.ts';
import { FIGURES } from './catalogue.ts';

const PROGRAM_TIMEOUT_MS = 300_000;
const BENCH = { name: 'bench:model', figures: FIGURES, rounds: 3 };
const FIGURES_FOLDER = join(import.meta.dirname, 'figures');

process.exitCode = await runBench({
  name: BENCH.name,
  usage: usage(BENCH),
  read: (args) => readOptions(args, BENCH),
  bench,
});

async function bench(options: Options): Promise<void> {
  const [loadBefore] = loadavg();
  const rounds = await runRounds({
    programs: programsOf(options.figures),
    rounds: options.rounds,
    run: (program) => runOne(program, options),
    onOutcome: (round, program, outcome) =>
      say(BENCH.name, progress(round, options.rounds, program, outcome)),
  });
  const lines = linesOf(options.figures, rounds, new Map(), { judged: !options.smoke });
  const text = options.json ? lines.map((line) => JSON.stringify(line)).join('\n') : tableOf(lines);
  process.stdout.write(`${text}\n`);
  if (options.full) {
    await appendHistory('model', { loadBefore, peers: {}, rounds: options.rounds, figures: lines });
  }
}

async function runOne(program: Program, { smoke }: Options): Promise<Outcome> {
  const input = (smoke ? program.smokeInput : null) ?? program.input;
  const args = [join(FIGURES_FOLDER, program.file), ...wordsOf(input)];
  try {
    const child = { command: process.execPath, args, timeoutMs: PROGRAM_TIMEOUT_MS };
    return JSON.parse(await runChild(child)) as Outcome;
  } catch (cause) {
    throw new Error(`${program.name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function progress(round: number, rounds: number, program: Program, { values, checksum }: Outcome): string {
  const found = Object.entries(values).map(([name, value]) => `${name} ${readable(value)}`);
  return `round ${round}/${rounds}  ${program.name}  ${found.join(', ')}  checksum ${checksum}`;
}
