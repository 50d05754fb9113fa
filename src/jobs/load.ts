/** `brokertwin load`: the measuring arm alone. */
import { openCluster } from '../arms/local-arm.ts';
import { measure, refuseToMeasure } from '../arms/measure.ts';
import { EXIT, type ExitCode } from '../errors/errors.ts';
import { evaluateLevels, type LevelOutcome } from '../result/levels.ts';
import type { RunResult } from '../result/run-result.ts';
import { loadProgress } from './load-progress.ts';
import type { JobOutcome } from './outcome.ts';
import type { Progress } from './progress.ts';
import { runDirectory, writeJson } from './run-directory.ts';
import { loadScenario, type ScenarioInput } from './scenario-input.ts';
import { identityLine, levelLines, resultLines } from './summary.ts';

export interface LoadOptions extends ScenarioInput {
  readonly bootstrapServer?: string;
  readonly out?: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export async function loadJob(options: LoadOptions): Promise<JobOutcome> {
  const { progress, signal } = options;
  const loaded = loadScenario(options);
  refuseToMeasure(loaded);
  progress.stage('cluster');
  const cluster = await openCluster({
    loaded,
    signal,
    progress: (message) => progress.update(null, message),
    ...(options.bootstrapServer === undefined ? {} : { bootstrapServer: options.bootstrapServer }),
  });
  try {
    const result = await measure({
      loaded,
      cluster,
      warmUp: cluster.local !== null,
      signal,
      onProgress: loadProgress(progress, 'load'),
    });
    progress.done();
    const levels = evaluateLevels(loaded.scenario, result);
    const file = writeJson(runDirectory(options.out, loaded.scenario.name), 'measurement.json', result);
    return {
      exitCode: exitCodeOf(result, levels, signal),
      json: { ...result, levels },
      text: [
        identityLine(result),
        ...resultLines(result),
        ...lateLines(result),
        ...levelLines(levels),
        `result ${file}`,
      ].join('\n'),
    };
  } finally {
    await cluster.close();
  }
}

/** Interrupted before late, late before missed: the graver fact about a measurement decides. */
export function exitCodeOf(
  measured: RunResult,
  levels: readonly LevelOutcome[],
  signal: AbortSignal,
): ExitCode {
  if (signal.aborted) return EXIT.interrupted;
  if (measured.phases.some((phase) => phase.generator?.keptSchedule === false)) return EXIT.generatorLate;
  return levels.some((level) => level.verdict === 'missed') ? EXIT.levelMissed : EXIT.good;
}

/** One line for each phase whose generator did not keep its schedule. */
export function lateLines(measured: RunResult): string[] {
  return measured.phases.flatMap(({ name, generator }) =>
    generator?.keptSchedule === false ? [`${name} is invalid: ${generator.reason}`] : [],
  );
}
