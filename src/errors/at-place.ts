import { UserError } from './errors.ts';

/** Does something with the place `file`. @throws UserError that says what was wrong with the place */
export function atPlace<T>(file: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(
      `${file}: expected a place that can be written, found: ${why}; free some space or name another place`,
      undefined,
      { cause },
    );
  }
}
