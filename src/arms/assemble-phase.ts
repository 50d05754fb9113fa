/** Makes a phase's result of what the shards' recorders left behind: sums and buckets become rates and percentiles. */

import { meanValueBytes } from '../kafka/cluster/record-size.ts';
import { BUCKETS, bucketTopNs } from '../kafka/latency-buckets.ts';
import type { ShardReadOut } from '../kafka/read-out.ts';
import { STAGES } from '../kafka/recorder.ts';
import type { StorageSeries } from '../kafka/storage-samples.ts';
import { NS_PER_MS, NS_PER_SECOND } from '../kernel/time.ts';
import { summarizeLatency } from '../result/latency.ts';
import {
  type LatencySummary,
  type PhaseResult,
  REQUEST_TYPES,
  type RequestStages,
  type ResourceSeries,
  type ThreadCpu,
  type TrafficClassResult,
} from '../result/run-result.ts';
import type { Phase, Scenario } from '../scenario/scenario.ts';
import { failureSeries, operationEvents } from './failure-results.ts';
import { perSecond, WINDOW_SECONDS } from './window-rates.ts';

type ClassReadOut = ShardReadOut['classes'][number];
type HostReadOut = ShardReadOut['hosts'][number];

/** As the JVM calls the only one that is simulated. */
const YOUNG_COLLECTOR = 'G1 Young Generation';
const RANK_SLACK = 1e-6;
const THREAD_GROUPS: Readonly<Record<string, string>> = {
  background: 'other',
  start: 'other',
  // V8's helpers, which collect and compile, also when nothing is sent.
  clientBackground: 'gc',
  collector: 'gc',
  heapCollector: 'gc',
  javaApplication: 'producer main',
  javaSender: 'producer sender',
  javaConsumer: 'consumer main',
  javaCollector: 'gc',
};

/** @param shards names of the shards, as their read-outs are ordered */
export function assemblePhase(
  scenario: Scenario,
  phase: Phase,
  shards: readonly string[],
  readOuts: readonly ShardReadOut[],
): PhaseResult {
  const seconds = phase.durationMs / 1000;
  const classes = readOuts[0].classes.map((_, index) =>
    merged(readOuts.map((readOut) => readOut.classes[index])),
  );
  const producers = classes.slice(0, scenario.producers.length);
  const consumers = classes.slice(scenario.producers.length);
  const trafficClasses = [
    ...producers.map((of, index) => producerResult(scenario, index, of, seconds)),
    ...consumers.map((of, index) => consumerResult(scenario, index, of, seconds, readOuts)),
  ];
  const produced = trafficClasses.filter((of) => of.role === 'producer');
  return {
    name: phase.name,
    load: phase.load,
    warmupSeconds: phase.warmupMs / 1000,
    durationSeconds: seconds,
    throughputRecordsPerSecond: sum(produced.map((of) => of.recordsPerSecond)),
    throughputBytesPerSecond: sum(produced.map((of) => of.bytesPerSecond)),
    publishLatencyMs: summaryOf(merged(producers)),
    endToEndLatencyMs: consumers.length === 0 ? null : summaryOf(merged(consumers)),
    classes: trafficClasses,
    windows: windowSeries(readOuts, seconds),
    requestStages: readOuts.flatMap(requestStages),
    resources: readOuts.flatMap((readOut, index) =>
      resources(readOut, shards.length > 1 ? `${shards[index]}/` : '', seconds),
    ),
    threadCpu: readOuts.flatMap((readOut, index) =>
      threadCpu(readOut, shards.length > 1 ? `${shards[index]}/` : ''),
    ),
    events: operationEvents(scenario, phase, readOuts),
    counts: {
      recordsDue: sum(producers.map((of) => of.due)),
      recordsAcknowledged: sum(producers.map((of) => of.done)),
      recordsFailed: sum(producers.map((of) => of.failed)),
      recordsConsumed: sum(consumers.map((of) => of.done)),
      produceRequests: sum(readOuts.map((readOut) => readOut.produceRequests)),
      produceBatches: sum(readOuts.map((readOut) => readOut.produceBatches)),
    },
    generator: null,
    topicCheck: null,
  };
}

function producerResult(
  scenario: Scenario,
  index: number,
  of: ClassReadOut,
  seconds: number,
): TrafficClassResult {
  const { name, record } = scenario.producers[index];
  const recordsPerSecond = of.doneInSpan / seconds;
  const bytes = meanValueBytes(record.value) + (record.key?.bytes ?? 0);
  return {
    name,
    role: 'producer',
    recordsPerSecond,
    bytesPerSecond: recordsPerSecond * bytes,
    latencyMs: summaryOf(of),
    lag: null,
  };
}

