import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CPU_QUOTA, controllerState, tryLimit } from '../../../src/local/capabilities/try-limit.ts';
import { identifySelf } from '../../../src/local/system/process-identity.ts';

/** A directory with these files, in place of a hierarchy. */
function hierarchy(t: TestContext, files: Readonly<Record<string, string>> = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'brokertwin-cgroup-'));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return directory;
}

const CONTROLLERS = { 'cgroup.controllers': 'cpuset cpu io memory\n', 'cgroup.procs': '1\n2\n' };

test('a controller that is passed on can be tried', (t) => {
  const root = hierarchy(t, { ...CONTROLLERS, 'cgroup.subtree_control': 'cpu memory\n' });
  assert.equal(controllerState(root, 'cpu'), 'on');
});

test('a controller that is off can be switched on at the root, whatever processes it holds', (t) => {
  const root = hierarchy(t, { ...CONTROLLERS, 'cgroup.subtree_control': 'memory\n' });
  assert.deepEqual(controllerState(root, 'cpu'), {
    ok: true,
    found: `control groups of version 2 at ${root}, cpu to be switched on`,
  });
});

test("a controller that is off stays off in a container's group with processes", (t) => {
  const off = { ...CONTROLLERS, 'cgroup.subtree_control': '\n', 'cgroup.type': 'domain\n' };
  const busy = hierarchy(t, off);
  const state = controllerState(busy, 'cpu');
  assert.ok(state !== 'on' && !state.ok);
  assert.match(state.found, /holds processes itself, so that cpu cannot be switched on/);
  assert.match(state.remedy ?? '', /move all processes of the container/);
  const empty = controllerState(hierarchy(t, { ...off, 'cgroup.procs': '' }), 'cpu');
  assert.ok(empty !== 'on' && empty.ok);
});

test('a controller that is not there is named', (t) => {
  const root = hierarchy(t, { ...CONTROLLERS, 'cgroup.controllers': 'hugetlb cpuset\n' });
  assert.deepEqual(controllerState(root, 'cpu'), {
    ok: false,
    found: `control groups of version 2 at ${root} have no cpu controller`,
  });
});

test('groups of dead processes are removed, those of others and our own stay in no case', (t) => {
  const root = hierarchy(t);
  const self = identifySelf();
  const alive = `probe-of-brokertwin_memory_${self.pid}_${self.startedAt}`;
  const dead = `probe-of-brokertwin_cpu_${self.pid}_another-boot:1`;
  for (const name of [alive, dead, 'somebody-elses']) mkdirSync(join(root, name));
  const layout = { version: 1, cpu: root, cpuacct: root, memory: root } as const;
  // A plain directory does not fill itself with the kernel's files.
  assert.throws(() => tryLimit(layout, CPU_QUOTA), /ENOENT.*cpu\.cfs_quota_us/);
  assert.deepEqual(readdirSync(root).sort(), [alive, 'somebody-elses']);
});
