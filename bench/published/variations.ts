/** What the figures hang on: the same run again with one group of assumed costs a quarter less. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { predict } from '../../src/arms/predict.ts';
import { DISK_KINDS } from '../../src/profile/disk-kinds.ts';
import type { DiskFigures, Profile } from '../../src/profile/profile.ts';
import { readProfile, writeProfile } from '../../src/profile/read-profile.ts';
import type { PhaseResult } from '../../src/result/run-result.ts';
import type { LoadedScenario } from '../../src/scenario/read-scenario.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { predictedOf } from './rows.ts';
import type { FigureName, PublishedRun } from './runs.ts';

export interface Effect {
  readonly variation: string;
  /** Change of each figure, relative, in the order of `keyFigures`. */
  readonly changes: readonly (number | null)[];
}

/** Of each phase. */
interface Times {
  readonly warmupMs: number;
  readonly durationMs: number;
}

const LESS = 0.75;
/** Played shorter than the run itself: only the differences count. Too short for collections of a large heap, which are not varied. */
const SHORT: Times = { warmupMs: 3_000, durationMs: 10_000 };

const costs =
  (pattern: RegExp) =>
  (profile: Profile): Profile => ({
    ...profile,
    costs: Object.fromEntries(
      Object.entries(profile.costs).map(([name, cost]) => [
        name,
        pattern.test(name) ? { ...cost, value: cost.value * LESS } : cost,
      ]),
    ),
  });

const VARIATIONS: Readonly<Record<string, (profile: Profile) => Profile>> = {
  "CPU costs of clients' threads": costs(/^client\.java\.(?!.*gc)/),
  "CPU costs of brokers' threads": costs(/^broker\.(network|handler|fetcher)\./),
  'waking a thread (latency and CPU)': costs(/^host\.\w*[wW]akeUpLatencyNs$|(akeUp|old)CpuNs$/),
  'latency of the network': costs(/^link\./),
  'rate of NICs': (profile) => ({
    ...profile,
    hardware: { ...profile.hardware, nicBytesPerSecond: (profile.hardware.nicBytesPerSecond ?? 0) * LESS },
  }),
  'times of disks': quickerDisk,
};

/** Those of which a run's report tells what they hang on. */
export function keyFigures({ published }: PublishedRun): FigureName[] {
  const names = Object.keys(published) as FigureName[];
  const latencies = names.filter((name) => /p50$|p99$/.test(name));
  return latencies.length > 0 ? latencies : names;
}

export async function effectsOf(
  run: PublishedRun,
  loaded: LoadedScenario,
  signal: AbortSignal,
  times = SHORT,
): Promise<Effect[]> {
  const figures = keyFigures(run);
  const plain = await shortRun(loaded, times, (profile) => profile, signal);
  const effects: Effect[] = [];
  for (const [variation, change] of Object.entries(VARIATIONS)) {
    const changed = await shortRun(loaded, times, change, signal);
    const changes = figures.map((name) => changeOf(predictedOf(plain, name), predictedOf(changed, name)));
    effects.push({ variation, changes });
  }
  return effects;
}

/** The scenario with other profiles, which it names by files. */
async function shortRun(
  loaded: LoadedScenario,
  times: Times,
  change: (profile: Profile) => Profile,
  signal: AbortSignal,
): Promise<PhaseResult> {
  const directory = mkdtempSync(join(tmpdir(), 'brokertwin-published-'));
  try {
    const { scenario } = loaded;
    const hosts = scenario.hosts.map((host) => {
      const file = join(directory, `${host.name}.json`);
      writeProfile(file, change(readProfile(host.profile)));
      return { ...host, profile: file };
    });
    const varied = { ...loaded, scenario: shortened({ ...scenario, hosts }, times) };
    const { result } = await predict({ loaded: varied, workers: 1, signal });
    return result.phases[0];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The same scenario, played for another time. */
export function shortened(scenario: Scenario, times: Times): Scenario {
  const phases = scenario.run.phases.map((phase) => ({ ...phase, ...times }));
  return { ...scenario, run: { ...scenario.run, phases } };
}

function changeOf(plain: number | null, changed: number | null): number | null {
  return plain === null || changed === null || plain === 0 ? null : changed / plain - 1;
}

function quickerDisk(profile: Profile): Profile {
  const { disk } = profile.hardware;
  if (disk?.kind === undefined) return profile;
  const stated: DiskFigures = { ...DISK_KINDS[disk.kind], ...disk };
  const by = (value: number | undefined, factor: number): number => (value ?? 0) * factor;
  return {
    ...profile,
    hardware: {
      ...profile.hardware,
      disk: {
        ...disk,
        readBytesPerSecond: by(stated.readBytesPerSecond, 1 / LESS),
        writeBytesPerSecond: by(stated.writeBytesPerSecond, 1 / LESS),
        operationsPerSecond: by(stated.operationsPerSecond, 1 / LESS),
        readLatencyUs: by(stated.readLatencyUs, LESS),
        writeLatencyUs: by(stated.writeLatencyUs, LESS),
        syncUs: by(stated.syncUs, LESS),
      },
    },
  };
}
