/** What a job hands to whoever started it. */
export interface JobOutcome {
  /** One of EXIT, or that of a program that was run for the user. */
  readonly exitCode: number;
  /** The result for machines, printed by `--json` as one object. */
  readonly json: unknown;
  /** The summary for people, printed on stdout; empty when all was printed already. */
  readonly text: string;
}
