/** A cluster laid out from a small scenario made in code, with round costs, for the tests of this room. */
import { buildCluster } from '../../src/kafka/cluster/build-cluster.ts';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import { readOut, type ShardReadOut } from '../../src/kafka/read-out.ts';
import { STAGES } from '../../src/kafka/recorder.ts';
import { isFetch, NONE, REQUEST } from '../../src/kafka/requests.ts';
import { COST_MEANINGS, type CostName, type Profile } from '../../src/profile/profile.ts';
import {
  type BrokerConfig,
  brokerConfig,
  consumerConfig,
  producerConfig,
  topicConfig,
} from '../../src/scenario/kafka-defaults.ts';
import { recordBytes } from '../../src/scenario/record-format.ts';
import type {
  ConsumerClass,
  Mirror,
  Phase,
  ProducerClass,
  Scenario,
  TopicClass,
} from '../../src/scenario/scenario.ts';

export const US = 1_000;
export const MS = 1_000_000;
export const SECOND = 1_000_000_000;
/** Bytes of a batch's header in Kafka's format. */
export const HEADER_BYTES = 61;
/** Value size of the records here, and their size in a batch of less than 64. */
export const VALUE_BYTES = 200;
export const RECORD_BYTES = recordBytes({ keyBytes: null, valueBytes: VALUE_BYTES, headersBytes: 1 }, 0);

/** A profile with these costs; all others are 0, but the tick of the producers' clock is 1 ms. */
export function profileWith(costs: Partial<Record<CostName, number>> = {}): Profile {
  const names = Object.keys(COST_MEANINGS) as CostName[];
  return {
    format: 'brokertwin.profile/1',
    name: 'round',
    kind: 'catalogue',
    provenance: {
      date: '2026-01-01T00:00:00Z',
      machine: 'a machine of round numbers',
      kafka: '4.3.1',
      note: '',
      experiments: [],
    },
    covered: null,
    hardware: {
      cores: 64,
      memoryBytes: 2 ** 34,
      nicBytesPerSecond: null,
      diskWriteBytesPerSecond: null,
    },
    costs: Object.fromEntries(
      names.map((name) => [
        name,
        {
          value: costs[name] ?? (name === 'client.brokertwin.tickNs' ? MS : 0),
          source: 'made up',
          standardError: null,
        },
      ]),
    ),
  };
}

type ProducerChanges = Omit<Partial<ProducerClass>, 'config'> & {
  readonly config?: Partial<ProducerClass['config']>;
};
type ConsumerChanges = Omit<Partial<ConsumerClass>, 'config'> & {
  readonly config?: Partial<ConsumerClass['config']>;
};

/** What a test says of its cluster; the rest is one broker, one topic of one partition, no producer and no consumer. */
export interface Small {
  readonly brokers?: number;
  readonly brokerConfig?: Partial<BrokerConfig>;
  readonly security?: NonNullable<Scenario['clusters'][number]['security']>;
  /** Cores of each broker's host. */
  readonly cores?: number;
  /** Quota on them. */
  readonly quotaCores?: number;
  /** Cores of the one machine that all hosts are parts of. */
  readonly sharedCores?: number;
  /** Of every host, with a bucket of the shaper's own depth. */
  readonly nicBytesPerSecond?: number;
  /** Each disk of the brokers' hosts, one for every log dir; without it disks are no limit. */
  readonly disk?: NonNullable<Scenario['hosts'][number]['hardware']['disk']>;
  /** Memory of a broker's host beside its heap. */
  readonly cacheBytes?: number;
  readonly logDirs?: number;
  /** Clients run on the broker's host too. */
  readonly oneHost?: boolean;
  readonly topics?: readonly Partial<TopicClass>[];
  readonly producers?: readonly ProducerChanges[];
  readonly consumers?: readonly ConsumerChanges[];
  /** What is done to the cluster, named cluster. */
  readonly operations?: Scenario['operations'];
  readonly threads?: number;
  /** Groups commit and send heartbeats; else, for round figures, they ask their coordinators nothing. */
  readonly hasUpkeep?: boolean;
  readonly seed?: number;
  readonly phase?: Partial<Phase>;
  readonly costs?: Partial<Record<CostName, number>>;
}

