/** Running `ip` and `tc` with many commands at once. */
import { spawnSync } from 'node:child_process';
import { EXIT, UserError } from '../../errors/errors.ts';
import { runTool } from '../system/tool.ts';

export interface Batch {
  readonly tool: 'ip' | 'tc';
  /** Null: where we are. */
  readonly namespace: string | null;
  readonly commands: readonly string[];
}

/**
 * Runs a batch; the first command that fails ends it.
 *
 * @throws UserError (exit 3) with the tool's own words and the command.
 */
export async function runBatch(batch: Batch, signal?: AbortSignal): Promise<void> {
  if (batch.commands.length === 0) return;
  const run = await runTool(batch.tool, [...inside(batch.namespace), '-batch', '-'], {
    input: text(batch),
    signal,
  });
  if (run?.exitCode === 0) return;
  throw new UserError(
    `${batch.tool}${batch.namespace === null ? '' : ` in namespace ${batch.namespace}`}: ${explain(run?.lines, batch.commands)}; brokertwin doctor says what this machine can do`,
    EXIT.clusterUnreachable,
  );
}

/** Runs a batch at once, goes on after commands that fail, and tells nothing: for removing what may be gone already. */
export function runBatchNow(batch: Batch): void {
  if (batch.commands.length === 0) return;
  spawnSync(batch.tool, [...inside(batch.namespace), '-force', '-batch', '-'], {
    input: text(batch),
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: 30_000,
  });
}

function inside(namespace: string | null): string[] {
  return namespace === null ? [] : ['-n', namespace];
}

function text(batch: Batch): string {
  return batch.commands.map((command) => `${command}\n`).join('');
}

/** `Command failed -:3` names the line; what came before it is the reason. */
function explain(lines: readonly string[] | undefined, commands: readonly string[]): string {
  if (lines === undefined) return 'is not there: install it (Debian: apt install iproute2)';
  const failed = lines.map((line) => /^Command failed -:(\d+)/.exec(line)?.[1]).find(Boolean);
  const reasons = lines.filter((line) => line.trim() !== '' && !line.startsWith('Command failed'));
  const command = failed === undefined ? '' : ` (${commands[Number(failed) - 1]})`;
  return `${reasons.join(' ').replace(/^Error: /, '') || 'failed'}${command}`;
}
