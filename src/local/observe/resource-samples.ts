/** Use of resources over time: samples of counters from /proc, control groups and queues, turned into series of windows. */
import { RESOURCES, type ResourceName } from '../../result/resources.ts';
import type { ResourceSeries } from '../../result/run-result.ts';
import { type MachineCounters, machineFacts } from './machine.ts';
import type { MachineSample, NicReading, ObservedMachine, QueueReading } from './machine-samples.ts';
import type { ProcessReading } from './process-counters.ts';
import { levelsOf, ratesOf, windowsOf } from './windows.ts';

/** One moment; counters are cumulative. */
export interface ResourceSample {
  readonly atMs: number;
  /** Of the real machine. */
  readonly host: MachineCounters;
  /** In the order of the observed machines. */
  readonly machines: readonly MachineSample[];
  /** By broker id; none for a broker that is not running. */
  readonly processes: ReadonlyMap<number, ProcessReading>;
}

export interface SeriesOptions {
  /** Name of the real machine. */
  readonly host: string;
  readonly machines: readonly ObservedMachine[];
  /** Name of each broker's machine by its id. */
  readonly brokers: ReadonlyMap<number, string>;
  readonly windowSeconds: number;
}

type Values = ResourceSeries['values'];

/** Series over the windows between samples: of the real machine, of each machine with namespace or control group, of each broker. */
export function resourceSeries(samples: readonly ResourceSample[], options: SeriesOptions): ResourceSeries[] {
  const found = [
    ...hostSeries(samples, options),
    ...options.machines.flatMap((machine, index) =>
      machineSeries(
        samples.map((sample) => sample.machines[index] ?? null),
        machine,
        samples[0].atMs,
      ),
    ),
    ...[...options.brokers].flatMap(([broker, host]) => {
      const limit = options.machines.find(({ name }) => name === host)?.limits.cores;
      return processSeries(
        samples.map(({ processes }) => processes.get(broker) ?? null),
        { broker, host, cores: limit ?? machineFacts().cores, beginMs: samples[0].atMs },
      );
    }),
  ];
  return found
    .filter(({ values }) => values.some((value) => value !== null))
    .map((entry) => ({ ...entry, windowSeconds: options.windowSeconds }));
}

function hostSeries(samples: readonly ResourceSample[], { host, machines }: SeriesOptions): ResourceSeries[] {
  const readings = samples.map((sample) => ({ ...sample, life: 'host', bornAtMs: null }));
  const windows = windowsOf(readings, samples[0].atMs);
  const rate = (
    resource: ResourceName,
    counter: (of: MachineCounters) => number,
    capacity: number | null = null,
  ) =>
    series(
      { host, resource, capacity },
      ratesOf(windows, (reading) => counter(reading.host)),
    );
  const onLoopback = machines.every(({ namespace }) => namespace === null);
  return [
    rate('cpu', ({ cpu }) => cpu.busySeconds, machineFacts().cores),
    rate('cpu.steal', ({ cpu }) => cpu.stealSeconds),
    ...(onLoopback
      ? [
          rate('nic.in', ({ loopback }) => loopback.inBytes),
          rate('nic.out', ({ loopback }) => loopback.outBytes),
        ]
      : []),
    rate('disk.write', ({ disk }) => disk.writtenBytes),
    rate('disk.read', ({ disk }) => disk.readBytes),
    series(
      { host, resource: 'memory.dirty', capacity: null },
      levelsOf(readings, (reading) => reading.host.dirtyBytes),
    ),
  ];
}

