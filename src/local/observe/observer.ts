/**
 * Watching a local cluster while a phase runs: request stages, CPU by thread group, and series of windows of what machines
 * and brokers did, all on CLOCK_MONOTONIC. Files of /proc, control groups and queues are read in every window; what is
 * dearer, the brokers' metrics and their threads' waiting, in longer windows. What it costs is measured by
 * bench/observe.
 */
import { type CgroupLayout, findCgroupLayout } from '../capabilities/cgroup-layout.ts';
import { UNLIMITED } from '../hosts/machine.ts';
import { type BrokerLook, brokerWatch, type ObservedBroker, type SettledLook } from './broker-watch.ts';
import { monotonicMs } from './clock.ts';
import { readMachine } from './machine.ts';
import {
  type MachineReaders,
  type MachineSample,
  type ObservedMachine,
  openMachineReaders,
} from './machine-samples.ts';
import { type BrokerWatch, type Observation, observationOf } from './observation.ts';
import { readProcess } from './process-counters.ts';
import { lookAtThreads, type ThreadLook, threadUse, type WatchedProcess } from './process-threads.ts';
import type { ResourceSample } from './resource-samples.ts';

export type { ObservedBroker } from './broker-watch.ts';
export type { ObservedMachine } from './machine-samples.ts';
export type { Observation } from './observation.ts';

/** What to watch. */
export interface ObservedCluster {
  /** The brokers that run now; asked for in every window, so that one that was restarted or added is found. */
  readonly brokers: () => readonly ObservedBroker[];
  readonly machines: readonly ObservedMachine[];
  /** Processes that generate load. */
  readonly generators: readonly ObservedGenerator[];
}

/** A process that generates load. */
export interface ObservedGenerator {
  readonly pid: number;
  readonly machine: string;
  /** One of Kafka's own clients; its name tells it from the others on the machine. */
  readonly java?: { readonly name: string; readonly role: 'producers' | 'consumers' };
}

export interface ObserverOptions {
  /** Length of a window of the resource series; 1,000 by default. */
  readonly intervalMs?: number;
  /** Length of a window of what is read by JMX or of every thread: a multiple of `intervalMs`; 3,000 by default. */
  readonly metricsIntervalMs?: number;
  /** Name of the real machine in the resource series; `local` by default. */
  readonly host?: string;
  /** Of `observeBrokers`: what generates the load, by default this process. */
  readonly generators?: readonly Omit<ObservedGenerator, 'machine'>[];
  /** This machine's own by default. */
  readonly cgroups?: CgroupLayout | null;
}

export interface Observer {
  /**
   * Counters are read at once, before the first wait; the promise is for the brokers' metrics. Only where machines have
   * namespaces it waits first, some milliseconds, for the readers in them.
   */
  begin(): Promise<void>;
  /** Likewise at once; then gives what lies between. A new `begin` may follow. */
  end(): Promise<Observation>;
  /** Ends it without a result; nothing when it has ended or not begun. */
  cancel(): void;
}

/** A sample whose queues may still be on their way. */
interface PendingSample extends Omit<ResourceSample, 'machines'> {
  readonly machines: readonly Promise<MachineSample>[];
}

interface Started {
  readonly samples: PendingSample[];
  readonly look: ReturnType<typeof brokerWatch>;
  readonly looks: BrokerLook[];
  /** Looks that were put out of the windows; their reads count all the same. */
  readonly extraLooks: BrokerLook[];
  /** By id, as last seen. */
  readonly brokers: Map<number, ObservedBroker>;
  readonly threads: ReadonlyMap<string, ThreadLook>;
  readonly readers: MachineReaders;
  readonly problems: readonly string[];
  readonly timer: NodeJS.Timeout;
}

/** How the names of processes begin that are Kafka's own clients. */
export const JAVA_CLIENT = 'generator-java-';

const INTERVAL_MS = 1_000;
const METRICS_INTERVAL_MS = 3_000;

/** Prepares to watch brokers on loopback and this process as their load generator; nothing is read before `begin`. */
export function observeBrokers(brokers: ObservedCluster['brokers'], options: ObserverOptions = {}): Observer {
  const name = options.host ?? 'local';
  return observe(
    {
      brokers,
      machines: [
        {
          name,
          namespace: null,
          cgroup: null,
          limits: UNLIMITED,
          switchNamespace: null,
          switchPort: null,
        },
      ],
      generators: (options.generators ?? [{ pid: process.pid }]).map((one) => ({ ...one, machine: name })),
    },
    options,
  );
}

