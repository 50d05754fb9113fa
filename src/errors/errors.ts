/**
 * The errors a user can meet. Three kinds: bad input (exit 2), cluster trouble (exit 3), and our own bugs, which
 * are plain `Error`s (exit 1). Every error is one line that says where, what was expected, what was found and what to do.
 */

export const EXIT = {
  good: 0,
  ourFault: 1,
  badInput: 2,
  clusterUnreachable: 3,
  generatorLate: 4,
  levelMissed: 99,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An error to show to the user as plain lines, without a stack; `lines` holds every problem found, at once. */
export class UserError extends Error {
  readonly exitCode: ExitCode;
  readonly lines: readonly string[];

  constructor(lines: string | readonly string[], exitCode: ExitCode = EXIT.badInput, options?: ErrorOptions) {
    const all = typeof lines === 'string' ? [lines] : lines;
    super(all.join('\n'), options);
    this.name = 'UserError';
    this.lines = all;
    this.exitCode = exitCode;
  }
}
