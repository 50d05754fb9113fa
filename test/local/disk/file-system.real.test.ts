import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { UserError } from '../../../src/errors/errors.ts';
import { runNow } from '../../../src/local/disk/commands.ts';
import { fill, free, freeBytes, isReadOnly, makeReadOnly, repair } from '../../../src/local/disk/faults.ts';
import {
  type LogDirFileSystem,
  makeFileSystems,
  planFileSystem,
} from '../../../src/local/disk/file-system.ts';
import { isUnder, kernelPath, loopDevices, mountAt, mountsNow } from '../../../src/local/disk/mounts.ts';
import {
  removeFileSystem,
  removeFileSystemsUnder,
  removeFileSystemsUnderNow,
} from '../../../src/local/disk/remove.ts';
import { runTool } from '../../../src/local/system/tool.ts';
import { missing } from '../../support/components.ts';

const MIB = 1024 ** 2;
const SIZE_BYTES = 64 * MIB;

const root = kernelPath(mkdtempSync(join(tmpdir(), 'brokertwin-disk-')));
let directories = 0;

function freshDirectory(): string {
  directories += 1;
  const directory = join(root, String(directories));
  mkdirSync(directory);
  return directory;
}

/** One of 64 MiB in a directory of its own. */
function makeOne(sizeBytes = SIZE_BYTES): LogDirFileSystem {
  const fileSystem = planFileSystem({ mountPoint: join(freshDirectory(), 'disk'), sizeBytes });
  makeFileSystems([fileSystem]);
  return fileSystem;
}

/** What the kernel still has of a directory. */
function leftIn(directory: string): string[] {
  return [
    ...mountsNow().map(({ mountPoint }) => mountPoint),
    ...loopDevices().map(({ image }) => image),
  ].filter((path) => isUnder(path, directory));
}

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
  return 'none';
}

