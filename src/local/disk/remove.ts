/**
 * Removing file systems of log dirs: unmounted, their loop devices free, their images deleted. What there is to remove
 * is asked of the kernel, so that it works without a record and after a crash in the middle of making one.
 */
import { rmdirSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeDirectory } from '../system/staging.ts';
import { hasCode } from '../system/system-files.ts';
import { attempt, attemptNow, type CommandRun } from './commands.ts';
import type { LogDirFileSystem } from './file-system.ts';
import { isUnder, kernelPath, loopDevices, type Mount, mountsNow } from './mounts.ts';

/** Processes that were just killed hold their files for a moment. */
const BUSY_TIMEOUT_MS = 3_000;
const BUSY_POLL_MS = 50;

/**
 * Removes one file system with all data in it, and its mount point. Nothing happens when it is gone already.
 *
 * @throws Error when it cannot be unmounted, not even lazily; it then stays.
 */
export async function removeFileSystem({ image, mountPoint }: LogDirFileSystem): Promise<void> {
  await unmountAll(mountsUnder(kernelPath(mountPoint)));
  discard([kernelPath(image)]);
  removeMountPoint(mountPoint);
}

/** The same at once, for a process that is ending: what is busy vanishes when its last user does. */
export function removeFileSystemNow({ image, mountPoint }: LogDirFileSystem): void {
  unmountAllNow(mountsUnder(kernelPath(mountPoint)));
  discard([kernelPath(image)]);
  removeMountPoint(mountPoint);
}

/**
 * Removes every file system that is mounted, or whose image lies, in `directory` (a cluster's or a broker's), half-made
 * ones too; the directory stays. An image that no loop device uses is a plain file and goes with its directory.
 *
 * @throws Error when one cannot be unmounted, not even lazily; all others are then unmounted.
 */
export async function removeFileSystemsUnder(directory: string): Promise<void> {
  const path = kernelPath(directory);
  const images = imagesUnder(path);
  await unmountAll(mountsUnder(path));
  discard(images);
}

/** The same at once, for a process that is ending: what is busy vanishes when its last user does. */
export function removeFileSystemsUnderNow(directory: string): void {
  const path = kernelPath(directory);
  const images = imagesUnder(path);
  unmountAllNow(mountsUnder(path));
  discard(images);
}

function imagesUnder(directory: string): string[] {
  return loopDevices()
    .map(({ image }) => image)
    .filter((image) => isUnder(image, directory));
}

/** Loop mounts in `directory`, the last made first: it may lie on another. */
function mountsUnder(directory: string): Mount[] {
  return mountsNow()
    .filter((mount) => isUnder(mount.mountPoint, directory) && mount.source.startsWith('/dev/loop'))
    .reverse();
}

async function unmountAll(mounts: readonly Mount[]): Promise<void> {
  const failures: (string | null)[] = [];
  for (const mount of mounts) {
    dropContents(mount);
    const deadline = performance.now() + BUSY_TIMEOUT_MS;
    let failure = failureOf(await attempt('umount', [mount.mountPoint]));
    while (failure?.includes('busy') && performance.now() < deadline) {
      await sleep(BUSY_POLL_MS);
      failure = failureOf(await attempt('umount', [mount.mountPoint]));
    }
    if (failure !== null) failures.push(failureOf(await attempt('umount', ['--lazy', mount.mountPoint])));
  }
  refuse(failures);
}

function unmountAllNow(mounts: readonly Mount[]): void {
  const failures: (string | null)[] = [];
  for (const mount of mounts) {
    dropContents(mount);
    const failure = failureOf(attemptNow('umount', [mount.mountPoint]));
    if (failure !== null) failures.push(failureOf(attemptNow('umount', ['--lazy', mount.mountPoint])));
  }
  refuse(failures);
}

/** Null when it is unmounted. */
function failureOf({ exitCode, said }: CommandRun): string | null {
  return exitCode === 0 || /not mounted|no mount point/.test(said) ? null : said;
}

function refuse(failures: readonly (string | null)[]): void {
  const said = failures.filter((failure) => failure !== null);
  if (said.length > 0) throw new Error(`file systems of log dirs stay: ${said.join('; ')}`);
}

/** Pages that were not yet written would all go to the disk at the unmounting, for nothing. */
function dropContents(mount: Mount): void {
  if (mount.readOnly) return;
  try {
    removeDirectory(`${mount.mountPoint}/log`);
  } catch (error) {
    // Somebody still writes there, or the disk is broken; the unmounting then takes longer.
    if (!['ENOTEMPTY', 'EROFS', 'EIO', 'EBUSY'].some((code) => hasCode(error, code))) throw error;
  }
}

/** Deletes images; their loop devices are free at once, or when the last user of a file in them is gone. */
function discard(images: readonly string[]): void {
  for (const { name, image } of loopDevices()) {
    if (images.includes(image)) attemptNow('losetup', ['--detach', `/dev/${name}`]);
  }
  for (const image of images) rmSync(image, { force: true });
}

function removeMountPoint(mountPoint: string): void {
  try {
    rmdirSync(mountPoint);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
