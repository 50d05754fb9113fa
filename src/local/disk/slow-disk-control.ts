/**
 * The control file by which disks are slowed while the brokers run: native/slow-disk.c maps it, we write it. 4096 bytes,
 * little-endian. Change the layout on both sides together, and the magic with it.
 *
 *     0     magic, 16 bytes
 *     16    for each of 16 directories a byte: 0 not slowed, else which slot is in force, 1 or 2
 *     64    for each directory two slots of 32 bytes, four 64-bit numbers each:
 *           change (different in each setting), delay of a write in ns, delay of a sync in ns, bytes/s (0: unlimited)
 *
 * A setting goes to the slot that is not in force, then the byte changes, so that none is seen half-written.
 */
import { closeSync, mkdirSync, openSync, readSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import { hasCode } from '../system/system-files.ts';

/** What a disk takes longer than the real one. */
export interface Slowness {
  readonly writeDelayMs: number;
  readonly syncDelayMs: number;
  /** Of writes; null: unlimited. */
  readonly bytesPerSecond: number | null;
}

/** As many directories as one control file is for. */
export const DIRECTORIES_MAX = 16;

const FILE_BYTES = 4096;
const MAGIC = Buffer.alloc(16);
MAGIC.write('slow-disk-1');
const IN_FORCE_AT = 16;
const SLOTS_AT = 64;
const SLOT_BYTES = 32;
const NS_PER_MS = 1e6;

/** Makes a control file where nothing is slowed. One that is there stays: a disk is slow beyond a broker's restart. */
export function makeControlFile(path: string): void {
  if (hasMagic(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  const bytes = Buffer.alloc(FILE_BYTES);
  MAGIC.copy(bytes);
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}

/**
 * Slows a directory from the next write or sync on; without delays and limit it is as fast as it can be again, also for
 * those who wait.
 *
 * @param index the directory's place in the list that the shim was given
 * @throws UserError (exit 3) when there is no control file, since the process runs without the shim.
 */
export function setSlowness(controlFile: string, index: number, slowness: Slowness): void {
  if (!Number.isInteger(index) || index < 0 || index >= DIRECTORIES_MAX) {
    throw new Error(`directory ${index} of a control file for ${DIRECTORIES_MAX}`);
  }
  const { writeDelayMs, syncDelayMs, bytesPerSecond } = slowness;
  const slows = writeDelayMs !== 0 || syncDelayMs !== 0 || bytesPerSecond !== null;
  const slot = slotOf(slowness);
  const file = openControlFile(controlFile);
  try {
    const inForce = Buffer.alloc(1);
    readSync(file, inForce, 0, 1, IN_FORCE_AT + index);
    const next = inForce[0] === 1 ? 2 : 1;
    writeSync(file, slot, 0, SLOT_BYTES, SLOTS_AT + (2 * index + next - 1) * SLOT_BYTES);
    writeSync(file, Buffer.of(slows ? next : 0), 0, 1, IN_FORCE_AT + index);
  } finally {
    closeSync(file);
  }
}

function slotOf({ writeDelayMs, syncDelayMs, bytesPerSecond }: Slowness): Buffer {
  const slot = Buffer.alloc(SLOT_BYTES);
  slot.writeBigUInt64LE(process.hrtime.bigint(), 0);
  slot.writeBigUInt64LE(wholeNumber('writeDelayMs', writeDelayMs * NS_PER_MS, 0), 8);
  slot.writeBigUInt64LE(wholeNumber('syncDelayMs', syncDelayMs * NS_PER_MS, 0), 16);
  slot.writeBigUInt64LE(bytesPerSecond === null ? 0n : wholeNumber('bytesPerSecond', bytesPerSecond, 1), 24);
  return slot;
}

function wholeNumber(name: string, value: number, min: number): bigint {
  const rounded = Math.round(value);
  if (!(rounded >= min && rounded <= Number.MAX_SAFE_INTEGER))
    throw new Error(`${name} out of range: ${value}`);
  return BigInt(rounded);
}

function openControlFile(path: string): number {
  if (!hasMagic(path)) {
    throw new UserError(
      `disks cannot be slowed: expected a control file of this version at ${path}, found none: start the cluster with the shim for slow disks`,
      EXIT.clusterUnreachable,
    );
  }
  return openSync(path, 'r+');
}

function hasMagic(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    try {
      const magic = Buffer.alloc(MAGIC.length);
      readSync(file, magic, 0, magic.length, 0);
      return magic.equals(MAGIC);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
