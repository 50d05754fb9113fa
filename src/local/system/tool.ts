/** Running a command-line tool (Maven, Kafka's own tools) to its end. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { onExit } from './on-exit.ts';
import { hasCode } from './system-files.ts';

export interface ToolRun {
  readonly exitCode: number | null;
  /** Lines of stdout and stderr together, as they came. */
  readonly lines: readonly string[];
}

export interface ToolOptions {
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** Given to the command on its standard input. */
  readonly input?: string;
}

/**
 * Runs `command` without a shell and waits for its end; it is killed when `signal` aborts and when this process ends.
 * Returns null when there is no such command.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolRun | null> {
  options.signal?.throwIfAborted();
  const child = spawn(command, args, {
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: options.env ?? process.env,
  });
  // A command that ends before it has read everything says why on its own.
  child.stdin?.once('error', () => undefined);
  child.stdin?.end(options.input);
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  const forget = onExit(kill);
  options.signal?.addEventListener('abort', kill);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      options.onLine?.(line);
    });
  }
  try {
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    options.signal?.throwIfAborted();
    return { exitCode, lines };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  } finally {
    forget();
    options.signal?.removeEventListener('abort', kill);
  }
}
