/** What one experiment counted, in the units that costs are charged by. */
import type { MeasuredPhase } from '../../arms/measure-phase.ts';
import type { Observation } from '../../local/observe/observer.ts';
import { meanOfKnown } from '../../result/resources.ts';

export interface Counts {
  readonly seconds: number;
  readonly produceRequests: number;
  readonly fetchRequests: number;
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
  /** Wake-ups that found an idle core: all of them times the share of the time in which there was one. */
  readonly idleWakeUps: (process: 'broker' | 'generator', groups: readonly string[]) => number;
}

/** Mean remote time from which a session's fetches count as parked, ms. */
const PARKED_REMOTE_MS = 0.2;

/** @param tickSeconds period of the producer thread's timer while it is not kept from it */
export function countsOf(
  { load, observation }: MeasuredPhase & { readonly observation: Observation },
  partitions: number,
  tickSeconds: number,
): Counts {
  const { seconds, requestStages, activity, threadCpu } = observation;
  const stages = (type: string) => requestStages.filter((stage) => stage.request === type);
  const produce = stages('Produce');
  const fetch = stages('FetchConsumer');
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const recordsSent = sum(activity.map((of) => of.recordsIn));
  const bytesIn = sum(activity.map((of) => of.bytesIn));
  const produceRequests = sum(produce.map((of) => of.count));
  const recordsReceived = sum(
    load.classes.map((of) => (of.role === 'consumer' ? of.recordsPerSecond * seconds : 0)),
  );
  const { produceBatches, produceRequests: requestsOfClients } = load.counts;
  const uses = (process: 'broker' | 'generator', groups: readonly string[]) =>
    threadCpu.filter(
      (use) => use.process.startsWith(process) && (groups.length === 0 || groups.includes(use.group)),
    );
  const producerUse = sum(
    load.workers.map((worker) => (worker.role === 'producers' ? worker.utilisation : 0)),
  );
  return {
    seconds,
    produceRequests,
    fetchRequests: sum(fetch.map((of) => of.count)),
    parkedFetches: sum(fetch.map((of) => (of.meanMs.RemoteTimeMs > PARKED_REMOTE_MS ? of.count : 0))),
    batches: requestsOfClients === 0 ? 0 : (produceRequests * produceBatches) / requestsOfClients,
    bytesIn,
    bytesOut: recordsSent === 0 ? 0 : (bytesIn / recordsSent) * recordsReceived,
    recordsSent,
    recordsReceived,
    partitions,
    ticks: (seconds * Math.max(0, 1 - producerUse)) / tickSeconds,
    cpuSeconds: (process, groups) => sum(uses(process, groups).map((use) => use.cpuSeconds)),
    idleWakeUps: (process, groups) =>
      idleShare(observation) * sum(uses(process, groups).map((use) => use.wakeUps ?? 0)),
  };
}

/** Share of the time in which not every core of the host was busy, with cores busy independently of each other. */
function idleShare({ resources }: Observation): number {
  const host = resources.find((series) => series.resource === 'cpu' && series.broker === null);
  if (host?.capacity == null || host.values.length === 0) return 1;
  const use = (meanOfKnown(host.values) ?? 0) / host.capacity;
  let allBusy = 1;
  for (let core = 0; core < host.capacity; core += 1) allBusy *= Math.min(1, use);
  return 1 - allBusy;
}
