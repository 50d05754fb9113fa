/** `brokertwin simulate`: the predicting arm alone. */
import { predict } from '../arms/predict.ts';
import { EXIT } from '../errors/errors.ts';
import { writeReport } from '../report/report.ts';
import { compareResults } from '../result/comparison.ts';
import { resultHash } from '../result/hash.ts';
import { simulationJson } from '../result/json.ts';
import { evaluateLevels } from '../result/levels.ts';
import type { JobOutcome } from './outcome.ts';
import type { Progress } from './progress.ts';
import { runDirectory } from './run-directory.ts';
import { loadScenario, type ScenarioInput } from './scenario-input.ts';
import { identityLine, levelLines, resultLines } from './summary.ts';

export interface SimulateOptions extends ScenarioInput {
  readonly workers: number;
  readonly profile?: string;
  /** True or a directory: write a report there. */
  readonly report?: string | boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export async function simulateJob(options: SimulateOptions): Promise<JobOutcome> {
  const { progress } = options;
  const loaded = loadScenario(options);
  for (const warning of loaded.warnings) progress.note(warning);
  progress.stage('simulate');
  const { result, profile } = await predict({
    loaded,
    workers: options.workers,
    signal: options.signal,
    onProgress: ({ phase, fraction }) => progress.update(fraction, phase),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
  });
  progress.done();
  const { scenario } = loaded;
  const levels = evaluateLevels(scenario, result);
  const lines = [identityLine(result), ...resultLines(result), ...levelLines(levels)];
  if (options.report !== undefined && options.report !== false) {
    const directory = runDirectory(options.report === true ? undefined : options.report, scenario.name);
    const comparison = compareResults({
      predicted: result,
      measured: null,
      predictionHash: resultHash(result),
    });
    const paths = await writeReport({ comparison, scenario, profile, directory });
    lines.push(`report ${paths.html}`);
  }
  const missed = levels.some((level) => level.verdict === 'missed');
  return {
    exitCode: missed ? EXIT.levelMissed : EXIT.good,
    json: simulationJson(result, scenario),
    text: lines.join('\n'),
  };
}
