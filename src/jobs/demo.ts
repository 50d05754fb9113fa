/** `brokertwin demo`: a real broker, calibrated, predicted, driven and reported, in a few minutes. */
import path from 'node:path';
import { openCluster } from '../arms/local-arm.ts';
import { refuseToMeasure } from '../arms/measure.ts';
import { predict } from '../arms/predict.ts';
import { EXIT, UserError } from '../errors/errors.ts';
import { packageRoot } from '../package.ts';
import { writeProfile } from '../profile/read-profile.ts';
import { writeReport } from '../report/report.ts';
import { compareResults } from '../result/comparison.ts';
import { comparisonJson } from '../result/json.ts';
import type { LoadedScenario } from '../scenario/read-scenario.ts';
import { readScenario } from '../scenario/read-scenario.ts';
import { calibrateCluster } from './calibration/calibrate-cluster.ts';
import { calibrationPlan, sharedWith } from './calibration/experiments.ts';
import { predictAndMeasure } from './compare.ts';
import type { JobOutcome } from './outcome.ts';
import { writePrediction } from './prediction-file.ts';
import type { Progress } from './progress.ts';
import { runDirectory } from './run-directory.ts';
import { comparisonLines, identityLine } from './summary.ts';

export interface DemoOptions {
  readonly out?: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const COMMANDS = ['npm run demo'];

/** Exit 0 when both arms ran; 3, with the prediction alone, when no broker can be started here. */
export async function demoJob(options: DemoOptions): Promise<JobOutcome> {
  const { progress, signal } = options;
  const loaded = readScenario(path.join(packageRoot, 'scenarios', 'demo.yaml'));
  refuseToMeasure(loaded);
  requireHeldOut(loaded);
  const directory = runDirectory(options.out, 'demo');
  progress.stage('cluster');
  const cluster = await openCluster({
    loaded,
    signal,
    progress: (message) => progress.update(null, message),
  }).catch((error: unknown) => {
    if (error instanceof UserError && error.exitCode === EXIT.clusterUnreachable) return error;
    throw error;
  });
  if (cluster instanceof UserError) return predictOnly(options, loaded, directory, cluster);
  try {
    if (cluster.local === null) throw new Error('the demo drives a cluster of its own');
    const version = cluster.local.version;
    const profile = await calibrateCluster({ cluster, version, name: 'demo', rounds: 1, progress, signal });
    const file = path.join(directory, 'profile.json');
    writeProfile(file, profile);
    const outcome = await predictAndMeasure({
      loaded,
      cluster,
      // The calibration has warmed it.
      warmUp: false,
      directory,
      profile: file,
      workers: 1,
      progress,
      signal,
      commands: COMMANDS,
    });
    // The demo shows what came out; a missed level or a late generator is in its report, not in its exit code.
    return { ...outcome, exitCode: signal.aborted ? EXIT.interrupted : EXIT.good };
  } finally {
    await cluster.close();
  }
}

async function predictOnly(
  { progress, signal }: DemoOptions,
  loaded: LoadedScenario,
  directory: string,
  error: UserError,
): Promise<JobOutcome> {
  for (const line of error.lines) progress.note(line);
  progress.stage('predict');
  const prediction = await predict({ loaded, workers: 1, signal });
  const written = writePrediction(directory, prediction);
  const comparison = compareResults({
    predicted: prediction.result,
    measured: null,
    notMeasuredReason: error.lines.join(' '),
    predictionWrittenAt: written.writtenAt,
    predictionHash: written.hash,
  });
  const { scenario } = loaded;
  const paths = await writeReport({
    comparison,
    scenario,
    profile: prediction.profile,
    directory,
    commands: COMMANDS,
  });
  progress.done();
  return {
    exitCode: EXIT.clusterUnreachable,
    json: comparisonJson(comparison, scenario),
    text: [identityLine(prediction.result), ...comparisonLines(comparison), paths.html].join('\n'),
  };
}

/** A prediction from a calibration on the same workload would prove nothing. */
function requireHeldOut(loaded: LoadedScenario): void {
  const { experiments, warmUp } = calibrationPlan(loaded.scenario.clusters[0].kafka);
  for (const { name, loaded: experiment } of [warmUp, ...experiments]) {
    const shared = sharedWith(experiment.scenario, loaded.scenario);
    if (shared.length > 0)
      throw new Error(`calibration experiment "${name}" shares the demo's ${shared.join(', ')}`);
  }
}
