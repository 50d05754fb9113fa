/** What one experiment counted, in the units that costs are charged by. */
import type { MeasuredPhase } from '../../arms/measure-phase.ts';
import type { Observation } from '../../local/observe/observer.ts';
import type { ThreadCpu } from '../../result/run-result.ts';

export interface Counts {
  readonly seconds: number;
  readonly produceRequests: number;
  readonly fetchRequests: number;
  /** Fetches that brought records: no more than the produce requests that wrote them. */
  readonly fetchesWithRecords: number;
  /** Fetches that were parked and looked at their partitions a second time. */
  readonly parkedFetches: number;
  readonly batches: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly recordsSent: number;
  readonly recordsReceived: number;
  readonly partitions: number;
  readonly ticks: number;
  readonly cpuSeconds: (process: 'broker' | 'generator', groups: readonly string[]) => number;
  /** Wake-ups on a core that had halted, and those with nothing left in the caches: all that were counted, times the simulator's shares. */
  readonly haltedWakeUps: (process: 'broker' | 'generator', groups: readonly string[]) => number;
  readonly coldWakeUps: (process: 'broker' | 'generator', groups: readonly string[]) => number;
}

/** Mean remote time from which a session's fetches count as parked, ms. */
const PARKED_REMOTE_MS = 0.2;

/**
 * @param tickSeconds period of the producer thread's timer while it is not kept from it
 * @param simulated threads of the same experiment in the simulator, which knows how long each slept
 */
export function countsOf(
  { load, observation }: MeasuredPhase & { readonly observation: Observation },
  partitions: number,
  tickSeconds: number,
  simulated: readonly ThreadCpu[],
): Counts {
  const { seconds, requestStages, activity, threadCpu } = observation;
  const stages = (type: string) => requestStages.filter((stage) => stage.request === type);
  const produce = stages('Produce');
  const fetch = stages('FetchConsumer');
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const recordsSent = sum(activity.map((of) => of.recordsIn));
  const bytesIn = sum(activity.map((of) => of.bytesIn));
  const produceRequests = sum(produce.map((of) => of.count));
  const fetchRequests = sum(fetch.map((of) => of.count));
  const recordsReceived = sum(
    load.classes.map((of) => (of.role === 'consumer' ? of.recordsPerSecond * seconds : 0)),
  );
  const { produceBatches, produceRequests: requestsOfClients } = load.counts;
  const uses = (
    process: 'broker' | 'generator',
    groups: readonly string[],
    of: readonly ThreadCpu[] = threadCpu,
  ) =>
    of.filter(
      (use) => use.process.startsWith(process) && (groups.length === 0 || groups.includes(use.group)),
    );
  const wakeUps = (of: readonly ThreadCpu[]): number => sum(of.map((use) => use.wakeUps ?? 0));
  const share = (of: readonly ThreadCpu[], part: 'haltedWakeUps' | 'coldWakeUps'): number =>
    wakeUps(of) === 0 ? 0 : sum(of.map((use) => use[part] ?? 0)) / wakeUps(of);
  const producerUse = sum(
    load.workers.map((worker) => (worker.role === 'producers' ? worker.utilisation : 0)),
  );
  return {
    seconds,
    produceRequests,
    fetchRequests,
    fetchesWithRecords: Math.min(fetchRequests, produceRequests),
    parkedFetches: sum(fetch.map((of) => (of.meanMs.RemoteTimeMs > PARKED_REMOTE_MS ? of.count : 0))),
    batches: requestsOfClients === 0 ? 0 : (produceRequests * produceBatches) / requestsOfClients,
    bytesIn,
    bytesOut: recordsSent === 0 ? 0 : (bytesIn / recordsSent) * recordsReceived,
    recordsSent,
    recordsReceived,
    partitions,
    ticks: (seconds * Math.max(0, 1 - producerUse)) / tickSeconds,
    cpuSeconds: (process, groups) => sum(uses(process, groups).map((use) => use.cpuSeconds)),
    haltedWakeUps: (process, groups) =>
      share(uses(process, groups, simulated), 'haltedWakeUps') * wakeUps(uses(process, groups)),
    coldWakeUps: (process, groups) =>
      share(uses(process, groups, simulated), 'coldWakeUps') * wakeUps(uses(process, groups)),
  };
}
