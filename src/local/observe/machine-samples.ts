/**
 * Machines of a cluster at one moment: control group, NIC and the queues of its shaped NIC. A machine without a namespace
 * and a control group of its own (a cluster on loopback) has none of these.
 */
import type { CgroupLayout } from '../capabilities/cgroup-layout.ts';
import type { MachineLimits } from '../hosts/machine.ts';
import { readIfThere } from '../system/system-files.ts';
import { type CgroupCounters, cgroupFiles, readCgroup } from './cgroup-counters.ts';
import { monotonicMs } from './clock.ts';
import { parseInterface } from './machine.ts';
import { openQdiscReader, type QdiscCounters, type QdiscReader } from './qdisc-reader.ts';
import type { Reading } from './windows.ts';

/** A machine to watch. */
export interface ObservedMachine {
  readonly name: string;
  /** Its network namespace, in which its NIC is `eth0`; null: it has none. */
  readonly namespace: string | null;
  /** Path of its control group below each hierarchy; null: it has none. */
  readonly cgroup: string | null;
  readonly limits: MachineLimits;
  /** Namespace and name of the switch's port that it is plugged into, which shapes what it receives; null: none. */
  readonly switchNamespace: string | null;
  readonly switchPort: string | null;
}

export interface CgroupReading extends Reading, CgroupCounters {}
export interface QueueReading extends Reading, QdiscCounters {}
export interface NicReading extends Reading {
  readonly inBytes: number;
  readonly outBytes: number;
}

export interface MachineSample {
  readonly cgroup: CgroupReading | null;
  readonly nic: NicReading | null;
  readonly egress: QueueReading | null;
  readonly ingress: QueueReading | null;
}

export interface MachineReaders {
  /** In the machines' order. Files are read at once; the promise is for the queues. It is never rejected. */
  sample(): readonly Promise<MachineSample>[];
  close(): void;
  /** Resolved when the readers answer. Sentences tell what cannot be read. */
  readonly ready: Promise<string[]>;
}

const NIC = 'eth0';

/** Starts a reader in each namespace concerned; they end with `close`, or with this process. */
export function openMachineReaders(
  machines: readonly ObservedMachine[],
  cgroups: CgroupLayout | null,
): MachineReaders {
  const namespaces = machines.flatMap(({ namespace, switchNamespace }) => [namespace, switchNamespace]);
  const readers = new Map(
    [...new Set(namespaces)].flatMap((name) =>
      name === null ? [] : [[name, openQdiscReader(name)] as const],
    ),
  );
  const readerOf = (namespace: string | null): QdiscReader | null =>
    namespace === null ? null : (readers.get(namespace) ?? null);
  return {
    sample: () =>
      machines.map((machine) => {
        const cgroup = cgroupReading(machine, cgroups);
        const reader = readerOf(machine.namespace);
        const nic = reader === null ? null : nicReading(reader);
        const queues = Promise.all([
          queueReading(reader, NIC),
          machine.switchPort === null
            ? null
            : queueReading(readerOf(machine.switchNamespace), machine.switchPort),
        ]);
        return queues.then(([egress, ingress]) => ({ cgroup, nic, egress, ingress }));
      }),
    ready: findProblems(machines, readerOf),
    close: () => {
      for (const reader of readers.values()) reader.close();
    },
  };
}

async function findProblems(
  machines: readonly ObservedMachine[],
  readerOf: (namespace: string | null) => QdiscReader | null,
): Promise<string[]> {
  const found = machines.map(async ({ name, namespace, limits }) => {
    const reader = readerOf(namespace);
    if (reader === null) return [];
    const queue = await reader.read(NIC);
    if (limits.nicBytesPerSecond === null || queue !== null) return [];
    return [
      `the queues of machine ${name} are unknown: tc gives no queue of ${NIC} in namespace ${namespace}`,
    ];
  });
  return (await Promise.all(found)).flat();
}

/** What belongs to the machine has one life: it is there before any process on it and goes after the last. */
function readingNow<Counters extends object>(counters: Counters): Counters & Reading {
  return { ...counters, atMs: monotonicMs(), life: 'machine', bornAtMs: null };
}

function cgroupReading({ cgroup }: ObservedMachine, cgroups: CgroupLayout | null): CgroupReading | null {
  if (cgroup === null || cgroups === null) return null;
  const counters = readCgroup(cgroupFiles(cgroups, cgroup));
  return counters === null ? null : readingNow(counters);
}

function nicReading(reader: QdiscReader): NicReading | null {
  const text = reader.pid === undefined ? null : readIfThere(`/proc/${reader.pid}/net/dev`);
  return text === null || !text.includes(`${NIC}:`) ? null : readingNow(parseInterface(text, NIC));
}

async function queueReading(reader: QdiscReader | null, device: string): Promise<QueueReading | null> {
  const counters = (await reader?.read(device)) ?? null;
  return counters === null ? null : readingNow(counters);
}
