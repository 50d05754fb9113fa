/** What each mechanism of the model is worth: a figure of a shipped scenario with it, and with it switched off. */
import path from 'node:path';
import { assemblePhase } from '../../src/arms/assemble-phase.ts';
import { NIC_RULES, type NicRules } from '../../src/hardware/nic.ts';
import { buildCluster } from '../../src/kafka/cluster/build-cluster.ts';
import { readOut } from '../../src/kafka/read-out.ts';
import { NS_PER_MS } from '../../src/kernel/time.ts';
import { packageRoot } from '../../src/package.ts';
import type { CostName } from '../../src/profile/profile.ts';
import { readProfile } from '../../src/profile/read-profile.ts';
import type { PhaseResult, RequestStages } from '../../src/result/run-result.ts';
import { readScenario } from '../../src/scenario/read-scenario.ts';

/** How a model is made to do otherwise. */
export interface Change {
  /** Of the scenario, as given to `--set`. */
  readonly set?: readonly string[];
  readonly costs?: Partial<Readonly<Record<CostName, number>>>;
  readonly rules?: Partial<NicRules>;
  /** Cores of each machine; the profile's when not given. */
  readonly cores?: number;
  /** Cores of the one machine that all hosts are parts of. */
  readonly sharedCores?: number | null;
}

interface FigureOf {
  readonly name: string;
  readonly unit: string;
  readonly value: (phase: PhaseResult) => number;
}

export interface Ablation {
  readonly mechanism: string;
  readonly scenario: string;
  readonly phase: string;
  /** Changes with the mechanism and without. */
  readonly base?: Change;
  readonly off: Change;
  readonly figure: FigureOf;
}

const PROFILE = 'reference-2core';
const DRAIN_MS = 1000;
const OFF = { source: 'switched off', standardError: null };
/** A figure that changes by less shows nothing. */
export const CHANGE_MIN = 0.02;

const throughput: FigureOf = {
  name: 'throughput',
  unit: 'records/s',
  value: (phase) => phase.throughputRecordsPerSecond,
};

function publish(percentile: 'p50' | 'p99' | 'max'): FigureOf {
  return {
    name: `publish ${percentile}`,
    unit: 'ms',
    value: ({ publishLatencyMs }) => publishLatencyMs?.[percentile] ?? Number.NaN,
  };
}

const endToEnd: FigureOf = {
  name: 'end-to-end p50',
  unit: 'ms',
  value: ({ endToEndLatencyMs }) => endToEndLatencyMs?.p50 ?? Number.NaN,
};

function stage(request: RequestStages['request'], name: keyof RequestStages['meanMs']): FigureOf {
  return {
    name: `${request} ${name}`,
    unit: 'ms',
    value: ({ requestStages }) => {
      const of = requestStages.filter((entry) => entry.request === request);
      return sum(of.map(({ count, meanMs }) => count * meanMs[name])) / sum(of.map(({ count }) => count));
    },
  };
}

function requests(request: RequestStages['request']): FigureOf {
  return {
    name: `${request} requests`,
    unit: '/s',
    value: ({ requestStages, durationSeconds }) =>
      sum(requestStages.filter((of) => of.request === request).map(({ count }) => count)) / durationSeconds,
  };
}

function cores(group: string): FigureOf {
  return {
    name: `CPU of ${group}`,
    unit: 'cores',
    value: ({ threadCpu, durationSeconds }) =>
      sum(threadCpu.filter((of) => of.group === group).map(({ cpuSeconds }) => cpuSeconds)) / durationSeconds,
  };
}

const WAKE_UPS = [
  'broker.network.wakeUpCpuNs',
  'broker.handler.wakeUpCpuNs',
  'client.brokertwin.producer.wakeUpCpuNs',
  'client.brokertwin.consumer.wakeUpCpuNs',
] as const;
const COLD = [
  'broker.network.coldCpuNs',
  'broker.handler.coldCpuNs',
  'client.brokertwin.producer.coldCpuNs',
  'client.brokertwin.consumer.coldCpuNs',
] as const;
const COLLECTIONS = [
  'client.brokertwin.producer.gcPerRecordNs',
  'client.brokertwin.producer.gcPerByteNs',
  'client.brokertwin.consumer.gcPerRecordNs',
  'client.brokertwin.consumer.gcPerByteNs',
] as const;
const none = (names: readonly CostName[]): NonNullable<Change['costs']> =>
  Object.fromEntries(names.map((name) => [name, 0]));

const CONSUMER = 'consumers.billing={host: client, topics: orders}';
const NO_BURST = 'hosts.broker.nicBuffer=1B';
const BROKER = 'cluster.brokers.config';
const demo = { scenario: 'demo' };
const machines = { scenario: 'three-machines' };

