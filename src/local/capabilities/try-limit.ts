/**
 * Trying a limit of a control group for real: in a group without processes, named after us, which is removed at once. One
 * that a killed process left is removed by the next try.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identifySelf, isAlive } from '../system/process-identity.ts';
import { hasCode } from '../system/system-files.ts';
import type { Finding } from './capability.ts';
import type { CgroupLayout } from './cgroup-layout.ts';

export interface Limit {
  readonly controller: 'cpu' | 'memory';
  /** File of version 1 or 2 and what is written to it. */
  readonly version1: { readonly file: string; readonly value: string };
  readonly version2: { readonly file: string; readonly value: string };
}

export const CPU_QUOTA: Limit = {
  controller: 'cpu',
  version1: { file: 'cpu.cfs_quota_us', value: '50000' },
  version2: { file: 'cpu.max', value: '50000 100000' },
};

export const MEMORY_LIMIT: Limit = {
  controller: 'memory',
  version1: { file: 'memory.limit_in_bytes', value: '67108864' },
  version2: { file: 'memory.max', value: '67108864' },
};

const LEFT_BEHIND = /^probe-of-brokertwin_\w+_(\d+)_([\w:-]+)$/;

/** Whether `limit` can be set below the directory of its controller in `layout`. */
export function tryLimit(layout: CgroupLayout, limit: Limit): Finding {
  const { controller } = limit;
  const hierarchy = layout.version === 1 ? layout[controller] : layout.root;
  const state = layout.version === 1 ? 'on' : controllerState(hierarchy, controller);
  if (state !== 'on') return state;
  const { file, value } = layout.version === 1 ? limit.version1 : limit.version2;
  removeLeftBehind(hierarchy);
  const group = makeGroup(hierarchy, controller);
  try {
    // r+: the kernel makes these files, we never do
    writeFileSync(join(group, file), value, { flag: 'r+' });
    const set = readFileSync(join(group, file), 'utf8').trim();
    if (set !== value) return { ok: false, found: `${file} is ${set} after ${value} was written to it` };
  } finally {
    removeGroup(group);
  }
  return { ok: true, found: `control groups of version ${layout.version} at ${hierarchy}` };
}

/**
 * Whether groups below `root` of version 2 have this controller: `on` when they do already, else whether it could be
 * switched on. That is not done here: it would stay.
 */
export function controllerState(root: string, controller: string): 'on' | Finding {
  const words = (file: string): string[] => readFileSync(join(root, file), 'utf8').split(/\s+/);
  if (!words('cgroup.controllers').includes(controller)) {
    return { ok: false, found: `control groups of version 2 at ${root} have no ${controller} controller` };
  }
  if (words('cgroup.subtree_control').includes(controller)) return 'on';
  // Only the root of all has no type; any other group passes on controllers only when it holds no processes.
  const inTheWay = existsSync(join(root, 'cgroup.type')) && words('cgroup.procs').some((pid) => pid !== '');
  if (!inTheWay)
    return { ok: true, found: `control groups of version 2 at ${root}, ${controller} to be switched on` };
  return {
    ok: false,
    found: `${root} holds processes itself, so that ${controller} cannot be switched on below it`,
    remedy: 'run it on the machine itself, or move all processes of the container into a group below',
  };
}

function makeGroup(hierarchy: string, controller: string): string {
  const self = identifySelf();
  const group = join(hierarchy, `probe-of-brokertwin_${controller}_${self.pid}_${self.startedAt}`);
  mkdirSync(group);
  return group;
}

function removeLeftBehind(hierarchy: string): void {
  for (const entry of readdirSync(hierarchy)) {
    const owner = LEFT_BEHIND.exec(entry);
    if (owner !== null && !isAlive({ pid: Number(owner[1]), startedAt: owner[2] })) {
      removeGroup(join(hierarchy, entry));
    }
  }
}

/** Somebody else may remove what was left behind at the same time. */
function removeGroup(group: string): void {
  try {
    rmdirSync(group);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
