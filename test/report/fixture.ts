/**
 * A comparison as the demo gives one: a paced and a saturating phase on one broker with six partitions. Every figure is
 * made up; only its shape is real.
 */
import type { Profile } from '../../src/profile/profile.ts';
import { COST_MEANINGS, type CostName } from '../../src/profile/profile.ts';
import { type Comparison, compareResults } from '../../src/result/comparison.ts';
import { summarizeLatency } from '../../src/result/latency.ts';
import type { LatencySummary, PhaseResult, RunResult } from '../../src/result/run-result.ts';
import {
  brokerConfig,
  consumerConfig,
  producerConfig,
  topicConfig,
} from '../../src/scenario/kafka-defaults.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { clientsSaw, observed, WINDOWS, wobble } from './fixture-observed.ts';

/** A latency with the given median whose tail grows with every nine. */
export function latency(medianMs: number, tail: number, count = 160_000): LatencySummary | null {
  const valueAtPercentile = (percentile: number): number => {
    const nines = Math.log10(100 / Math.max(100 - percentile, 100 / count));
    return medianMs * (0.35 + 0.65 * (percentile / 50) ** 0.5 + tail * Math.max(nines - 0.3, 0) ** 2);
  };
  return summarizeLatency({
    count,
    mean: medianMs * 1.2,
    max: valueAtPercentile(100) * 1.3,
    valueAtPercentile,
  });
}

interface PhaseFigures {
  readonly name: string;
  readonly load: number | 'max';
  readonly recordsPerSecond: number;
  readonly publishMs: number;
  readonly endToEndMs: number;
  readonly tail: number;
  readonly remoteMs: number;
  readonly cores: number;
  readonly salt: number;
  readonly measured: boolean;
}

