import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cgroupLayout, parseCgroupLayout } from '../../../src/local/capabilities/cgroup-layout.ts';

/** Lines of /proc/cgroups: name, hierarchy, groups, enabled. */
function controllers(hierarchies: Readonly<Record<string, number>>, off: readonly string[] = []): string {
  const rows = Object.entries(hierarchies).map(
    ([name, id]) => `${name}\t${id}\t1\t${off.includes(name) ? 0 : 1}`,
  );
  return ['#subsys_name\thierarchy\tnum_cgroups\tenabled', ...rows, ''].join('\n');
}

const DISK = '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard';
const UNIFIED_ONLY = { cpuset: 0, cpu: 0, cpuacct: 0, memory: 0, freezer: 0 };

const SEPARATE = `22 27 0:21 / /proc rw,relatime - proc proc rw
${DISK}
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
43 27 254:0 /run/netns /run/netns rw,relatime shared:1 - ext4 /dev/vda rw,discard
`;

const HYBRID = `${DISK}
25 22 0:22 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,size=4096k,mode=755
26 25 0:23 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:10 - cgroup2 cgroup2 rw,nsdelegate
27 25 0:24 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:11 - cgroup cgroup rw,xattr,name=systemd
31 25 0:28 / /sys/fs/cgroup/cpuset rw,nosuid,nodev,noexec,relatime shared:15 - cgroup cgroup rw,cpuset
33 25 0:30 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:17 - cgroup cgroup rw,memory
34 25 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:18 - cgroup cgroup rw,cpu,cpuacct
`;

const SYSTEMD = `${DISK}
28 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
`;

const CONTAINER = `1043 935 0:76 / / rw,relatime master:313 - overlay overlay rw,lowerdir=/var/lib/a
1047 1045 0:30 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate
`;

test('version 1 has a directory for each controller, though version 2 is mounted too', () => {
  const text = controllers({ cpuset: 3, cpu: 1, cpuacct: 2, memory: 4, freezer: 6 });
  assert.deepEqual(parseCgroupLayout(SEPARATE, text), {
    version: 1,
    cpu: '/sys/fs/cgroup/cpu',
    cpuacct: '/sys/fs/cgroup/cpuacct',
    memory: '/sys/fs/cgroup/memory',
  });
});

test('controllers of version 1 may share a directory', () => {
  assert.deepEqual(
    parseCgroupLayout(HYBRID, controllers({ cpuset: 7, cpu: 5, cpuacct: 5, memory: 3, freezer: 0 })),
    {
      version: 1,
      cpu: '/sys/fs/cgroup/cpu,cpuacct',
      cpuacct: '/sys/fs/cgroup/cpu,cpuacct',
      memory: '/sys/fs/cgroup/memory',
    },
  );
});

test('version 2 has one root, also where /proc/cgroups is gone', () => {
  for (const text of [controllers(UNIFIED_ONLY), '']) {
    assert.deepEqual(parseCgroupLayout(SYSTEMD, text), { version: 2, root: '/sys/fs/cgroup' });
  }
});

test('blanks in the path of a mount are read', () => {
  const text = '28 23 0:26 / /mnt/control\\040groups rw - cgroup2 cgroup2 rw\n';
  assert.deepEqual(parseCgroupLayout(text, ''), { version: 2, root: '/mnt/control groups' });
});

const useless: readonly (readonly [what: string, mountinfo: string, controllers: string, problem: string])[] =
  [
    ['in a container', CONTAINER, controllers(UNIFIED_ONLY), '/sys/fs/cgroup is read-only'],
    ['without any mounted', DISK, controllers(UNIFIED_ONLY), 'no control groups are mounted'],
    [
      'whose hierarchies of version 1 are read-only, though version 2 is not',
      HYBRID.replaceAll(/(cpu,cpuacct|memory) rw,nosuid/g, '$1 ro,nosuid'),
      controllers({ cpu: 5, cpuacct: 5, memory: 3 }),
      '/sys/fs/cgroup/cpu,cpuacct is read-only, /sys/fs/cgroup/memory is read-only',
    ],
    [
      'whose kernel was told to leave memory out',
      HYBRID.replace(/.*memory.*\n/, ''),
      controllers({ cpu: 5, cpuacct: 5, memory: 0 }, ['memory']),
      'the kernel has switched off memory (cgroup_disable)',
    ],
    [
      'with only hierarchies that limit nothing',
      '27 25 0:24 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n',
      controllers(UNIFIED_ONLY),
      'version 2 is not mounted',
    ],
  ];
for (const [what, mountinfo, text, problem] of useless) {
  test(`no layout, and why, for a machine ${what}`, () => {
    assert.deepEqual(parseCgroupLayout(mountinfo, text), { problem });
  });
}

test('this machine has a layout, or the reason is for the user', () => {
  try {
    assert.ok([1, 2].includes(cgroupLayout().version));
  } catch (error) {
    assert.match(
      String(error),
      /^UserError: control groups are needed, found that .*: run it on the machine itself/,
    );
  }
});
