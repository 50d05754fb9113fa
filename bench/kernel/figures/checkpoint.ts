/**
 * Seconds of a checkpoint and of a restore of the hold model. The run goes on after each checkpoint, and again after each
 * restore of it, to the same hash.
 */
import { median, type Outcome, runProgram, timed } from '../program.ts';
import { HoldModel } from './hold-model.ts';

const REPEATS = 5;

await runProgram(
  ['pending', 'entities', 'eventsBetween'],
  ({ pending, entities, eventsBetween }): Outcome => {
    const hold = new HoldModel({ pending, entities });
    hold.run(eventsBetween);
    const takings: number[] = [];
    const restores: number[] = [];
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      const taking = timed(() => hold.sim.columns.checkpoint());
      takings.push(taking.seconds);
      hold.run(eventsBetween);
      const hash = hold.hash();
      restores.push(timed(() => hold.sim.columns.restore(taking.result)).seconds);
      hold.run(eventsBetween);
      if (hold.hash() !== hash) throw new Error('the run differs after the restore');
    }
    return {
      values: { checkpointSeconds: median(takings), restoreSeconds: median(restores) },
      checksum: hold.hash(),
      common: null,
    };
  },
);
