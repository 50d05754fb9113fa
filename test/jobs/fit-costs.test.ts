import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Counts } from '../../src/jobs/calibration/counts.ts';
import { fitCosts } from '../../src/jobs/calibration/fit-costs.ts';
import type { CostName, Profile } from '../../src/profile/profile.ts';
import { readProfile } from '../../src/profile/read-profile.ts';

const NS = 1e-9;

/** The costs that the made-up machine has. */
const COSTS = {
  'broker.network.coldCpuNs': 150_000,
  'broker.handler.coldCpuNs': 250_000,
  'client.brokertwin.producer.coldCpuNs': 90_000,
  'client.brokertwin.consumer.coldCpuNs': 200_000,
  'broker.network.perFetchNs': 40_000,
  'broker.network.wakeUpCpuNs': 5_000,
  'broker.handler.wakeUpCpuNs': 6_000,
  'client.brokertwin.producer.wakeUpCpuNs': 7_000,
  'client.brokertwin.consumer.wakeUpCpuNs': 8_000,
  'broker.network.perRequestNs': 20_000,
  'broker.network.perByteInNs': 0.5,
  'broker.network.perByteOutNs': 0.4,
  'broker.handler.producePerRequestNs': 60_000,
  'broker.handler.producePerBatchNs': 10_000,
  'broker.handler.producePerRecordNs': 100,
  'broker.handler.producePerByteNs': 1,
  'broker.handler.fetchPerRequestNs': 30_000,
  'broker.handler.fetchPerPartitionNs': 2_000,
  'broker.backgroundCores': 0.05,
  'broker.jitCores': 0.03,
  'broker.observerCores': 0.01,
  'broker.gcPerByteNs': 0.2,
  'client.brokertwin.producer.perTickNs': 20_000,
  'client.brokertwin.producer.perRecordNs': 1_500,
  'client.brokertwin.producer.perByteNs': 1,
  'client.brokertwin.producer.perRequestNs': 100_000,
  'client.brokertwin.consumer.perRecordNs': 500,
  'client.brokertwin.consumer.perByteNs': 0.6,
  'client.brokertwin.consumer.perRequestNs': 80_000,
  'client.brokertwin.backgroundCores': 0.02,
  'client.brokertwin.producer.gcPerRecordNs': 200,
  'client.brokertwin.producer.gcPerByteNs': 0.4,
  'client.brokertwin.consumer.gcPerRecordNs': 50,
  'client.brokertwin.consumer.gcPerByteNs': 0.1,
} as const satisfies Partial<Record<CostName, number>>;

type Fitted = keyof typeof COSTS;
type ThreadGroup = 'network' | 'handler' | 'producer' | 'consumer';
type Workload = Omit<Counts, 'cpuSeconds' | 'haltedWakeUps' | 'coldWakeUps'> & {
  readonly wakeUps: Readonly<Record<ThreadGroup, number>>;
  readonly cold: Readonly<Record<ThreadGroup, number>>;
};

const IDLE: Workload = {
  seconds: 10,
  produceRequests: 0,
  fetchRequests: 0,
  fetchesWithRecords: 0,
  parkedFetches: 0,
  batches: 0,
  bytesIn: 0,
  bytesOut: 0,
  recordsSent: 0,
  recordsReceived: 0,
  partitions: 1,
  ticks: 0,
  wakeUps: { network: 0, handler: 0, producer: 0, consumer: 0 },
  cold: { network: 0, handler: 0, producer: 0, consumer: 0 },
};

