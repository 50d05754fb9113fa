/** The cases that the model is held against, stage by stage: one scenario each, played by both arms. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { UserError } from '../../src/errors/errors.ts';
import { packageRoot } from '../../src/package.ts';
import { type LoadedScenario, readScenario } from '../../src/scenario/read-scenario.ts';

export interface Case {
  readonly name: string;
  /** What differs from the scenario that it is made from, as given to `--set`. */
  readonly set: readonly string[];
  readonly from: string;
  readonly loaded: LoadedScenario;
}

export const DIRECTORY = join(packageRoot, 'bench', 'stages');

const list = z.array(z.strictObject({ name: z.string(), from: z.string(), set: z.array(z.string()) }));

/**
 * All cases, or those of the names.
 *
 * @throws UserError for a name that no case has
 */
export function readCases(names: readonly string[] | null): Case[] {
  const all = list.parse(parse(readFileSync(join(DIRECTORY, 'cases.yaml'), 'utf8')));
  const unknown = (names ?? []).filter((name) => !all.some((of) => of.name === name));
  if (unknown.length > 0) {
    throw new UserError(
      `stages: --only: no case is named "${unknown.join('", "')}"; there are ${all.map(({ name }) => name).join(', ')}`,
    );
  }
  return all
    .filter(({ name }) => names === null || names.includes(name))
    .map((of) => ({ ...of, loaded: readScenario(join(DIRECTORY, `${of.from}.yaml`), { set: of.set }) }));
}
