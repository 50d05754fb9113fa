/**
 * Which control group hierarchies a local cluster can use. Version 1 has a hierarchy for each controller, version 2 one
 * for all; a hybrid machine has both, and each controller in one of them only: where `cpu` is decides.
 */
import { readFileSync } from 'node:fs';
import { EXIT, UserError } from '../../errors/errors.ts';
import { readIfThere } from '../system/system-files.ts';

/** Directories below which groups are made. */
export type CgroupLayout =
  | {
      readonly version: 1;
      readonly cpu: string;
      /** May be the same as `cpu`. */
      readonly cpuacct: string;
      readonly memory: string;
    }
  /** A group has a controller only when the `cgroup.subtree_control` of each group above it, from `root` on, names it. */
  | { readonly version: 2; readonly root: string };

const NEEDED = ['cpu', 'cpuacct', 'memory'];

export const CGROUP_REMEDY =
  'run it on the machine itself, or in a container that may write to /sys/fs/cgroup';

/**
 * The layout of this machine.
 *
 * @throws UserError (exit 3) where there is none that we may write to.
 */
export function cgroupLayout(): CgroupLayout {
  const layout = findCgroupLayout();
  if (!('problem' in layout)) return layout;
  throw new UserError(
    `control groups are needed, found that ${layout.problem}: ${CGROUP_REMEDY}`,
    EXIT.clusterUnreachable,
  );
}

/** The same, or why there is none. */
export function findCgroupLayout(): CgroupLayout | { readonly problem: string } {
  return parseCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'), readIfThere('/proc/cgroups') ?? '');
}

/** The layout from the text of /proc/self/mountinfo and /proc/cgroups, or why there is none. */
export function parseCgroupLayout(
  mountinfo: string,
  controllers: string,
): CgroupLayout | { readonly problem: string } {
  const mounts = parseMounts(mountinfo);
  const writable = mounts.filter((mount) => mount.writable);
  const [cpu, cpuacct, memory] = NEEDED.map(
    (name) => writable.find(({ type, options }) => type === 'cgroup' && options.includes(name))?.path ?? null,
  );
  if (cpu !== null && cpuacct !== null && memory !== null) {
    return { version: 1, cpu, cpuacct, memory };
  }
  const unified = writable.find(({ type }) => type === 'cgroup2');
  // A cpu controller in a hierarchy of version 1 that we cannot use is not in version 2 either.
  if (unified !== undefined && !inVersion1(controllers, 'cpu')) return { version: 2, root: unified.path };
  return { problem: whyNone(mounts, controllers) };
}

interface CgroupMount {
  readonly type: string;
  readonly path: string;
  readonly options: readonly string[];
  readonly writable: boolean;
}

/** Mounts of control groups, see proc_pid_mountinfo(5): optional fields end with a lone dash. */
function parseMounts(mountinfo: string): CgroupMount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , , path = '', mountOptions = ''] = before.split(' ');
    const [type = '', , superOptions = ''] = after.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    const options = superOptions.split(',');
    const writable = mountOptions.split(',').includes('rw') && options.includes('rw');
    return [{ type, path: unescapePath(path), options, writable }];
  });
}

/** Blanks and the like stand as \040 in mountinfo. */
function unescapePath(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** Columns of /proc/cgroups: name, hierarchy (0: version 2 or none), groups, enabled. */
function inVersion1(controllers: string, name: string): boolean {
  const hierarchy = rowOf(controllers, name)?.[1];
  return hierarchy !== undefined && hierarchy !== '0';
}

function rowOf(controllers: string, name: string): string[] | undefined {
  return controllers
    .split('\n')
    .map((line) => line.split(/\s+/))
    .find((row) => row[0] === name);
}

function whyNone(mounts: readonly CgroupMount[], controllers: string): string {
  if (mounts.length === 0) return 'no control groups are mounted';
  const off = NEEDED.filter((name) => rowOf(controllers, name)?.[3] === '0');
  if (off.length > 0) return `the kernel has switched off ${off.join(' and ')} (cgroup_disable)`;
  const unified = mounts.find(({ type }) => type === 'cgroup2');
  const needed = inVersion1(controllers, 'cpu')
    ? NEEDED.map((name) => ({ name, mount: mounts.find(({ options }) => options.includes(name)) }))
    : [{ name: 'version 2', mount: unified }];
  const reasons = needed
    .filter(({ mount }) => mount?.writable !== true)
    .map(({ name, mount }) =>
      mount === undefined ? `${name} is not mounted` : `${mount.path} is read-only`,
    );
  return [...new Set(reasons)].join(', ');
}
