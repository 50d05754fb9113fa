/** CPU by thread group of the processes watched, from a snapshot at the begin and one at the end. */
import { readThreadDump } from './jolokia.ts';
import type { ResourceSample } from './resource-samples.ts';
import {
  brokerThreadGroup,
  generatorThreadGroup,
  groupBrokerThreads,
  javaClientThreadGroup,
  parseThreadDump,
} from './thread-groups.ts';
import { readThreads, type ThreadSnapshot, type ThreadUse, threadUseBetween } from './thread-use.ts';

/** A process whose threads are watched. */
export interface WatchedProcess {
  readonly name: string;
  readonly pid: number;
  /** Null: a load generator. */
  readonly broker: { readonly id: number; readonly jolokiaUrl: string | null } | null;
  /** Of a load generator that is one of Kafka's own clients. */
  readonly java?: 'producers' | 'consumers' | null;
}

export interface ThreadLook {
  readonly pid: number;
  readonly snapshot: ThreadSnapshot | null;
}

type ThreadGrouping = (thread: { readonly threadId: number; readonly name: string }) => string;

const NOTHING: ThreadSnapshot = { processCpuSeconds: 0, threads: [] };

/** The threads of each process now, by the process's name. */
export function lookAtThreads(processes: readonly WatchedProcess[]): Map<string, ThreadLook> {
  return new Map(processes.map(({ name, pid }) => [name, { pid, snapshot: readThreads(pid) }]));
}

/** CPU by group of each process between two looks; `problems` is told of what is not known. */
export async function threadUse(
  processes: readonly WatchedProcess[],
  looks: {
    readonly before: ReadonlyMap<string, ThreadLook>;
    readonly after: ReadonlyMap<string, ThreadLook>;
    /** Of the time between. */
    readonly samples: readonly Pick<ResourceSample, 'processes'>[];
  },
  problems: string[],
): Promise<ThreadUse[]> {
  const uses = processes.map(async (watched) => {
    const before = looks.before.get(watched.name);
    const snapshot = looks.after.get(watched.name)?.snapshot ?? null;
    if (snapshot === null || before?.snapshot === null) {
      const gone = snapshot === null ? 'is gone' : 'was not there at the begin';
      problems.push(`CPU of ${watched.name} is unknown: its process ${gone}`);
      return [];
    }
    const groupOf = await threadGrouping(watched, problems);
    if (before?.pid === watched.pid) {
      return threadUseBetween(watched.name, before.snapshot, snapshot, groupOf);
    }
    const since = threadUseBetween(watched.name, NOTHING, snapshot, groupOf);
    return before === undefined
      ? since
      : withEnded(since, watched, endedSeconds(watched, before, looks.samples));
  });
  return (await Promise.all(uses)).flat();
}

/** What the process that a broker had at the begin used until it was last seen. */
function endedSeconds(
  { broker }: WatchedProcess,
  { pid, snapshot }: ThreadLook,
  samples: readonly Pick<ResourceSample, 'processes'>[],
): number {
  const readings = samples.flatMap(({ processes }) =>
    broker === null ? [] : (processes.get(broker.id) ?? []),
  );
  const last = readings.filter((reading) => reading.pid === pid).at(-1);
  return Math.max(0, (last?.cpuSeconds ?? 0) - (snapshot?.processCpuSeconds ?? 0));
}

/** Of a process that is gone only the sum over its threads is known; it goes to `other`. */
function withEnded(uses: readonly ThreadUse[], { name }: WatchedProcess, seconds: number): ThreadUse[] {
  const other = uses.find(({ group }) => group === 'other');
  return [
    ...uses.filter((use) => use !== other),
    {
      process: name,
      group: 'other',
      cpuSeconds: seconds + (other?.cpuSeconds ?? 0),
      wakeUps: other?.wakeUps ?? 0,
      runQueueWaitSeconds: other?.runQueueWaitSeconds ?? 0,
    },
  ];
}

/** How to group a process's threads; a dump after the interval also knows threads that were started in it. */
async function threadGrouping(
  { name, broker, java = null }: WatchedProcess,
  problems: string[],
): Promise<ThreadGrouping> {
  if (java !== null) return (thread) => javaClientThreadGroup(thread.name, java);
  if (broker === null) return (thread) => generatorThreadGroup(thread.name);
  const { jolokiaUrl } = broker;
  if (jolokiaUrl === null) return (thread) => brokerThreadGroup(thread.name);
  try {
    const groups = groupBrokerThreads(parseThreadDump(await readThreadDump(jolokiaUrl)));
    return (thread) => groups.get(thread.threadId) ?? brokerThreadGroup(thread.name);
  } catch (error) {
    problems.push(
      `threads of ${name} cannot be told apart: ${error instanceof Error ? error.message : error}`,
    );
    return (thread) => brokerThreadGroup(thread.name);
  }
}
