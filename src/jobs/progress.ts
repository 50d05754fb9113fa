/** How a job tells that it is getting on; it never writes to a stream itself. */
export interface Progress {
  /** Starts the stage `name`, which ends the one before it. */
  stage(name: string): void;
  /** How far the stage is: `fraction` from 0 to 1, or null when its end is not known, and what is happening. */
  update(fraction: number | null, detail: string): void;
  /** A line that stays: something that the user should know. */
  note(line: string): void;
  /** Ends the last stage. */
  done(): void;
  /** Ends the last stage, which failed. */
  fail(): void;
}
