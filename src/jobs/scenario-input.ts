/** Reads the scenario that a command names, with its --set and --seed. */
import { type LoadedScenario, readScenario } from '../scenario/read-scenario.ts';

export interface ScenarioInput {
  readonly file: string;
  readonly set: readonly string[];
  readonly seed?: number;
}

export function loadScenario({ file, set, seed }: ScenarioInput): LoadedScenario {
  return readScenario(file, { set: seed === undefined ? set : [...set, `run.seed=${seed}`] });
}
