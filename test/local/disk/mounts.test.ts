import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isUnder, kernelPath, mountAt, parseMounts } from '../../../src/local/disk/mounts.ts';

const MOUNTINFO = `27 1 254:0 / / rw,relatime - ext4 /dev/root rw,discard
44 27 7:0 / /var/a\\040b\\134c rw,relatime shared:5 master:1 - ext4 /dev/loop0 rw,errors=remount-ro,emergency_ro
45 27 7:1 / /var/d ro,relatime - ext4 /dev/loop1 rw
46 27 7:2 / /var/e rw,relatime - ext4 /dev/loop2 ro,errors=remount-ro
`;

test('a mount is read past any number of optional fields, its path without escapes', () => {
  const mounts = parseMounts(MOUNTINFO);
  assert.deepEqual(mounts[0], { mountPoint: '/', device: '254:0', source: '/dev/root', readOnly: false });
  assert.deepEqual(mounts[1], {
    mountPoint: '/var/a b\\c',
    device: '7:0',
    source: '/dev/loop0',
    readOnly: true,
  });
});

test('a mount is read-only by its own option, by that of its file system, and after an error', () => {
  assert.deepEqual(
    parseMounts(MOUNTINFO).map(({ readOnly }) => readOnly),
    [false, true, true, true],
  );
});

test('the root of this machine is mounted, a file is no mount point', () => {
  assert.notEqual(mountAt('/'), null);
  assert.equal(mountAt(import.meta.filename), null);
});

test('a directory is under itself and its folders, not under one whose name begins alike', () => {
  assert.equal(isUnder('/a/b', '/a/b'), true);
  assert.equal(isUnder('/a/b/c', '/a/b'), true);
  assert.equal(isUnder('/a/bc', '/a/b'), false);
  assert.equal(isUnder('/a', '/'), true);
});

test('a path is followed through symbolic links as far as it exists', () => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'brokertwin-mounts-')));
  try {
    mkdirSync(join(directory, 'real'));
    symlinkSync(join(directory, 'real'), join(directory, 'link'));
    assert.equal(kernelPath(join(directory, 'link')), join(directory, 'real'));
    assert.equal(kernelPath(join(directory, 'link', 'a', 'b')), join(directory, 'real', 'a', 'b'));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
