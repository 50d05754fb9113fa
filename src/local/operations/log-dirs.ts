/** Log dirs that fill up, turn read-only, or get slow; and their mending. */
import { describeLogDirsV4 } from '@platformatic/kafka';
import { UserError } from '../../errors/errors.ts';
import type { Limit } from '../../operations/operation.ts';
import { KAFKA_ERROR } from '../admin/kafka-error.ts';
import { withSession } from '../admin/session.ts';
import type { ClusterHandle } from '../cluster/cluster-handle.ts';
import type { NodeRecord } from '../cluster/record.ts';
import { slowDiskControlFile } from '../cluster/start-node.ts';
import { fill, free, isReadOnly, makeReadOnly, repair } from '../disk/faults.ts';
import type { LogDirFileSystem } from '../disk/file-system.ts';
import { setSlowness } from '../disk/slow-disk.ts';
import { isRunning, startNodesAgain, stopNodes } from './processes.ts';

/** @param logDir numbered from 1 */
export async function fillLogDir(
  handle: ClusterHandle,
  ids: readonly number[],
  { logDir, leaveBytes }: { readonly logDir: number; readonly leaveBytes: number },
): Promise<void> {
  for (const id of ids) await fill(fileSystemOf(handle, id, logDir), leaveBytes);
}

export async function makeLogDirReadOnly(
  handle: ClusterHandle,
  ids: readonly number[],
  logDir: number,
): Promise<void> {
  for (const id of ids) await makeReadOnly(fileSystemOf(handle, id, logDir));
}

/**
 * Frees what filled a log dir, and makes a read-only one writable again. Kafka takes an offline log dir back only when the broker
 * starts again: so a broker that has taken it offline is restarted, and one that ended because of it is started.
 */
export async function repairLogDir(
  handle: ClusterHandle,
  ids: readonly number[],
  logDir: number,
  signal?: AbortSignal,
): Promise<void> {
  for (const id of ids) {
    const fileSystem = fileSystemOf(handle, id, logDir);
    const wasReadOnly = isReadOnly(fileSystem);
    if (!wasReadOnly) await free(fileSystem);
    // One that was stopped or killed on purpose has no process in the record, and stays as it is.
    const wasStarted = handle.node(id).process !== null;
    const runs = isRunning(handle, id);
    if (runs && !wasReadOnly && !(await isOffline(handle, id, fileSystem.logDir, signal))) continue;
    if (runs) await stopNodes(handle, [id]);
    if (wasReadOnly) {
      // With nobody in it.
      await repair(fileSystem);
      await free(fileSystem);
    }
    if (wasStarted) await startNodesAgain(handle, [id], signal);
  }
}

/** Whether a running broker has taken a log dir offline. */
async function isOffline(
  handle: ClusterHandle,
  id: number,
  logDir: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const node = handle.node(id);
  const bootstrapServers = `${handle.machine(node).managementAddress}:${node.managementPort}`;
  const { results } = await withSession({ bootstrapServers, signal }, (session) =>
    session.call((connection) => describeLogDirsV4.api.async(connection, [])),
  );
  return results.some((found) => found.logDir === logDir && found.errorCode !== KAFKA_ERROR.none);
}

/** @throws UserError when a node has no such log dir */
export function slowDisk(
  handle: ClusterHandle,
  ids: readonly number[],
  slowness: {
    readonly logDir?: number;
    readonly writeDelayMs: number;
    readonly syncDelayMs: number;
    readonly writeBytesPerSecond: Limit;
  },
): void {
  const { writeDelayMs, syncDelayMs, writeBytesPerSecond } = slowness;
  for (const id of ids) {
    const node = handle.node(id);
    const chosen =
      slowness.logDir === undefined ? node.logDirs : [requireLogDir(handle, id, slowness.logDir)];
    for (const index of chosen.map((logDir) => node.logDirs.indexOf(logDir))) {
      setSlowness(slowDiskControlFile(node), index, {
        writeDelayMs,
        syncDelayMs,
        bytesPerSecond: writeBytesPerSecond === 'none' ? null : writeBytesPerSecond,
      });
    }
  }
}

/** @throws UserError when the node has no such log dir, or it has no file system of its own */
function fileSystemOf(handle: ClusterHandle, id: number, logDir: number): LogDirFileSystem {
  const { fileSystem } = requireLogDir(handle, id, logDir);
  if (fileSystem !== null) return fileSystem;
  throw new UserError(
    `broker ${id}: expected log dir ${logDir} with a file system of its own, found a plain directory`,
  );
}

function requireLogDir(handle: ClusterHandle, id: number, logDir: number): NodeRecord['logDirs'][number] {
  const { logDirs } = handle.node(id);
  const found = logDirs[logDir - 1];
  if (found !== undefined) return found;
  throw new UserError(`broker ${id}: expected a log dir from 1 to ${logDirs.length}, found ${logDir}`);
}
