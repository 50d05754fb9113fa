/**
 * Programs that do not begin before we have written down that they are there: should we be killed in between, they end by
 * themselves, and nothing runs that nobody knows of.
 */
import { type ChildProcess, spawn } from 'node:child_process';

/** Waits for a line on its stdin, which ends without one when we do; what follows it takes its place, under the same process id. */
const GATE = ['-c', 'read -r _ && exec "$@" </dev/null', 'sh'];

export interface HeldProcess {
  /** A shell, and once it was let go the program itself. */
  readonly child: ChildProcess;
  /** Lets the program begin. */
  readonly go: () => void;
}

/**
 * Prepares a program in a session of its own, so that Ctrl-C reaches us alone and we stop it. It does not keep this process
 * from ending, and gets an empty stdin.
 *
 * @param options.output file descriptor for its stdout and stderr
 */
export function spawnHeld(
  command: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly output: number },
): HeldProcess {
  const { cwd, env, output } = options;
  const child = spawn('/bin/sh', [...GATE, ...command], {
    cwd,
    env,
    detached: true,
    stdio: ['pipe', output, output],
  });
  child.unref();
  // One that was killed meanwhile takes no line; its end tells.
  child.stdin?.on('error', () => undefined);
  return { child, go: () => child.stdin?.end('\n') };
}