/** Each of them has one thing in plenty, the last two have some of everything. */
const WORKLOADS: readonly Workload[] = [
  IDLE,
  { ...IDLE, seconds: 100 },
  { ...IDLE, produceRequests: 50_000 },
  { ...IDLE, produceRequests: 20_000, batches: 400_000 },
  { ...IDLE, fetchRequests: 50_000 },
  { ...IDLE, fetchRequests: 20_000, parkedFetches: 15_000, partitions: 50 },
  { ...IDLE, bytesIn: 5e9 },
  { ...IDLE, bytesOut: 5e9 },
  { ...IDLE, recordsSent: 20_000_000 },
  { ...IDLE, recordsReceived: 20_000_000 },
  { ...IDLE, ticks: 200_000 },
  { ...IDLE, fetchesWithRecords: 50_000 },
  { ...IDLE, wakeUps: { network: 400_000, handler: 300_000, producer: 500_000, consumer: 200_000 } },
  { ...IDLE, cold: { network: 20_000, handler: 10_000, producer: 30_000, consumer: 15_000 } },
  {
    ...IDLE,
    seconds: 8,
    produceRequests: 9_000,
    fetchRequests: 8_000,
    fetchesWithRecords: 7_200,
    parkedFetches: 5_000,
    batches: 40_000,
    bytesIn: 8e8,
    bytesOut: 7e8,
    recordsSent: 1_000_000,
    recordsReceived: 900_000,
    partitions: 6,
    ticks: 6_000,
    wakeUps: { network: 20_000, handler: 18_000, producer: 15_000, consumer: 9_000 },
    cold: { network: 3_000, handler: 0, producer: 6_000, consumer: 450 },
  },
  {
    ...IDLE,
    seconds: 4,
    produceRequests: 30_000,
    fetchRequests: 25_000,
    fetchesWithRecords: 0,
    parkedFetches: 0,
    batches: 30_000,
    bytesIn: 2e8,
    bytesOut: 2e8,
    recordsSent: 100_000,
    recordsReceived: 100_000,
    partitions: 3,
    ticks: 1_000,
    wakeUps: { network: 60_000, handler: 55_000, producer: 40_000, consumer: 30_000 },
    cold: { network: 1_200, handler: 38_500, producer: 10_000, consumer: 18_000 },
  },
];

/** CPU of each group of threads, by the equations that head fit-costs.ts. */
function secondsByGroup(of: Workload): Readonly<Record<string, number>> {
  const c = (name: Fitted, count: number): number => COSTS[name] * count * NS;
  const backgroundCores = (name: Fitted): number => COSTS[name] * of.seconds;
  return {
    'broker network':
      c('broker.network.perRequestNs', of.produceRequests + of.fetchRequests) +
      c('broker.network.perFetchNs', of.fetchesWithRecords) +
      c('broker.network.perByteInNs', of.bytesIn) +
      c('broker.network.perByteOutNs', of.bytesOut) +
      c('broker.network.wakeUpCpuNs', of.wakeUps.network) +
      c('broker.network.coldCpuNs', of.cold.network),
    'broker handler':
      c('broker.handler.producePerRequestNs', of.produceRequests) +
      c('broker.handler.producePerBatchNs', of.batches) +
      c('broker.handler.producePerRecordNs', of.recordsSent) +
      c('broker.handler.producePerByteNs', of.bytesIn) +
      c('broker.handler.fetchPerRequestNs', of.fetchRequests) +
      c('broker.handler.fetchPerPartitionNs', (of.fetchRequests + of.parkedFetches) * of.partitions) +
      c('broker.handler.wakeUpCpuNs', of.wakeUps.handler) +
      c('broker.handler.coldCpuNs', of.cold.handler),
    'generator producer':
      c('client.brokertwin.producer.perTickNs', of.ticks) +
      c('client.brokertwin.producer.perRecordNs', of.recordsSent) +
      c('client.brokertwin.producer.perByteNs', of.bytesIn) +
      c('client.brokertwin.producer.perRequestNs', of.produceRequests) +
      c('client.brokertwin.producer.wakeUpCpuNs', of.wakeUps.producer) +
      c('client.brokertwin.producer.coldCpuNs', of.cold.producer),
    'generator consumer':
      c('client.brokertwin.consumer.perRecordNs', of.recordsReceived) +
      c('client.brokertwin.consumer.perByteNs', of.bytesOut) +
      c('client.brokertwin.consumer.perRequestNs', of.fetchRequests) +
      c('client.brokertwin.consumer.wakeUpCpuNs', of.wakeUps.consumer) +
      c('client.brokertwin.consumer.coldCpuNs', of.cold.consumer),
    'broker gc': c('broker.gcPerByteNs', of.bytesIn),
    'broker controller': 0.6 * backgroundCores('broker.backgroundCores'),
    'broker other': 0.4 * backgroundCores('broker.backgroundCores'),
    'broker jit': backgroundCores('broker.jitCores'),
    'broker observer': backgroundCores('broker.observerCores'),
    'generator gc':
      c('client.brokertwin.producer.gcPerRecordNs', of.recordsSent) +
      c('client.brokertwin.producer.gcPerByteNs', of.bytesIn) +
      c('client.brokertwin.consumer.gcPerRecordNs', of.recordsReceived) +
      c('client.brokertwin.consumer.gcPerByteNs', of.bytesOut),
    'generator main': 1,
    'generator other': backgroundCores('client.brokertwin.backgroundCores'),
  };
}

