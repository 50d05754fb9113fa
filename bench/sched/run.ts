import { spawnSync } from 'node:child_process';

/**
 * Runs a program to its end; returns what it printed.
 *
 * @throws Error when it cannot be started or fails
 */
export function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr.trim()}`);
  return stdout;
}
