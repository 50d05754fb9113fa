/** What befalls a log dir that is a file system of its own: it is filled, or the kernel turns it read-only. */
import {
  existsSync,
  readdirSync,
  readlinkSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, UserError } from '../../errors/errors.ts';
import { hasCode, readIfThere } from '../system/system-files.ts';
import { attempt } from './commands.ts';
import { type LogDirFileSystem, mountFileSystem } from './file-system.ts';
import { deviceName, isUnder, kernelPath, loopDevices, type Mount, mountAt } from './mounts.ts';

const BLOCK_BYTES = 4096;
/** A filler needs blocks for itself to be found by; two rounds find them all unless others write at the same time. */
const FILL_ROUNDS = 8;
const DETACH_TIMEOUT_MS = 2_000;
const DETACH_POLL_MS = 20;

/** e2fsck(8): 1 is "errors corrected"; 2 asks for a reboot when it was the root file system. */
const E2FSCK_FAILED_FROM = 4;

/**
 * Fills a log dir until only `leaveBytes` are free (to two blocks of 4 KiB, more while somebody writes there). Filling
 * it again with another number moves the limit. Whoever then writes more meets ENOSPC, and SIGBUS where he writes to a
 * mapped file with holes, as Kafka's indexes are.
 *
 * @throws UserError (exit 3) when less than that is free, or the log dir is not mounted or read-only.
 */
export async function fill(fileSystem: LogDirFileSystem, leaveBytes: number): Promise<void> {
  if (isReadOnly(fileSystem)) {
    throw new UserError(
      `log dir ${fileSystem.logDir}: expected a writable one to be filled, found it read-only: repair it first`,
      EXIT.clusterUnreachable,
    );
  }
  const filler = fillerOf(fileSystem);
  const sizeOfFiller = (): number => statSync(filler, { throwIfNoEntry: false })?.size ?? 0;
  const freeAtFirst = freeBytes(fileSystem) + sizeOfFiller();
  if (leaveBytes > freeAtFirst) {
    throw new UserError(
      `log dir ${fileSystem.logDir}: expected at least ${leaveBytes} bytes free, to leave that many, found ${freeAtFirst}`,
      EXIT.clusterUnreachable,
    );
  }
  for (let round = 0; round < FILL_ROUNDS; round += 1) {
    const excessBytes = freeBytes(fileSystem) - leaveBytes;
    if (Math.abs(excessBytes) <= 2 * BLOCK_BYTES) break;
    const sizeBytes = sizeOfFiller() + Math.round(excessBytes / BLOCK_BYTES) * BLOCK_BYTES;
    if (excessBytes < 0) truncateSync(filler, Math.max(0, sizeBytes));
    else await allocate(filler, sizeBytes);
  }
  await syncMountPoint(fileSystem);
}

/** A filler that comes out smaller, since others took the room meanwhile, is as good. */
async function allocate(filler: string, sizeBytes: number): Promise<void> {
  const { exitCode, said } = await attempt('fallocate', ['--length', String(sizeBytes), filler]);
  if (exitCode === 0 || said.includes('No space left')) return;
  throw new UserError(`${filler}: fallocate failed: ${said}`, EXIT.clusterUnreachable);
}

/** Undoes `fill`. */
export async function free(fileSystem: LogDirFileSystem): Promise<void> {
  await rm(fillerOf(fileSystem), { force: true });
  await syncMountPoint(fileSystem);
}

/** What is free for data, in bytes. */
export function freeBytes({ mountPoint }: LogDirFileSystem): number {
  const { bavail, bsize } = statfsSync(mountPoint);
  return bavail * bsize;
}

/**
 * Lets the kernel find an error in the file system, upon which it aborts the journal and turns the file system
 * read-only: writes and syncs fail with EROFS, also of files open for writing. As after an error of a real disk, what
 * was not synced by then is lost at the repair. Nothing happens when it is read-only already.
 *
 * @throws UserError (exit 3) when it is not mounted, or this kernel has no /sys/fs/ext4/<device>/trigger_fs_error.
 */
