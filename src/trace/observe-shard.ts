/** What the parallel runner imports beside each shard when a run is traced. */
import type { Simulation } from '../kernel/simulation.ts';
import { BlockWriter } from './block-writer.ts';
import { BLOCK, type PartNames, type TraceWindow } from './format.ts';
import { ShardRecorder } from './shard-recorder.ts';

/** Plain data for `observeShard`. */
export interface ObserveInput extends TraceWindow {
  /** The trace, begun by `startTrace`. */
  readonly file: string;
  /** The part of the phase's first shard. */
  readonly partBase: number;
  /** End of the phase. */
  readonly runUntilNs: number;
}

/**
 * Writes every event that the shard handles from here on to the trace.
 * @returns `finish`, to be called when the run has ended; a part without it counts as cut off, as does one that ended early
 * @throws Error when the trace cannot be written
 */
export function observeShard(
  simulation: Simulation,
  shard: number,
  _name: string,
  input: unknown,
): { finish(): void } {
  const { file, partBase, runUntilNs, ...window } = input as ObserveInput;
  const part = partBase + shard;
  const writer = new BlockWriter(file);
  const names: PartNames = {
    entityBase: simulation.entityBase,
    entities: simulation.entityNames,
    kinds: simulation.kindNames,
  };
  writer.writeJson(BLOCK.names, part, names);
  const recorder = new ShardRecorder(writer, part, window);
  simulation.traceTo(recorder);
  return {
    finish: () => {
      if (!writer.isBroken) recorder.finish(simulation.nowNs >= runUntilNs);
      writer.close();
    },
  };
}
