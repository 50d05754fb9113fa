/**
 * Events a window, of both shards together, from which on two workers are as fast as one: windows are lengthened step by
 * step, and the answer is interpolated over the logarithm of their events.
 */
import { breakEven } from '../break-even.ts';
import { runProgram } from '../program.ts';
import { measureSpeedUp, type SpeedUp } from './speed-up.ts';

/** Short windows cost more than their events: so many of them take as long as a run of longer ones. */
const WINDOWS_MAX = 500_000;

await runProgram(
  ['entitiesPerShard', 'eventsPerWindowMin', 'eventsPerWindowMax', 'steps', 'events', 'secondsMax'],
  async ({ entitiesPerShard, eventsPerWindowMin, eventsPerWindowMax, steps, events, secondsMax }) => {
    const factor = (eventsPerWindowMax / eventsPerWindowMin) ** (1 / (steps - 1));
    const found: SpeedUp[] = [];
    for (let step = 0; step < steps; step += 1) {
      const eventsPerWindow = eventsPerWindowMin * factor ** step;
      found.push(
        await measureSpeedUp({
          entitiesPerShard,
          eventsPerWindow,
          events: Math.min(events, WINDOWS_MAX * eventsPerWindow),
          secondsMax,
        }),
      );
    }
    const speedUps = found.map((step) => [`x at ${Math.round(step.eventsPerWindow)}`, step.speedUp]);
    return {
      values: { eventsPerWindow: breakEven(found), ...Object.fromEntries(speedUps) },
      checksum: found.map(({ hash }) => hash).join(' '),
      common: null,
    };
  },
);
