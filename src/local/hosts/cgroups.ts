/**
 * Control groups of a cluster's machines: `brokertwin-<cluster>/<machine>` below each hierarchy (cgroup v1) or below the one
 * root (v2). A core quota is CFS bandwidth control: quota = cores x 100 ms in each period of 100 ms, after which all
 * threads of the group stand still until the next period (kernel: Documentation/scheduler/sched-bwc.rst). A memory limit holds
 * for the page cache of the group too.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CgroupLayout, cgroupLayout, findCgroupLayout } from '../capabilities/cgroup-layout.ts';
import { hasCode, readIfThere } from '../system/system-files.ts';
import type { Machine, MachineLimits } from './machine.ts';

const PERIOD_US = 100_000;
/** The kernel takes no quota below a millisecond. */
const QUOTA_US_MIN = 1000;

/** Name of the group that holds those of a cluster's machines. */
export function clusterGroup(clusterId: string): string {
  return `brokertwin-${clusterId}`;
}

/** Makes the group of a machine, with its limit of memory; nothing when it has none. Its quota comes by `setCores`. */
export function makeGroup(machine: Machine, layout: CgroupLayout = cgroupLayout()): void {
  const { cgroup, limits } = machine;
  if (cgroup === null) return;
  if (layout.version === 2) {
    const parent = join(layout.root, dirname(cgroup));
    mkdirSync(parent, { recursive: true });
    for (const group of [layout.root, parent]) enableControllers(group);
  }
  for (const group of groupDirectories(cgroup, layout)) mkdirSync(group, { recursive: true });
  if (limits.memoryBytes !== null) setMemory(machine, limits.memoryBytes, layout);
}

/** Sets the quota of a machine, or frees it of one. Running threads feel it at once. */
export function setCores(
  machine: Machine,
  cores: MachineLimits['cores'],
  layout: CgroupLayout = cgroupLayout(),
): void {
  const group = groupOf(machine);
  const quotaUs = cores === null ? null : Math.max(QUOTA_US_MIN, Math.round(cores * PERIOD_US));
  if (layout.version === 2) {
    writeFileSync(join(layout.root, group, 'cpu.max'), `${quotaUs ?? 'max'} ${PERIOD_US}`);
    return;
  }
  writeFileSync(join(layout.cpu, group, 'cpu.cfs_period_us'), String(PERIOD_US));
  writeFileSync(join(layout.cpu, group, 'cpu.cfs_quota_us'), String(quotaUs ?? -1));
}

function setMemory(machine: Machine, memoryBytes: number, layout: CgroupLayout): void {
  const [root, file] =
    layout.version === 2 ? [layout.root, 'memory.max'] : [layout.memory, 'memory.limit_in_bytes'];
  if (root === null) throw new Error('this machine has no memory controller');
  writeFileSync(join(root, groupOf(machine), file), String(Math.round(memoryBytes)));
}

/** Files that a process writes its id to in order to enter a machine's group. */
export function groupEntrances(cgroup: string, layout: CgroupLayout = cgroupLayout()): string[] {
  return groupDirectories(cgroup, layout).map((directory) => join(directory, 'cgroup.procs'));
}

/** Process ids in a cluster's groups; none on a machine without control groups. */
export function groupProcesses(clusterId: string, layout: CgroupLayout | null = layoutIfAny()): number[] {
  if (layout === null) return [];
  const pids = clusterDirectories(clusterId, layout).flatMap((directory) =>
    [directory, ...children(directory)].flatMap((group) =>
      (readIfThere(join(group, 'cgroup.procs')) ?? '').split('\n').filter(Boolean).map(Number),
    ),
  );
  return [...new Set(pids)];
}

/** Removes a machine's group; its processes must have ended. */
export function removeGroup(machine: Machine, layout: CgroupLayout = cgroupLayout()): void {
  if (machine.cgroup === null) return;
  for (const directory of groupDirectories(machine.cgroup, layout)) removeGroupDirectory(directory);
}

/** Removes all groups of a cluster that are there; their processes must have ended. */
export function removeGroups(clusterId: string, layout: CgroupLayout | null = layoutIfAny()): void {
  if (layout === null) return;
  for (const directory of clusterDirectories(clusterId, layout)) {
    for (const group of [...children(directory), directory]) removeGroupDirectory(group);
  }
}

function layoutIfAny(): CgroupLayout | null {
  const layout = findCgroupLayout();
  return 'problem' in layout ? null : layout;
}

function groupOf(machine: Machine): string {
  if (machine.cgroup === null) throw new Error(`machine ${machine.name} has no control group`);
  return machine.cgroup;
}

function groupDirectories(cgroup: string, layout: CgroupLayout): string[] {
  const roots = layout.version === 2 ? [layout.root] : [layout.cpu, layout.cpuacct, layout.memory];
  // cpu and cpuacct may be one hierarchy.
  return [...new Set(roots)].flatMap((root) => (root === null ? [] : [join(root, cgroup)]));
}

function clusterDirectories(clusterId: string, layout: CgroupLayout): string[] {
  return groupDirectories(clusterGroup(clusterId), layout).filter((directory) => existsSync(directory));
}

function children(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(directory, entry.name));
}

function enableControllers(directory: string): void {
  const file = join(directory, 'cgroup.subtree_control');
  const enabled = (readIfThere(file) ?? '').split(/\s+/);
  const lacking = ['cpu', 'memory'].filter((controller) => !enabled.includes(controller));
  if (lacking.length > 0) writeFileSync(file, lacking.map((controller) => `+${controller}`).join(' '));
}

function removeGroupDirectory(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