/** The scenario in full: hosts "brokers" and "clients", a cluster "cluster". */
export function scenarioOf(small: Small): Scenario {
  const broker = { config: brokerConfig(small.brokerConfig ?? {}, '4.3'), stated: {} };
  const brokers = small.brokers ?? 1;
  const host = (name: string, count: number, cores: number | null): Scenario['hosts'][number] => ({
    name,
    profile: 'round',
    count,
    zones: [],
    racks: [],
    hardware: {
      cores,
      memoryBytes: null,
      nicBytesPerSecond: small.nicBytesPerSecond ?? null,
      nicBufferBytes: null,
      diskWriteBytesPerSecond: null,
    },
    logDirs: { count: 1, bytes: null },
  });
  const clientHost = small.oneHost ? 'brokers' : 'clients';
  return {
    apiVersion: 'brokertwin/v1',
    name: 'small',
    question: null,
    hosts: [
      host('brokers', brokers, small.quotaCores ?? null),
      ...(small.oneHost ? [] : [host('clients', 1, null)]),
    ].map((group, index) => (index === 0 ? withStorage(group, small) : group)),
    clusters: [
      {
        name: 'cluster',
        count: 1,
        dataCentre: null,
        kafka: '4.3.1',
        kafkaVersions: Array.from({ length: brokers }, () => '4.3.1'),
        ...(small.security === undefined ? {} : { security: small.security }),
        brokers: { host: 'brokers', count: brokers, ...broker },
        controllers: { mode: 'combined', count: 1, host: null },
      },
    ],
    links: [],
    topics: (small.topics ?? [{}]).map((changes) => topicOf(changes, broker)),
    producers: (small.producers ?? []).map((changes) => producerOf(changes, clientHost)),
    consumers: (small.consumers ?? []).map((changes) => consumerOf(changes, clientHost)),
    mirrors: [],
    operations: small.operations ?? [],
    levels: [],
    run: {
      seed: small.seed ?? 1,
      fidelity: 'auto',
      threads: { producers: small.threads ?? 1, consumers: small.threads ?? 1 },
      phases: [phaseOf(small)],
    },
  };
}

function withStorage(group: Scenario['hosts'][number], small: Small): Scenario['hosts'][number] {
  const memoryBytes = small.cacheBytes === undefined ? null : 2 ** 30 + small.cacheBytes;
  return {
    ...group,
    hardware: { ...group.hardware, memoryBytes, ...(small.disk === undefined ? {} : { disk: small.disk }) },
    logDirs: { count: small.logDirs ?? 1, bytes: null },
  };
}

/** Two clusters, east and west, 10 ms apart, and a mirror that copies these topics of the east into the west. */
export function mirroredScenario(topics: readonly string[]): Scenario {
  const east = scenarioOf({
    topics: topics.map((name) => ({ name, cluster: 'east' })),
    producers: topics.map((name) => ({ name: `to-${name}`, topics: [name], cluster: 'east' })),
  });
  const [cluster] = east.clusters;
  const [brokers, clients] = east.hosts;
  const mirror: Mirror = {
    name: 'copy',
    from: 'east',
    to: 'west',
    topics,
    host: 'west-clients',
    count: 1,
    client: 'brokertwin',
    consumer: consumerConfig({}),
    producer: producerConfig({}),
  };
  return {
    ...east,
    hosts: [brokers, clients, { ...brokers, name: 'west-brokers' }, { ...clients, name: 'west-clients' }],
    clusters: [
      { ...cluster, name: 'east', dataCentre: 'east' },
      {
        ...cluster,
        name: 'west',
        dataCentre: 'west',
        brokers: { ...cluster.brokers, host: 'west-brokers' },
      },
    ],
    links: [{ between: ['east', 'west'], latencyMs: 10, bytesPerSecond: null }],
    mirrors: [mirror],
  };
}

/** The cluster, ready to run. */
export function build(small: Small): ClusterModel {
  const profile = profileWith(small.costs);
  const scenario = scenarioOf(small);
  const { cores = profile.hardware.cores } = small;
  const profiles = Object.fromEntries(
    scenario.hosts.map(({ name }) => [
      name,
      name === 'brokers' ? { ...profile, hardware: { ...profile.hardware, cores } } : profile,
    ]),
  );
  const { sharedCores = null, hasUpkeep = false } = small;
  const [phase] = scenario.run.phases;
  return buildCluster({ scenario, profiles, phase, tieSeed: 0, sharedCores, hasUpkeep }, 0);
}

/** Runs to the end of the phase, and on for the time that what is in flight may take. */
export function runOut(model: ClusterModel, drainNs = 10 * SECOND): ShardReadOut {
  model.sim.run(model.recorder.options.endNs + drainNs);
  return readOut(model);
}

/** Produce requests per second answered by the brokers in the measured part. */
export function requestsPerSecond(model: ClusterModel, read: ShardReadOut): number {
  const { warmNs, endNs } = model.recorder.options;
  const requests = read.brokers.reduce((sum, broker) => sum + broker.requests[REQUEST.produce].count, 0);
  return (requests / (endNs - warmNs)) * SECOND;
}

