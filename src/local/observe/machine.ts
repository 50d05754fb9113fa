/** This machine: what it is, and its counters of CPU, network, disk and dirty memory. */
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import type { RunFacts } from '../../result/run-result.ts';
import { TICKS_PER_SECOND } from '../system/process-stat.ts';

/** Cumulative since boot, but for `dirtyBytes`. */
export interface MachineCounters {
  readonly cpu: CpuCounters;
  /** The loopback interface, which carries all traffic of a local cluster. */
  readonly loopback: { readonly inBytes: number; readonly outBytes: number };
  readonly disk: { readonly readBytes: number; readonly writtenBytes: number };
  /** Bytes in the page cache that wait to be written to disk, now. */
  readonly dirtyBytes: number;
}

export interface CpuCounters {
  readonly busySeconds: number;
  /** Idle, also while something waits for the disk. */
  readonly idleSeconds: number;
  /** Time that this machine wanted to run while its hypervisor ran others. */
  readonly stealSeconds: number;
}

/** /proc/diskstats counts sectors of 512 bytes whatever the disk has. */
const SECTOR_BYTES = 512;

/** CPU model, cores, memory and operating system, for the facts of a run. */
export function machineFacts(): RunFacts['machine'] {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryBytes: totalmem(),
    os: `${type()} ${release()}`,
  };
}

/** Reads the counters of /proc; about 0.1 ms. */
export function readMachine(): MachineCounters {
  return {
    cpu: parseCpu(readFileSync('/proc/stat', 'utf8')),
    loopback: parseInterface(readFileSync('/proc/net/dev', 'utf8'), 'lo'),
    disk: parseDisks(readFileSync('/proc/diskstats', 'utf8')),
    dirtyBytes: parseDirty(readFileSync('/proc/meminfo', 'utf8')),
  };
}

/** Parses the first line of /proc/stat: all cores together. Guests' time is inside user time already. */
export function parseCpu(text: string): CpuCounters {
  const ticks = text.slice(0, text.indexOf('\n')).trim().split(/\s+/).slice(1).map(Number);
  const [user, nice, system, idle, ioWait, interrupt, softInterrupt, steal] = ticks;
  return {
    busySeconds: (user + nice + system + interrupt + softInterrupt) / TICKS_PER_SECOND,
    idleSeconds: (idle + ioWait) / TICKS_PER_SECOND,
    stealSeconds: steal / TICKS_PER_SECOND,
  };
}

/** Parses received and sent bytes of one interface from /proc/net/dev; 0 when there is no such interface. */
export function parseInterface(text: string, name: string): MachineCounters['loopback'] {
  const line = text.split('\n').find((entry) => entry.trimStart().startsWith(`${name}:`));
  const fields = (line?.slice(line.indexOf(':') + 1) ?? '').trim().split(/\s+/).map(Number);
  return { inBytes: fields[0] ?? 0, outBytes: fields[8] ?? 0 };
}

/** Sums /proc/diskstats over whole physical disks: no partitions, no devices made of other devices. */
export function parseDisks(text: string): MachineCounters['disk'] {
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
  const disks = rows.filter((row) => /^([shv]d[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/.test(row[2] ?? ''));
  const sum = (column: number): number =>
    disks.reduce((total, row) => total + Number(row[column]), 0) * SECTOR_BYTES;
  return { readBytes: sum(5), writtenBytes: sum(9) };
}

/** Parses Dirty and Writeback out of /proc/meminfo. */
export function parseDirty(text: string): number {
  const kibibytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return (kibibytes('Dirty') + kibibytes('Writeback')) * 1024;
}
