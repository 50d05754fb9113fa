/** The costs of a profile as the model's hot paths read them: one field each, ns unless the name says otherwise. */
import { CODEC_COSTS, type Codec, type CodecLibrary, TLS_COSTS } from '../profile/codec-costs.ts';
import { COST_MEANINGS, type CostName, type Profile } from '../profile/profile.ts';

export interface Costs {
  readonly pollNs: number;
  readonly polledWakeUpLatencyNs: number;
  readonly wakeUpLatencyNs: number;
  readonly coldWakeUpLatencyNs: number;
  readonly cacheLifeNs: number;
  readonly idleBalanceNs: number;
  readonly tickNs: number;
  readonly sliceNs: number;
  readonly protectedNs: number;
  readonly linkLatencyNs: number;
  readonly networkWakeUpCpuNs: number;
  readonly networkColdCpuNs: number;
  readonly networkPerRequestNs: number;
  readonly networkPerFetchNs: number;
  readonly networkPerByteInNs: number;
  readonly networkPerByteOutNs: number;
  readonly handlerWakeUpCpuNs: number;
  readonly handlerColdCpuNs: number;
  readonly producePerRequestNs: number;
  readonly producePerBatchNs: number;
  readonly producePerRecordNs: number;
  readonly producePerByteNs: number;
  readonly fetchPerRequestNs: number;
  readonly fetchPerPartitionNs: number;
  readonly fetcherPerRequestNs: number;
  readonly fetcherColdCpuNs: number;
  readonly backgroundCores: number;
  readonly jitCores: number;
  readonly observerCores: number;
  readonly gcPerByteNs: number;
  readonly gcYoungBytes: number;
  readonly gcAllocatedPerByte: number;
  readonly gcAllocatedBytesPerSecond: number;
  readonly producerWakeUpCpuNs: number;
  readonly producerColdCpuNs: number;
  readonly producerPerTickNs: number;
  readonly producerPerRecordNs: number;
  readonly producerPerByteNs: number;
  readonly producerPerRequestNs: number;
  readonly consumerWakeUpCpuNs: number;
  readonly consumerColdCpuNs: number;
  readonly consumerPerRecordNs: number;
  readonly consumerPerByteNs: number;
  readonly consumerPerRequestNs: number;
  readonly clientBackgroundCores: number;
  readonly producerGcPerRecordNs: number;
  readonly producerGcPerByteNs: number;
  readonly consumerGcPerRecordNs: number;
  readonly consumerGcPerByteNs: number;
  readonly clientTickNs: number;
}

