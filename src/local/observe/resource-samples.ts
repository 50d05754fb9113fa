/** Use of resources over time: samples of cumulative counters, turned into rates per window. */
import type { ResourceSeries } from '../../result/run-result.ts';
import { parseProcessStat } from '../system/process-stat.ts';
import { readIfThere } from '../system/system-files.ts';
import { type MachineCounters, machineFacts, readMachine } from './machine.ts';

/** One moment; counters are cumulative. */
export interface ResourceSample {
  readonly atMs: number;
  readonly machine: MachineCounters;
  /** In the order of the processes asked for; null for one that is gone. */
  readonly processes: readonly (ProcessCounters | null)[];
}

export interface ProcessCounters {
  readonly cpuSeconds: number;
  /** Bytes that the process caused to be written to disk, counted when it dirties the page cache. */
  readonly writtenBytes: number;
}

/** Reads the machine's and the processes' counters. */
export function sampleResources(pids: readonly number[]): ResourceSample {
  return { atMs: performance.now(), machine: readMachine(), processes: pids.map(readProcess) };
}

/** Parses write_bytes of /proc/<pid>/io. */
export function parseWrittenBytes(text: string): number {
  return Number(/^write_bytes: (\d+)/m.exec(text)?.[1] ?? 0);
}

function readProcess(pid: number): ProcessCounters | null {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const io = readIfThere(`/proc/${pid}/io`);
  if (stat === null || io === null) return null;
  return { cpuSeconds: parseProcessStat(stat).cpuSeconds, writtenBytes: parseWrittenBytes(io) };
}

/**
 * Series over the windows between samples: CPU, loopback traffic and disk of the host, CPU and disk writes of each
 * broker (`brokers[i]` is the id of the samples' process i). A process that is gone uses nothing.
 */
export function resourceSeries(
  samples: readonly ResourceSample[],
  options: { readonly host: string; readonly brokers: readonly number[] },
): ResourceSeries[] {
  const series = (
    facts: Pick<ResourceSeries, 'broker' | 'resource' | 'unit' | 'capacity'>,
    counter: (sample: ResourceSample) => number | null,
  ): ResourceSeries => ({ host: options.host, ...facts, values: ratesPerSecond(samples, counter) });
  const ofHost = { broker: null, capacity: null };
  const cpu = { resource: 'cpu', unit: 'cores' } as const;
  const cores = machineFacts().cores;
  return [
    series({ ...cpu, broker: null, capacity: cores }, ({ machine }) => machine.cpu.busySeconds),
    series({ ...ofHost, resource: 'nic.in', unit: 'B/s' }, ({ machine }) => machine.loopback.inBytes),
    series({ ...ofHost, resource: 'nic.out', unit: 'B/s' }, ({ machine }) => machine.loopback.outBytes),
    series({ ...ofHost, resource: 'disk.write', unit: 'B/s' }, ({ machine }) => machine.disk.writtenBytes),
    series({ ...ofHost, resource: 'disk.read', unit: 'B/s' }, ({ machine }) => machine.disk.readBytes),
    ...options.brokers.flatMap((broker, index) => [
      series({ ...cpu, broker, capacity: cores }, ({ processes }) => processes[index]?.cpuSeconds ?? null),
      series(
        { broker, resource: 'disk.write', unit: 'B/s', capacity: null },
        ({ processes }) => processes[index]?.writtenBytes ?? null,
      ),
    ]),
  ];
}

function ratesPerSecond(
  samples: readonly ResourceSample[],
  counter: (sample: ResourceSample) => number | null,
): number[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index];
    const end = counter(sample);
    const start = counter(before);
    return end === null || start === null ? 0 : (end - start) / ((sample.atMs - before.atMs) / 1000);
  });
}
