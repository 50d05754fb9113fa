/**
 * `npm run bench:kernel`: the kernel's figures, side by side with its peers'. The result goes to stdout, progress to
 * stderr; a full run is appended to bench/history/kernel.ndjson. Exit code: 0 measured (goals met or not), 1 a program
 * failed, 2 bad options.
 */
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { appendHistory } from '../history.ts';
import { runBench, say } from '../run-bench.ts';
import { FIGURES, type Program, type Side } from './catalogue.ts';
import { linesOf } from './lines.ts';
import { type Options, readOptions, usage } from './options.ts';
import { isPeer, type Peer, preparePeer, skippedPeer } from './peers.ts';
import { type Outcome, wordsOf } from './program.ts';
import { checkCommonWork, programsOf, runRounds } from './rounds.ts';
import { runChild } from './run-child.ts';
import { readable, tableOf } from './table.ts';

const PROGRAM_TIMEOUT_MS = 180_000;
/** Of the last minute. */
const LOAD_OF_A_QUIET_MACHINE = 0.5;
const BENCH = { name: 'bench:kernel', figures: FIGURES, rounds: 5 };
const FIGURES_FOLDER = join(import.meta.dirname, 'figures');

process.exitCode = await runBench({
  name: BENCH.name,
  usage: usage(BENCH),
  read: (args) => readOptions(args, BENCH),
  bench,
});

async function bench(options: Options): Promise<void> {
  const wanted = programsOf(options.figures);
  const [loadBefore] = loadavg();
  if (!options.smoke && loadBefore > LOAD_OF_A_QUIET_MACHINE) {
    say(
      BENCH.name,
      `the machine is busy (load ${readable(loadBefore)}): two workers, above all, will come out slow`,
    );
  }
  const peers = await preparePeers(wanted, options);
  const rounds = await runRounds({
    programs: wanted.filter(({ side }) => side === 'ours' || peers.get(side)?.skipped === null),
    rounds: options.rounds,
    run: (program) => runOne(program, options, peers),
    onOutcome: (round, program, outcome) =>
      say(BENCH.name, progress(round, options.rounds, program, outcome)),
  });
  checkCommonWork(options.figures, rounds[0]);
  const lines = linesOf(options.figures, rounds, peers, { judged: !options.smoke });
  const text = options.json ? lines.map((line) => JSON.stringify(line)).join('\n') : tableOf(lines);
  process.stdout.write(`${text}\n`);
  if (!options.full) return;
  const versions = [...peers.values()].flatMap((peer) => Object.entries(peer.versions));
  await appendHistory('kernel', {
    loadBefore,
    peers: Object.fromEntries(versions),
    rounds: options.rounds,
    figures: lines,
  });
}

/** One after the other: a build takes every core. */
async function preparePeers(
  programs: readonly Program[],
  { smoke }: Options,
): Promise<ReadonlyMap<Side, Peer>> {
  const peers = new Map<Side, Peer>();
  for (const { side } of programs) {
    if (!isPeer(side) || peers.has(side)) continue;
    if (!smoke) say(BENCH.name, `making ${side} ready`);
    const peer = smoke ? skippedPeer(side, 'this is a smoke run') : await preparePeer(side);
    if (peer.skipped !== null) say(BENCH.name, `${peer.label} is skipped: ${peer.skipped}`);
    peers.set(side, peer);
  }
  return peers;
}

async function runOne(
  program: Program,
  { smoke }: Options,
  peers: ReadonlyMap<Side, Peer>,
): Promise<Outcome> {
  const input = (smoke ? program.smokeInput : null) ?? program.input;
  const { command, args } = (program.side === 'ours'
    ? null
    : peers.get(program.side)?.command?.(program)) ?? {
    command: process.execPath,
    args: [join(FIGURES_FOLDER, program.file), ...wordsOf(input)],
  };
  try {
    return JSON.parse(await runChild({ command, args, timeoutMs: PROGRAM_TIMEOUT_MS })) as Outcome;
  } catch (cause) {
    throw new Error(`${program.name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function progress(round: number, rounds: number, program: Program, { values, checksum }: Outcome): string {
  const found = Object.entries(values).map(([name, value]) => `${name} ${readable(value)}`);
  const seconds = Math.round(performance.now() / 1000);
  return `round ${round}/${rounds}  ${program.name}  ${found.join(', ')}  checksum ${checksum}  (${seconds} s in all)`;
}
