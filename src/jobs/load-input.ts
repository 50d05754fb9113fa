/** What `brokertwin load` is given to play: a scenario of ours, or what the OpenMessaging Benchmark runs. */
import type { LoadedOmb } from '../scenario/omb/read-omb.ts';
import type { LoadedScenario } from '../scenario/read-scenario.ts';
import {
  accessIn,
  type ClientOptions,
  namedCluster,
  type RunningCluster,
  runningCluster,
} from './client-access.ts';
import { loadScenario, type ScenarioInput, settingsOf } from './scenario-input.ts';

export type LoadInput =
  | ({ readonly kind: 'scenario' } & ScenarioInput)
  | ({ readonly kind: 'omb'; readonly workload: string; readonly driver: string } & Omit<
      ScenarioInput,
      'file'
    >);

export interface ReadInput {
  readonly loaded: LoadedScenario;
  /** The same with what OMB's files say besides; null for a scenario of ours. */
  readonly omb: LoadedOmb | null;
}

/** @throws UserError with a line for every problem found */
export async function readInput(input: LoadInput): Promise<ReadInput> {
  if (input.kind === 'scenario') return { loaded: loadScenario(input), omb: null };
  const { readOmb } = await import('../scenario/omb/read-omb.ts');
  const { workload, driver } = input;
  const omb = readOmb({ workload, driver, set: settingsOf(input) });
  return { loaded: omb, omb };
}

/**
 * The running cluster, if one is named anywhere, and the way into it: by the command line, its properties file, or OMB's driver.
 *
 * @throws UserError for a properties file that cannot be used, or does not say which cluster it is of
 */
export async function clusterOf(
  options: ClientOptions,
  input: LoadInput,
  { omb }: ReadInput,
): Promise<RunningCluster> {
  const { bootstrapServer, commandConfig } = options;
  if (input.kind === 'omb' && omb !== null && commandConfig === undefined) {
    const access = await accessIn(input.driver, omb.clientProperties);
    return namedCluster(bootstrapServer ?? omb.bootstrapServers, access);
  }
  return runningCluster(options);
}