export function phase(of: PhaseFigures): PhaseResult {
  const publish = latency(of.publishMs, of.tail);
  const endToEnd = latency(of.endToEndMs, of.tail);
  const windows = Array.from({ length: WINDOWS }, (_, index) => index);
  const around = (centre: number, share: number, salt: number): number[] =>
    windows.map((index) => centre * (1 + share * wobble(index, salt + of.salt)));
  const records = Math.round(of.recordsPerSecond * WINDOWS);
  const unrest = of.measured ? 0.04 : 0.01;
  const bytesPerSecond = of.recordsPerSecond * 1024;
  return {
    name: of.name,
    load: of.load,
    warmupSeconds: 5,
    durationSeconds: WINDOWS,
    throughputRecordsPerSecond: of.recordsPerSecond,
    throughputBytesPerSecond: bytesPerSecond,
    publishLatencyMs: publish,
    endToEndLatencyMs: endToEnd,
    classes: [
      {
        name: 'checkout',
        role: 'producer',
        recordsPerSecond: of.recordsPerSecond,
        bytesPerSecond,
        latencyMs: publish,
        lag: null,
      },
      {
        name: 'billing',
        role: 'consumer',
        recordsPerSecond: of.recordsPerSecond,
        bytesPerSecond,
        latencyMs: endToEnd,
        lag: { end: 120, max: of.load === 'max' ? 48_200 : 410 },
      },
    ],
    windows: {
      windowSeconds: 1,
      startSeconds: windows,
      producedRecordsPerSecond: around(of.recordsPerSecond, unrest, 1),
      consumedRecordsPerSecond: around(of.recordsPerSecond, unrest, 2),
      publishP50Ms: around(publish?.p50 ?? 0, unrest, 3),
      publishP99Ms: around(publish?.p99 ?? 0, unrest * 5, 4).map((ms, index) =>
        index === 13 && of.measured ? ms * 3 : ms,
      ),
      endToEndP50Ms: around(endToEnd?.p50 ?? 0, unrest, 5),
      endToEndP99Ms: around(endToEnd?.p99 ?? 0, unrest * 5, 6),
    },
    requestStages: [
      stages('Produce', of.recordsPerSecond, { queue: 0.21, local: 0.64, remote: of.remoteMs }),
      stages('FetchConsumer', of.recordsPerSecond / 2, {
        queue: 0.08,
        local: 0.12,
        remote: 38.4 + of.remoteMs,
      }),
    ],
    resources: [
      {
        host: 'local',
        broker: null,
        resource: 'cpu',
        unit: 'cores',
        capacity: 2,
        values: around(of.cores, unrest, 7),
      },
      {
        host: 'local',
        broker: null,
        resource: 'disk.write',
        unit: 'B/s',
        capacity: null,
        values: around(bytesPerSecond, unrest, 8),
      },
      ...(of.measured ? observed(of.cores) : []),
    ],
    threadCpu: [
      { process: 'broker-1', group: 'network', cpuSeconds: of.cores * 3.1, wakeUps: 61_000 },
      { process: 'broker-1', group: 'handler', cpuSeconds: of.cores * 4.4, wakeUps: 58_000 },
      { process: 'broker-1', group: 'gc', cpuSeconds: of.cores * 0.4, wakeUps: null },
      { process: 'generator', group: 'producer', cpuSeconds: of.cores * 6.2, wakeUps: 90_000 },
      { process: 'generator', group: 'consumer', cpuSeconds: of.cores * 5.2, wakeUps: 71_000 },
    ],
    events: of.measured ? [{ atSeconds: 13.2, what: 'broker 1: old generation collected, 118 ms' }] : [],
    counts: {
      recordsDue: records,
      recordsAcknowledged: records,
      recordsFailed: 0,
      recordsConsumed: records,
      produceRequests: Math.round(records / 40),
      produceBatches: Math.round(records / 14),
    },
    generator: of.measured
      ? {
          latenessMs: of.load === 'max' ? null : latency(0.3, 0.5),
          keptSchedule: true,
          reason: null,
          workerUtilisation: [0.62, 0.48],
          stalls: { count: 3, maxMs: 41.5, totalMs: 67.2 },
          unwrittenBytesMax: 3_400_000,
          ...(of.load === 'max' ? { starvedShare: 0.12 } : {}),
        }
      : null,
    ...(of.measured
      ? clientsSaw(records, latency(of.publishMs * 0.9, of.tail), latency(of.publishMs * 0.1, of.tail))
      : {}),
    topicCheck: of.measured
      ? { tool: 'GetOffsetShell', recordsInTopics: records, recordsAcknowledged: records }
      : null,
  };
}

function stages(
  request: 'Produce' | 'FetchConsumer',
  recordsPerSecond: number,
  ms: { readonly queue: number; readonly local: number; readonly remote: number },
): PhaseResult['requestStages'][number] {
  const rest = { ThrottleTimeMs: 0, ResponseQueueTimeMs: 0.05, ResponseSendTimeMs: 0.11 };
  return {
    broker: 1,
    request,
    count: Math.round(recordsPerSecond / 2),
    meanMs: {
      RequestQueueTimeMs: ms.queue,
      LocalTimeMs: ms.local,
      RemoteTimeMs: ms.remote,
      ...rest,
      TotalTimeMs: ms.queue + ms.local + ms.remote + 0.16,
    },
  };
}

const BROKER = { config: brokerConfig({}, '4.3'), stated: {} };

