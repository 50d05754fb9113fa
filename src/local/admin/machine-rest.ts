/** Whether the machine rests: CPU of processes and bytes that wait to be written to disks. */
import { readFileSync } from 'node:fs';
import { parseProcessStat } from '../system/process-stat.ts';
import { readIfThere } from '../system/system-files.ts';

/** CPU seconds that each process has used so far; null for one that does not run. */
export function cpuSeconds(pids: readonly number[]): Map<number, number | null> {
  return new Map(
    pids.map((pid) => {
      const text = readIfThere(`/proc/${pid}/stat`);
      return [pid, text === null ? null : parseProcessStat(text).cpuSeconds];
    }),
  );
}

/** Bytes of all file systems that wait for writing or are being written. */
export function unwrittenBytes(): number {
  return parseUnwrittenBytes(readFileSync('/proc/meminfo', 'utf8'));
}

/** Dirty and Writeback of a meminfo file. */
export function parseUnwrittenBytes(text: string): number {
  const kibibytes = ['Dirty', 'Writeback'].map((name) => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text);
    if (found === null) throw new Error(`/proc/meminfo has no line ${name}`);
    return Number(found[1]);
  });
  return kibibytes.reduce((sum, value) => sum + value, 0) * 1024;
}