export async function makeReadOnly(fileSystem: LogDirFileSystem): Promise<void> {
  const mount = requireMounted(fileSystem);
  if (mount.readOnly) return;
  const trigger = `/sys/fs/ext4/${deviceName(mount.device)}/trigger_fs_error`;
  if (!existsSync(trigger)) {
    throw new UserError(
      `log dir ${fileSystem.logDir} cannot be made read-only: found no ${trigger}: this needs Linux with ext4 and /sys`,
      EXIT.clusterUnreachable,
    );
  }
  writeFileSync(trigger, 'brokertwin');
  if (!isReadOnly(fileSystem)) throw new Error(`${fileSystem.mountPoint} is writable after ${trigger}`);
}

/** Whether writes are refused. */
export function isReadOnly(fileSystem: LogDirFileSystem): boolean {
  return requireMounted(fileSystem).readOnly;
}

/**
 * Undoes `makeReadOnly`: unmounts, has e2fsck mend what it can without asking, and mounts again. All that was synced is
 * there. Works as well on one that is not mounted.
 *
 * @throws UserError (exit 3) when a process still has files open there: its broker must be stopped first; or when
 * e2fsck cannot mend it.
 */
export async function repair(fileSystem: LogDirFileSystem): Promise<void> {
  const { image, mountPoint, logDir } = fileSystem;
  if (mountAt(mountPoint) !== null) {
    const { exitCode, said } = await attempt('umount', [mountPoint]);
    if (exitCode !== 0) throw inUse(fileSystem, said);
  }
  const deadline = performance.now() + DETACH_TIMEOUT_MS;
  while (loopDevices().some((device) => device.image === kernelPath(image))) {
    if (performance.now() > deadline) throw inUse(fileSystem, 'its loop device is busy');
    await sleep(DETACH_POLL_MS);
  }
  const check = await attempt('e2fsck', ['-p', image]);
  if (check.exitCode === null || check.exitCode >= E2FSCK_FAILED_FROM) {
    throw new UserError(
      `log dir ${logDir} cannot be repaired: ${check.said}: take the cluster down`,
      EXIT.clusterUnreachable,
    );
  }
  mountFileSystem(fileSystem);
}

/** So that whether there is a filler outlives a repair. */
async function syncMountPoint({ mountPoint }: LogDirFileSystem): Promise<void> {
  const directory = await open(mountPoint, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Beside the log dir, where Kafka does not see it. */
function fillerOf({ mountPoint }: LogDirFileSystem): string {
  return join(mountPoint, 'filler');
}

function requireMounted({ mountPoint, logDir }: LogDirFileSystem): Mount {
  const mount = mountAt(mountPoint);
  if (mount !== null) return mount;
  throw new UserError(
    `log dir ${logDir}: expected a file system mounted at ${mountPoint}, found none: take the cluster down and up again`,
    EXIT.clusterUnreachable,
  );
}

function inUse({ mountPoint, logDir }: LogDirFileSystem, said: string): UserError {
  const users = usersOf(kernelPath(mountPoint));
  const found = users.length === 0 ? said : `files of it open in ${users.join(', ')}`;
  return new UserError(
    `log dir ${logDir} cannot be repaired: expected nobody to use it, found ${found}: stop its broker first`,
    EXIT.clusterUnreachable,
  );
}

/** Processes with open files under a directory, as `process 42 (java)`. */
function usersOf(directory: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && openFiles(entry).some((path) => isUnder(path, directory)))
    .map((pid) => `process ${pid} (${readIfThere(`/proc/${pid}/comm`)?.trim() ?? 'ended'})`);
}

function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((file) => linkIfThere(`/proc/${pid}/fd/${file}`) ?? []);
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH') || hasCode(error, 'EACCES')) return [];
    throw error;
  }
}

function linkIfThere(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return null;
    throw error;
  }
}
