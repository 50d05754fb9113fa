/** `brokertwin compare`: predict, write the prediction down, drive the cluster, report both. */
import { availableParallelism } from 'node:os';
import { type OpenCluster, openCluster } from '../arms/local-arm.ts';
import { measure, refuseToMeasure } from '../arms/measure.ts';
import { predict } from '../arms/predict.ts';
import type { ExitCode } from '../errors/errors.ts';
import { writeReport } from '../report/report.ts';
import { compareResults } from '../result/comparison.ts';
import { comparisonJson } from '../result/json.ts';
import { evaluateLevels } from '../result/levels.ts';
import type { LoadedScenario } from '../scenario/read-scenario.ts';
import { type ClientOptions, runningCluster } from './client-access.ts';
import { exitCodeOf, lateLines } from './load.ts';
import { loadProgress } from './load-progress.ts';
import type { JobOutcome } from './outcome.ts';
import { writePrediction } from './prediction-file.ts';
import type { Progress } from './progress.ts';
import { runDirectory, writeJson } from './run-directory.ts';
import { loadScenario, type ScenarioInput } from './scenario-input.ts';
import { comparisonLines, identityLine, levelLines } from './summary.ts';

export interface CompareOptions extends ScenarioInput, ClientOptions {
  readonly workers: number;
  readonly profile?: string;
  readonly out?: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export async function compareJob(options: CompareOptions): Promise<JobOutcome> {
  const { progress, signal } = options;
  const loaded = loadScenario(options);
  for (const warning of loaded.warnings) progress.note(warning);
  refuseToMeasure(loaded);
  const driven = await runningCluster(options);
  const directory = runDirectory(options.out, loaded.scenario.name);
  progress.stage('cluster');
  const cluster = await openCluster({
    loaded,
    signal,
    progress: (message) => progress.update(null, message),
    ...driven,
  });
  try {
    return await predictAndMeasure({
      ...options,
      loaded,
      cluster,
      warmUp: cluster.local !== null,
      directory,
    });
  } finally {
    await cluster.close();
  }
}

export interface PredictAndMeasureOptions {
  readonly loaded: LoadedScenario;
  readonly cluster: OpenCluster;
  /** Whether the cluster has to be warmed up first. */
  readonly warmUp: boolean;
  readonly directory: string;
  readonly workers: number;
  readonly profile?: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Command lines that give the report again. */
  readonly commands?: readonly string[];
}

/** The part that the demo shares: from a running cluster to the report. */
export async function predictAndMeasure(options: PredictAndMeasureOptions): Promise<JobOutcome> {
  const { loaded, progress, signal, directory } = options;
  const { scenario } = loaded;
  progress.stage('predict');
  const prediction = await predict({
    loaded,
    workers: options.workers,
    signal,
    onProgress: ({ phase, fraction }) => progress.update(fraction, phase),
    ...(options.cluster.local === null ? {} : { sharedCores: availableParallelism() }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
  });
  const written = writePrediction(directory, prediction);
  progress.note(`prediction ${written.hash.slice(0, 16)} written ${written.writtenAt}`);
  const measured = await measure({
    loaded,
    cluster: options.cluster,
    warmUp: options.warmUp,
    onLeft: (line) => progress.note(line),
    signal,
    onProgress: loadProgress(progress, 'measure'),
  });
  writeJson(directory, 'measurement.json', measured);
  progress.stage('report');
  const comparison = compareResults({
    predicted: prediction.result,
    measured,
    predictionWrittenAt: written.writtenAt,
    predictionHash: written.hash,
  });
  const paths = await writeReport({
    comparison,
    scenario,
    profile: prediction.profile,
    directory,
    ...(options.commands === undefined ? {} : { commands: options.commands }),
  });
  progress.done();
  const levels = evaluateLevels(scenario, measured);
  const exitCode: ExitCode = exitCodeOf(measured, levels, signal);
  return {
    exitCode,
    json: comparisonJson(comparison, scenario),
    text: [
      identityLine(prediction.result),
      ...comparisonLines(comparison),
      ...lateLines(measured),
      ...levelLines(levels),
      paths.html,
    ].join('\n'),
  };
}
