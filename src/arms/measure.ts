/** The measuring arm: a scenario and a running cluster in, a measured RunResult out. */
import { loadAssumptions, loadRefusals } from '../load/refusals.ts';
import type { RunResult } from '../result/run-result.ts';
import type { LoadedScenario } from '../scenario/read-scenario.ts';
import {
  caveats,
  type DrivenCluster,
  type DriveProgress,
  type MeasuredPhase,
  measurePhase,
} from './measure-phase.ts';
import { refuse } from './refusals.ts';
import { runFacts } from './run-facts.ts';
import { warmUp } from './warm-up.ts';

export interface MeasureOptions {
  readonly loaded: LoadedScenario;
  readonly cluster: DrivenCluster;
  /** True for a cluster that has just been started: it is driven at full load for a while, and that is thrown away. */
  readonly warmUp: boolean;
  /** `fraction` is of all phases. */
  readonly onProgress?: (progress: DriveProgress) => void;
  readonly signal?: AbortSignal;
}

/** @throws UserError for what the load generator cannot do yet, by name and place */
export function refuseToMeasure(loaded: LoadedScenario): void {
  refuse(loaded, loadRefusals(loaded.scenario));
}

/**
 * Plays every phase of the scenario, each from fresh topics, which are removed afterwards. An interrupted run keeps
 * the phases that it has.
 */
export async function measure(options: MeasureOptions): Promise<RunResult> {
  const { loaded, cluster } = options;
  const { scenario } = loaded;
  refuseToMeasure(loaded);
  const startedAt = new Date();
  const phases: MeasuredPhase[] = [];
  const restless: string[] = [];
  let warmUpSeconds = options.warmUp ? await warmUp({ ...options, scenario }) : 0;
  for (const phase of scenario.run.phases) {
    if (options.signal?.aborted === true) break;
    const before = phases.length;
    const onProgress: MeasureOptions['onProgress'] = (of) =>
      options.onProgress?.({ ...of, fraction: (before + of.fraction) / scenario.run.phases.length });
    // What was done to the cluster in one phase is not to be felt in the next.
    if (before > 0 && scenario.operations.length > 0 && cluster.operations !== null) {
      await cluster.operations.renew();
      if (options.warmUp) warmUpSeconds += await warmUp({ ...options, scenario });
    }
    for (const line of (await cluster.quiet?.(options.signal)) ?? []) {
      restless.push(`Phase ${phase.name} began before the cluster was quiet: ${line}.`);
    }
    phases.push(await measurePhase({ ...options, rehearsal: false, onProgress, scenario, phase }));
  }
  return {
    format: 'brokertwin.result/1',
    arm: 'measured',
    scenario: {
      name: scenario.name,
      question: scenario.question,
      hash: loaded.hash,
      seed: scenario.run.seed,
      kafka: cluster.version ?? scenario.clusters[0].kafka,
    },
    profile: null,
    simulation: null,
    phases: phases.map((phase) => phase.result),
    assumptions: [
      ...(warmUpSeconds > 0
        ? [`The brokers were fresh: ${warmUpSeconds} s at full load came before the first phase, unmeasured.`]
        : []),
      ...loadAssumptions(scenario),
      ...restless,
      ...phases.flatMap(({ result, observation }) => caveats(result.name, observation)),
    ],
    run: runFacts(startedAt, cluster.version === null ? {} : { kafka: cluster.version }),
  };
}
