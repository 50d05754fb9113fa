/** One operation at a time on a cluster, also of different processes. */
import { EXIT, UserError } from '../../errors/errors.ts';
import { whileLocked } from '../system/lock.ts';
import { hasCode } from '../system/system-files.ts';
import { clusterDirectory, stateRoot } from './state.ts';

/** For two that ask at the same moment: then one of them gets it. */
const WAIT_MS = 200;

/**
 * Runs `use` while nobody else operates on the cluster.
 *
 * @param what is being done, told to whoever has to wait
 * @throws UserError (exit 3) when somebody does, or the cluster is not there
 */
export async function exclusively<Result>(
  name: string,
  what: string,
  use: () => Promise<Result>,
  root: string = stateRoot(),
): Promise<Result> {
  const directory = clusterDirectory(name, root);
  let begun = false;
  try {
    return await whileLocked(
      { directory, name: 'operation', what, waitMs: WAIT_MS },
      (holder) =>
        new UserError(
          `cluster ${name}: expected nobody at work on it, found "${holder.what}" under way (pid ${holder.pid}): wait for its end`,
          EXIT.clusterUnreachable,
        ),
      () => {
        begun = true;
        return use();
      },
    );
  } catch (error) {
    if (begun || !hasCode(error, 'ENOENT')) throw error;
    throw new UserError(
      `cluster ${name}: expected it at ${directory}, found it gone: see brokertwin cluster status`,
      EXIT.clusterUnreachable,
      { cause: error },
    );
  }
}