function consumerResult(
  scenario: Scenario,
  index: number,
  of: ClassReadOut,
  seconds: number,
  readOuts: readonly ShardReadOut[],
): TrafficClassResult {
  const lag = readOuts[0].lag[index].map((_, window) =>
    sum(readOuts.map((readOut) => readOut.lag[index][window])),
  );
  const consumer = scenario.consumers[index];
  const producer = scenario.producers.find((entry) =>
    entry.topics.some((topic) => consumer.topics.includes(topic)),
  );
  const bytes =
    producer === undefined ? 0 : meanValueBytes(producer.record.value) + (producer.record.key?.bytes ?? 0);
  return {
    name: consumer.name,
    role: 'consumer',
    recordsPerSecond: of.doneInSpan / seconds,
    bytesPerSecond: (of.doneInSpan / seconds) * bytes,
    latencyMs: summaryOf(of),
    lag: { end: lag[lag.length - 1], max: Math.max(...lag) },
  };
}

function merged(parts: readonly ClassReadOut[]): ClassReadOut {
  const buckets = new Float64Array(BUCKETS);
  for (const part of parts) {
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) buckets[bucket] += part.buckets[bucket];
  }
  return {
    due: sum(parts.map((part) => part.due)),
    done: sum(parts.map((part) => part.done)),
    failed: sum(parts.map((part) => part.failed)),
    doneInSpan: sum(parts.map((part) => part.doneInSpan)),
    doneBytesInSpan: sum(parts.map((part) => part.doneBytesInSpan)),
    latencySumNs: sum(parts.map((part) => part.latencySumNs)),
    latencyMaxNs: Math.max(0, ...parts.map((part) => part.latencyMaxNs)),
    buckets,
  };
}

function summaryOf(of: ClassReadOut): LatencySummary | null {
  const max = of.latencyMaxNs / NS_PER_MS;
  return summarizeLatency({
    count: of.done,
    mean: of.done === 0 ? 0 : of.latencySumNs / of.done / NS_PER_MS,
    max,
    valueAtPercentile: (percentile) => Math.min(max, percentileNs(of.buckets, percentile) / NS_PER_MS),
  });
}

/** The top of the bucket that holds the record of that rank; 0 is the first record's. */
function percentileNs(buckets: Float64Array, percentile: number): number {
  const total = buckets.reduce((all, count) => all + count, 0);
  // The rounding of the product must not move the rank to the next record.
  const rank = Math.max(1, Math.ceil((percentile * total) / 100 - RANK_SLACK));
  let seen = 0;
  for (let bucket = 0; bucket < buckets.length; bucket += 1) {
    seen += buckets[bucket];
    if (seen >= rank) return bucketTopNs(bucket);
  }
  throw new Error('a percentile of an empty histogram was asked for');
}

function windowSeries(readOuts: readonly ShardReadOut[], seconds: number): PhaseResult['windows'] {
  const windows = readOuts[0].producedInWindow.length;
  const indexes = Array.from({ length: windows }, (_, window) => window);
  const percentiles = (role: 0 | 1, percentile: number): (number | null)[] =>
    indexes.map((window) => {
      const buckets = new Float64Array(BUCKETS);
      const from = (window * 2 + role) * BUCKETS;
      for (const { windowBuckets } of readOuts) {
        for (let bucket = 0; bucket < BUCKETS; bucket += 1) buckets[bucket] += windowBuckets[from + bucket];
      }
      return buckets.some((count) => count > 0) ? percentileNs(buckets, percentile) / NS_PER_MS : null;
    });
  const rate = (pick: (readOut: ShardReadOut) => Float64Array): number[] =>
    perSecond(
      indexes.map((window) => sum(readOuts.map((readOut) => pick(readOut)[window]))),
      seconds,
    );
  return {
    windowSeconds: WINDOW_SECONDS,
    startSeconds: indexes.map((window) => window * WINDOW_SECONDS),
    producedRecordsPerSecond: rate((readOut) => readOut.producedInWindow),
    consumedRecordsPerSecond: rate((readOut) => readOut.consumedInWindow),
    publishP50Ms: percentiles(0, 50),
    publishP99Ms: percentiles(0, 99),
    endToEndP50Ms: percentiles(1, 50),
    endToEndP99Ms: percentiles(1, 99),
  };
}

function requestStages(readOut: ShardReadOut): RequestStages[] {
  return readOut.brokers.flatMap(({ id, requests }) =>
    requests.flatMap(({ count, stageSumsNs }, type): RequestStages[] => {
      if (count === 0) return [];
      const mean = (stage: (typeof STAGES)[number]): number =>
        stageSumsNs[STAGES.indexOf(stage)] / count / NS_PER_MS;
      const meanMs = {
        RequestQueueTimeMs: mean('RequestQueueTimeMs'),
        LocalTimeMs: mean('LocalTimeMs'),
        RemoteTimeMs: mean('RemoteTimeMs'),
        ThrottleTimeMs: 0,
        ResponseQueueTimeMs: mean('ResponseQueueTimeMs'),
        ResponseSendTimeMs: mean('ResponseSendTimeMs'),
        TotalTimeMs: mean('TotalTimeMs'),
      };
      return [{ broker: id, request: REQUEST_TYPES[type], count, meanMs }];
    }),
  );
}

