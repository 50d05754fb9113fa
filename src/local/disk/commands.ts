/** Running the commands that make and mount file systems. */
import { spawnSync } from 'node:child_process';
import { EXIT, UserError } from '../../errors/errors.ts';
import { lookElsewhere } from '../capabilities/programs.ts';
import { hasCode } from '../system/system-files.ts';
import { runTool } from '../system/tool.ts';

const DEBIAN_PACKAGES = {
  'mkfs.ext4': 'e2fsprogs',
  e2fsck: 'e2fsprogs',
  mount: 'mount',
  umount: 'mount',
  losetup: 'mount',
  fallocate: 'util-linux',
} as const;

type Command = keyof typeof DEBIAN_PACKAGES;

export interface CommandRun {
  readonly exitCode: number | null;
  /** What it said, in one line. */
  readonly said: string;
}

/**
 * Runs a command to its end, whatever it comes to: one that may have to wait for a disk.
 *
 * @throws UserError (exit 3) when there is no such command.
 */
export async function attempt(command: Command, args: readonly string[]): Promise<CommandRun> {
  const run = await runTool(command, args, { env: plainEnglish() });
  if (run === null) throw notThere(command);
  return outcome(run.exitCode, run.lines.join('\n'));
}

/** The same while this process waits: for what ends within milliseconds, or must not be cut in two by a signal. */
export function attemptNow(command: Command, args: readonly string[]): CommandRun {
  const run = spawnSync(command, args, { encoding: 'utf8', env: plainEnglish() });
  if (run.error === undefined) {
    return outcome(run.status, run.status === 0 ? run.stdout : `${run.stdout}${run.stderr}`);
  }
  if (hasCode(run.error, 'ENOENT')) throw notThere(command);
  throw run.error;
}

/**
 * Runs a command that must succeed while this process waits, and returns what it said.
 *
 * @throws UserError (exit 3) with `what` failed and the command's own words.
 */
export function runNow(what: string, command: Command, args: readonly string[]): string {
  const { exitCode, said } = attemptNow(command, args);
  if (exitCode === 0) return said;
  throw new UserError(
    `${what}: ${command} failed: ${said || `exit status ${exitCode}`}; brokertwin doctor says what this machine can do`,
    EXIT.clusterUnreachable,
  );
}

function outcome(exitCode: number | null, output: string): CommandRun {
  return { exitCode, said: output.trim().replaceAll(/\s*\n\s*/g, '; ') };
}

function plainEnglish(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C' };
}

function notThere(command: Command): UserError {
  const { found, remedy } = lookElsewhere(command, DEBIAN_PACKAGES[command]);
  return new UserError(
    `log dirs on file systems of their own need ${command}: found ${found}: ${remedy}`,
    EXIT.clusterUnreachable,
  );
}
