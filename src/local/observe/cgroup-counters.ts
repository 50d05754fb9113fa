/** A machine's control group: CPU used and held back by its quota, memory and page cache, in version 1 and 2. */
import { join } from 'node:path';
import type { CgroupLayout } from '../capabilities/cgroup-layout.ts';
import { readIfThere } from '../system/system-files.ts';

/** Null: this machine's kernel does not tell. */
export interface CgroupCounters {
  readonly cpuSeconds: number | null;
  /** Of quota: how many have passed, and in how many it was used up. */
  readonly periods: number | null;
  readonly throttledPeriods: number | null;
  /** Time for which the quota held threads back, summed over the cores. */
  readonly throttledSeconds: number | null;
  /** Now, page cache included. */
  readonly memoryBytes: number | null;
  readonly pageCacheBytes: number | null;
}

/** Where the counters of one group are. */
export interface CgroupFiles {
  readonly cpuStat: string;
  /** Version 1; null where `cpuStat` has it. */
  readonly cpuUsage: string | null;
  readonly memoryUsed: string;
  readonly memoryStat: string;
}

const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;

/** @param group path of the group below each hierarchy */
export function cgroupFiles(layout: CgroupLayout, group: string): CgroupFiles {
  if (layout.version === 2) {
    const directory = join(layout.root, group);
    return {
      cpuStat: join(directory, 'cpu.stat'),
      cpuUsage: null,
      memoryUsed: join(directory, 'memory.current'),
      memoryStat: join(directory, 'memory.stat'),
    };
  }
  const { cpu, cpuacct, memory } = layout;
  return {
    cpuStat: join(cpu, group, 'cpu.stat'),
    cpuUsage: join(cpuacct, group, 'cpuacct.usage'),
    memoryUsed: join(memory, group, 'memory.usage_in_bytes'),
    memoryStat: join(memory, group, 'memory.stat'),
  };
}

/** Reads a group; null when it is gone. */
export function readCgroup(files: CgroupFiles): CgroupCounters | null {
  const cpuStat = readIfThere(files.cpuStat);
  if (cpuStat === null) return null;
  const read = (path: string | null): string => (path === null ? '' : (readIfThere(path) ?? ''));
  return parseCgroup({
    cpuStat,
    cpuUsage: read(files.cpuUsage),
    memoryUsed: read(files.memoryUsed),
    memoryStat: read(files.memoryStat),
  });
}

/** The counters from the texts of a group's files; an empty text for one that is not there. */
export function parseCgroup(texts: {
  readonly cpuStat: string;
  readonly cpuUsage: string;
  readonly memoryUsed: string;
  readonly memoryStat: string;
}): CgroupCounters {
  const cpu = (name: string): number | null => field(texts.cpuStat, name);
  const memory = (name: string): number | null => field(texts.memoryStat, name);
  return {
    cpuSeconds: ratio(number(texts.cpuUsage), NANOSECONDS) ?? ratio(cpu('usage_usec'), MICROSECONDS),
    periods: cpu('nr_periods'),
    throttledPeriods: cpu('nr_throttled'),
    throttledSeconds: ratio(cpu('throttled_time'), NANOSECONDS) ?? ratio(cpu('throttled_usec'), MICROSECONDS),
    memoryBytes: number(texts.memoryUsed),
    // Version 1 tells of the group alone as `cache` and with the groups below it as `total_cache`.
    pageCacheBytes: memory('total_cache') ?? memory('file'),
  };
}

function field(text: string, name: string): number | null {
  return number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? '');
}

function number(text: string): number | null {
  return text.trim() === '' ? null : Number(text);
}

function ratio(value: number | null, divisor: number): number | null {
  return value === null ? null : value / divisor;
}