describe('a log dir on a file system of its own', { skip: missing(['loop']) ?? false }, () => {
  after(async () => {
    await removeFileSystemsUnder(root);
    rmSync(root, { recursive: true });
  });

  test('has the size that was asked for, less what ext4 needs, and an empty log dir', async () => {
    const fileSystem = makeOne(256 * MIB + 1);
    const { bsize } = statfsSync(fileSystem.mountPoint);
    assert.equal(bsize, 4096);
    const share = freeBytes(fileSystem) / fileSystem.sizeBytes;
    assert.ok(share > 0.89 && share < 0.92, `${share} of it is free`);
    assert.deepEqual(readdirSync(fileSystem.logDir), []);
    assert.equal(isReadOnly(fileSystem), false);
    await removeFileSystem(fileSystem);
  });

  test('leaves no table to be written by the kernel later', async () => {
    const fileSystem = makeOne();
    const described = await runTool('dumpe2fs', [fileSystem.image]);
    const flags = described?.lines.filter((line) => /^Group \d+:/.test(line)) ?? [];
    assert.notEqual(flags.length, 0);
    for (const line of flags) assert.match(line, /ITABLE_ZEROED/);
    await removeFileSystem(fileSystem);
  });

  test('is full when what was left free is written, and not full any more afterwards', async () => {
    const fileSystem = makeOne();
    const before = freeBytes(fileSystem);
    const file = openSync(join(fileSystem.logDir, 'segment'), 'w');
    for (const leaveBytes of [MIB, 3 * MIB]) {
      await fill(fileSystem, leaveBytes);
      const free = freeBytes(fileSystem);
      assert.ok(Math.abs(free - leaveBytes) <= 8192, `${free} bytes free of ${leaveBytes}`);
    }
    let written = 0;
    const code = codeOf(() => {
      for (;;) written += writeSync(file, Buffer.alloc(4096));
    });
    closeSync(file);
    assert.equal(code, 'ENOSPC');
    assert.ok(Math.abs(written - 3 * MIB) <= 16_384, `${written} bytes written`);
    await free(fileSystem);
    assert.ok(Math.abs(freeBytes(fileSystem) + written - before) <= 16_384);
    await assert.rejects(fill(fileSystem, SIZE_BYTES), /bytes free, to leave that many, found/);
    await removeFileSystem(fileSystem);
  });

  test('turns read-only under open files, and comes back with all that was synced', async () => {
    const fileSystem = makeOne();
    const file = openSync(join(fileSystem.logDir, 'segment'), 'w');
    writeSync(file, 'synced');
    fsyncSync(file);
    await makeReadOnly(fileSystem);
    assert.equal(isReadOnly(fileSystem), true);
    assert.equal(
      codeOf(() => writeSync(file, 'more')),
      'EROFS',
    );
    assert.match(
      codeOf(() => fsyncSync(file)),
      /^(EROFS|EIO)$/,
    );
    assert.equal(
      codeOf(() => writeFileSync(join(fileSystem.logDir, 'new'), '')),
      'EROFS',
    );
    await makeReadOnly(fileSystem);

    await assert.rejects(
      repair(fileSystem),
      (error) => error instanceof UserError && error.message.includes(`process ${process.pid} (`),
    );
    closeSync(file);
    await repair(fileSystem);
    assert.equal(isReadOnly(fileSystem), false);
    assert.equal(readFileSync(join(fileSystem.logDir, 'segment'), 'utf8'), 'synced');
    writeFileSync(join(fileSystem.logDir, 'new'), '');
    await removeFileSystem(fileSystem);
  });

  test('is gone with its data when removed, and removed once more without a word', async () => {
    const fileSystem = makeOne();
    writeFileSync(join(fileSystem.logDir, 'segment'), Buffer.alloc(MIB));
    await removeFileSystem(fileSystem);
    await removeFileSystem(fileSystem);
    assert.equal(existsSync(fileSystem.image), false);
    assert.equal(existsSync(fileSystem.mountPoint), false);
    assert.deepEqual(leftIn(root), []);
  });

  test('waits at its removal for a killed process that is just going', async () => {
    const fileSystem = makeOne();
    const user = spawn('sleep', ['30'], { cwd: fileSystem.logDir, stdio: 'ignore' });
    const killing = setTimeout(() => user.kill('SIGKILL'), 300);
    await removeFileSystem(fileSystem);
    clearTimeout(killing);
    assert.notEqual(user.signalCode, null);
    assert.deepEqual(leftIn(root), []);
  });

  test('vanishes from sight at once when a process that ends removes it, from the kernel with its last user', async () => {
    const fileSystem = makeOne();
    const user = spawn('sleep', ['30'], { cwd: fileSystem.mountPoint, stdio: 'ignore' });
    const ended = new Promise((resolve) => user.once('exit', resolve));
    removeFileSystemsUnderNow(root);
    assert.equal(mountAt(fileSystem.mountPoint), null);
    assert.equal(existsSync(fileSystem.image), false);
    user.kill('SIGKILL');
    await ended;
    for (let tries = 0; tries < 100 && leftIn(root).length > 0; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(leftIn(root), []);
  });

  test('is found without a record, however far its making had come', async () => {
    const directory = freshDirectory();
    const whole = planFileSystem({ mountPoint: join(directory, 'a b', 'whole'), sizeBytes: SIZE_BYTES });
    makeFileSystems([whole]);
    const attached = join(directory, 'attached.ext4');
    writeFileSync(attached, '');
    truncateSync(attached, SIZE_BYTES);
    runNow('test', 'losetup', ['--find', attached]);
    assert.equal(leftIn(directory).length, 3);
    const other = makeOne();
    await removeFileSystemsUnder(directory);
    assert.deepEqual(leftIn(directory), []);
    assert.equal(existsSync(whole.image), false);
    assert.equal(existsSync(attached), false);
    assert.notEqual(mountAt(other.mountPoint), null);
    await removeFileSystem(other);
  });

  test('is made with all others or not at all', () => {
    const directory = freshDirectory();
    const [first, second] = ['first', 'second'].map((name) =>
      planFileSystem({ mountPoint: join(directory, name), sizeBytes: SIZE_BYTES }),
    );
    writeFileSync(second.image, 'of an older one');
    assert.throws(
      () => makeFileSystems([first, second]),
      (error) => error instanceof UserError && error.message.includes(second.image),
    );
    assert.deepEqual(leftIn(directory), []);
    assert.equal(existsSync(first.image), false);
    assert.equal(readFileSync(second.image, 'utf8'), 'of an older one');
  });

  test('is refused when all together are larger than what is free, promises to others counted', async () => {
    const directory = freshDirectory();
    const { bavail, bsize } = statfsSync(directory);
    const freeBytes = bavail * bsize;
    const plan = (name: string, sizeBytes: number): LogDirFileSystem =>
      planFileSystem({ mountPoint: join(directory, name), sizeBytes });
    const part = Math.floor(0.6 * freeBytes);
    assert.throws(
      () => makeFileSystems([plan('a', part), plan('b', part)]),
      /expected \d+ MiB free for 2 log dirs, found \d+ MiB/,
    );
    const promised = plan('promised', part);
    makeFileSystems([promised]);
    assert.throws(() => makeFileSystems([plan('c', part)]), /beside \d+ MiB promised to other log dirs/);
    await removeFileSystem(promised);
    assert.deepEqual(leftIn(root), []);
  });

  test('is refused when it is too small, every one by name', () => {
    const directory = freshDirectory();
    const small = ['a', 'b'].map((name) =>
      planFileSystem({ mountPoint: join(directory, name), sizeBytes: MIB }),
    );
    assert.throws(
      () => makeFileSystems(small),
      (error) => error instanceof UserError && error.lines.length === 2,
    );
    assert.deepEqual(readdirSync(directory), []);
  });
});
