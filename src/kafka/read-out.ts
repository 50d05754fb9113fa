/** What a shard leaves behind at the end of a phase, as plain data: counts, sums and buckets, nothing derived. */
import type { ClusterModel } from './cluster-model.ts';
import type { FailureSeries } from './failure-samples.ts';
import { BUCKETS } from './latency-buckets.ts';
import { STAGES } from './recorder.ts';
import { REQUEST_TYPES } from './requests.ts';
import type { HostSeries } from './samples.ts';
import type { StorageSeries } from './storage-samples.ts';
import type { OperationReadOut } from './timeline.ts';

export interface ShardReadOut {
  /** Producer classes first, then consumer classes. */
  readonly classes: readonly ClassReadOut[];
  readonly producedInWindow: Float64Array;
  readonly consumedInWindow: Float64Array;
  /** Per window and role (0 publish, 1 end-to-end) one block of buckets. */
  readonly windowBuckets: Float64Array;
  readonly produceRequests: number;
  readonly produceBatches: number;
  readonly brokers: readonly BrokerReadOut[];
  readonly hosts: readonly HostReadOut[];
  readonly threads: readonly ThreadReadOut[];
  /** Per consumer class, lag at every window end, records. */
  readonly lag: readonly (readonly number[])[];
  /** Partitions without a leader at the ends of the windows; null where nothing is done to the cluster. */
  readonly offlinePartitions: readonly number[] | null;
  readonly operations: readonly OperationReadOut[];
}

interface ClassReadOut {
  readonly due: number;
  readonly done: number;
  /** Given up; of producers only. */
  readonly failed: number;
  readonly doneInSpan: number;
  readonly doneBytesInSpan: number;
  readonly latencySumNs: number;
  readonly latencyMaxNs: number;
  readonly buckets: Float64Array;
}

interface BrokerReadOut {
  readonly id: number;
  readonly host: string;
  readonly appendedBytes: readonly number[];
  readonly cpuNs: readonly number[];
  /** By window; null where collections stop nothing. */
  readonly collections: { readonly counts: readonly number[]; readonly pausedNs: readonly number[] } | null;
  /** By request type; sums in the order of STAGES. */
  readonly requests: readonly { readonly count: number; readonly stageSumsNs: readonly number[] }[];
  /** Null where nothing is done to the cluster. */
  readonly failures: FailureSeries | null;
}

interface HostReadOut extends HostSeries {
  readonly name: string;
  readonly cores: number;
  /** Part of the cores that the host may use; null when it may use them all. */
  readonly quotaCores: number | null;
  readonly nicBytesPerSecond: number | null;
  /** Null for a host without disks. */
  readonly storage?: StorageSeries | null;
}

interface ThreadReadOut {
  readonly role: string;
  /** Broker id of a broker's thread, or null. */
  readonly broker: number | null;
  readonly cpuNs: number;
  readonly wakeUps: number;
  readonly haltedWakeUps: number;
  readonly coldWakeUps: number;
}

export function readOut(model: ClusterModel): ShardReadOut {
  const { recorder, samples, parts, failures } = model;
  const { producerClasses, consumerClasses } = recorder.options;
  return {
    classes: indexes(producerClasses + consumerClasses).map((index) => ({
      due: recorder.due.data[index],
      done: recorder.done.data[index],
      failed: index < producerClasses ? failures.retries.failedRecords(index) : 0,
      doneInSpan: recorder.doneInSpan.data[index],
      doneBytesInSpan: recorder.doneBytesInSpan.data[index],
      latencySumNs: recorder.latencySumNs.data[index],
      latencyMaxNs: recorder.latencyMaxNs.data[index],
      buckets: recorder.classBuckets.data.slice(index * BUCKETS, (index + 1) * BUCKETS),
    })),
    producedInWindow: recorder.producedInWindow.data.slice(),
    consumedInWindow: recorder.consumedInWindow.data.slice(),
    windowBuckets: recorder.windowBuckets.data.slice(),
    produceRequests: recorder.sent.data[0],
    produceBatches: recorder.sent.data[1],
    brokers: parts.brokers.map((broker) => ({
      id: broker.id,
      host: parts.topology.hosts[broker.host].name,
      appendedBytes: samples.appendedSeries(broker.index),
      cpuNs: samples.cpuSeries(broker.index),
      collections: samples.collectionSeries(broker.index),
      failures: failures.samples.series(broker.index),
      requests: indexes(REQUEST_TYPES).map((type) => {
        const at = broker.index * REQUEST_TYPES + type;
        const sums = recorder.stageSumNs.data.slice(at * STAGES.length, (at + 1) * STAGES.length);
        return { count: recorder.stageCount.data[at], stageSumsNs: [...sums] };
      }),
    })),
    hosts: usedHosts(model).map((host) => ({
      name: parts.topology.hosts[host].name,
      cores: parts.hostCpus[host].cores,
      quotaCores: parts.hostCpus[host].quota?.cores ?? null,
      nicBytesPerSecond: parts.hostNics[host].bytesPerSecond,
      ...samples.hostSeries(host),
      storage: model.storageSamples.series(host),
    })),
    threads: parts.threads.map((of, thread) => ({
      role: of.role,
      broker: model.brokers[model.brokerOf(of)]?.id ?? null,
      cpuNs: samples.threadCpuNs(thread),
      wakeUps: samples.threadWakeUps(thread),
      haltedWakeUps: samples.threadHaltedWakeUps(thread),
      coldWakeUps: samples.threadColdWakeUps(thread),
    })),
    lag: indexes(consumerClasses).map((index) => samples.lagSeries(index)),
    offlinePartitions: failures.samples.offline(),
    operations: failures.timeline.readOut(),
  };
}

/** Hosts of this cluster's brokers and clients; the scenario's others are other shards'. */
function usedHosts({ parts }: ClusterModel): number[] {
  const { brokers, clientThreads, hosts } = parts.topology;
  const used = new Set([...brokers, ...clientThreads].map(({ host }) => host));
  return indexes(hosts.length).filter((host) => used.has(host));
}

function indexes(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
