/**
 * Watching brokers and the load generator while a phase runs: request stages, CPU by thread group, resources per
 * window. Costs a few file reads per interval, and one metrics request per broker at the begin and the end.
 */
import type { RequestStages, ResourceSeries } from '../../result/run-result.ts';
import { ACTIVITY_READS, activityBetween, type BrokerActivity } from './broker-activity.ts';
import { type MBeanValues, readMBeans, readThreadDump } from './jolokia.ts';
import { REQUEST_STAGE_READS, requestStagesBetween } from './request-metrics.ts';
import { type ResourceSample, resourceSeries, sampleResources } from './resource-samples.ts';
import {
  brokerThreadGroup,
  generatorThreadGroup,
  groupBrokerThreads,
  parseThreadDump,
} from './thread-groups.ts';
import { readThreads, type ThreadSnapshot, type ThreadUse, threadUseBetween } from './thread-use.ts';

/** A broker to watch; a `LocalBroker` is one. */
export interface ObservedBroker {
  readonly id: number;
  readonly pid: number;
  readonly jolokiaUrl: string | null;
  readonly processName: string;
}

export interface ObserverOptions {
  /** Length of a window of the resource series; 1,000 by default. */
  readonly intervalMs?: number;
  /** The load generator's process; this one by default. */
  readonly generatorPid?: number;
  /** Name of the host in the resource series; `local` by default. */
  readonly host?: string;
}

/** What happened between `begin` and `end`. */
export interface Observation {
  readonly seconds: number;
  readonly requestStages: readonly RequestStages[];
  readonly threadCpu: readonly ThreadUse[];
  /** Windows of `intervalMs`; the last one takes what remains, from half of it to one and a half. */
  readonly resources: readonly ResourceSeries[];
  /** Share of the machine's core time that its hypervisor gave to others, 0 to 1. */
  readonly stealShare: number;
  readonly activity: readonly BrokerActivity[];
  /** Bytes in the page cache waiting for the disk, at the begin and the end. */
  readonly dirtyBytes: { readonly begin: number; readonly end: number };
  /** What could not be observed, one sentence each. */
  readonly problems: readonly string[];
}

export interface Observer {
  /** Counters are read at once, before the first wait; the promise is for the brokers' metrics. */
  begin(): Promise<void>;
  /** Likewise at once; then gives what lies between. A new `begin` may follow. */
  end(): Promise<Observation>;
}

interface Started {
  readonly samples: ResourceSample[];
  readonly threads: readonly (ThreadSnapshot | null)[];
  readonly timer: NodeJS.Timeout;
  readonly metrics: Promise<readonly BrokerRead[]>;
}

/** A broker's metrics, or why they could not be read. */
type BrokerRead = { readonly values: MBeanValues } | { readonly problem: string };

const INTERVAL_MS = 1_000;