const COST_OF: Readonly<Record<keyof Costs, CostName>> = {
  pollNs: 'host.pollNs',
  polledWakeUpLatencyNs: 'host.polledWakeUpLatencyNs',
  wakeUpLatencyNs: 'host.wakeUpLatencyNs',
  coldWakeUpLatencyNs: 'host.coldWakeUpLatencyNs',
  cacheLifeNs: 'host.cacheLifeNs',
  idleBalanceNs: 'host.idleBalanceNs',
  tickNs: 'host.tickNs',
  sliceNs: 'host.sliceNs',
  protectedNs: 'host.protectedNs',
  linkLatencyNs: 'link.latencyNs',
  networkWakeUpCpuNs: 'broker.network.wakeUpCpuNs',
  networkColdCpuNs: 'broker.network.coldCpuNs',
  networkPerRequestNs: 'broker.network.perRequestNs',
  networkPerFetchNs: 'broker.network.perFetchNs',
  networkPerByteInNs: 'broker.network.perByteInNs',
  networkPerByteOutNs: 'broker.network.perByteOutNs',
  handlerWakeUpCpuNs: 'broker.handler.wakeUpCpuNs',
  handlerColdCpuNs: 'broker.handler.coldCpuNs',
  producePerRequestNs: 'broker.handler.producePerRequestNs',
  producePerBatchNs: 'broker.handler.producePerBatchNs',
  producePerRecordNs: 'broker.handler.producePerRecordNs',
  producePerByteNs: 'broker.handler.producePerByteNs',
  fetchPerRequestNs: 'broker.handler.fetchPerRequestNs',
  fetchPerPartitionNs: 'broker.handler.fetchPerPartitionNs',
  fetcherPerRequestNs: 'broker.fetcher.perRequestNs',
  fetcherColdCpuNs: 'broker.fetcher.coldCpuNs',
  backgroundCores: 'broker.backgroundCores',
  jitCores: 'broker.jitCores',
  observerCores: 'broker.observerCores',
  gcPerByteNs: 'broker.gcPerByteNs',
  gcYoungBytes: 'broker.gc.youngBytes',
  gcAllocatedPerByte: 'broker.gc.allocatedPerByte',
  gcAllocatedBytesPerSecond: 'broker.gc.allocatedBytesPerSecond',
  producerWakeUpCpuNs: 'client.brokertwin.producer.wakeUpCpuNs',
  producerColdCpuNs: 'client.brokertwin.producer.coldCpuNs',
  producerPerTickNs: 'client.brokertwin.producer.perTickNs',
  producerPerRecordNs: 'client.brokertwin.producer.perRecordNs',
  producerPerByteNs: 'client.brokertwin.producer.perByteNs',
  producerPerRequestNs: 'client.brokertwin.producer.perRequestNs',
  consumerWakeUpCpuNs: 'client.brokertwin.consumer.wakeUpCpuNs',
  consumerColdCpuNs: 'client.brokertwin.consumer.coldCpuNs',
  consumerPerRecordNs: 'client.brokertwin.consumer.perRecordNs',
  consumerPerByteNs: 'client.brokertwin.consumer.perByteNs',
  consumerPerRequestNs: 'client.brokertwin.consumer.perRequestNs',
  clientBackgroundCores: 'client.brokertwin.backgroundCores',
  producerGcPerRecordNs: 'client.brokertwin.producer.gcPerRecordNs',
  producerGcPerByteNs: 'client.brokertwin.producer.gcPerByteNs',
  consumerGcPerRecordNs: 'client.brokertwin.consumer.gcPerRecordNs',
  consumerGcPerByteNs: 'client.brokertwin.consumer.gcPerByteNs',
  clientTickNs: 'client.brokertwin.tickNs',
};

/** Needed where a scenario has Java clients on the host. */
export interface JavaCosts {
  readonly mainWakeUpCpuNs: number;
  readonly mainColdCpuNs: number;
  readonly sendPerRecordNs: number;
  readonly sendPerByteNs: number;
  readonly senderWakeUpCpuNs: number;
  readonly senderColdCpuNs: number;
  readonly senderPerPollNs: number;
  readonly senderPerRequestNs: number;
  readonly senderPerBatchNs: number;
  readonly senderPerRecordNs: number;
  readonly producerGcPerRecordNs: number;
  readonly consumerWakeUpCpuNs: number;
  readonly consumerColdCpuNs: number;
  readonly consumerPerRequestNs: number;
  readonly consumerPerRecordNs: number;
  readonly consumerPerByteNs: number;
  readonly consumerGcPerRecordNs: number;
  readonly backgroundCores: number;
}

const JAVA_COST_OF: Readonly<Record<keyof JavaCosts, CostName>> = {
  mainWakeUpCpuNs: 'client.java.producer.mainWakeUpCpuNs',
  mainColdCpuNs: 'client.java.producer.mainColdCpuNs',
  sendPerRecordNs: 'client.java.producer.sendPerRecordNs',
  sendPerByteNs: 'client.java.producer.sendPerByteNs',
  senderWakeUpCpuNs: 'client.java.producer.senderWakeUpCpuNs',
  senderColdCpuNs: 'client.java.producer.senderColdCpuNs',
  senderPerPollNs: 'client.java.producer.senderPerPollNs',
  senderPerRequestNs: 'client.java.producer.senderPerRequestNs',
  senderPerBatchNs: 'client.java.producer.senderPerBatchNs',
  senderPerRecordNs: 'client.java.producer.senderPerRecordNs',
  producerGcPerRecordNs: 'client.java.producer.gcPerRecordNs',
  consumerWakeUpCpuNs: 'client.java.consumer.wakeUpCpuNs',
  consumerColdCpuNs: 'client.java.consumer.coldCpuNs',
  consumerPerRequestNs: 'client.java.consumer.perRequestNs',
  consumerPerRecordNs: 'client.java.consumer.perRecordNs',
  consumerPerByteNs: 'client.java.consumer.perByteNs',
  consumerGcPerRecordNs: 'client.java.consumer.gcPerRecordNs',
  backgroundCores: 'client.java.backgroundCores',
};

