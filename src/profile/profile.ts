/**
 * What things cost on one kind of machine with one Kafka version: every number that the simulator charges.
 * No cost lives in code; a profile that lacks one that a scenario needs is refused by name.
 */
import { codecCostMeanings, tlsCostMeanings } from './codec-costs.ts';

export interface Profile {
  readonly format: 'brokertwin.profile/1';
  readonly name: string;
  /** `measured` on this very machine by `calibrate`, or shipped in the catalogue. */
  readonly kind: 'measured' | 'catalogue';
  readonly provenance: {
    /** ISO date and time. */
    readonly date: string;
    readonly machine: string;
    readonly kafka: string;
    readonly note: string;
    /** What was run to find the costs, and how well they explain it. */
    readonly experiments: readonly CalibrationExperiment[];
  };
  /** Ranges that the calibration covered; a scenario outside is told so. */
  readonly covered: {
    readonly recordBytes: readonly [number, number];
    readonly recordsPerSecond: readonly [number, number];
    readonly partitions: readonly [number, number];
    readonly brokers: readonly [number, number];
  } | null;
  readonly hardware: {
    readonly cores: number;
    readonly memoryBytes: number;
    /** null: not a limit (loopback). */
    readonly nicBytesPerSecond: number | null;
    readonly diskWriteBytesPerSecond: number | null;
    /** Each disk, one for every log dir; without it, or a rate above, disks are no limit and the page cache is not modelled. */
    readonly disk?: DiskFigures & { readonly kind?: DiskKind; readonly source: string };
  };
  readonly costs: Readonly<Partial<Record<CostName, Cost>>>;
}

/** Kinds that `DISK_KINDS` has figures for. */
export type DiskKind = 'hdd' | 'ssd' | 'nvme';

/** What one disk can do. What is left out is its kind's; without a kind it is no limit. */
export interface DiskFigures {
  readonly readBytesPerSecond?: number;
  readonly writeBytesPerSecond?: number;
  /** Random accesses. */
  readonly operationsPerSecond?: number;
  readonly readLatencyUs?: number;
  readonly writeLatencyUs?: number;
  /** A flush of the disk's own cache. */
  readonly syncUs?: number;
  readonly queueDepth?: number;
}

export interface CalibrationExperiment {
  readonly name: string;
  readonly seconds: number;
  readonly recordBytes: number;
  readonly partitions: number;
  readonly recordsPerSecond: number;
  /** Relative error of the CPU that the fitted costs give back for this experiment, by thread group. */
  readonly residuals: Readonly<Record<string, number>>;
}

export interface Cost {
  readonly value: number;
  /** The counter or the citation that it came from; "undetermined: ..." when the data could not tell it from zero. */
  readonly source: string;
  readonly standardError: number | null;
}

/**
 * Every cost by name, its unit last in the name, with what it is.
 * "per batch" is per (partition, request) pair that carries records.
 */
