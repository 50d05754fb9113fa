/**
 * Cleaning up when this process ends early: on a normal exit, an uncaught exception, and every signal of `ENDING_SIGNALS`.
 * What SIGKILL, a crash of Node or a power loss leave behind is found by `findStaleClusters`.
 */
import { constants } from 'node:os';
import { ENDING_SIGNALS } from './ending-signals.ts';

const cleanups = new Set<() => void>();
let installed = false;

/**
 * Runs `cleanup` once when the process ends; it must be synchronous and fast. Returns a function that takes it back.
 * A signal for which somebody else listens too is left to them: the clean-up then runs when they end the process.
 */
export function onExit(cleanup: () => void): () => void {
  if (!installed) install();
  cleanups.add(cleanup);
  return () => {
    cleanups.delete(cleanup);
  };
}

function install(): void {
  installed = true;
  process.on('exit', runCleanups);
  for (const signal of ENDING_SIGNALS) {
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
    });
  }
}

function runCleanups(): void {
  // What came last depends on what was there before it.
  for (const cleanup of [...cleanups].reverse()) {
    cleanups.delete(cleanup);
    try {
      cleanup();
    } catch (error) {
      process.stderr.write(
        `brokertwin: clean-up failed: ${error instanceof Error ? error.message : error}\n`,
      );
    }
  }
}
