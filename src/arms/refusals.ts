/** What an arm cannot honour yet is refused by name, with its place in the file, before anything starts. */
import { UserError } from '../errors/errors.ts';
import type { LoadedScenario } from '../scenario/read-scenario.ts';

export interface Refusal {
  readonly path: readonly (string | number)[];
  /** What the arm cannot do, and what to do instead. */
  readonly message: string;
}

/** @throws UserError with one positioned line for each refusal */
export function refuse(loaded: LoadedScenario, refusals: readonly Refusal[]): void {
  if (refusals.length === 0) return;
  // Classes that come from one place of a file are refused once.
  const lines = new Set(refusals.map(({ path, message }) => `${loaded.positionOf([...path])} ${message}`));
  throw new UserError([...lines]);
}
