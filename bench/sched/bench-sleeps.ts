/**
 * `node bench/sched/bench-sleeps.ts`: what a sleep costs a thread on this machine, beside what hardware/working-sets.ts and
 * halt-polls.ts say with the costs of a profile: CPU of a walk through memory that was left for some time, and the time
 * until a thread runs that is woken on another core. Linux, a C compiler, two cores; about 20 seconds on a quiet machine.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HaltPolls } from '../../src/hardware/halt-polls.ts';
import { latencyNs } from '../../src/hardware/wake-ups.ts';
import { lostAfter } from '../../src/hardware/working-sets.ts';
import { costsOf } from '../../src/kafka/costs.ts';
import { Rows } from '../../src/kernel/rows.ts';
import { Simulation } from '../../src/kernel/simulation.ts';
import { readProfile } from '../../src/profile/read-profile.ts';
import { run } from './run.ts';

const SLEEPS_US = [50, 100, 300, 600, 1000, 1500, 2000, 3000, 5000, 10_000, 30_000];
const SIZES_KIB = [256, 1024];
const SECONDS = 0.6;
const SAMPLES_MAX = 300;
const NS_PER_US = 1000;

const costs = costsOf(readProfile('reference-2core'));
const scratch = mkdtempSync(join(tmpdir(), 'sleeps-'));
try {
  const program = join(scratch, 'sleeps');
  run('cc', ['-O2', '-pthread', '-o', program, join(import.meta.dirname, 'sleeps.c')]);
  for (const kib of SIZES_KIB) walks(program, kib);
  wakes(program);
} finally {
  rmSync(scratch, { recursive: true });
}

/** Share of the set that is lost: CPU more than without a sleep, of what it is more after the longest. */
function walks(program: string, kib: number): void {
  const hot = measure(program, 'walk', kib, 0);
  const found = SLEEPS_US.map((us) => ({ us, cpuUs: measure(program, 'walk', kib, us) }));
  const most = Math.max(...found.map(({ cpuUs }) => cpuUs)) - hot;
  print(`walk of ${kib} KiB, ${hot.toFixed(0)} us of CPU without sleep`);
  for (const { us, cpuUs } of found) {
    const lost = lostAfter(us * NS_PER_US, costs.cacheLifeNs);
    const measured = (cpuUs - hot) / most;
    print(`  after ${us} us: ${cpuUs.toFixed(0)} us, lost ${percent(measured)}, predicted ${percent(lost)}`);
  }
}

function wakes(program: string): void {
  print('woken on another core');
  for (const us of SLEEPS_US) {
    const measured = measure(program, 'wake', 0, us);
    print(`  after ${us} us: ${measured.toFixed(0)} us, predicted ${latencyUs(us).toFixed(0)} us`);
  }
}

/** After many sleeps alike. */
function latencyUs(us: number): number {
  const sim = new Simulation({ seed: '1', entityBase: 0, limits: { eventsPending: 1, eventsPerInstant: 1 } });
  const polls = new HaltPolls(new Rows(sim.columns, 'cores', 1));
  let polled = false;
  for (let sleep = 0; sleep < 10; sleep += 1) polled = polls.wakes(0, us * NS_PER_US, costs.pollNs);
  return latencyNs(costs, us * NS_PER_US, polled) / NS_PER_US;
}

/** Mean, us. */
function measure(program: string, what: 'walk' | 'wake', kib: number, us: number): number {
  const samples = Math.min(SAMPLES_MAX, Math.ceil((SECONDS * 1e6) / Math.max(1, us)));
  const [, mean] = run(program, [what, String(kib), String(us), String(samples)])
    .trim()
    .split(' ');
  return Number(mean);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