/** Of one codec of one library. */
export type CodecCosts = Readonly<Record<keyof typeof CODEC_COSTS, number>>;

/** Of one library's TLS. */
export type TlsCosts = Readonly<Record<keyof typeof TLS_COSTS, number>>;

/** The costs that the profile lacks, each with what it is; empty when it has all. */
export function missingCosts(profile: Profile): string[] {
  return missingOf(profile, COST_OF);
}

/** The same of what Java clients need. */
export function missingJavaCosts(profile: Profile): string[] {
  return missingOf(profile, JAVA_COST_OF);
}

/** The same of what a codec needs. */
export function missingCodecCosts(profile: Profile, library: CodecLibrary, codec: Codec): string[] {
  return missingOf(profile, codecNames(library, codec));
}

/** The same of what TLS needs; brokers also read logs for it. */
export function missingTlsCosts(profile: Profile, library: CodecLibrary, isBroker: boolean): string[] {
  return missingOf(profile, { ...tlsNames(library), ...(isBroker ? FILE_COST : {}) });
}

const FILE_COST = { perFileByteNs: 'broker.network.perFileByteNs' } as const;

function codecNames(library: CodecLibrary, codec: Codec): Record<string, CostName> {
  const names = Object.keys(CODEC_COSTS).map((cost) => [cost, `codec.${library}.${codec}.${cost}`]);
  return Object.fromEntries(names) as Record<string, CostName>;
}

function tlsNames(library: CodecLibrary): Record<string, CostName> {
  const names = Object.keys(TLS_COSTS).map((cost) => [cost, `tls.${library}.${cost}`]);
  return Object.fromEntries(names) as Record<string, CostName>;
}

function missingOf(profile: Profile, names: Readonly<Record<string, CostName>>): string[] {
  return Object.values(names)
    .filter((name) => profile.costs[name] === undefined)
    .map((name) => `${name} (${COST_MEANINGS[name]})`);
}

/** @throws Error when the profile lacks a cost; ask `missingCosts` first. */
export function costsOf(profile: Profile): Costs {
  return valuesOf(profile, COST_OF) as unknown as Costs;
}

/** @throws Error when the profile lacks a cost; ask `missingJavaCosts` first. */
export function javaCostsOf(profile: Profile): JavaCosts {
  return valuesOf(profile, JAVA_COST_OF) as unknown as JavaCosts;
}

/** null when the profile does not have them all. */
export function codecCostsOf(profile: Profile, library: CodecLibrary, codec: Codec): CodecCosts | null {
  const names = codecNames(library, codec);
  return missingOf(profile, names).length > 0 ? null : (valuesOf(profile, names) as unknown as CodecCosts);
}

/** @throws Error when the profile lacks a cost; ask `missingTlsCosts` first. */
export function tlsCostsOf(profile: Profile, library: CodecLibrary): TlsCosts {
  return valuesOf(profile, tlsNames(library)) as unknown as TlsCosts;
}

/** @throws Error when the profile lacks it; ask `missingTlsCosts` first. */
export function fileCostOf(profile: Profile): number {
  return valuesOf(profile, FILE_COST).perFileByteNs ?? 0;
}

function valuesOf(
  profile: Profile,
  names: Readonly<Record<string, CostName>>,
): Record<string, number | undefined> {
  const missing = missingOf(profile, names);
  if (missing.length > 0) throw new Error(`profile "${profile.name}" lacks ${missing.join(', ')}`);
  return Object.fromEntries(
    Object.entries(names).map(([field, name]) => [field, profile.costs[name]?.value]),
  );
}
