/** `brokertwin calibrate`: what Kafka and the generator cost on this machine, as a profile. */
import { openCluster } from '../arms/local-arm.ts';
import { EXIT } from '../errors/errors.ts';
import type { Profile } from '../profile/profile.ts';
import { writeLocalProfile, writeProfile } from '../profile/read-profile.ts';
import { calibrateCluster } from './calibration/calibrate-cluster.ts';
import { calibrationPlan } from './calibration/experiments.ts';
import type { JobOutcome } from './outcome.ts';
import type { Progress } from './progress.ts';

export interface CalibrateJobOptions {
  /** The file to write; by default this machine's own profile, which scenarios call "local". */
  readonly out?: string;
  /** Kafka version, by default the newest that is supported. */
  readonly kafka?: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const KAFKA = '4.3.1';

export async function calibrateJob(options: CalibrateJobOptions): Promise<JobOutcome> {
  const { progress, signal } = options;
  progress.stage('cluster');
  const version = options.kafka ?? KAFKA;
  const cluster = await openCluster({
    loaded: calibrationPlan(version).warmUp.loaded,
    signal,
    progress: (message) => progress.update(null, message),
  });
  try {
    const profile = await calibrateCluster({ cluster, version, name: 'local', progress, signal });
    progress.done();
    const file = options.out ?? writeLocalProfile(profile);
    if (options.out !== undefined) writeProfile(options.out, profile);
    return {
      exitCode: EXIT.good,
      json: profile,
      text: [...costLines(profile), `profile ${file}`].join('\n'),
    };
  } finally {
    await cluster.close();
  }
}

function costLines(profile: Profile): string[] {
  const rows = Object.entries(profile.costs).map(([name, cost]) => [
    name,
    cost.value.toPrecision(4),
    cost.standardError === null ? '' : `± ${cost.standardError.toPrecision(2)}`,
    cost.source,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}
