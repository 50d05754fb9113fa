/**
 * Trying something for real where it cannot leave anything behind: in namespaces that end with the processes in them,
 * however these end.
 */
import { runTool } from '../system/tool.ts';

const TIMEOUT_MS = 10_000;

/** A kill of the first process ends all of them. */
const UNSHARE = ['--mount', '--net', '--pid', '--fork', '--kill-child', 'sh', '-exc'];

/**
 * Runs lines of shell as root, with an empty /run and a network of its own. Returns why that failed, null when it did not.
 */
export async function attempt(
  commands: readonly string[],
  timeoutMs: number = TIMEOUT_MS,
): Promise<string | null> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const script = ['mount -t tmpfs none /run', ...commands].join('\n');
    const run = await runTool('unshare', [...UNSHARE, script], {
      signal: timeout,
      env: { ...process.env, LC_ALL: 'C' },
    });
    if (run === null) return 'no unshare on the PATH (Debian: apt install util-linux)';
    return run.exitCode === 0 ? null : failureOf(run.lines);
  } catch (error) {
    if (!timeout.aborted) throw error;
    return `no end after ${timeoutMs / 1000} s`;
  }
}

/** The last command that the shell showed (`sh -x`), and the last thing that was said. */
export function failureOf(lines: readonly string[]): string {
  const command = lines.findLast((line) => line.startsWith('+ '))?.slice(2);
  const last =
    lines
      .at(-1)
      ?.replace(/^Error: /, '')
      .replace(/\.$/, '') ?? 'no answer';
  if (command === undefined) return last;
  return last === `+ ${command}` ? `"${command}" fails` : `"${command}" fails: ${last}`;
}
