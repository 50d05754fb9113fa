/** How much faster two workers are than one, with the same hash. */
import { runProgram } from '../program.ts';
import { measureSpeedUp } from './speed-up.ts';

await runProgram(['entitiesPerShard', 'eventsPerWindow', 'events', 'secondsMax'], async (input) => {
  const { speedUp, eventsPerWindow, hash } = await measureSpeedUp(input);
  if (eventsPerWindow < input.eventsPerWindow * 0.9) {
    throw new Error(`${eventsPerWindow} events a window: expected ${input.eventsPerWindow}`);
  }
  return { values: { speedUp }, checksum: hash, common: null };
});