/** Mean ns of each stage of one type of request on the first broker. */
export function meanStagesNs(
  read: ShardReadOut,
  type: keyof typeof REQUEST = 'produce',
): Record<(typeof STAGES)[number], number> {
  const { count, stageSumsNs } = read.brokers[0].requests[REQUEST[type]];
  const means = STAGES.map((stage, index) => [stage, stageSumsNs[index] / count]);
  return Object.fromEntries(means) as Record<(typeof STAGES)[number], number>;
}

/** Mean latency of a class (producers first) in ns. */
export function meanLatencyNs(read: ShardReadOut, index = 0): number {
  return read.classes[index].latencySumNs / read.classes[index].done;
}

/** The contents of a column. */
export function column(model: ClusterModel, name: string): ArrayLike<number> {
  const data = model.sim.columns.checkpoint().columns.get(name);
  if (data === undefined) throw new Error(`the model has no column ${name}`);
  return data;
}

/** Records that the producers have put into their accumulators. */
export function recordsMade(model: ClusterModel): number {
  return sum(column(model, 'producers/made'));
}

/** Records in the logs of all partitions. */
export function recordsAppended(model: ClusterModel): number {
  const { length } = model.parts.topology.partitions;
  return sum(Array.from({ length }, (_, partition) => model.replicas.endOffset(partition)));
}

/** Number of rows of a table that are taken. */
export function rowsUsed(model: ClusterModel, table: string): number {
  return rowsTaken(model, table).length;
}

/** The rows of a table that are taken: all that ever were, without the free list. */
export function rowsTaken(model: ClusterModel, table: string): number[] {
  const [freeHead, top, used] = Array.from(column(model, `${table}/state`));
  const next = column(model, `${table}/next`);
  const free = new Set<number>();
  for (let row = freeHead; row !== NONE; row = next[row]) free.add(row);
  const taken = Array.from({ length: top }, (_, row) => row).filter((row) => !free.has(row));
  if (taken.length !== used) throw new Error(`table ${table} counts ${used} rows, but has ${taken.length}`);
  return taken;
}

/** Calls `see` whenever a broker hands a response to a network thread. */
export function onResponse(model: ClusterModel, see: (request: number) => void): void {
  const respond = model.sockets.respond.bind(model.sockets);
  model.sockets.respond = (request) => {
    see(request);
    respond(request);
  };
}

/** Calls `see` with the batches of every response that a consumer or a follower has worked on. */
export function onFetched(
  model: ClusterModel,
  see: (session: number, batches: readonly number[]) => void,
): void {
  const { replicas, requests } = model;
  const expected = new Map<number, number>();
  const taken = new Map<number, number[]>();
  onResponse(model, (request) => {
    if (!isFetch(requests.type.data[request])) return;
    expected.set(requests.owner.data[request], requests.batches.data[request]);
  });
  const takeFetched = replicas.takeFetched.bind(replicas);
  replicas.takeFetched = (session) => {
    const batch = takeFetched(session);
    const batches = [...(taken.get(session) ?? []), batch];
    const isLast = batches.length === expected.get(session);
    taken.set(session, isLast ? [] : batches);
    if (isLast) see(session, batches);
    return batch;
  };
}

export function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}

export function isNear(found: number, expected: number, relative: number): boolean {
  return Math.abs(found - expected) <= relative * Math.abs(expected);
}

function topicOf(
  changes: Partial<TopicClass>,
  broker: { config: BrokerConfig; stated: Record<string, never> },
): TopicClass {
  return {
    name: 'orders',
    count: 1,
    cluster: 'cluster',
    partitions: 1,
    replicationFactor: 1,
    config: topicConfig({}, broker),
    stated: {},
    skew: null,
    placement: null,
    ...changes,
  };
}

function producerOf({ config, ...changes }: ProducerChanges, host: string): ProducerClass {
  return {
    name: 'checkout',
    cluster: 'cluster',
    host,
    client: 'brokertwin',
    topics: ['orders'],
    count: 1,
    rate: { kind: 'constant', recordsPerSecond: 1000 },
    record: { value: { kind: 'constant', bytes: VALUE_BYTES }, key: null, headersBytes: 0 },
    config: producerConfig({ acks: '1', 'linger.ms': 0, ...config }),
    stated: {},
    ...changes,
  };
}

function consumerOf({ config, ...changes }: ConsumerChanges, host: string): ConsumerClass {
  const name = changes.name ?? 'billing';
  return {
    name,
    cluster: 'cluster',
    host,
    client: 'brokertwin',
    topics: ['orders'],
    group: name,
    count: 1,
    processUs: 0,
    config: consumerConfig(config ?? {}),
    stated: {},
    ...changes,
  };
}

function phaseOf(small: Small): Phase {
  return { name: 'run', load: 1, warmupMs: 0, durationMs: 1000, ...small.phase };
}