export const COST_MEANINGS = {
  'host.pollNs': 'for so long at most an idle core polls for work before it halts',
  'host.polledWakeUpLatencyNs': 'from waking a sleeping thread on an idle core that polls until it runs',
  'host.wakeUpLatencyNs': 'from waking a sleeping thread on an idle core that has halted until it runs',
  'host.coldWakeUpLatencyNs':
    'that much more when the core has slept for long (by the share that caches lose)',
  'host.cacheLifeNs': 'time constant by which what is not used leaves the caches',
  'host.idleBalanceNs': 'time that a core stays idle before it takes a thread that waits for another core',
  'host.tickNs':
    "period of the scheduler's timer tick; 0: threads share a core in slices of no length, all alike",
  'host.sliceNs': 'time for which a thread runs at least before a tick sets it back for others',
  'host.protectedNs':
    'time from the begin of its slice for which a thread is safe from those that wake, for each other on its core',
  'link.latencyNs': 'one-way delay of a message between two processes of one host',
  'broker.network.wakeUpCpuNs': 'network thread: CPU more when it is woken on an idle core that has halted',
  'broker.network.coldCpuNs':
    'network thread: CPU more when nothing that it works with is left in the caches',
  'broker.network.perRequestNs': 'network thread: read one request and send its response, without the bytes',
  'broker.network.perFetchNs':
    'network thread: the response to a fetch that brings records more than others (a transfer for each partition)',
  'broker.network.perByteInNs': 'network thread: read one byte of a request',
  'broker.network.perByteOutNs': 'network thread: send one byte of a response',
  'broker.handler.wakeUpCpuNs': 'request handler: CPU more when it is woken on an idle core that has halted',
  'broker.handler.coldCpuNs':
    'request handler: CPU more when nothing that it works with is left in the caches',
  'broker.handler.producePerRequestNs': 'request handler: one produce request, without its batches',
  'broker.handler.producePerBatchNs': 'request handler: validate and append one batch, without its bytes',
  'broker.handler.producePerRecordNs':
    'request handler: check one record of a batch (LogValidator walks them)',
  'broker.handler.producePerByteNs': 'request handler: CRC and copy to the page cache, one byte',
  'broker.handler.fetchPerRequestNs': 'request handler: one fetch request, without its partitions',
  'broker.handler.fetchPerPartitionNs': 'request handler: one partition of a fetch session that is looked at',
  'broker.fetcher.perRequestNs':
    'replica fetcher thread: build one fetch and read its response, without the bytes',
  'broker.fetcher.coldCpuNs':
    'replica fetcher thread: CPU more when nothing that it works with is left in the caches',
  'broker.backgroundCores': 'cores that a broker uses for everything that is not a request',
  'broker.jitCores': "cores that the compilers of a warmed up broker's JVM use",
  'broker.observerCores': 'cores that the agent in a broker uses by which its metrics are read',
  'broker.gcPerByteNs': 'garbage collector threads, one byte of produced data',
  'broker.gc.youngBytes': 'what a broker allocates between two young collections',
  'broker.gc.allocatedPerByte': 'what a broker allocates for one byte that it appends',
  'broker.gc.allocatedBytesPerSecond': 'what a broker allocates without any traffic',
  'client.brokertwin.producer.wakeUpCpuNs':
    'producer thread: CPU more when it is woken on an idle core that has halted',
  'client.brokertwin.producer.coldCpuNs':
    'producer thread: CPU more when nothing that it works with is left in the caches',
  'client.brokertwin.producer.perTickNs': 'producer thread: one turn of its schedule timer, without records',
  'client.brokertwin.producer.perRecordNs': 'producer thread: make, schedule and account for one record',
  'client.brokertwin.producer.perByteNs': 'producer thread: one byte of records',
  'client.brokertwin.producer.perRequestNs': 'producer thread: one produce request and its response',
  'client.brokertwin.consumer.wakeUpCpuNs':
    'consumer thread: CPU more when it is woken on an idle core that has halted',
  'client.brokertwin.consumer.coldCpuNs':
    'consumer thread: CPU more when nothing that it works with is left in the caches',
  'client.brokertwin.consumer.perRecordNs': 'consumer thread: decode and account for one record',
  'client.brokertwin.consumer.perByteNs': 'consumer thread: one byte of records',
  'client.brokertwin.consumer.perRequestNs': 'consumer thread: one fetch request and its response',
  'client.brokertwin.backgroundCores': "cores that V8's helper threads use whatever is sent",
  'client.brokertwin.producer.gcPerRecordNs': 'V8 garbage collector threads: one record sent',
  'client.brokertwin.producer.gcPerByteNs': 'V8 garbage collector threads: one byte sent',
  'client.brokertwin.consumer.gcPerRecordNs': 'V8 garbage collector threads: one record received',
  'client.brokertwin.consumer.gcPerByteNs': 'V8 garbage collector threads: one byte received',
  'client.brokertwin.tickNs': "period of the producer thread's schedule timer",
  'client.java.producer.mainWakeUpCpuNs':
    "Java producer's application thread: CPU more when it is woken on an idle core that has halted",
  'client.java.producer.mainColdCpuNs':
    "Java producer's application thread: CPU more when nothing that it works with is left in the caches",
  'client.java.producer.sendPerRecordNs':
    "Java producer's application thread: one send(), and what a perf tool does for a record",
  'client.java.producer.sendPerByteNs':
    "Java producer's application thread: one byte of a value, drawn by the perf tool and appended",
  'client.java.producer.senderWakeUpCpuNs':
    'Sender thread: CPU more when it is woken on an idle core that has halted',
  'client.java.producer.senderColdCpuNs':
    'Sender thread: CPU more when nothing that it works with is left in the caches',
  'client.java.producer.senderPerPollNs': 'Sender thread: one turn of its loop, without requests',
  'client.java.producer.senderPerRequestNs': 'Sender thread: one produce request and its response',
  'client.java.producer.senderPerBatchNs': 'Sender thread: drain, close and complete one batch',
  'client.java.producer.senderPerRecordNs': 'Sender thread: callback of one record',
  'client.java.producer.gcPerRecordNs': "Java producer's garbage collector threads: one record sent",
  'client.java.consumer.wakeUpCpuNs':
    "Java consumer's application thread: CPU more when it is woken on an idle core that has halted",
  'client.java.consumer.coldCpuNs':
    "Java consumer's application thread: CPU more when nothing that it works with is left in the caches",
  'client.java.consumer.perRequestNs': "Java consumer's application thread: one fetch and its response",
  'client.java.consumer.perRecordNs':
    "Java consumer's application thread: decode one record, and what a perf tool does with it",
  'client.java.consumer.perByteNs': "Java consumer's application thread: one byte of records",
  'client.java.consumer.gcPerRecordNs': "Java consumer's garbage collector threads: one record received",
  'client.java.backgroundCores': 'cores that each Java client uses for everything that is not a record',
  'broker.network.perFileByteNs':
    'network thread of a TLS listener: read one byte of a log from the page cache, in place of sendfile',
  ...codecCostMeanings(),
  ...tlsCostMeanings(),
} as const;

export type CostName = keyof typeof COST_MEANINGS;
