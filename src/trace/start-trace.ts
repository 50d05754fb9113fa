/** Begins the trace of a run; it gets its name when it is whole. */
import { renameSync, rmSync } from 'node:fs';
import { atPlace } from '../errors/at-place.ts';
import { UserError } from '../errors/errors.ts';
import { BlockWriter, UNWRITTEN } from './block-writer.ts';
import { BLOCK, type TraceRun } from './format.ts';
import type { ObserveInput } from './observe-shard.ts';

export interface StartedTrace {
  /** What `observeShard` is given for the shards of a phase that ends at `runUntilNs`. */
  observe(phase: number, runUntilNs: number): ObserveInput;
  /** Gives the trace its name, over a file that has it already. @throws UserError when that cannot be done */
  finish(): void;
  /** What ended the run, as a UserError when it was that the trace could not be written. */
  explained(error: unknown): unknown;
}

/** Where a trace is while it is written, and stays when its run does not come to its end. */
export function unfinishedTrace(file: string): string {
  return `${file}.unfinished`;
}

/** Makes `file`'s trace with its first block. @throws UserError when it cannot be written */
export function startTrace(file: string, run: TraceRun): StartedTrace {
  const unfinished = unfinishedTrace(file);
  atPlace(file, () => {
    rmSync(unfinished, { force: true });
    const writer = new BlockWriter(unfinished);
    writer.writeJson(BLOCK.run, 0, run);
    writer.close();
  });
  return {
    observe: (phase, runUntilNs) => ({
      file: unfinished,
      partBase: phase * run.shards.length,
      runUntilNs,
      fromNs: run.fromNs,
      untilNs: run.untilNs,
    }),
    finish: () => atPlace(file, () => renameSync(unfinished, file)),
    explained: (error) => {
      if (!(error instanceof Error && error.message.includes(UNWRITTEN))) return error;
      return new UserError(`${error.message}; free some space or name another place`, undefined, {
        cause: error,
      });
    },
  };
}
