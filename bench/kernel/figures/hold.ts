/** Events a second of the hold model through the public API. */
import { type Outcome, runProgram, timed } from '../program.ts';
import { HoldModel } from './hold-model.ts';

await runProgram(
  ['pending', 'entities', 'eventsWarmUp', 'events'],
  ({ pending, entities, eventsWarmUp, events }): Outcome => {
    const hold = new HoldModel({ pending, entities });
    hold.run(eventsWarmUp);
    const { seconds } = timed(() => hold.run(events));
    return { values: { eventsPerSecond: events / seconds }, checksum: hold.hash(), common: null };
  },
);
