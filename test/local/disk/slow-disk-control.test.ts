import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { UserError } from '../../../src/errors/errors.ts';
import { setSlowness, shimEnvironment } from '../../../src/local/disk/slow-disk.ts';
import { makeControlFile } from '../../../src/local/disk/slow-disk-control.ts';

const directory = mkdtempSync(join(tmpdir(), 'brokertwin-slow-disk-'));
after(() => rmSync(directory, { recursive: true }));

const SLOW = { writeDelayMs: 1.5, syncDelayMs: 20, bytesPerSecond: 5_000_000 };

/** Which slot of a directory is in force, and what the four numbers in each are. */
function layout(path: string, index: number): { inForce: number; slots: bigint[][] } {
  const bytes = readFileSync(path);
  const slot = (which: number): bigint[] =>
    [0, 8, 16, 24].map((offset) => bytes.readBigUInt64LE(64 + (2 * index + which) * 32 + offset));
  return { inForce: bytes[16 + index], slots: [slot(0), slot(1)] };
}

describe('the control file of slow disks', () => {
  test('begins with its magic and slows nothing', () => {
    const path = join(directory, 'new');
    makeControlFile(path);
    const bytes = readFileSync(path);
    assert.equal(bytes.length, 4096);
    assert.equal(bytes.toString('latin1', 0, 16), 'slow-disk-1\0\0\0\0\0');
    assert.ok(bytes.subarray(16).every((byte) => byte === 0));
  });

  test('has a setting in the slot of its directory, in nanoseconds and bytes per second', () => {
    const path = join(directory, 'set');
    makeControlFile(path);
    setSlowness(path, 3, SLOW);
    const { inForce, slots } = layout(path, 3);
    assert.equal(inForce, 1);
    assert.deepEqual(slots[0].slice(1), [1_500_000n, 20_000_000n, 5_000_000n]);
    assert.equal(layout(path, 2).inForce, 0);
    assert.equal(layout(path, 4).inForce, 0);
  });

  test('takes a change into the other slot, with another number', () => {
    const path = join(directory, 'change');
    makeControlFile(path);
    setSlowness(path, 15, SLOW);
    setSlowness(path, 15, { ...SLOW, syncDelayMs: 30 });
    const { inForce, slots } = layout(path, 15);
    assert.equal(inForce, 2);
    assert.deepEqual(slots[1].slice(1), [1_500_000n, 30_000_000n, 5_000_000n]);
    assert.notEqual(slots[0][0], slots[1][0]);
    setSlowness(path, 15, SLOW);
    assert.equal(layout(path, 15).inForce, 1);
    setSlowness(path, 15, { writeDelayMs: 0, syncDelayMs: 0, bytesPerSecond: null });
    assert.equal(layout(path, 15).inForce, 0);
  });

  test('stays as it is when the broker starts again, and is made anew when it is of another version', () => {
    const path = join(directory, 'again');
    makeControlFile(path);
    setSlowness(path, 0, SLOW);
    makeControlFile(path);
    assert.equal(layout(path, 0).inForce, 1);
    writeFileSync(path, 'slow-disk-0'.padEnd(4096, '\0'));
    makeControlFile(path);
    assert.equal(layout(path, 0).inForce, 0);
  });

  test('is asked for by name when it is not there', () => {
    assert.throws(
      () => setSlowness(join(directory, 'none'), 0, SLOW),
      (error) => error instanceof UserError && error.message.includes(join(directory, 'none')),
    );
  });

  test('refuses what no disk can be', () => {
    const path = join(directory, 'refuses');
    makeControlFile(path);
    for (const wrong of [{ writeDelayMs: -1 }, { syncDelayMs: Number.NaN }, { bytesPerSecond: 0 }]) {
      assert.throws(() => setSlowness(path, 0, { ...SLOW, ...wrong }), /out of range/);
    }
    assert.throws(() => setSlowness(path, 16, SLOW), /directory 16/);
    assert.equal(layout(path, 0).inForce, 0);
  });
});

describe('the environment of a process with slow disks', () => {
  const controlFile = join(directory, 'environment', 'slow-disk');
  const library = import.meta.filename;

  test('names the library before others, and the directories', () => {
    const environment = shimEnvironment(
      { library, controlFile, directories: ['/nowhere/a', '/nowhere/b'] },
      { LD_PRELOAD: '/lib/other.so' },
    );
    assert.deepEqual(environment, {
      LD_PRELOAD: `${library} /lib/other.so`,
      BROKERTWIN_SLOW_DISK_CONTROL: controlFile,
      BROKERTWIN_SLOW_DISK_DIRECTORIES: '/nowhere/a\n/nowhere/b',
    });
    assert.equal(readFileSync(controlFile).length, 4096);
  });

  test('needs the library, which would be left out without a word', () => {
    const gone = join(directory, 'gone.so');
    assert.throws(
      () => shimEnvironment({ library: gone, controlFile, directories: ['/nowhere/a'] }),
      (error) => error instanceof UserError && error.message.includes(gone),
    );
  });

  test('has no place for more than 16 directories', () => {
    const directories = Array.from({ length: 17 }, (_, index) => `/nowhere/${index}`);
    assert.throws(
      () => shimEnvironment({ library, controlFile, directories }),
      /expected at most 16 log dirs in a broker, found 17/,
    );
  });
});
