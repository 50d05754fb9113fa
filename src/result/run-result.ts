/**
 * What an arm returns. Simulated and measured results have the same shape, so that the comparison and the report
 * know nothing of where one came from. Plain JSON data; `run` is the only part that may differ between two runs of
 * the same simulation.
 */
import type { DeliveryProof } from './delivery-proof.ts';
import type { ResourceName, ResourceUnit } from './resources.ts';

export interface RunResult {
  readonly format: 'brokertwin.result/1';
  readonly arm: 'simulated' | 'measured';
  readonly scenario: {
    readonly name: string;
    readonly question: string | null;
    readonly hash: string;
    readonly seed: number;
    readonly kafka: string;
  };
  /** Simulated arm only: the profile that the costs came from. */
  readonly profile: {
    readonly name: string;
    readonly hash: string;
    readonly kind: 'measured' | 'catalogue';
  } | null;
  /** Simulated arm only. */
  readonly simulation: {
    /** Seed of the order of what happens at the same moment; 0 for the plain order. */
    readonly tieSeed: number;
    /** Cores of the machine that all hosts are parts of; null: each is a machine of its own. */
    readonly sharedCores: number | null;
    readonly traceHash: string;
    readonly events: number;
    readonly simulatedSeconds: number;
    readonly shards: readonly { readonly name: string; readonly events: number }[];
  } | null;
  readonly phases: readonly PhaseResult[];
  /** What was assumed or left out, one sentence each, for the report. */
  readonly assumptions: readonly string[];
  readonly run: RunFacts;
}

/** Facts of this very run; outside every comparison of results. */
export interface RunFacts {
  readonly startedAt: string;
  readonly wallSeconds: number;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly os: string;
  };
  readonly versions: Readonly<Record<string, string>>;
}

export interface PhaseResult {
  readonly name: string;
  readonly load: number | 'max';
  readonly warmupSeconds: number;
  /** Length of the measured part; every figure below is of this part alone. */
  readonly durationSeconds: number;
  /** Measured arm: why it ended before its time, a clause; not there when it did not. */
  readonly endedEarly?: string;
  /** Over all producer classes: records acknowledged per second. */
  readonly throughputRecordsPerSecond: number;
  readonly throughputBytesPerSecond: number;
  readonly publishLatencyMs: LatencySummary | null;
  /** Measured arm: of the same records, from the client's send() on. */
  readonly responseLatencyMs?: LatencySummary | null;
  /** Measured arm: of the same records, from the due time to that send(), buffer space waited for. */
  readonly sendDelayMs?: LatencySummary | null;
  readonly endToEndLatencyMs: LatencySummary | null;
  readonly classes: readonly TrafficClassResult[];
  readonly windows: WindowSeries;
  readonly requestStages: readonly RequestStages[];
  readonly resources: readonly ResourceSeries[];
  /** Measured arm: begin and end of `resources` on the machine's CLOCK_MONOTONIC. */
  readonly observedMs?: { readonly begin: number; readonly end: number };
  readonly threadCpu: readonly ThreadCpu[];
  readonly events: readonly TimelineEvent[];
  readonly counts: PhaseCounts;
  /** Measured arm: batches that were sent again, over the whole phase; null when nobody counted them. */
  readonly batchesRetried?: number | null;
  /** How well the generator kept its schedule; null in the simulator. */
  readonly generator: GeneratorHonesty | null;
  /** Measured arm, where Kafka's own tools can be asked; the whole phase, warm-up and stragglers included. */
  readonly topicCheck: TopicCheck | null;
  /** Measured arm, of a verified run: for each consumer group, whether it read what was acknowledged. */
  readonly deliveries?: readonly DeliveryProof[];
}

/** Milliseconds; `curve` is the percentile curve for the report, from p0 to p99.99 and the maximum. */
export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly curve: readonly { readonly percentile: number; readonly ms: number }[];
}

export interface TrafficClassResult {
  readonly name: string;
  readonly role: 'producer' | 'consumer';
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Publish latency of a producer class, end-to-end latency of a consumer class; from the due time, of Java producers from send(). */
  readonly latencyMs: LatencySummary | null;
  /** Consumer classes: records behind the log end, at the end of the measured part and at most. */
  readonly lag: { readonly end: number; readonly max: number } | null;
}