export const ABLATIONS: readonly Ablation[] = [
  {
    ...demo,
    mechanism: 'cores that all threads share',
    phase: 'saturating',
    off: { cores: 64 },
    figure: throughput,
  },
  {
    ...demo,
    mechanism: 'a core idles before it takes a thread of another',
    phase: 'saturating',
    off: { costs: none(['host.idleBalanceNs']) },
    figure: throughput,
  },
  {
    scenario: 'small-batches',
    mechanism: 'CPU of waking up',
    phase: 'run',
    off: { costs: none(WAKE_UPS) },
    figure: cores('network'),
  },
  {
    scenario: 'small-batches',
    mechanism: 'latency of waking up',
    phase: 'run',
    off: { costs: none(['host.wakeUpLatencyNs', 'host.coldWakeUpLatencyNs']) },
    figure: publish('p50'),
  },
  {
    ...demo,
    mechanism: 'caches that are lost while a thread sleeps',
    phase: 'paced',
    off: { costs: none(COLD) },
    figure: cores('handler'),
  },
  {
    scenario: 'java-producer',
    mechanism: 'cores that have slept for long wake more slowly',
    phase: 'paced',
    base: { set: ['producers.checkout.config.linger.ms=0', 'producers.checkout.rate=50/s'] },
    off: { costs: none(['host.coldWakeUpLatencyNs']) },
    figure: publish('p50'),
  },
  {
    ...demo,
    mechanism: 'cores that poll before they halt',
    phase: 'saturating',
    base: {
      set: ['producers.checkout.config.linger.ms=0', 'producers.checkout.config.batch.size=1'],
    },
    off: { costs: none(['host.pollNs']) },
    figure: throughput,
  },
  {
    ...demo,
    mechanism: 'CPU quota, periods in which it is used up',
    phase: 'paced',
    base: { set: ['hosts.local={cores: 0.3}'] },
    off: { set: ['hosts.local.cores=2'] },
    figure: publish('p99'),
  },
  {
    ...machines,
    mechanism: "one machine's cores shared by all hosts",
    phase: 'saturating',
    base: { set: ['hosts.broker.nic=10Gbit/s'], sharedCores: 2 },
    off: { sharedCores: null },
    figure: throughput,
  },
  {
    ...demo,
    mechanism: "a broker's other threads",
    phase: 'saturating',
    base: { set: ['hosts.local={cores: 1}'] },
    off: { costs: none(['broker.backgroundCores', 'client.brokertwin.backgroundCores']) },
    figure: throughput,
  },
  {
    ...demo,
    mechanism: "CPU of brokers' collections",
    phase: 'saturating',
    off: { costs: none(['broker.gcPerByteNs']) },
    figure: throughput,
  },
  {
    ...demo,
    mechanism: 'young collections stop the broker',
    phase: 'paced',
    base: { costs: { 'broker.gc.youngBytes': 40_000_000 } },
    off: { costs: none(['broker.gc.youngBytes']) },
    figure: publish('max'),
  },
  {
    ...demo,
    mechanism: "the generator's own collections",
    phase: 'saturating',
    off: { costs: none(COLLECTIONS) },
    figure: throughput,
  },
  {
    ...demo,
    mechanism: "ticks of the generator's clock",
    phase: 'paced',
    off: { costs: { 'client.brokertwin.tickNs': 10_000, 'client.brokertwin.producer.perTickNs': 100 } },
    figure: publish('p50'),
  },
  {
    ...demo,
    mechanism: 'linger and batches',
    phase: 'paced',
    off: { set: ['producers.checkout.config.linger.ms=0'] },
    figure: requests('Produce'),
  },
  {
    ...demo,
    mechanism: 'buffer.memory holds the producer up',
    phase: 'saturating',
    off: { set: ['producers.checkout.config.buffer.memory=320MiB'] },
    figure: publish('p50'),
  },
  {
    ...demo,
    mechanism: 'partitions with shorter queues are drawn more often',
    phase: 'saturating',
    off: { set: ['producers.checkout.config.partitioner.adaptive.partitioning.enable=false'] },
    figure: publish('p99'),
  },
  {
    ...demo,
    mechanism: 'requests in flight',
    phase: 'saturating',
    base: {
      set: ['producers.checkout.config.max.in.flight.requests.per.connection=1'],
      costs: { 'link.latencyNs': 5_000_000 },
    },
    off: { set: ['producers.checkout.config.max.in.flight.requests.per.connection=5'] },
    figure: throughput,
  },
  {
    ...demo,
    mechanism: 'long polls of consumers',
    phase: 'paced',
    off: { set: ['consumers.billing.config.fetch.max.wait.ms=0'] },
    figure: requests('FetchConsumer'),
  },
  {
    ...demo,
    mechanism: 'fetch.min.bytes',
    phase: 'paced',
    base: { set: ['consumers.billing.config.fetch.min.bytes=200000'] },
    off: { set: ['consumers.billing.config.fetch.min.bytes=1'] },
    figure: endToEnd,
  },
  {
    ...demo,
    mechanism: 'a full request queue blocks network threads',
    phase: 'saturating',
    base: {
      set: [
        'producers.checkout.count=20',
        ...['num.io.threads', 'queued.max.requests'].map((name) => `${BROKER}.${name}=1`),
      ],
      costs: { 'broker.handler.producePerRequestNs': 5_000_000 },
    },
    off: { set: [`${BROKER}.queued.max.requests=500`] },
    figure: stage('Produce', 'ResponseQueueTimeMs'),
  },
  {
    scenario: 'three-brokers',
    mechanism: 'acks=all waits until the followers have fetched',
    phase: 'run',
    off: { set: ['producers.checkout.config.acks=1'] },
    figure: publish('p50'),
  },
  {
    scenario: 'three-brokers',
    mechanism: 'CPU of replication',
    phase: 'run',
    off: { set: ['topics.orders.replication.factor=1', 'topics.orders.config.min.insync.replicas=1'] },
    figure: cores('handler'),
  },
  {
    ...machines,
    mechanism: 'cut-through of lines',
    phase: 'paced',
    base: { set: [NO_BURST] },
    off: { rules: { cutsThrough: false } },
    figure: stage('Produce', 'RemoteTimeMs'),
  },
  {
    ...machines,
    mechanism: 'bursts of a shaper',
    phase: 'paced',
    off: { set: [NO_BURST] },
    figure: stage('Produce', 'RemoteTimeMs'),
  },
  {
    ...machines,
    mechanism: 'connections take turns on a line',
    phase: 'saturating',
    base: { set: [CONSUMER] },
    off: { rules: { takesTurns: false } },
    figure: throughput,
  },
  {
    ...machines,
    mechanism: 'headers of segments',
    phase: 'saturating',
    off: { rules: { headerBytes: 0 } },
    figure: throughput,
  },
  {
    ...machines,
    mechanism: 'send buffers of sockets',
    phase: 'saturating',
    off: { set: [`${BROKER}.socket.send.buffer.bytes=-1`] },
    figure: stage('FetchFollower', 'ResponseSendTimeMs'),
  },
  {
    ...machines,
    mechanism: 'receive buffers of muted connections',
    phase: 'saturating',
    off: { set: [`${BROKER}.socket.receive.buffer.bytes=-1`] },
    figure: stage('Produce', 'RemoteTimeMs'),
  },
  {
    ...demo,
    mechanism: 'write-back and dirty limits',
    phase: 'saturating',
    base: { set: ['hosts.local={disk: {kind: hdd}, memory: 1300MiB}'] },
    off: { set: ['hosts.local={memory: 1300MiB}'] },
    figure: throughput,
  },
  {
    ...demo,
    mechanism: 'flush.messages keeps the handler',
    phase: 'paced',
    base: { set: ['hosts.local={disk: {kind: ssd}}', 'topics.orders.config.flush.messages=1'] },
    off: { set: ['topics.orders.config.flush.messages=never'] },
    figure: publish('p50'),
  },
  {
    ...machines,
    mechanism: 'acknowledgements wait behind what is sent the other way',
    phase: 'saturating',
    base: {
      set: [
        'topics.orders.replication.factor=1',
        'topics.orders.config.min.insync.replicas=1',
        ...['a', 'b', 'c'].map((group) => `consumers.${group}={host: client, topics: orders}`),
      ],
    },
    off: { rules: { acksWait: false } },
    figure: throughput,
  },
  {
    scenario: 'java-producer',
    mechanism: "bursts of the perf tool's throttle",
    phase: 'paced',
    base: { set: ['producers.checkout.config.linger.ms=0', 'consumers.billing.client=brokertwin'] },
    off: { set: ['producers.checkout.client=brokertwin'] },
    figure: requests('Produce'),
  },
];

