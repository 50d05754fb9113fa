/** CPU use of each thread of a process, from /proc/<pid>/task. */
import { readdirSync } from 'node:fs';
import type { ThreadCpu } from '../../result/run-result.ts';
import { parseProcessStat } from '../system/process-stat.ts';
import { hasCode, readIfThere } from '../system/system-files.ts';

/** Cumulative counters of one thread since it started. */
export interface ThreadCounters {
  readonly threadId: number;
  /** The name as Linux has it, at most 15 characters. */
  readonly name: string;
  readonly runSeconds: number;
  /** Time spent ready to run while no core was free. */
  readonly runQueueWaitSeconds: number;
  /** Times it gave up its core to wait for something, each followed by a wake-up. */
  readonly voluntarySwitches: number;
}

/** All threads of a process at one moment. */
export interface ThreadSnapshot {
  /** User and system time of all threads, also of those that ended; in steps of 10 ms. */
  readonly processCpuSeconds: number;
  readonly threads: readonly ThreadCounters[];
}

/** CPU of a group of threads over an interval. */
export interface ThreadUse extends ThreadCpu {
  /** Time that the group's threads were ready to run while no core was free. */
  readonly runQueueWaitSeconds: number;
}

const NANOSECONDS = 1e9;
/** The granularity of a process's total, below which nothing is concluded from it. */
const PROCESS_CPU_STEP_SECONDS = 0.02;

/** Reads all threads of a process; null when it is gone. */
export function readThreads(pid: number): ThreadSnapshot | null {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const ids = stat === null ? null : taskIds(pid);
  if (stat === null || ids === null) return null;
  return {
    processCpuSeconds: parseProcessStat(stat).cpuSeconds,
    threads: ids.flatMap((threadId) => {
      const directory = `/proc/${pid}/task/${threadId}`;
      const name = readIfThere(`${directory}/comm`);
      const schedule = readIfThere(`${directory}/schedstat`);
      const status = readIfThere(`${directory}/status`);
      if (name === null || schedule === null || status === null) return [];
      return [{ threadId, name: name.trimEnd(), ...parseSchedule(schedule), ...parseSwitches(status) }];
    }),
  };
}

/** Parses /proc/<pid>/task/<tid>/schedstat: nanoseconds run, nanoseconds waited for a core, slices. */
export function parseSchedule(text: string): { runSeconds: number; runQueueWaitSeconds: number } {
  const [run, wait] = text.trim().split(' ').map(Number);
  return { runSeconds: run / NANOSECONDS, runQueueWaitSeconds: wait / NANOSECONDS };
}

/** Parses the count of voluntary context switches out of /proc/<pid>/task/<tid>/status. */
export function parseSwitches(text: string): { voluntarySwitches: number } {
  return { voluntarySwitches: Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(text)?.[1] ?? 0) };
}

/**
 * CPU by group between two snapshots of a process; a thread that was not there before counts from its start. Time of
 * threads that ended in between is known only for the process as a whole and goes to `other`.
 */
export function threadUseBetween(
  processName: string,
  before: ThreadSnapshot,
  after: ThreadSnapshot,
  groupOf: (thread: ThreadCounters) => string,
): ThreadUse[] {
  const earlier = new Map(before.threads.map((thread) => [thread.threadId, thread]));
  const groups = new Map<string, ThreadUse>();
  const add = (group: string, run: number, wakeUps: number, wait: number): void => {
    const sum = groups.get(group);
    groups.set(group, {
      process: processName,
      group,
      cpuSeconds: (sum?.cpuSeconds ?? 0) + run,
      wakeUps: (sum?.wakeUps ?? 0) + wakeUps,
      runQueueWaitSeconds: (sum?.runQueueWaitSeconds ?? 0) + wait,
    });
  };
  let threadSeconds = 0;
  for (const thread of after.threads) {
    const start = earlier.get(thread.threadId);
    const run = thread.runSeconds - (start?.runSeconds ?? 0);
    threadSeconds += run;
    add(
      groupOf(thread),
      run,
      thread.voluntarySwitches - (start?.voluntarySwitches ?? 0),
      thread.runQueueWaitSeconds - (start?.runQueueWaitSeconds ?? 0),
    );
  }
  const ended = after.processCpuSeconds - before.processCpuSeconds - threadSeconds;
  if (ended > PROCESS_CPU_STEP_SECONDS) add('other', ended, 0, 0);
  return [...groups.values()].sort((left, right) => (left.group < right.group ? -1 : 1));
}

/** Ids of the threads of a process; null when it is gone. */
export function taskIds(pid: number): number[] | null {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return null;
    throw error;
  }
}
