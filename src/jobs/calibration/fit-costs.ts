/**
 * From counted experiments to costs. Each equation is the CPU that one group of threads used in one experiment:
 *
 *   network   = (produce + fetch requests) * perRequest + fetches with records * perFetch + bytesIn * perByteIn + bytesOut * perByteOut + haltedWakeUps * wakeUp + coldWakeUps * cold
 *   handlers  = produce * perRequest + batches * perBatch + records * perRecord + bytesIn * perByte
 *             + fetches * perRequest + (fetches + parked) * partitions * perPartition + haltedWakeUps * wakeUp + coldWakeUps * cold
 *   producer  = ticks * perTick + records * perRecord + bytes * perByte + requests * perRequest + haltedWakeUps * wakeUp + coldWakeUps * cold
 *   consumer  = records * perRecord + bytes * perByte + fetches * perRequest + haltedWakeUps * wakeUp + coldWakeUps * cold
 *   others    = seconds * backgroundCores + traffic * its cost
 *   compilers = seconds * jitCores, the metrics agent = seconds * observerCores
 *
 * CPU by thread from /proc schedstat, wake-ups from its voluntary switches (how many of them on a core that had halted,
 * and how many cold, by the simulator's shares, which follow from how long cores and threads sleep), requests, records and bytes from JMX. The
 * tick's period and the wake-up's latency are measured, not fitted. What the data leave open keeps the catalogue's cost
 * and says so.
 */
import type { Cost, CostName, Profile } from '../../profile/profile.ts';
import type { Counts } from './counts.ts';
import { type Equation, fitNonNegative } from './least-squares.ts';

/** Share of a measured CPU time that it is trusted to, and a floor in seconds. */
const RELATIVE_ERROR = 0.05;
const ERROR_SECONDS = 0.005;
/** A cost with less of its information from the data than this is called undetermined. */
const DETERMINED_SHARE = 0.5;

interface Group {
  readonly name: string;
  readonly cpuSeconds: (counts: Counts) => number;
  readonly terms: readonly (readonly [CostName, (counts: Counts) => number])[];
}

const NS = 1e-9;
const NETWORK = ['network'];
const HANDLERS = ['handler'];
const PRODUCER = ['producer'];
const CONSUMER = ['consumer'];
const COMPILERS = ['jit'];
const OBSERVERS = ['observer'];
const BROKER_OTHERS = ['gc', 'controller', 'other'];
/** Not the main thread: it is this command's own, which measures. */
const GENERATOR_OTHERS = ['gc', 'other'];

