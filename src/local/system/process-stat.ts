/** Parsing of /proc/<pid>/stat, see proc(5). */

/** Linux reports CPU times and start times in ticks of 1/100 s to user space, on every architecture. */
export const TICKS_PER_SECOND = 100;

export interface ProcessStat {
  /** The kernel's letter: R runs, S sleeps, D waits for a disk, T is stopped, Z has ended, ... */
  readonly state: string;
  /** False for a zombie whose threads are all gone; while some still die, they may write their last file. */
  readonly running: boolean;
  /** User and system time of all threads, also of those that have ended. */
  readonly cpuSeconds: number;
  /** Ticks from boot to the start of the process. */
  readonly startTick: number;
}

/** Reads the one line of a stat file; the command name in it may hold blanks and parentheses. */
export function parseProcessStat(text: string): ProcessStat {
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  return {
    state: fields[0],
    running: fields[0] !== 'X' && (fields[0] !== 'Z' || Number(fields[17]) > 1),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    startTick: Number(fields[19]),
  };
}
