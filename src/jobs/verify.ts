/** `brokertwin verify`: the same scenario on several numbers of workers, several times, must give the same bytes. */
import { predict } from '../arms/predict.ts';
import { EXIT } from '../errors/errors.ts';
import { resultHash } from '../result/hash.ts';
import type { JobOutcome } from './outcome.ts';
import type { Progress } from './progress.ts';
import { loadScenario, type ScenarioInput } from './scenario-input.ts';

export interface VerifyOptions extends ScenarioInput {
  readonly workers: readonly number[];
  /** Runs on each number of workers. */
  readonly runs: number;
  readonly progress: Progress;
}

export async function verifyJob(options: VerifyOptions): Promise<JobOutcome> {
  const { progress } = options;
  const loaded = loadScenario(options);
  const total = options.workers.length * options.runs;
  const runs: { workers: number; traceHash: string; resultHash: string }[] = [];
  progress.stage('verify');
  for (const workers of options.workers) {
    for (let run = 0; run < options.runs; run += 1) {
      progress.update(runs.length / total, `run ${runs.length + 1} of ${total}, ${workers} workers`);
      const { result } = await predict({ loaded, workers });
      runs.push({ workers, traceHash: result.simulation?.traceHash ?? '', resultHash: resultHash(result) });
    }
  }
  progress.done();
  const [first] = runs;
  const same = runs.every((run) => run.traceHash === first.traceHash && run.resultHash === first.resultHash);
  const lines = runs.map(
    (run) => `${run.workers} workers  trace ${run.traceHash}  result ${run.resultHash.slice(0, 16)}`,
  );
  lines.push(same ? `all ${total} runs agree` : 'the runs differ: this is a fault of brokertwin');
  return { exitCode: same ? EXIT.good : EXIT.ourFault, json: { same, runs }, text: lines.join('\n') };
}