/** Prepares to watch running brokers; nothing is read before `begin`. */
export function observeBrokers(brokers: readonly ObservedBroker[], options: ObserverOptions = {}): Observer {
  const intervalMs = options.intervalMs ?? INTERVAL_MS;
  const pids = [...brokers.map((broker) => broker.pid), options.generatorPid ?? process.pid];
  let started: Started | null = null;

  const begin = async (): Promise<void> => {
    if (started !== null) throw new Error('the observer has begun already');
    const samples = [sampleResources(pids)];
    const threads = pids.map(readThreads);
    const timer = setInterval(() => samples.push(sampleResources(pids)), intervalMs);
    timer.unref();
    started = { samples, threads, timer, metrics: Promise.all(brokers.map(readBroker)) };
    await started.metrics;
  };

  const end = async (): Promise<Observation> => {
    if (started === null) throw new Error('the observer has not begun');
    const { samples, threads: threadsBefore, timer, metrics } = started;
    started = null;
    clearInterval(timer);
    const last = sampleResources(pids);
    const threadsAfter = pids.map(readThreads);
    const after = await Promise.all(brokers.map(readBroker));
    const before = await metrics;
    closeWindows(samples, last, intervalMs);
    const problems: string[] = [];
    const reads = pairReads(brokers, before, after, problems);
    const groupings = await Promise.all(brokers.map((broker) => threadGrouping(broker, problems)));
    return {
      seconds: (last.atMs - samples[0].atMs) / 1000,
      requestStages: reads.flatMap(({ id, from, to }) => requestStagesBetween(id, from, to)),
      threadCpu: pids.flatMap((_, index) => {
        const name = brokers[index]?.processName ?? 'generator';
        const from = threadsBefore[index];
        const to = threadsAfter[index];
        if (from === null || to === null) {
          problems.push(`CPU of ${name} is unknown: its process is gone`);
          return [];
        }
        const groupOf = groupings[index] ?? ((thread) => generatorThreadGroup(thread.name));
        return threadUseBetween(name, from, to, groupOf);
      }),
      resources: resourceSeries(samples, {
        host: options.host ?? 'local',
        brokers: brokers.map((broker) => broker.id),
      }),
      stealShare: stealShareBetween(samples[0], last),
      activity: reads.map(({ id, from, to }) => activityBetween(id, from, to)),
      dirtyBytes: { begin: samples[0].machine.dirtyBytes, end: last.machine.dirtyBytes },
      problems,
    };
  };

  return { begin, end };
}

/** A short rest joins the window before it, so that nothing measured is dropped and no window is a sliver. */
function closeWindows(samples: ResourceSample[], last: ResourceSample, intervalMs: number): void {
  const latest = samples[samples.length - 1];
  if (samples.length > 1 && last.atMs - latest.atMs < intervalMs / 2) samples.pop();
  samples.push(last);
}

/** Share of all core time between two samples that was stolen. */
export function stealShareBetween(
  begin: Pick<ResourceSample, 'machine'>,
  end: Pick<ResourceSample, 'machine'>,
): number {
  const total = ({ machine: { cpu } }: typeof begin): number =>
    cpu.busySeconds + cpu.idleSeconds + cpu.stealSeconds;
  const elapsed = total(end) - total(begin);
  const stolen = end.machine.cpu.stealSeconds - begin.machine.cpu.stealSeconds;
  return elapsed > 0 ? Math.max(0, stolen) / elapsed : 0;
}

async function readBroker(broker: ObservedBroker): Promise<BrokerRead> {
  if (broker.jolokiaUrl === null) return { problem: 'it runs without a metrics agent' };
  try {
    return { values: await readMBeans(broker.jolokiaUrl, [...REQUEST_STAGE_READS, ...ACTIVITY_READS]) };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

function pairReads(
  brokers: readonly ObservedBroker[],
  before: readonly BrokerRead[],
  after: readonly BrokerRead[],
  problems: string[],
): { readonly id: number; readonly from: MBeanValues; readonly to: MBeanValues }[] {
  return brokers.flatMap(({ id }, index) => {
    const from = before[index];
    const to = after[index];
    if ('values' in from && 'values' in to) return [{ id, from: from.values, to: to.values }];
    const problem = 'problem' in from ? from.problem : 'problem' in to ? to.problem : '';
    problems.push(`metrics of broker ${id} are unknown: ${problem}`);
    return [];
  });
}

/** How to group a broker's threads; a dump after the interval also knows threads that were started in it. */
async function threadGrouping(
  broker: ObservedBroker,
  problems: string[],
): Promise<(thread: { readonly threadId: number; readonly name: string }) => string> {
  if (broker.jolokiaUrl === null) return (thread) => brokerThreadGroup(thread.name);
  try {
    const groups = groupBrokerThreads(parseThreadDump(await readThreadDump(broker.jolokiaUrl)));
    return (thread) => groups.get(thread.threadId) ?? brokerThreadGroup(thread.name);
  } catch (error) {
    problems.push(`threads of broker ${broker.id} cannot be told apart: ${messageOf(error)}`);
    return (thread) => brokerThreadGroup(thread.name);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