export const scenario: Scenario = {
  apiVersion: 'brokertwin/v1',
  name: 'demo',
  question:
    'How many records of 1 KiB does one broker on this machine take, and how late are they at a steady load?',
  hosts: [
    {
      name: 'local',
      profile: 'local',
      count: 1,
      zones: [],
      racks: [],
      hardware: {
        cores: null,
        memoryBytes: null,
        nicBytesPerSecond: null,
        nicBufferBytes: null,
        diskWriteBytesPerSecond: null,
      },
      logDirs: { count: 1, bytes: null },
    },
  ],
  clusters: [
    {
      name: 'cluster',
      count: 1,
      dataCentre: null,
      kafka: '4.3.1',
      kafkaVersions: ['4.3.1'],
      brokers: { host: 'local', count: 1, config: BROKER.config, stated: {} },
      controllers: { mode: 'combined', count: 1, host: null },
    },
  ],
  links: [],
  topics: [
    {
      name: 'orders',
      count: 1,
      cluster: 'cluster',
      partitions: 6,
      replicationFactor: 1,
      config: topicConfig({}, BROKER),
      stated: {},
      skew: null,
      placement: null,
    },
  ],
  producers: [
    {
      name: 'checkout',
      cluster: 'cluster',
      host: 'local',
      client: 'brokertwin',
      topics: ['orders'],
      count: 2,
      rate: { kind: 'constant', recordsPerSecond: 8000 },
      record: { value: { kind: 'constant', bytes: 1024 }, key: null, headersBytes: 0 },
      config: producerConfig({}),
      stated: {},
    },
  ],
  consumers: [
    {
      name: 'billing',
      cluster: 'cluster',
      host: 'local',
      client: 'brokertwin',
      topics: ['orders'],
      group: 'billing',
      count: 2,
      processUs: 0,
      config: consumerConfig({}),
      stated: {},
    },
  ],
  mirrors: [],
  operations: [],
  levels: [
    {
      text: 'checkout.publishLatency p(99) < 50ms',
      subject: 'checkout',
      metric: 'publishLatency',
      statistic: { kind: 'percentile', percentile: 99 },
      filter: {},
      comparison: '<',
      bound: 50,
    },
    {
      text: 'lost(acks=all) == 0',
      subject: null,
      metric: 'lost',
      statistic: { kind: 'total' },
      filter: { acks: 'all' },
      comparison: '==',
      bound: 0,
    },
    {
      text: 'billing.lag max < 100',
      subject: 'billing',
      metric: 'lag',
      statistic: { kind: 'max' },
      filter: {},
      comparison: '<',
      bound: 100,
    },
    {
      text: 'checkout.publishLatency p(97) < 30ms',
      subject: 'checkout',
      metric: 'publishLatency',
      statistic: { kind: 'percentile', percentile: 97 },
      filter: {},
      comparison: '<',
      bound: 30,
    },
  ],
  run: {
    seed: 7,
    fidelity: 'batch',
    threads: { producers: 1, consumers: 1 },
    phases: [
      { name: 'paced', load: 1, warmupMs: 5000, durationMs: 20_000 },
      { name: 'saturating', load: 'max', warmupMs: 5000, durationMs: 20_000 },
    ],
  },
};

const UNDETERMINED: readonly string[] = ['link.latencyNs', 'broker.network.perByteInNs'];
const COSTS: readonly CostName[] = Object.keys(COST_MEANINGS) as CostName[];

export const profile: Profile = {
  format: 'brokertwin.profile/1',
  name: 'local',
  kind: 'measured',
  provenance: {
    date: '2026-03-02T10:12:44Z',
    machine: '2 × Example CPU at 2.4 GHz, 8 GiB',
    kafka: '4.3.1',
    note: 'Broker and load generator share the machine.',
    experiments: [
      {
        name: 'small records, two partitions',
        seconds: 10,
        recordBytes: 256,
        partitions: 2,
        recordsPerSecond: 4000,
        residuals: { network: 0.031, handler: -0.052, producer: 0.008 },
      },
      {
        name: 'large records, twelve partitions',
        seconds: 10,
        recordBytes: 4096,
        partitions: 12,
        recordsPerSecond: 5000,
        residuals: { network: -0.024, handler: 0.017, producer: -0.041 },
      },
    ],
  },
  covered: {
    recordBytes: [256, 4096],
    recordsPerSecond: [4000, 30_000],
    partitions: [2, 12],
    brokers: [1, 1],
  },
  hardware: { cores: 2, memoryBytes: 8 * 1024 ** 3, nicBytesPerSecond: null, diskWriteBytesPerSecond: 410e6 },
  costs: Object.fromEntries(
    COSTS.map((name, index) => [
      name,
      {
        value: name === 'broker.backgroundCores' ? 0.042 : 3 ** (index % 9) * 0.8,
        source: UNDETERMINED.includes(name)
          ? 'undetermined: the counters could not tell it from zero'
          : 'fitted to utime + stime of /proc/<pid>/task/<tid>/stat over 4 experiments',
        standardError: UNDETERMINED.includes(name) ? null : 3 ** (index % 9) * 0.03,
      },
    ]),
  ),
};

