import path from 'node:path';
import { UserError } from '../errors/errors.ts';
import { checkScenario } from './check-scenario.ts';
import { scenarioJsonSchema } from './json-schema.ts';
import { DYNAMIC_BROKER_PROPERTIES } from './kafka-defaults.ts';
import { Problems } from './problems.ts';
import { resolveScenario } from './resolve.ts';
import type { Scenario } from './scenario.ts';
import { scenarioHash } from './scenario-hash.ts';
import { API_VERSION, scenarioSchema } from './schema.ts';
import { applySettings } from './set-option.ts';
import { validate } from './validate.ts';
import { type Path, readText, yamlSource } from './yaml-source.ts';

export interface LoadedScenario {
  readonly scenario: Scenario;
  /** SHA-256 of the resolved scenario without its seed, 64 hexadecimal digits. */
  readonly hash: string;
  /** `file:line:column` of a place in the file, or the `--set` that it comes from; of its nearest parent if it is left out. */
  positionOf(path: Path): string;
  /** One line each, with its position: what is allowed but hardly meant. */
  readonly warnings: readonly string[];
}

/**
 * How a scenario's data is read. `topics` and the version stand in for broken ones, so that the rest of the file is still
 * checked.
 */
export const SCENARIO = {
  schema: scenarioSchema,
  json: scenarioJsonSchema,
  standIns: { apiVersion: API_VERSION, topics: {} },
  elsewhere: Object.fromEntries(
    Object.keys(DYNAMIC_BROKER_PROPERTIES).map((name) => [
      name,
      'brokers take it only while they run: an operation sets it, under set',
    ]),
  ),
};

const SCENARIO_EXPECTED = {
  something: `a scenario, found an empty file: begin with apiVersion: ${API_VERSION}`,
  map: 'a map with apiVersion, topics and more',
};

/**
 * Reads a scenario file, with `set` as given to `--set` (`topics.orders.partitions=12`) applied in order. Throws one
 * UserError with a line for every problem found.
 */
export function readScenario(
  file: string,
  { set = [] }: { readonly set?: readonly string[] } = {},
): LoadedScenario {
  const source = yamlSource(readText(file), file, SCENARIO_EXPECTED);
  const { data, settings, refused } = applySettings(source.data, set);
  const problems = new Problems(source, settings);
  for (const [text, problem] of refused) problems.setting(text, problem);
  const read = validate(data, SCENARIO, problems);
  const scenario = resolveScenario(read, {
    name: path.basename(file).replace(/\.ya?ml$/, ''),
    directory: path.dirname(file),
    problems,
    data,
  });
  checkScenario(scenario, read, data, problems);
  if (problems.lines.length > 0) throw new UserError(problems.lines);
  return {
    scenario,
    hash: scenarioHash(scenario),
    positionOf: (at) => problems.positionOf(at),
    warnings: problems.warnings,
  };
}
