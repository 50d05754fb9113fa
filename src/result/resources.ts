/**
 * What can be observed over time: every name that a `ResourceSeries` may have, with its unit and meaning. A new one is
 * a line here; the report takes its labels from this table.
 */

export type ResourceUnit = 'cores' | 'B/s' | 'B' | '/s' | 'ms' | 'share' | 'count';

interface Resource {
  readonly unit: ResourceUnit;
  /** How the report calls it. */
  readonly label: string;
  readonly meaning: string;
  /** `use`: of what the machine has, told of every phase. `trouble`: drawn when it is ever above 0. */
  readonly shown: 'use' | 'trouble' | 'table';
}

/** Shares are from 0 to 1. "Mean" is over what ended in the window; without any the window has no value. */
export const RESOURCES = {
  cpu: use('cores', 'CPU', "time on cores: of all processes, of the machine's control group, or of a broker"),
  'cpu.wait': trouble(
    'cores',
    'waiting for a core',
    "time that the broker's threads were ready to run while no core was free",
  ),
  'cpu.throttled': trouble(
    'cores',
    'CPU throttled',
    'time for which a CPU quota held threads back (cgroup), summed over the cores',
  ),
  'cpu.throttledPeriods': table(
    'share',
    'throttled periods',
    'share of the quota periods in which the quota was used up (cgroup)',
  ),
  'cpu.steal': trouble(
    'cores',
    'CPU stolen',
    'time that the machine wanted to run while its hypervisor ran others',
  ),
  'memory.used': table(
    'B',
    'memory',
    'memory of the control group, its page cache included, at the end of the window',
  ),
  'memory.cache': table('B', 'page cache', 'page cache of the control group at the end of the window'),
  'memory.dirty': table(
    'B',
    'dirty pages',
    'page cache that waits to be written to disk, of the whole machine, at the end of the window',
  ),
  'nic.in': use(
    'B/s',
    'network in',
    'received through the NIC; on a cluster on loopback all traffic of the loopback interface',
  ),
  'nic.out': use(
    'B/s',
    'network out',
    'sent through the NIC; on a cluster on loopback all traffic of the loopback interface',
  ),
  'queue.sent': table('B/s', 'passed by the shaper', 'let through by the token bucket'),
  'queue.drops': trouble(
    '/s',
    'dropped by the shaper',
    'packets that the token bucket dropped, its queue being full',
  ),
  'queue.backlog': trouble(
    'B',
    'waiting at the shaper',
    "bytes in the token bucket's queue at the end of the window, packets under added latency included",
  ),
  'queue.overlimits': table(
    '/s',
    'delays by the shaper',
    'times that the token bucket made a packet wait for tokens',
  ),
  'disk.write': use(
    'B/s',
    'disk writes',
    'written to the disks; of a broker counted when it dirties the page cache',
  ),
  'disk.read': use('B/s', 'disk reads', 'read from the disks'),
  'bytes.in': table('B/s', 'record bytes in', 'record batches from producers, as they came (BytesInPerSec)'),
  'bytes.out': table('B/s', 'record bytes out', 'record batches sent to consumers (BytesOutPerSec)'),
  requests: table('/s', 'requests', 'requests answered (RequestMetrics)'),
  'request.time': table('ms', 'request time', 'mean TotalTimeMs of the requests answered'),
  'request.local': table(
    'ms',
    'local time',
    'mean LocalTimeMs of the requests answered; of fetches it rises when the page cache misses',
  ),
  'requestQueue.size': trouble(
    'count',
    'request queue',
    'requests waiting for a handler at the end of the window (RequestQueueSize)',
  ),
  'purgatory.size': table(
    'count',
    'purgatory',
    'requests parked at the end of the window (NumDelayedOperations)',
  ),
  'handlers.idle': table(
    'share',
    'request handlers idle',
    'share of the time in which the request handlers waited for requests',
  ),
  'network.idle': table(
    'share',
    'network threads idle',
    'share of the time in which the network threads waited; a mean over half a minute that Kafka makes (NetworkProcessorAvgIdlePercent)',
  ),
  'log.flushes': table('/s', 'log flushes', 'flushes of a log to disk (LogFlushRateAndTimeMs)'),
  'log.flushTime': trouble(
    'ms',
    'log flush',
    'mean time of a flush of a log to disk (LogFlushRateAndTimeMs)',
  ),
  'isr.shrinks': trouble(
    '/s',
    'ISR shrinks',
    'followers that the broker took out of in-sync sets (IsrShrinksPerSec)',
  ),
  'isr.expands': trouble(
    '/s',
    'ISR expands',
    'followers that the broker took back into in-sync sets (IsrExpandsPerSec)',
  ),
  'partitions.led': table('count', 'partitions led', 'partitions that the broker leads (LeaderCount)'),
  'partitions.underReplicated': trouble(
    'count',
    'under-replicated',
    'partitions that the broker leads with a replica out of sync (UnderReplicatedPartitions)',
  ),
  'partitions.underMinIsr': trouble(
    'count',
    'under min ISR',
    'partitions that the broker leads with fewer in-sync replicas than min.insync.replicas (UnderMinIsrPartitionCount)',
  ),
  'partitions.offline': trouble(
    'count',
    'offline partitions',
    'partitions without a leader, as the active controller sees them (OfflinePartitionsCount)',
  ),
  'dirs.offline': trouble(
    'count',
    'offline log dirs',
    'log directories that the broker has given up (OfflineLogDirectoryCount)',
  ),
  'controller.active': table(
    'count',
    'active controller',
    '1 where the active controller is (ActiveControllerCount)',
  ),
  'gc.count': table('/s', 'collections', 'garbage collections'),
  'gc.time': trouble('share', 'GC', 'share of the time spent in collections, as the JVM counts it'),
  'jit.time': trouble('cores', 'JIT compilation', "time of the JVM's compiler threads, as the JVM counts it"),
  'heap.used': table('B', 'heap', 'Java heap in use at the end of the window, garbage included'),
} as const satisfies Readonly<Record<string, Resource>>;

export type ResourceName = keyof typeof RESOURCES;

/** What is known of a resource; a name that a later version wrote stands for itself. */
export function resourceFacts(name: string): Pick<Resource, 'label' | 'meaning' | 'shown'> {
  const known: Readonly<Record<string, Resource | undefined>> = RESOURCES;
  return known[name] ?? { label: name, meaning: name, shown: 'table' };
}

/** Mean of what is known of a series; null when nothing is. */
export function meanOfKnown(values: readonly (number | null)[] | undefined): number | null {
  const known = (values ?? []).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function use<Unit extends ResourceUnit>(unit: Unit, label: string, meaning: string) {
  return { unit, label, meaning, shown: 'use' } as const;
}

function trouble<Unit extends ResourceUnit>(unit: Unit, label: string, meaning: string) {
  return { unit, label, meaning, shown: 'trouble' } as const;
}

function table<Unit extends ResourceUnit>(unit: Unit, label: string, meaning: string) {
  return { unit, label, meaning, shown: 'table' } as const;
}