/** What the figure is under a change of the ablation's scenario. */
export function figureUnder(ablation: Ablation, changes: readonly Change[]): number {
  const of: Change = Object.assign({}, ...changes);
  const set = changes.flatMap((change) => change.set ?? []);
  const file = path.join(packageRoot, 'scenarios', `${ablation.scenario}.yaml`);
  const { scenario } = readScenario(file, {
    set: [...set, 'run.seed=7', 'run.warmup=1s', 'run.duration=4s'],
  });
  const phase = scenario.run.phases.find(({ name }) => name === ablation.phase);
  if (phase === undefined) throw new Error(`${file} has no phase ${ablation.phase}`);
  const shipped = readProfile(PROFILE);
  const costs = changes.flatMap((change) => Object.entries(change.costs ?? {}));
  const profile = {
    ...shipped,
    hardware: { ...shipped.hardware, cores: of.cores ?? shipped.hardware.cores },
    costs: {
      ...shipped.costs,
      ...Object.fromEntries(costs.map(([name, value]) => [name, { ...OFF, value }])),
    },
  };
  const profiles = Object.fromEntries(scenario.hosts.map((host) => [host.name, profile]));
  const { sharedCores = null } = of;
  const nicRules = { ...NIC_RULES, ...of.rules };
  const model = buildCluster({ scenario, profiles, phase, tieSeed: 0, sharedCores, nicRules }, 0);
  model.sim.run((phase.warmupMs + phase.durationMs + DRAIN_MS) * NS_PER_MS);
  return ablation.figure.value(assemblePhase(scenario, phase, ['cluster'], [readOut(model)]));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
