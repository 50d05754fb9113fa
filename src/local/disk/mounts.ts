/** The mounts that this process sees, see proc_pid_mountinfo(5), and the loop devices of this machine. */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readIfThere } from '../system/system-files.ts';

export interface Mount {
  readonly mountPoint: string;
  /** Major and minor number, `7:0`. */
  readonly device: string;
  /** What was mounted, `/dev/loop0`. */
  readonly source: string;
  /** Also when the kernel made it so after an error. */
  readonly readOnly: boolean;
}

export interface LoopDevice {
  /** `loop0`. */
  readonly name: string;
  readonly image: string;
}

const DELETED = ' (deleted)';

/** All mounts in the order in which they were made. */
export function mountsNow(): Mount[] {
  return parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
}

export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const fields = line.split(' ');
      const [, source, superOptions] = fields.slice(fields.indexOf('-', 6) + 1);
      const options = [...fields[5].split(','), ...superOptions.split(',')];
      return {
        mountPoint: unescapePath(fields[4]),
        device: fields[2],
        source: unescapePath(source),
        readOnly: options.includes('ro') || options.includes('emergency_ro'),
      };
    });
}

/** The kernel writes blanks, tabs, line feeds and backslashes of a path in octal. */
function unescapePath(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The mount that is seen at `path`, null when there is none. */
export function mountAt(path: string): Mount | null {
  const mountPoint = kernelPath(path);
  return mountsNow().findLast((mount) => mount.mountPoint === mountPoint) ?? null;
}

/** The kernel's name for the block device `7:0`: `loop0`. */
export function deviceName(device: string): string {
  return basename(realpathSync(`/sys/dev/block/${device}`));
}

/** Loop devices with an image, also one that is deleted already. */
export function loopDevices(): LoopDevice[] {
  if (!existsSync('/sys/block')) return [];
  return readdirSync('/sys/block').flatMap((name) => {
    const backingFile = name.startsWith('loop') ? readIfThere(`/sys/block/${name}/loop/backing_file`) : null;
    if (backingFile === null) return [];
    const path = backingFile.replace(/\n$/, '');
    return [{ name, image: path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path }];
  });
}

/** A path as the kernel shows it, without symbolic links; of one that is not there, its folders are. */
export function kernelPath(path: string): string {
  const whole = resolve(path);
  if (existsSync(whole)) return realpathSync(whole);
  return join(kernelPath(dirname(whole)), basename(whole));
}

/** Whether `path` is `directory` or in it; both as the kernel shows them. */
export function isUnder(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`);
}
