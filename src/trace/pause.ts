/** Lets the host hear Ctrl-C and show progress while many events are walked through. */
import { setImmediate } from 'node:timers/promises';

/** Some milliseconds of work. */
export const EVENTS_BETWEEN_PAUSES = 65_536;

/** @throws the signal's reason when aborted */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}
