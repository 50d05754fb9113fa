/** One operation at a time on a cluster, also of different processes. */
import { linkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { EXIT, UserError } from '../../errors/errors.ts';
import { identifySelf, isAlive } from '../system/process-identity.ts';
import { hasCode, readIfThere } from '../system/system-files.ts';
import { clusterDirectory } from './state.ts';

const LOCK = 'operation.json';
const lock = z.object({
  process: z.object({ pid: z.number(), startedAt: z.string() }),
  what: z.string(),
});

/**
 * Runs `use` while nobody else operates on the cluster.
 *
 * @param what is being done, told to whoever has to wait
 * @throws UserError (exit 3) when somebody does
 */
export async function exclusively<Result>(
  name: string,
  what: string,
  use: () => Promise<Result>,
): Promise<Result> {
  const file = join(clusterDirectory(name), LOCK);
  take(file, what, name);
  try {
    return await use();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string, what: string, name: string): void {
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify({ process: identifySelf(), what }));
  try {
    linkSync(own, file);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    const holder = lock.safeParse(JSON.parse(readIfThere(file) ?? 'null'));
    if (holder.success && isAlive(holder.data.process)) {
      throw new UserError(
        `cluster ${name}: expected nobody at work on it, found "${holder.data.what}" under way (pid ${holder.data.process.pid}): wait for its end`,
        EXIT.clusterUnreachable,
      );
    }
    // Its holder died with it.
    rmSync(file, { force: true });
    linkSync(own, file);
  } finally {
    rmSync(own, { force: true });
  }
}
