/** The operations of a scenario, carried out while a phase is measured. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationBody, TimedOperation } from '../operations/operation.ts';
import { operationText } from '../operations/operation-text.ts';
import type { TimelineEvent } from '../result/run-result.ts';

export interface Timeline {
  /** Ends what has not begun, waits for what has, and tells what was done, in the order in which it began. */
  end(): Promise<TimelineEvent[]>;
}

const MS_PER_SECOND = 1000;
/** How long an operation that is under way at the end of the phase may take to come to its own. */
const ENDING_MS = 60_000;

/**
 * Begins a timeline now. Each operation whose time is before the end of the phase begins at its time, also while an earlier one
 * is under way; one that fails is told among the events and ends nothing. An abort of `signal` ends those under way too.
 */
export function playTimeline(
  operations: readonly TimedOperation[],
  perform: (operation: OperationBody, signal: AbortSignal) => Promise<void>,
  { durationMs, signal }: { readonly durationMs: number; readonly signal?: AbortSignal },
): Timeline {
  const startMs = performance.now();
  const waiting = new AbortController();
  const running = new AbortController();
  const unlessInterrupted = (own: AbortController): AbortSignal =>
    signal === undefined ? own.signal : AbortSignal.any([own.signal, signal]);
  const seconds = (): number => (performance.now() - startMs) / MS_PER_SECOND;
  const done = operations.map(async (operation): Promise<TimelineEvent[]> => {
    const notBegun = `${operationText(operation)}: not begun`;
    if (operation.atMs >= durationMs) return [{ atSeconds: durationMs / MS_PER_SECOND, what: notBegun }];
    try {
      await sleep(Math.max(0, operation.atMs - (performance.now() - startMs)), undefined, {
        signal: unlessInterrupted(waiting),
      });
    } catch {
      // The phase was ended before its time.
      return [{ atSeconds: seconds(), what: notBegun }];
    }
    const began = { atSeconds: seconds(), what: operationText(operation) };
    try {
      await perform(operation, unlessInterrupted(running));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return [began, { atSeconds: seconds(), what: `${operationText(operation)}: failed: ${reason}` }];
    }
    return [began, { atSeconds: seconds(), what: `${operationText(operation)}: done` }];
  });
  return {
    end: async () => {
      waiting.abort();
      const timer = setTimeout(() => running.abort(), ENDING_MS);
      try {
        const events = (await Promise.all(done)).flat();
        return events.sort((left, right) => left.atSeconds - right.atSeconds);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