function countsOf(workload: Workload): Counts {
  const { wakeUps, cold, ...counts } = workload;
  const seconds = secondsByGroup(workload);
  const byGroup = (of: Readonly<Record<ThreadGroup, number>>): Readonly<Record<string, number>> => ({
    'broker network': of.network,
    'broker handler': of.handler,
    'generator producer': of.producer,
    'generator consumer': of.consumer,
  });
  const total = (of: Readonly<Record<string, number>>, process: string, groups: readonly string[]): number =>
    groups.reduce((sum, group) => sum + (of[`${process} ${group}`] ?? 0), 0);
  return {
    ...counts,
    cpuSeconds: (process, groups) => total(seconds, process, groups),
    haltedWakeUps: (process, groups) => total(byGroup(wakeUps), process, groups),
    coldWakeUps: (process, groups) => total(byGroup(cold), process, groups),
  };
}

/** A catalogue that is wrong by half about every cost. */
function catalogue(): Profile {
  const shipped = readProfile('reference-2core');
  const costs = Object.fromEntries(
    Object.entries(COSTS).map(([name, value]) => [
      name,
      { value: value * 1.5, source: 'made up', standardError: null },
    ]),
  );
  return { ...shipped, name: 'wrong-by-half', costs };
}

describe('costs fitted to counted experiments', () => {
  const { costs, residuals } = fitCosts(WORKLOADS.map(countsOf), catalogue());

  for (const [name, expected] of Object.entries(COSTS)) {
    test(`give back ${name}`, () => {
      const cost = costs[name as Fitted] ?? assert.fail('not fitted');
      const error = cost.value / expected - 1;
      assert.ok(Math.abs(error) < 0.03, `${cost.value}, ${(error * 100).toFixed(1)} % off`);
      assert.match(cost.source, /^fitted to CPU by thread/);
      assert.ok((cost.standardError ?? Number.NaN) > 0);
    });
  }

  test('explain each CPU time that is worth it to a few per cent', () => {
    residuals.forEach((groups, index) => {
      const seconds = secondsByGroup(WORKLOADS[index]);
      assert.deepEqual(Object.keys(groups), [
        'broker network threads',
        'broker request handlers',
        'producer thread',
        'consumer thread',
        'other broker threads',
        'broker compilers',
        'broker metrics agent',
        'other generator threads',
      ]);
      for (const [group, residual] of Object.entries(groups)) {
        assert.ok(Math.abs(residual) < 0.03, `${group}: ${residual} of ${JSON.stringify(seconds)}`);
      }
    });
  });

  test('are of nothing else than what the catalogue of costs names', () => {
    assert.deepEqual(Object.keys(costs).sort(), Object.keys(COSTS).sort());
  });
});

describe('a cost that the experiments cannot tell apart', () => {
  const withoutConsumer = WORKLOADS.map(
    (workload): Workload => ({
      ...workload,
      bytesOut: 0,
      recordsReceived: 0,
    }),
  );
  const { costs } = fitCosts(withoutConsumer.map(countsOf), catalogue());

  test('keeps the value of the catalogue and says so in its source', () => {
    for (const name of [
      'client.brokertwin.consumer.perRecordNs',
      'client.brokertwin.consumer.perByteNs',
      'broker.network.perByteOutNs',
    ] as const) {
      const cost = costs[name] ?? assert.fail(name);
      assert.match(cost.source, /^undetermined: .*the catalogue's wrong-by-half$/);
      assert.ok(Math.abs(cost.value / (COSTS[name] * 1.5) - 1) < 1e-6, `${name} ${cost.value}`);
    }
  });

  test('does not keep the others from being found', () => {
    const cost = costs['broker.network.perByteInNs'] ?? assert.fail('not fitted');
    assert.match(cost.source, /^fitted/);
    assert.ok(Math.abs(cost.value / COSTS['broker.network.perByteInNs'] - 1) < 0.03, String(cost.value));
  });
});

test('a catalogue that holds a cost to be nothing does not spoil the fit', () => {
  const shipped = catalogue();
  const nothing = { value: 0, source: 'made up', standardError: null };
  const { costs } = fitCosts(WORKLOADS.map(countsOf), {
    ...shipped,
    costs: { ...shipped.costs, 'broker.network.perByteOutNs': nothing },
  });
  for (const [name, cost] of Object.entries(costs))
    assert.ok(Number.isFinite(cost.value), `${name} ${cost.value}`);
});
