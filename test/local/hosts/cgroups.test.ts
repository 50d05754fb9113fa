import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { CgroupLayout } from '../../../src/local/capabilities/cgroup-layout.ts';
import {
  clusterGroup,
  groupEntrances,
  groupProcesses,
  makeGroup,
  removeGroup,
  removeGroups,
  setCores,
} from '../../../src/local/hosts/cgroups.ts';
import { type Machine, UNLIMITED } from '../../../src/local/hosts/machine.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'brokertwin-cgroups-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function machineWith(limits: Partial<Machine['limits']>, cgroup: string | null = 'brokertwin-1/a'): Machine {
  return {
    name: 'a',
    zone: null,
    rack: null,
    number: 1,
    address: '198.18.0.1',
    managementAddress: '198.19.0.1',
    namespace: null,
    cgroup,
    limits: { ...UNLIMITED, ...limits },
  };
}

function version1(): CgroupLayout {
  for (const controller of ['cpu', 'memory']) mkdirSync(join(root, controller));
  const cpu = join(root, 'cpu');
  return { version: 1, cpu, cpuacct: cpu, memory: join(root, 'memory') };
}

function written(...path: string[]): string {
  return readFileSync(join(root, ...path), 'utf8');
}

test('version 1 has a group in each hierarchy, one where cpu and cpuacct are the same', () => {
  const layout = version1();
  const machine = machineWith({ memoryBytes: 2e9, cores: 0.6 });
  makeGroup(machine, layout);
  assert.equal(written('memory', 'brokertwin-1', 'a', 'memory.limit_in_bytes'), '2000000000');
  setCores(machine, 0.6, layout);
  assert.equal(written('cpu', 'brokertwin-1', 'a', 'cpu.cfs_period_us'), '100000');
  assert.equal(written('cpu', 'brokertwin-1', 'a', 'cpu.cfs_quota_us'), '60000');
  setCores(machine, null, layout);
  assert.equal(written('cpu', 'brokertwin-1', 'a', 'cpu.cfs_quota_us'), '-1');
  setCores(machine, 0.001, layout);
  assert.equal(written('cpu', 'brokertwin-1', 'a', 'cpu.cfs_quota_us'), '1000');
  assert.deepEqual(
    groupEntrances('brokertwin-1/a', layout),
    ['cpu', 'memory'].map((controller) => join(root, controller, 'brokertwin-1', 'a', 'cgroup.procs')),
  );
});

test('version 2 has one group, whose parents pass on what they lack of cpu and memory', () => {
  const layout: CgroupLayout = { version: 2, root };
  writeFileSync(join(root, 'cgroup.subtree_control'), 'cpu io\n');
  const machine = machineWith({ memoryBytes: 2e9 });
  makeGroup(machine, layout);
  assert.equal(written('cgroup.subtree_control'), '+memory');
  assert.equal(written('brokertwin-1', 'cgroup.subtree_control'), '+cpu +memory');
  assert.equal(written('brokertwin-1', 'a', 'memory.max'), '2000000000');
  setCores(machine, 1.5, layout);
  assert.equal(written('brokertwin-1', 'a', 'cpu.max'), '150000 100000');
  setCores(machine, null, layout);
  assert.equal(written('brokertwin-1', 'a', 'cpu.max'), 'max 100000');
  assert.deepEqual(groupEntrances('brokertwin-1/a', layout), [
    join(root, 'brokertwin-1', 'a', 'cgroup.procs'),
  ]);
});

test('a machine without a group has none made, and no quota', () => {
  const layout = version1();
  const machine = machineWith({ cores: 1 }, null);
  makeGroup(machine, layout);
  removeGroup(machine, layout);
  assert.equal(existsSync(join(root, 'cpu', 'brokertwin-1')), false);
  assert.throws(() => setCores(machine, 1, layout), /machine a has no control group/);
});

test("a cluster's processes and groups are found by its id alone, once each, and nobody else's", () => {
  const layout = version1();
  const groups = ['brokertwin-1/a', 'brokertwin-1/b', 'brokertwin-12/a'];
  for (const [index, group] of groups.entries()) {
    for (const file of groupEntrances(group, layout)) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${10 + index}\n${20 + index}\n`);
    }
  }
  assert.deepEqual(groupProcesses('1', layout), [10, 20, 11, 21]);
  for (const group of groups) for (const file of groupEntrances(group, layout)) rmSync(file);
  removeGroups('1', layout);
  assert.equal(existsSync(join(root, 'cpu', clusterGroup('1'))), false);
  assert.equal(existsSync(join(root, 'memory', clusterGroup('1'))), false);
  assert.equal(existsSync(join(root, 'cpu', clusterGroup('12'), 'a')), true);
  removeGroups('1', layout);
});
