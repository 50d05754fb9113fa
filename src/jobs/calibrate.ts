/** `brokertwin calibrate`: what Kafka and the generator cost on this machine, as a profile. */
import { openCluster } from '../arms/local-arm.ts';
import { warmUp } from '../arms/warm-up.ts';
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
  /** How often each experiment is played; once when not given. */
  readonly rounds?: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const KAFKA = '4.3.1';

export async function calibrateJob(options: CalibrateJobOptions): Promise<JobOutcome> {
  const profile = await calibrateMachine({
    ...options,
    name: 'local',
    kafka: options.kafka ?? KAFKA,
    rounds: options.rounds ?? 1,
  });
  options.progress.done();
  const file = options.out ?? writeLocalProfile(profile);
  if (options.out !== undefined) writeProfile(options.out, profile);
  return {
    exitCode: EXIT.good,
    json: profile,
    text: [...costLines(profile), `profile ${file}`].join('\n'),
  };
}

/**
 * Starts a cluster of one broker, warms it up, calibrates on it and removes it.
 *
 * @throws UserError for a cluster that cannot be had or observed
 */
export async function calibrateMachine(options: {
  readonly name: string;
  readonly kafka: string;
  readonly rounds: number;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}): Promise<Profile> {
  const { name, kafka: version, rounds, progress, signal } = options;
  progress.stage('cluster');
  const { loaded } = calibrationPlan(version).warmUp;
  const cluster = await openCluster({
    loaded,
    signal,
    progress: (message) => progress.update(null, message),
  });
  try {
    progress.stage('warm-up');
    // Costs are those of brokers as warm as measured ones are.
    await warmUp({
      scenario: loaded.scenario,
      cluster,
      signal,
      onProgress: ({ fraction }) => progress.update(fraction, 'driven until its compilers are quiet'),
    });
    return await calibrateCluster({ cluster, version, name, rounds, progress, signal });
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
