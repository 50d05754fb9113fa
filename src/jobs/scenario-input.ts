/** Reads the scenario that a command names, with its --set and --seed. */
import { type LoadedScenario, readScenario } from '../scenario/read-scenario.ts';

export interface ScenarioInput {
  readonly file: string;
  readonly set: readonly string[];
  readonly seed?: number;
}

export function loadScenario(input: ScenarioInput): LoadedScenario {
  return readScenario(input.file, { set: settingsOf(input) });
}

/** The seed is a setting like others. */
export function settingsOf({ set, seed }: Omit<ScenarioInput, 'file'>): readonly string[] {
  return seed === undefined ? set : [...set, `run.seed=${seed}`];
}