/** Columns of equal length; one entry per window of `windowSeconds`, from the end of the warm-up. NaN-free: null = no sample. */
export interface WindowSeries {
  readonly windowSeconds: number;
  readonly startSeconds: readonly number[];
  readonly producedRecordsPerSecond: readonly number[];
  readonly consumedRecordsPerSecond: readonly number[];
  readonly publishP50Ms: readonly (number | null)[];
  readonly publishP99Ms: readonly (number | null)[];
  readonly endToEndP50Ms: readonly (number | null)[];
  readonly endToEndP99Ms: readonly (number | null)[];
}

/** Requests that are told apart, by Kafka's own names; the simulator numbers them in this order. */
export const REQUEST_TYPES = [
  'Produce',
  'FetchConsumer',
  'FetchFollower',
  'OffsetCommit',
  'Heartbeat',
  'ConsumerGroupHeartbeat',
  'Metadata',
] as const;
export type RequestType = (typeof REQUEST_TYPES)[number];

/** Mean milliseconds per stage, by the names of Kafka's own metrics (kafka.network:type=RequestMetrics). */
export interface RequestStages {
  readonly broker: number;
  readonly request: RequestType;
  readonly count: number;
  readonly meanMs: {
    readonly RequestQueueTimeMs: number;
    readonly LocalTimeMs: number;
    readonly RemoteTimeMs: number;
    readonly ThrottleTimeMs: number;
    readonly ResponseQueueTimeMs: number;
    readonly ResponseSendTimeMs: number;
    readonly TotalTimeMs: number;
  };
}

/** One observed quantity per window; `capacity` in the same unit, null when unlimited or unknown. */
export interface ResourceSeries {
  readonly host: string;
  /** Broker id when the resource is one broker's alone. */
  readonly broker: number | null;
  /** What it is: a name of the table in resources.ts, which has its meaning. */
  readonly resource: ResourceName;
  /** Which of several: a request type, a collector, `egress` or `ingress` of a shaped NIC. */
  readonly of?: string;
  readonly unit: ResourceUnit;
  readonly capacity: number | null;
  /** Length of a window where it is not that of the phase's windows: what is dear to read is read less often. */
  readonly windowSeconds?: number;
  /** Null: not known, as of a broker that was down; or a mean over nothing. */
  readonly values: readonly (number | null)[];
}

/** CPU time in the measured part. Process: "broker-1", "generator"; group: "network", "handler", "fetcher", "producer", ... */
export interface ThreadCpu {
  readonly process: string;
  readonly group: string;
  readonly cpuSeconds: number;
  /** Times a sleeping thread of the group was woken (voluntary context switches); null when unknown. */
  readonly wakeUps: number | null;
  /** Simulated only: of these, those on an idle core that had halted; those with nothing of what they work with in the caches, others by the share that was lost. */
  readonly haltedWakeUps?: number;
  readonly coldWakeUps?: number;
  /** Time that the group's threads were ready to run while no core was free; not known in the simulator. */
  readonly runQueueWaitSeconds?: number;
}

export interface TimelineEvent {
  readonly atSeconds: number;
  readonly what: string;
}

export interface PhaseCounts {
  readonly recordsDue: number;
  readonly recordsAcknowledged: number;
  readonly recordsFailed: number;
  readonly recordsConsumed: number;
  readonly produceRequests: number;
  readonly produceBatches: number;
}

/** What Kafka's own tool finds in the topics, beside what the generator says. */
export interface TopicCheck {
  readonly tool: string;
  readonly recordsInTopics: number;
  readonly recordsAcknowledged: number;
}

export interface GeneratorHonesty {
  /** Moments in which an event loop stood still for more than 10 ms, over all producer threads. */
  readonly stalls?: { readonly count: number; readonly maxMs: number; readonly totalMs: number };
  /** Most bytes of one client that were sent and not yet taken by the system: more means that the broker reads late. */
  readonly unwrittenBytesMax?: number;
  /** Saturating phases: share of answers, 0 to 1, after which too few records were made to send the next request. */
  readonly starvedShare?: number;
  /** Delay from a record's due time to its entry into the accumulator (waiting for buffer space excluded). */
  readonly latenessMs: LatencySummary | null;
  /** False when the generator, not the cluster, was the limit: the run is then invalid (exit 4). */
  readonly keptSchedule: boolean;
  readonly reason: string | null;
  /** Share of its time that each worker's event loop was busy, 0 to 1. */
  readonly workerUtilisation: readonly number[];
}
