/** The measuring arm: a scenario and a running cluster in, a measured RunResult out. */
import { hasJavaClients, javaAssumptions, javaRefusals } from '../java-clients/refusals.ts';
import { type Caps, capRefusals, NO_CAPS, type RunCaps } from '../load/caps.ts';
import type { LoadResult } from '../load/load-result.ts';
import { loadAssumptions, loadRefusals } from '../load/refusals.ts';
import type { RunResult } from '../result/run-result.ts';
import type { LoadedScenario } from '../scenario/read-scenario.ts';
import {
  caveats,
  type DrivenCluster,
  type DriveProgress,
  isOperated,
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
  /** Whether what was acknowledged is held against what is read. */
  readonly verify?: boolean;
  /** Topics of the scenario that are the cluster's own, by their real names: used as they are. */
  readonly existingTopics?: readonly string[];
  readonly caps?: RunCaps;
  /** Told what could not be cleaned up, a line each. */
  readonly onLeft?: (line: string) => void;
  /** Told of each phase's load, whose recordings are more than its result holds. */
  readonly onLoad?: (phase: string, load: LoadResult) => void;
  /** `fraction` is of all phases. */
  readonly onProgress?: (progress: DriveProgress) => void;
  readonly signal?: AbortSignal;
}

/** @throws UserError for what the load generator cannot do yet or the caps do not allow, by name and place */
export function refuseToMeasure(loaded: LoadedScenario, caps: Caps = NO_CAPS): void {
  const { scenario } = loaded;
  refuse(loaded, [
    ...(hasJavaClients(scenario) ? javaRefusals(scenario) : loadRefusals(scenario)),
    ...capRefusals(scenario, caps),
  ]);
}

/**
 * Plays every phase of the scenario, each from fresh topics, which are removed afterwards. An interrupted run keeps
 * the phases that it has.
 */
export async function measure(options: MeasureOptions): Promise<RunResult> {
  const { loaded, cluster, existingTopics = [] } = options;
  const { scenario } = loaded;
  refuseToMeasure(loaded, options.caps?.caps);
  const startedAt = new Date();
  const found: Found = { phases: [], restless: [], troubles: [], warmUpSeconds: 0 };
  try {
    await playPhases(options, found);
  } catch (error) {
    // An interruption cuts off what is under way, whatever that makes of it.
    if (options.signal?.aborted !== true) throw error;
    const what = error instanceof Error ? error.message : String(error);
    if (error !== options.signal.reason) found.troubles.push(`The interruption cut off: ${what}.`);
  }
  const { phases, restless, troubles, warmUpSeconds } = found;
  const unplayed = scenario.run.phases.slice(phases.length);
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
        ? [`Fresh brokers were driven at full load for ${warmUpSeconds} s in all, unmeasured.`]
        : []),
      ...(hasJavaClients(scenario) ? javaAssumptions(scenario) : loadAssumptions(scenario)),
      ...phases.flatMap(({ result, load }) =>
        (load.assumptions ?? []).map((line) => `Phase ${result.name}: ${line}.`),
      ),
      ...restless,
      ...(existingTopics.length > 0
        ? [
            `Topics ${existingTopics.join(', ')} were there before and kept their settings, replicas and records; what others wrote to them meanwhile was read too.`,
          ]
        : []),
      ...(unplayed.length > 0
        ? [`The run ended early: not played were ${unplayed.map(({ name }) => name).join(', ')}.`]
        : []),
      ...troubles,
      ...phases.flatMap(({ result, observation }) => caveats(result.name, observation)),
    ],
    run: runFacts(startedAt, cluster.version === null ? {} : { kafka: cluster.version }),
  };
}

/** What a run has so far. */
interface Found {
  readonly phases: MeasuredPhase[];
  readonly restless: string[];
  readonly troubles: string[];
  warmUpSeconds: number;
}

async function playPhases(options: MeasureOptions, found: Found): Promise<void> {
  const { cluster, signal } = options;
  const { scenario } = options.loaded;
  const onLeft = (line: string): void => {
    found.troubles.push(`${line}.`);
    options.onLeft?.(line);
  };
  const given = {
    ...options,
    onLeft,
  };
  const { phases } = scenario.run;
  const warm = async (): Promise<void> => {
    if (options.warmUp) found.warmUpSeconds += await warmUp({ ...given, scenario });
  };
  await warm();
  for (const [before, phase] of phases.entries()) {
    if (signal?.aborted === true) return;
    const onProgress: MeasureOptions['onProgress'] = (of) =>
      options.onProgress?.({ ...of, fraction: (before + of.fraction) / phases.length });
    // What was done to the cluster in one phase is not to be felt in the next.
    if (before > 0 && isOperated(scenario, cluster)) {
      await cluster.operations?.renew();
      await warm();
    }
    for (const line of (await cluster.quiet?.(signal)) ?? []) {
      found.restless.push(`Phase ${phase.name} began before the cluster was quiet: ${line}.`);
    }
    const measured = await measurePhase({ ...given, rehearsal: false, onProgress, scenario, phase });
    found.phases.push(measured);
    options.onLoad?.(phase.name, measured.load);
    if (measured.result.endedEarly !== undefined) return;
  }
}