/** Prepares to watch a cluster; nothing is read before `begin`. */
export function observe(cluster: ObservedCluster, options: ObserverOptions = {}): Observer {
  const intervalMs = options.intervalMs ?? INTERVAL_MS;
  const ticksPerLook = Math.max(
    1,
    Math.round((options.metricsIntervalMs ?? METRICS_INTERVAL_MS) / intervalMs),
  );
  const cgroups = options.cgroups === undefined ? usableCgroups() : options.cgroups;
  let started: Started | Pick<Started, 'readers'> | null = null;

  const begin = async (): Promise<void> => {
    if (started !== null) throw new Error('the observer has begun already');
    const readers = openMachineReaders(cluster.machines, cgroups);
    started = { readers };
    const shaped = cluster.machines.some(({ namespace }) => namespace !== null);
    const problems = shaped ? await readers.ready : [];
    const present = cluster.brokers();
    const samples = [sampleNow(present, readers)];
    const look = brokerWatch();
    const looks = [look(present, samples[0].processes)];
    const known = new Map(present.map((broker) => [broker.id, broker]));
    const timer = setInterval(() => {
      const brokers = cluster.brokers();
      for (const broker of brokers) known.set(broker.id, broker);
      const sample = sampleNow(brokers, readers);
      samples.push(sample);
      if ((samples.length - 1) % ticksPerLook === 0) looks.push(look(brokers, sample.processes));
    }, intervalMs);
    timer.unref();
    const threads = lookAtThreads(watchedProcesses(cluster, present));
    started = { samples, look, looks, extraLooks: [], brokers: known, threads, readers, problems, timer };
    await Promise.all(looks[0].metrics.values());
  };

  const end = async (): Promise<Observation> => {
    if (started === null || !('timer' in started)) throw new Error('the observer has not begun');
    const watched = started;
    started = null;
    clearInterval(watched.timer);
    const present = cluster.brokers();
    for (const broker of present) watched.brokers.set(broker.id, broker);
    const last = sampleNow(present, watched.readers);
    const processes = watchedProcesses(cluster, [...watched.brokers.values()]);
    const threads = lookAtThreads(processes);
    const lastLook = watched.look(present, last.processes, { insist: true });
    closeWindows(watched.samples, last, intervalMs);
    watched.extraLooks.push(...closeWindows(watched.looks, lastLook, ticksPerLook * intervalMs));
    const samples = await Promise.all(watched.samples.map(settleSample));
    watched.readers.close();
    const problems: string[] = [];
    const watches = await Promise.all(
      [...watched.brokers.values()].map((broker) => settleWatch(broker, watched)),
    );
    return observationOf({
      host: options.host ?? 'local',
      machines: cluster.machines,
      samples,
      watches,
      windowSeconds: { samples: intervalMs / 1000, looks: (ticksPerLook * intervalMs) / 1000 },
      threadCpu: await threadUse(processes, { before: watched.threads, after: threads, samples }, problems),
      problems: [...watched.problems, ...problems],
    });
  };

  const cancel = (): void => {
    if (started !== null && 'timer' in started) clearInterval(started.timer);
    started?.readers.close();
    started = null;
  };

  return { begin, end, cancel };
}

function usableCgroups(): CgroupLayout | null {
  const layout = findCgroupLayout();
  return 'problem' in layout ? null : layout;
}

function sampleNow(brokers: readonly ObservedBroker[], readers: MachineReaders): PendingSample {
  const processes = brokers.flatMap(({ id, pid }) => {
    const reading = readProcess(pid);
    return reading === null ? [] : [[id, reading] as const];
  });
  const atMs = monotonicMs();
  return { atMs, host: readMachine(), processes: new Map(processes), machines: readers.sample() };
}

async function settleSample(sample: PendingSample): Promise<ResourceSample> {
  return { ...sample, machines: await Promise.all(sample.machines) };
}

async function settleWatch(broker: ObservedBroker, { looks, extraLooks }: Started): Promise<BrokerWatch> {
  const settle = async (of: BrokerLook): Promise<SettledLook> => ({
    read: (await of.metrics.get(broker.id)) ?? null,
    wait: of.waits.get(broker.id) ?? null,
  });
  const [inWindows, extra] = await Promise.all([looks, extraLooks].map((of) => Promise.all(of.map(settle))));
  return { broker, looks: inWindows, extraReads: extra.flatMap(({ read }) => read ?? []) };
}

/** A short rest joins the window before it, so that nothing measured is dropped and no window is a sliver. Gives what it put out. */
function closeWindows<Of extends { readonly atMs: number }>(found: Of[], last: Of, intervalMs: number): Of[] {
  const latest = found[found.length - 1];
  const isSliver = found.length > 1 && last.atMs - latest.atMs < intervalMs / 2;
  const out = isSliver ? found.splice(-1) : [];
  found.push(last);
  return out;
}

function watchedProcesses(
  { generators }: ObservedCluster,
  brokers: readonly ObservedBroker[],
): WatchedProcess[] {
  const ofBrokers = brokers.map(({ id, pid, processName, jolokiaUrl }) => ({
    name: processName,
    pid,
    broker: { id, jolokiaUrl },
  }));
  const ofGenerators = generators.map(({ pid, machine, java }) => ({
    name: generatorName(machine, java, generators.length),
    pid,
    broker: null,
    java: java?.role ?? null,
  }));
  return [...ofBrokers, ...ofGenerators];
}

function generatorName(machine: string, java: ObservedGenerator['java'], processes: number): string {
  if (java !== undefined) return `${JAVA_CLIENT}${java.role}-${java.name}`;
  return processes === 1 ? 'generator' : `generator-${machine}`;
}
