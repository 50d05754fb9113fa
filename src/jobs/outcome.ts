import type { ExitCode } from '../errors/errors.ts';

/** What a job hands to whoever started it. */
export interface JobOutcome {
  readonly exitCode: ExitCode;
  /** The result for machines, printed by `--json` as one object. */
  readonly json: unknown;
  /** The summary for people, printed on stdout. */
  readonly text: string;
}
