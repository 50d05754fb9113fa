/** Child processes of the benchmark. */
import { spawn } from 'node:child_process';

export interface Child {
  readonly command: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
}

const LAST_LINES = 5;

/**
 * Runs a program to its end.
 * @returns what it wrote to stdout
 * @throws Error with the last lines of its stderr when it cannot start, fails or takes too long
 */
export function runChild({ command, args, timeoutMs }: Child): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    // Not spawn's own timeout: that of a program that was not found goes on ticking.
    const timer = setTimeout(() => child.kill(), timeoutMs);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(error.code === 'ENOENT' ? new Error('not found on this machine') : error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(stdout);
      else if (signal !== null) reject(new Error(`ended by ${signal} (it may take ${timeoutMs / 1000} s)`));
      else
        reject(new Error(`exit code ${code}: ${stderr.trim().split('\n').slice(-LAST_LINES).join(' | ')}`));
    });
  });
}
