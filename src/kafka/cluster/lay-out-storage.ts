/**
 * The disks and page caches of a cluster's hosts. A broker has a disk for each of its log dirs, which the brokers of one
 * host share dir by dir. A partition goes to the dir of its broker with the fewest (LogManager.nextLogDirs): as all begin
 * empty, in turn. The page cache has what the brokers' heaps leave of the memory (-Xmx1G of kafka-server-start.sh).
 */
import type { Disk } from '../../hardware/disk.ts';
import type { WriteBackHost } from '../../hardware/write-back.ts';
import { DISK_KINDS } from '../../profile/disk-kinds.ts';
import type { DiskFigures, DiskKind, Profile } from '../../profile/profile.ts';
import type { HostGroup, Scenario } from '../../scenario/scenario.ts';
import { NONE } from '../requests.ts';
import type { Topology } from './topology.ts';

const HEAP_BYTES = 1_073_741_824;
const QUEUE_DEPTH = 32;

export interface Storage {
  /** Whether any host has disks. */
  readonly isOn: boolean;
  /** Of every host. */
  readonly hosts: readonly WriteBackHost[];
  /** The first disk of each host, or NONE. */
  readonly firstDisk: readonly number[];
  readonly disks: readonly (Disk & { readonly host: number })[];
  /** The log dir of each replica on its broker, replicas in the order of the partitions. */
  readonly dirOf: Uint16Array;
}

type StatedDisk = DiskFigures & { readonly kind?: DiskKind };

/** The disk that a host's scenario or profile states, or null. */
export function statedDisk(group: HostGroup, profile: Profile): StatedDisk | null {
  const { disk, diskWriteBytesPerSecond } = group.hardware;
  if (disk !== undefined) return disk;
  if (diskWriteBytesPerSecond !== null) return withRate(diskWriteBytesPerSecond);
  if (profile.hardware.disk !== undefined) return profile.hardware.disk;
  const rate = profile.hardware.diskWriteBytesPerSecond;
  return rate === null ? null : withRate(rate);
}

/** What the page cache of a host has beside so many brokers, bytes. */
export function cacheBytesOf(group: HostGroup, profile: Profile, brokers: number): number {
  return (group.hardware.memoryBytes ?? profile.hardware.memoryBytes) - brokers * HEAP_BYTES;
}

export function layOutStorage(
  scenario: Scenario,
  topology: Topology,
  profiles: Readonly<Record<string, Profile>>,
  hosts: readonly { readonly entity: number }[],
): Storage {
  const groupOf = (host: number): HostGroup | undefined =>
    scenario.hosts.find(({ name }) => name === topology.hosts[host].group);
  const firstDisk = hosts.map(() => NONE);
  const disks: (Disk & { readonly host: number })[] = [];
  const caches = hosts.map(({ entity }, host) => {
    const brokers = topology.brokers.filter((broker) => broker.host === host).length;
    const group = groupOf(host);
    const stated = group === undefined ? null : statedDisk(group, profiles[group.name]);
    if (group === undefined || brokers === 0 || stated === null) return { entity, cacheBytes: 0 };
    firstDisk[host] = disks.length;
    for (let dir = 0; dir < group.logDirs.count; dir += 1) disks.push({ ...diskOf(stated), host });
    return { entity, cacheBytes: cacheBytesOf(group, profiles[group.name], brokers) };
  });
  const dirs = topology.brokers.map(({ host }) => groupOf(host)?.logDirs.count ?? 1);
  const placed = dirs.map(() => 0);
  const { partitions } = topology;
  const dirOf: number[] = [];
  for (let partition = 0; partition < partitions.length; partition += 1) {
    for (let number = 0; number < partitions.replicas(partition); number += 1) {
      const broker = partitions.replica(partition, number);
      dirOf.push(placed[broker] % dirs[broker]);
      placed[broker] += 1;
    }
  }
  return { isOn: disks.length > 0, hosts: caches, firstDisk, disks, dirOf: Uint16Array.from(dirOf) };
}

function withRate(bytesPerSecond: number): StatedDisk {
  return { readBytesPerSecond: bytesPerSecond, writeBytesPerSecond: bytesPerSecond };
}

function diskOf(stated: StatedDisk): Disk {
  const figures: DiskFigures = { ...(stated.kind === undefined ? {} : DISK_KINDS[stated.kind]), ...stated };
  return {
    readBytesPerSecond: figures.readBytesPerSecond ?? null,
    writeBytesPerSecond: figures.writeBytesPerSecond ?? null,
    operationsPerSecond: figures.operationsPerSecond ?? null,
    readLatencyNs: (figures.readLatencyUs ?? 0) * 1000,
    writeLatencyNs: (figures.writeLatencyUs ?? 0) * 1000,
    syncNs: (figures.syncUs ?? 0) * 1000,
    queueDepth: figures.queueDepth ?? QUEUE_DEPTH,
  };
}
