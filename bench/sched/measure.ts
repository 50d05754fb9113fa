/**
 * A case on this machine: processes of sched-load.c in control groups of their own, made for it and removed. Their parent
 * group has nearly all of the weight, so that others on the machine are hardly seen; they wait meanwhile.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupLayout } from '../../src/local/capabilities/cgroup-layout.ts';
import type { Case, Found } from './cases.ts';
import { run } from './run.ts';

const PARENT = 'brokertwin-sched';
const GROUPS = ['a', 'b', 'c'];
const PERIOD_US = 100_000;

interface Line {
  readonly cpu: number;
  readonly end?: { readonly mean: number; readonly p50: number; readonly p99: number };
}

/** Calls back with what plays a case; compiles the program and makes the groups before, and removes both. */
export function withGroups(use: (measure: (one: Case, seconds: number) => Found) => void): void {
  const layout = cgroupLayout();
  const isFirst = layout.version === 1;
  const parent = join(isFirst ? layout.cpu : layout.root, PARENT);
  const scratch = mkdtempSync(join(tmpdir(), 'sched-'));
  const program = join(scratch, 'sched-load');
  run('cc', ['-O2', '-o', program, join(import.meta.dirname, 'sched-load.c')]);
  const groups = GROUPS.map((name) => join(parent, name));
  try {
    mkdirSync(parent);
    if (!isFirst) writeFileSync(join(parent, 'cgroup.subtree_control'), '+cpu');
    for (const group of groups) mkdirSync(group);
    writeFileSync(join(parent, isFirst ? 'cpu.shares' : 'cpu.weight'), isFirst ? '200000' : '10000');
    use((one, seconds) => measure(one, seconds));
  } finally {
    for (const directory of [...groups, parent]) rmdirSync(directory);
    rmSync(scratch, { recursive: true });
  }

  function measure({ threads, cores, quotaCores }: Case, seconds: number): Found {
    const quotaUs = quotaCores === null ? null : quotaCores * PERIOD_US;
    const [first] = groups;
    if (isFirst) writeFileSync(join(first, 'cpu.cfs_quota_us'), String(quotaUs ?? -1));
    else writeFileSync(join(first, 'cpu.max'), `${quotaUs ?? 'max'} ${PERIOD_US}`);
    const before = throttledMs(first);
    const specs = threads.map(({ group, wake }) => {
      const what = wake === null ? 'busy' : `wake,${wake.periodUs},${wake.workUs}`;
      return `${join(parent, group, 'cgroup.procs')},${cores === 1 ? '1' : '*'},${what}`;
    });
    const lines = run(program, [String(seconds), ...specs])
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const cpuOf = (group: string): number =>
      lines.reduce((sum, { cpu }, thread) => sum + (threads[thread].group === group ? cpu : 0), 0);
    return {
      cores: Object.fromEntries(
        [...new Set(threads.map(({ group }) => group))].map((group) => [group, cpuOf(group) / seconds]),
      ),
      endUs: lines[0].end ?? null,
      throttledMs: quotaUs === null ? null : (throttledMs(first) - before) / (seconds * 10),
    };
  }

  /** Since the group was made. */
  function throttledMs(group: string): number {
    const text = readFileSync(join(group, 'cpu.stat'), 'utf8');
    const [, name, value] = /^(throttled_time|throttled_usec) (\d+)$/m.exec(text) ?? [];
    return Number(value) / (name === 'throttled_time' ? 1e6 : 1e3);
  }
}
