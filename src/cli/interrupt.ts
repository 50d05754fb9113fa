import { EXIT } from '../errors/errors.ts';
import { ENDING_SIGNALS } from '../local/system/ending-signals.ts';

/** One Ctrl-C reaches us several times: from the terminal, from npm and from the script that handed over. */
const SAME_PRESS_MS = 1_000;
const PARENT_CHECK_EVERY_MS = 500;

/**
 * Turns Ctrl-C, and whatever else would end us, into an aborted signal, so that a job can stop its children and keep what it has; a second Ctrl-C ends at
 * once. `stop` gives the signals back to Node.
 */
export function listenForInterrupts(): { readonly signal: AbortSignal; readonly stop: () => void } {
  const controller = new AbortController();
  let firstMs: number | null = null;
  const onSignal = (): void => {
    const nowMs = performance.now();
    if (firstMs === null) {
      firstMs = nowMs;
      process.stderr.write('\nbrokertwin: stopping; press Ctrl-C again to end at once\n');
      controller.abort(new DOMException('interrupted', 'AbortError'));
    } else if (nowMs - firstMs > SAME_PRESS_MS) {
      process.exit(EXIT.interrupted);
    }
  };
  for (const name of ENDING_SIGNALS) process.on(name, onSignal);
  const stopWatching = onOrphaned(onSignal);
  return {
    signal: controller.signal,
    stop: () => {
      stopWatching();
      for (const name of ENDING_SIGNALS) process.off(name, onSignal);
    },
  };
}

/** npm passes a signal only to the shell between us, which dies of it without a word: that shows as another parent. */
function onOrphaned(react: () => void): () => void {
  if (process.env.npm_lifecycle_event === undefined) return () => undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    react();
  }, PARENT_CHECK_EVERY_MS).unref();
  return () => clearInterval(timer);
}
