/**
 * A log dir of a given size: an ext4 file system of its own in a sparse image, mounted through a loop device. When the
 * disk fails it turns read-only, as on a machine that is set up with care (errors=remount-ro).
 *
 *     <mountPoint>.ext4   the image
 *     <mountPoint>/log    the log dir
 *
 * Kafka refuses a log dir with a folder that is no partition, such as ext4's lost+found: hence a folder for it alone.
 */
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { EXIT, UserError } from '../../errors/errors.ts';
import { hasCode } from '../system/system-files.ts';
import { runNow } from './commands.ts';
import { loopDevices } from './mounts.ts';
import { removeFileSystemNow } from './remove.ts';

/** Plain data, kept in the cluster's record. */
export const logDirFileSystem = z.object({
  image: z.string(),
  mountPoint: z.string(),
  /** For `log.dirs`. */
  logDir: z.string(),
  /** Of the image, whole blocks of it. See `makeFileSystems` for what is left of it. */
  sizeBytes: z.number().int().positive(),
});

export type LogDirFileSystem = z.infer<typeof logDirFileSystem>;

const MIB = 1024 ** 2;
const BLOCK_BYTES = 4096;
/** A journal fits in it. */
const SIZE_BYTES_MIN = 16 * MIB;

/**
 * Blocks of 4 KiB whatever the size, none kept for root. The inode tables are zeros when it is made, since a new image
 * reads as zeros (discard) or mkfs writes them: the kernel has none left to write while something is measured.
 */
const MKFS = `-q -F -m 0 -b ${BLOCK_BYTES} -i 16384 -E discard,lazy_itable_init=0,lazy_journal_init=1`.split(
  ' ',
);

/** The file system to be made at a mount point. */
export function planFileSystem(wanted: {
  readonly mountPoint: string;
  readonly sizeBytes: number;
}): LogDirFileSystem {
  const { mountPoint, sizeBytes } = wanted;
  return { image: `${mountPoint}.ext4`, mountPoint, logDir: join(mountPoint, 'log'), sizeBytes };
}

/**
 * Makes and mounts file systems, 25 ms each, or none of them. Free for data are 97 % of 10 GiB, 93 % of 1 GiB, 90 % of
 * 256 and of 64 MiB, 71 % of 16 MiB: ext4 takes a journal, tables for files and up to 16 MiB in reserve. Synchronous, so
 * that no signal finds one half made: that is left to `removeFileSystemsUnder` after a crash.
 *
 * @throws UserError for a size below 16 MiB (exit 2); without root, loop devices or room for all of them (exit 3).
 */
export function makeFileSystems(fileSystems: readonly LogDirFileSystem[]): void {
  requireSizes(fileSystems);
  requireLoopMounts();
  for (const { mountPoint } of fileSystems) mkdirSync(mountPoint, { recursive: true });
  requireRoom(fileSystems);
  const made: LogDirFileSystem[] = [];
  try {
    for (const fileSystem of fileSystems) {
      createImage(fileSystem);
      made.push(fileSystem);
      runNow(`log dir ${fileSystem.logDir}`, 'mkfs.ext4', [...MKFS, fileSystem.image]);
      mountFileSystem(fileSystem);
      mkdirSync(fileSystem.logDir);
    }
  } catch (error) {
    for (const fileSystem of made) removeFileSystemNow(fileSystem);
    throw error;
  }
}

function requireSizes(fileSystems: readonly LogDirFileSystem[]): void {
  const lines = fileSystems
    .filter(({ sizeBytes }) => !Number.isInteger(sizeBytes) || sizeBytes < SIZE_BYTES_MIN)
    .map(
      ({ logDir, sizeBytes }) =>
        `size of log dir ${logDir}: expected a whole number of bytes, ${SIZE_BYTES_MIN} (16 MiB) or more, found ${sizeBytes}`,
    );
  if (lines.length > 0) throw new UserError(lines);
}

/**
 * Mounts an image that is not mounted.
 *
 * @throws UserError (exit 3) with what mount or losetup said.
 */
export function mountFileSystem({ image, mountPoint, logDir }: LogDirFileSystem): void {
  const what = `log dir ${logDir}`;
  // Past the page cache of the machine's own disk: data are cached once and a sync is one sync.
  const device = runNow(what, 'losetup', ['--find', '--show', '--direct-io=on', image]);
  try {
    runNow(what, 'mount', ['-t', 'ext4', '-o', 'errors=remount-ro', device, mountPoint]);
  } finally {
    // Once unmounted, it is then free by itself.
    runNow(what, 'losetup', ['--detach', device]);
  }
}

function createImage({ image, logDir, sizeBytes }: LogDirFileSystem): void {
  let file: number;
  try {
    file = openSync(image, 'wx', 0o600);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    throw new UserError(
      `log dir ${logDir}: there is an image of an older one, ${image}: remove it first`,
      EXIT.clusterUnreachable,
    );
  }
  ftruncateSync(file, sizeBytes - (sizeBytes % BLOCK_BYTES));
  closeSync(file);
}

function requireLoopMounts(): void {
  const lines = [
    ...(process.geteuid?.() === 0 ? [] : [`root, found user id ${process.geteuid?.()}: run it with sudo`]),
    ...(existsSync('/dev/loop-control')
      ? []
      : [
          'loop devices, found no /dev/loop-control: load the module (modprobe loop), or give it to the container',
        ]),
  ].map((missing) => `log dirs of a given size need ${missing}, or leave the size out`);
  if (lines.length > 0) throw new UserError(lines, EXIT.clusterUnreachable);
}

/** The images are sparse and would fill the disk much later, in the middle of a measurement. */
function requireRoom(fileSystems: readonly LogDirFileSystem[]): void {
  const byDevice = Map.groupBy(fileSystems, ({ image }) => statSync(dirname(image)).dev);
  const lines = [...byDevice].flatMap(([device, group]) => {
    const directory = dirname(group[0].image);
    const { bavail, bsize } = statfsSync(directory);
    const promisedBytes = bytesPromised(device);
    const freeBytes = bavail * bsize - promisedBytes;
    const neededBytes = group.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (neededBytes <= freeBytes) return [];
    const promised = promisedBytes === 0 ? '' : ` beside ${inMib(promisedBytes)} promised to other log dirs`;
    return `disk of ${directory}: expected ${inMib(neededBytes)} free for ${group.length} log dirs, found ${inMib(Math.max(0, freeBytes))}${promised}: free some, choose smaller log dirs or another directory`;
  });
  if (lines.length > 0) throw new UserError(lines, EXIT.clusterUnreachable);
}

/** By how much the sparse images that are in use on a disk may still grow. */
function bytesPromised(device: number): number {
  return loopDevices()
    .flatMap(({ image }) => statSync(image, { throwIfNoEntry: false }) ?? [])
    .filter(({ dev }) => dev === device)
    .reduce((sum, { size, blocks }) => sum + Math.max(0, size - blocks * 512), 0);
}

function inMib(bytes: number): string {
  return `${Math.floor(bytes / MIB)} MiB`;
}
