/** What one process has used, from /proc/<pid>. */
import { closeSync, openSync, readSync } from 'node:fs';
import { parseProcessStat, TICKS_PER_SECOND } from '../system/process-stat.ts';
import { hasCode, readIfThere } from '../system/system-files.ts';
import { monotonicMs } from './clock.ts';
import { parseSchedule, taskIds } from './thread-use.ts';
import type { Reading } from './windows.ts';

export interface ProcessReading extends Reading {
  readonly pid: number;
  readonly cpuSeconds: number;
  /** Bytes that the process caused to be written to disk, counted when it dirties the page cache. */
  readonly writtenBytes: number;
}

/** Seconds that each thread was ready to run while no core was free, by thread id. */
export interface WaitReading extends Reading {
  readonly waitSeconds: ReadonlyMap<number, number>;
}

const MS_PER_TICK = 1000 / TICKS_PER_SECOND;

/** Reads a process; null when it is gone. */
export function readProcess(pid: number): ProcessReading | null {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const io = readIo(pid);
  if (stat === null || io === null) return null;
  const { cpuSeconds, startTick } = parseProcessStat(stat);
  return {
    pid,
    atMs: monotonicMs(),
    life: `${pid} ${startTick}`,
    bornAtMs: startTick * MS_PER_TICK,
    cpuSeconds,
    writtenBytes: parseWrittenBytes(io),
  };
}

/** What has ended but is not reaped yet belongs to root, and tells others nothing. */
function readIo(pid: number): string | null {
  try {
    return readIfThere(`/proc/${pid}/io`);
  } catch (error) {
    if (hasCode(error, 'EACCES')) return null;
    throw error;
  }
}

/** Parses write_bytes of /proc/<pid>/io. */
export function parseWrittenBytes(text: string): number {
  return Number(/^write_bytes: (\d+)/m.exec(text)?.[1] ?? 0);
}

/** A line of schedstat is shorter. */
const buffer = Buffer.alloc(128);

/** Reads every thread of a process, so not to be done too often: a broker has more than a hundred. */
export function readRunQueueWait(process: ProcessReading): WaitReading | null {
  const ids = taskIds(process.pid);
  if (ids === null) return null;
  const waitSeconds = new Map<number, number>();
  for (const id of ids) {
    const text = readLine(`/proc/${process.pid}/task/${id}/schedstat`);
    if (text !== null) waitSeconds.set(id, parseSchedule(text).runQueueWaitSeconds);
  }
  return { atMs: monotonicMs(), life: process.life, bornAtMs: process.bornAtMs, waitSeconds };
}

/** Seconds waited between two readings of one life; what threads waited that have ended is not known. */
export function waitBetween(before: WaitReading | null, after: WaitReading): number {
  let seconds = 0;
  for (const [id, waited] of after.waitSeconds) seconds += waited - (before?.waitSeconds.get(id) ?? 0);
  return seconds;
}

/** Reads a short file of /proc with half the system calls of `readFileSync`; null when it is gone. */
function readLine(path: string): string | null {
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    return buffer.toString('latin1', 0, readSync(file, buffer));
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return null;
    throw error;
  } finally {
    if (file !== null) closeSync(file);
  }
}
