import { spawn, spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { packageRoot } from '../../src/package.ts';

/** What a program left: its exit code (null after a signal) and all that it wrote. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;
const OURS_MAJOR_MIN = 24;

/** The command as it is in the clone. */
export const commandFile: string = join(packageRoot, 'bin', 'brokertwin.mjs');

/** Runs a program to its end. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? TIMEOUT_MS,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs `brokertwin` from the sources under the Node that runs the tests. */
export function brokertwin(...args: readonly string[]): Promise<Finished> {
  return runProgram(process.execPath, [commandFile, ...args]);
}

/** The machine's own Node, if it is too old to run brokertwin itself. */
export function olderNode(): string | null {
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'));
  return folders.map((folder) => join(folder, 'node')).find(isOlderNode) ?? null;
}

function isOlderNode(path: string): boolean {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return status === 0 && Number(/^v(\d+)/.exec(stdout)?.[1] ?? OURS_MAJOR_MIN) < OURS_MAJOR_MIN;
}
