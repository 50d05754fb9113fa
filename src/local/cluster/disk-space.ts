/** Room on disk for a cluster's data. */
import { statfsSync } from 'node:fs';
import { EXIT, UserError } from '../../errors/errors.ts';

const GIB = 1024 ** 3;
/** For the data of a small cluster. */
export const FREE_BYTES_MIN = GIB;

/**
 * Checks that the file system of an existing directory has at least 1 GiB free besides what is going to be written.
 *
 * @throws UserError (exit 3) with what was found.
 */
export function requireDiskSpace(directory: string, dataBytes: number): void {
  const freeBytesMin = FREE_BYTES_MIN + dataBytes;
  const { bavail, bsize } = statfsSync(directory);
  const freeBytes = bavail * bsize;
  if (freeBytes >= freeBytesMin) return;
  throw new UserError(
    `disk of ${directory}: expected at least ${(freeBytesMin / GIB).toFixed(1)} GiB free for the cluster's data, found ${(freeBytes / GIB).toFixed(2)} GiB: free some, or choose another directory (BROKERTWIN_STATE)`,
    EXIT.clusterUnreachable,
  );
}