function resources(readOut: ShardReadOut, prefix: string, seconds: number): ResourceSeries[] {
  const ofHosts = readOut.hosts.flatMap((host): ResourceSeries[] => {
    const common = { host: prefix + host.name, broker: null };
    const nic = { ...common, unit: 'B/s', capacity: host.nicBytesPerSecond } as const;
    return [
      {
        ...common,
        resource: 'cpu',
        unit: 'cores',
        capacity: host.quotaCores ?? host.cores,
        values: perSecond(host.busyCoreNs, seconds).map((busyNs) => busyNs / NS_PER_SECOND),
      },
      ...(host.quotaCores === null ? [] : throttling(common, host, seconds)),
      { ...nic, resource: 'nic.in', values: perSecond(host.inBytes, seconds) },
      { ...nic, resource: 'nic.out', values: perSecond(host.outBytes, seconds) },
      ...storageSeries(common, host.storage ?? null, seconds),
    ];
  });
  const ofBrokers = readOut.brokers.flatMap((broker): ResourceSeries[] => {
    const common = { host: prefix + broker.host, broker: broker.id };
    const host = readOut.hosts.find(({ name }) => name === broker.host);
    return [
      {
        ...common,
        resource: 'cpu',
        unit: 'cores',
        capacity: host?.quotaCores ?? host?.cores ?? null,
        values: perSecond(broker.cpuNs, seconds).map((cpuNs) => cpuNs / NS_PER_SECOND),
      },
      {
        ...common,
        resource: 'disk.write',
        unit: 'B/s',
        capacity: null,
        values: perSecond(broker.appendedBytes, seconds),
      },
      ...collectionSeries(common, broker.collections, seconds),
    ];
  });
  return [...ofHosts, ...ofBrokers, ...failureSeries(readOut, prefix, seconds)];
}

function collectionSeries(
  common: Pick<ResourceSeries, 'host' | 'broker'>,
  collections: ShardReadOut['brokers'][number]['collections'],
  seconds: number,
): ResourceSeries[] {
  if (collections === null) return [];
  const { counts, pausedNs } = collections;
  const young = { ...common, of: YOUNG_COLLECTOR, capacity: null } as const;
  return [
    { ...young, resource: 'gc.count', unit: '/s', values: perSecond(counts, seconds) },
    {
      ...young,
      resource: 'gc.time',
      unit: 'share',
      values: perSecond(pausedNs, seconds).map((ns) => ns / NS_PER_SECOND),
    },
  ];
}

function throttling(
  common: Pick<ResourceSeries, 'host' | 'broker'>,
  { throttledCoreNs, quotaPeriods, throttledPeriods }: HostReadOut,
  seconds: number,
): ResourceSeries[] {
  return [
    {
      ...common,
      resource: 'cpu.throttled',
      unit: 'cores',
      capacity: null,
      values: perSecond(throttledCoreNs, seconds).map((ns) => ns / NS_PER_SECOND),
    },
    {
      ...common,
      resource: 'cpu.throttledPeriods',
      unit: 'share',
      capacity: null,
      values: quotaPeriods.map((all, window) => (all === 0 ? null : throttledPeriods[window] / all)),
    },
  ];
}

function storageSeries(
  common: Pick<ResourceSeries, 'host' | 'broker'>,
  storage: StorageSeries | null,
  seconds: number,
): ResourceSeries[] {
  if (storage === null) return [];
  const { writtenBytes, readBytes, cachedBytes, dirtyBytes, writeBytesPerSecond, readBytesPerSecond } =
    storage;
  const rate = { ...common, unit: 'B/s' } as const;
  const level = { ...common, unit: 'B', capacity: null } as const;
  return [
    {
      ...rate,
      resource: 'disk.write',
      capacity: writeBytesPerSecond,
      values: perSecond(writtenBytes, seconds),
    },
    { ...rate, resource: 'disk.read', capacity: readBytesPerSecond, values: perSecond(readBytes, seconds) },
    { ...level, resource: 'memory.cache', values: [...cachedBytes] },
    { ...level, resource: 'memory.dirty', values: [...dirtyBytes] },
  ];
}

function threadCpu(readOut: ShardReadOut, prefix: string): ThreadCpu[] {
  const groups = new Map<
    string,
    {
      process: string;
      group: string;
      cpuSeconds: number;
      wakeUps: number;
      haltedWakeUps: number;
      coldWakeUps: number;
    }
  >();
  for (const thread of readOut.threads) {
    const process = prefix + (thread.broker === null ? 'generator' : `broker-${thread.broker}`);
    const group = THREAD_GROUPS[thread.role] ?? thread.role;
    const key = `${process} ${group}`;
    const entry = groups.get(key) ?? {
      process,
      group,
      cpuSeconds: 0,
      wakeUps: 0,
      haltedWakeUps: 0,
      coldWakeUps: 0,
    };
    entry.cpuSeconds += thread.cpuNs / NS_PER_SECOND;
    entry.wakeUps += thread.wakeUps;
    entry.haltedWakeUps += thread.haltedWakeUps;
    entry.coldWakeUps += thread.coldWakeUps;
    groups.set(key, entry);
  }
  return [...groups.values()];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