const GROUPS: readonly Group[] = [
  {
    name: 'broker network threads',
    cpuSeconds: (of) => of.cpuSeconds('broker', NETWORK),
    terms: [
      ['broker.network.perRequestNs', (of) => (of.produceRequests + of.fetchRequests) * NS],
      ['broker.network.perFetchNs', (of) => of.fetchesWithRecords * NS],
      ['broker.network.perByteInNs', (of) => of.bytesIn * NS],
      ['broker.network.perByteOutNs', (of) => of.bytesOut * NS],
      ['broker.network.wakeUpCpuNs', (of) => of.haltedWakeUps('broker', NETWORK) * NS],
      ['broker.network.coldCpuNs', (of) => of.coldWakeUps('broker', NETWORK) * NS],
    ],
  },
  {
    name: 'broker request handlers',
    cpuSeconds: (of) => of.cpuSeconds('broker', HANDLERS),
    terms: [
      ['broker.handler.producePerRequestNs', (of) => of.produceRequests * NS],
      ['broker.handler.producePerBatchNs', (of) => of.batches * NS],
      ['broker.handler.producePerRecordNs', (of) => of.recordsSent * NS],
      ['broker.handler.producePerByteNs', (of) => of.bytesIn * NS],
      ['broker.handler.fetchPerRequestNs', (of) => of.fetchRequests * NS],
      [
        'broker.handler.fetchPerPartitionNs',
        (of) => (of.fetchRequests + of.parkedFetches) * of.partitions * NS,
      ],
      ['broker.handler.wakeUpCpuNs', (of) => of.haltedWakeUps('broker', HANDLERS) * NS],
      ['broker.handler.coldCpuNs', (of) => of.coldWakeUps('broker', HANDLERS) * NS],
    ],
  },
  {
    name: 'producer thread',
    cpuSeconds: (of) => of.cpuSeconds('generator', PRODUCER),
    terms: [
      ['client.brokertwin.producer.perTickNs', (of) => of.ticks * NS],
      ['client.brokertwin.producer.perRecordNs', (of) => of.recordsSent * NS],
      ['client.brokertwin.producer.perByteNs', (of) => of.bytesIn * NS],
      ['client.brokertwin.producer.perRequestNs', (of) => of.produceRequests * NS],
      ['client.brokertwin.producer.wakeUpCpuNs', (of) => of.haltedWakeUps('generator', PRODUCER) * NS],
      ['client.brokertwin.producer.coldCpuNs', (of) => of.coldWakeUps('generator', PRODUCER) * NS],
    ],
  },
  {
    name: 'consumer thread',
    cpuSeconds: (of) => of.cpuSeconds('generator', CONSUMER),
    terms: [
      ['client.brokertwin.consumer.perRecordNs', (of) => of.recordsReceived * NS],
      ['client.brokertwin.consumer.perByteNs', (of) => of.bytesOut * NS],
      ['client.brokertwin.consumer.perRequestNs', (of) => of.fetchRequests * NS],
      ['client.brokertwin.consumer.wakeUpCpuNs', (of) => of.haltedWakeUps('generator', CONSUMER) * NS],
      ['client.brokertwin.consumer.coldCpuNs', (of) => of.coldWakeUps('generator', CONSUMER) * NS],
    ],
  },
  {
    name: 'other broker threads',
    cpuSeconds: (of) => of.cpuSeconds('broker', BROKER_OTHERS),
    terms: [
      ['broker.backgroundCores', (of) => of.seconds],
      ['broker.gcPerByteNs', (of) => of.bytesIn * NS],
    ],
  },
  {
    name: 'broker compilers',
    cpuSeconds: (of) => of.cpuSeconds('broker', COMPILERS),
    terms: [['broker.jitCores', (of) => of.seconds]],
  },
  {
    name: 'broker metrics agent',
    cpuSeconds: (of) => of.cpuSeconds('broker', OBSERVERS),
    terms: [['broker.observerCores', (of) => of.seconds]],
  },
  {
    name: 'other generator threads',
    cpuSeconds: (of) => of.cpuSeconds('generator', GENERATOR_OTHERS),
    terms: [
      ['client.brokertwin.backgroundCores', (of) => of.seconds],
      ['client.brokertwin.producer.gcPerRecordNs', (of) => of.recordsSent * NS],
      ['client.brokertwin.producer.gcPerByteNs', (of) => of.bytesIn * NS],
      ['client.brokertwin.consumer.gcPerRecordNs', (of) => of.recordsReceived * NS],
      ['client.brokertwin.consumer.gcPerByteNs', (of) => of.bytesOut * NS],
    ],
  },
];

export interface FittedCosts {
  readonly costs: Readonly<Partial<Record<CostName, Cost>>>;
  /** Per experiment, per group: (fitted - measured) / measured CPU. */
  readonly residuals: readonly Readonly<Record<string, number>>[];
}

/** Fits the CPU costs to the experiments, with the catalogue's costs as what to fall back on. */
export function fitCosts(experiments: readonly Counts[], catalogue: Profile): FittedCosts {
  const names = [...new Set(GROUPS.flatMap((group) => group.terms.map(([name]) => name)))];
  const priors = names.map((name) => catalogue.costs[name]?.value ?? 0);
  const equations = experiments.flatMap((counts) => GROUPS.map((group) => equationOf(group, counts, names)));
  const fit = fitNonNegative(equations, priors);
  const costs = Object.fromEntries(
    names.map((name, index): [CostName, Cost] => {
      const determined = fit.determined[index] >= DETERMINED_SHARE;
      const source = determined
        ? 'fitted to CPU by thread (/proc schedstat) of the calibration experiments'
        : `undetermined: the experiments cannot tell it apart, held near the catalogue's ${catalogue.name}`;
      return [name, { value: fit.values[index], source, standardError: fit.standardErrors[index] }];
    }),
  );
  const residuals = experiments.map((counts) =>
    Object.fromEntries(
      GROUPS.map((group) => {
        const measured = group.cpuSeconds(counts);
        const fitted = group.terms.reduce(
          (sum, [name, count]) => sum + count(counts) * (costs[name]?.value ?? 0),
          0,
        );
        return [group.name, measured === 0 ? 0 : (fitted - measured) / measured];
      }),
    ),
  );
  return { costs, residuals };
}

function equationOf(group: Group, counts: Counts, names: readonly CostName[]): Equation {
  const measured = group.cpuSeconds(counts);
  return {
    counts: names.map((name) => group.terms.find(([of]) => of === name)?.[1](counts) ?? 0),
    measured,
    error: ERROR_SECONDS + RELATIVE_ERROR * measured,
  };
}