const SCENARIO_FACTS = {
  name: scenario.name,
  question: scenario.question,
  hash: '4f6d1c0be3a94f0c6b1a8a4ac3d65c11f1d4f8f0f0a43a1f79c53b2a9c1e77d0',
  seed: 7,
  kafka: '4.3.1',
};

const MACHINE = { cpu: 'Example CPU at 2.4 GHz', cores: 2, memoryBytes: 8 * 1024 ** 3, os: 'Linux 6.12 x64' };

export const predicted: RunResult = {
  format: 'brokertwin.result/1',
  arm: 'simulated',
  scenario: SCENARIO_FACTS,
  profile: {
    name: 'local',
    hash: 'a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90',
    kind: 'measured',
  },
  simulation: {
    tieSeed: 0,
    sharedCores: null,
    traceHash: '7f3a9be1c2d45f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7c1',
    events: 4_812_377,
    simulatedSeconds: 50,
    shards: [{ name: 'cluster', events: 4_812_377 }],
  },
  phases: [
    phase({
      name: 'paced',
      load: 1,
      recordsPerSecond: 8000,
      publishMs: 7,
      endToEndMs: 8.4,
      tail: 0.35,
      remoteMs: 0,
      cores: 0.92,
      salt: 1,
      measured: false,
    }),
    phase({
      name: 'saturating',
      load: 'max',
      recordsPerSecond: 41_200,
      publishMs: 310,
      endToEndMs: 322,
      tail: 0.05,
      remoteMs: 0.4,
      cores: 1.94,
      salt: 2,
      measured: false,
    }),
  ],
  assumptions: [
    'The page cache holds all that is written and read; no fetch goes to the disk.',
    'Garbage collection is charged as CPU; its pauses are not modelled yet.',
  ],
  run: {
    startedAt: '2026-03-02T10:13:30Z',
    wallSeconds: 6.4,
    machine: MACHINE,
    versions: { brokertwin: '0.1.0', node: '24.21.0' },
  },
};

export const measured: RunResult = {
  format: 'brokertwin.result/1',
  arm: 'measured',
  scenario: SCENARIO_FACTS,
  profile: null,
  simulation: null,
  phases: [
    phase({
      name: 'paced',
      load: 1,
      recordsPerSecond: 7996,
      publishMs: 6.6,
      endToEndMs: 8.1,
      tail: 0.48,
      remoteMs: 0.02,
      cores: 0.97,
      salt: 3,
      measured: true,
    }),
    phase({
      name: 'saturating',
      load: 'max',
      recordsPerSecond: 43_100,
      publishMs: 290,
      endToEndMs: 301,
      tail: 0.08,
      remoteMs: 0.1,
      cores: 1.91,
      salt: 4,
      measured: true,
    }),
  ],
  assumptions: ['Broker and load generator shared two cores.'],
  run: {
    startedAt: '2026-03-02T10:13:42Z',
    wallSeconds: 58.2,
    machine: MACHINE,
    versions: { brokertwin: '0.1.0', node: '24.21.0', kafka: '4.3.1', java: '17.0.14' },
  },
};

export const comparison: Comparison = compareResults({
  predicted,
  measured,
  predictionWrittenAt: '2026-03-02T10:13:37Z',
  predictionHash: 'c0ffee11f1d4f8f0f0a43a1f79c53b2a9c1e77d04f6d1c0be3a94f0c6b1a8a4a',
});

export const unmeasured: Comparison = compareResults({
  predicted,
  measured: null,
  notMeasuredReason: 'Java 17 or newer was not found on this machine',
});

export const commands: readonly string[] = [
  'npx brokertwin calibrate --host local',
  'npx brokertwin compare scenarios/demo.yaml --seed 7',
];