function machineSeries(
  samples: readonly (MachineSample | null)[],
  { name, limits }: ObservedMachine,
  beginMs: number,
): ResourceSeries[] {
  const of = (resource: ResourceName, values: Values, capacity: number | null = null) =>
    series({ host: name, resource, capacity }, values);
  const cgroups = samples.map((sample) => sample?.cgroup ?? null);
  const cgroupWindows = windowsOf(cgroups, beginMs);
  const nics = windowsOf<NicReading>(
    samples.map((sample) => sample?.nic ?? null),
    beginMs,
  );
  const { cores, memoryBytes, nicBytesPerSecond } = limits;
  return [
    of(
      'cpu',
      ratesOf(cgroupWindows, ({ cpuSeconds }) => cpuSeconds),
      cores ?? machineFacts().cores,
    ),
    of(
      'cpu.throttled',
      ratesOf(cgroupWindows, ({ throttledSeconds }) => throttledSeconds),
    ),
    of(
      'cpu.throttledPeriods',
      cgroupWindows.map((window) => {
        const { before, after } = window ?? {};
        const periods = (after?.periods ?? 0) - (before?.periods ?? 0);
        return periods <= 0
          ? null
          : ((after?.throttledPeriods ?? 0) - (before?.throttledPeriods ?? 0)) / periods;
      }),
    ),
    of(
      'memory.used',
      levelsOf(cgroups, (reading) => reading.memoryBytes),
      memoryBytes,
    ),
    of(
      'memory.cache',
      levelsOf(cgroups, (reading) => reading.pageCacheBytes),
    ),
    of(
      'nic.in',
      ratesOf(nics, ({ inBytes }) => inBytes),
      nicBytesPerSecond,
    ),
    of(
      'nic.out',
      ratesOf(nics, ({ outBytes }) => outBytes),
      nicBytesPerSecond,
    ),
    ...(['egress', 'ingress'] as const).flatMap((direction) =>
      queueSeries(
        samples.map((sample) => sample?.[direction] ?? null),
        { host: name, of: direction, capacity: nicBytesPerSecond, beginMs },
      ),
    ),
  ];
}

function queueSeries(
  readings: readonly (QueueReading | null)[],
  facts: {
    readonly host: string;
    readonly of: string;
    readonly capacity: number | null;
    readonly beginMs: number;
  },
): ResourceSeries[] {
  const { host, of, capacity, beginMs } = facts;
  const windows = windowsOf(livesOfQueue(readings), beginMs);
  const unlimited = { host, of, capacity: null };
  return [
    series(
      { host, of, capacity, resource: 'queue.sent' },
      ratesOf(windows, ({ sentBytes }) => sentBytes),
    ),
    series(
      { ...unlimited, resource: 'queue.drops' },
      ratesOf(windows, ({ drops }) => drops),
    ),
    series(
      { ...unlimited, resource: 'queue.overlimits' },
      ratesOf(windows, ({ overlimits }) => overlimits),
    ),
    series(
      { ...unlimited, resource: 'queue.backlog' },
      levelsOf(readings, ({ backlogBytes }) => backlogBytes),
    ),
  ];
}

/** A queue that was replaced (a limit set or lifted) counts from zero, which begins another life. */
function livesOfQueue(readings: readonly (QueueReading | null)[]): (QueueReading | null)[] {
  let last: QueueReading | null = null;
  return readings.map((reading) => {
    if (reading === null) return null;
    const isNew: boolean = last !== null && reading.sentBytes < last.sentBytes;
    const lived: QueueReading =
      last === null || !isNew
        ? { ...reading, life: last?.life ?? reading.life, bornAtMs: last?.bornAtMs ?? reading.bornAtMs }
        : { ...reading, life: `since ${last.atMs}`, bornAtMs: last.atMs };
    last = lived;
    return lived;
  });
}

function processSeries(
  readings: readonly (ProcessReading | null)[],
  facts: { readonly broker: number; readonly host: string; readonly cores: number; readonly beginMs: number },
): ResourceSeries[] {
  const { broker, host, cores, beginMs } = facts;
  const windows = windowsOf(readings, beginMs);
  return [
    series(
      { host, broker, resource: 'cpu', capacity: cores },
      ratesOf(windows, ({ cpuSeconds }) => cpuSeconds),
    ),
    series(
      { host, broker, resource: 'disk.write', capacity: null },
      ratesOf(windows, ({ writtenBytes }) => writtenBytes),
    ),
  ];
}

function series(
  facts: Pick<ResourceSeries, 'host' | 'resource' | 'capacity'> & {
    readonly broker?: number;
    readonly of?: string;
  },
  values: Values,
): ResourceSeries {
  const { host, resource, capacity, broker = null, of } = facts;
  return {
    host,
    broker,
    resource,
    ...(of === undefined ? {} : { of }),
    unit: RESOURCES[resource].unit,
    capacity,
    values,
  };
}
