/**
 * A scenario after reading: every unit resolved to bytes, milliseconds or per-second rates, every Kafka setting
 * filled from Kafka's defaults. Plain data; both arms read exactly this.
 */
import type { TimedOperation } from '../operations/operation.ts';
import type { DiskFigures, DiskKind } from '../profile/profile.ts';
import type { BrokerConfig, ConsumerConfig, ProducerConfig, TopicConfig } from './kafka-defaults.ts';
import type { SaslMechanism, SecurityProtocol } from './security-protocols.ts';

export interface Scenario {
  readonly apiVersion: 'brokertwin/v1';
  readonly name: string;
  readonly question: string | null;
  readonly hosts: readonly HostGroup[];
  /** `cluster:` gives one template named "cluster"; `clusters:` one per key. */
  readonly clusters: readonly ClusterTemplate[];
  readonly links: readonly Link[];
  readonly topics: readonly TopicClass[];
  readonly producers: readonly ProducerClass[];
  readonly consumers: readonly ConsumerClass[];
  readonly mirrors: readonly Mirror[];
  readonly operations: readonly TimedOperation[];
  readonly levels: readonly Level[];
  readonly run: RunPlan;
}

/** `count` machines of one kind. Brokers and clients on the same group with count 1 share its cores. */
export interface HostGroup {
  readonly name: string;
  /** Name of a profile in the catalogue, a path to a profile file, or "local" (this machine, calibrated). */
  readonly profile: string;
  readonly count: number;
  readonly zones: readonly string[];
  readonly racks: readonly string[];
  /** Stated hardware overrides what the profile says. */
  readonly hardware: {
    readonly cores: number | null;
    readonly memoryBytes: number | null;
    readonly nicBytesPerSecond: number | null;
    /** What passes at once, above the rate: the burst of a token bucket. */
    readonly nicBufferBytes: number | null;
    /** One way, of what it sends to other machines, beside the network's own. */
    readonly latencyMs?: number;
    readonly diskWriteBytesPerSecond: number | null;
    /** Each disk, one for every log dir, where more than a rate is stated. */
    readonly disk?: DiskFigures & { readonly kind?: DiskKind };
  };
  /** Of each broker on these machines. `bytes` is the room in one, or null for no file system of its own. */
  readonly logDirs: { readonly count: number; readonly bytes: number | null };
}

export interface ClusterTemplate {
  readonly name: string;
  readonly count: number;
  readonly dataCentre: string | null;
  /** The lowest of `kafkaVersions`: the cluster's features and the brokers' defaults follow it. */
  readonly kafka: string;
  /** Of each broker, in the order of their ids. */
  readonly kafkaVersions: readonly string[];
  readonly brokers: {
    readonly host: string;
    readonly count: number;
    readonly config: BrokerConfig;
    /** The properties that the scenario itself states, verbatim, for a real broker's server.properties. */
    readonly stated: Readonly<Record<string, string>>;
  };
  /** How connections of clients, and between brokers, are protected; not stated: not at all. */
  readonly security?: ClusterSecurity;
  readonly controllers: {
    /** In the first `count` brokers, or in processes of their own (`clusterFacts` has their ids). */
    readonly mode: 'combined' | 'separate';
    readonly count: number;
    /** Host group of separate controllers; null for machines of their own without limits. */
    readonly host: string | null;
  };
}

export interface ClusterSecurity {
  readonly clients: SecurityProtocol;
  readonly brokers: SecurityProtocol;
  /** Of all connections with SASL, which costs nothing once a connection stands; not stated: there are none. */
  readonly saslMechanism?: SaslMechanism;
}

/** A link between two data centres. */
export interface Link {
  readonly between: readonly [string, string];
  readonly latencyMs: number;
  readonly bytesPerSecond: number | null;
}

export interface TopicClass {
  /** A topic's name, or a pattern with one `*` that numbers its `count` topics. */
  readonly name: string;
  readonly count: number;
  readonly cluster: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config: TopicConfig;
  readonly stated: Readonly<Record<string, string>>;
  readonly skew: Skew | null;
  /** From a sidecar file: explicit replicas (broker ids, leader first) and rates of single partitions. */
  readonly placement: readonly PartitionPlacement[] | null;
  /** None: each phase begins with empty topics. */
  readonly history?: TopicHistory;
}

/** What a topic holds when a phase begins. */
export interface TopicHistory {
  /** Of each topic, over all of its partitions. */
  readonly bytes: number;
  readonly valueBytes: number;
  readonly batchBytes: number;
}

export interface PartitionPlacement {
  readonly topic: string;
  readonly partition: number;
  readonly replicas: readonly number[];
  readonly recordsPerSecond: number | null;
}

export interface Skew {
  readonly zipf: number;
}

/** Of each client of a class, on each broker; null for no limit. */
export interface ClientQuota {
  /** producer_byte_rate, or consumer_byte_rate. */
  readonly bytesPerSecond: number | null;
  /** request_percentage: 100 is one thread of the broker. */
  readonly requestPercentage: number | null;
}

export type ClientKind = 'brokertwin' | 'java';

export interface ProducerClass {
  readonly name: string;
  readonly cluster: string;
  readonly host: string;
  readonly client: ClientKind;
  /** Names of topic classes. */
  readonly topics: readonly string[];
  /** Number of producer clients. */
  readonly count: number;
  /** Rate of the whole class. */
  readonly rate: Rate;
  readonly record: {
    readonly value: Size;
    readonly key: Key | null;
    readonly headersBytes: number;
    /** Compressed bytes by plain bytes, with any codec; not stated: what the clients' own values come to. */
    readonly compressionRate?: number;
  };
  readonly config: ProducerConfig;
  /** How long a transaction takes records, where `transactional.id` is set; not stated: 3 s. */
  readonly transactionMs?: number;
  /** It is one client, which goes by the names as they are: others have a number behind them. */
  readonly isSingle?: true;
  readonly stated: Readonly<Record<string, string>>;
  readonly quota?: ClientQuota;
}

export type Rate =
  | { readonly kind: 'constant'; readonly recordsPerSecond: number }
  /** Records come at random, on average so many a second. */
  | { readonly kind: 'poisson'; readonly recordsPerSecond: number }
  /** From the end of the warm-up on; the first rate holds before, the last after. */
  | {
      readonly kind: 'piecewise';
      /** At least one. */
      readonly segments: readonly RateSegment[];
    }
  | {
      readonly kind: 'diurnal';
      readonly peakRecordsPerSecond: number;
      readonly troughRecordsPerSecond: number;
      /** Milliseconds after midnight. */
      readonly peakAtMs: number;
    };

/** The rate goes in a line from one value to the other. */
export interface RateSegment {
  readonly fromRecordsPerSecond: number;
  readonly toRecordsPerSecond: number;
  readonly durationMs: number;
}

export type Size =
  | { readonly kind: 'constant'; readonly bytes: number }
  | { readonly kind: 'lognormal'; readonly medianBytes: number; readonly p99Bytes: number };

export interface Key {
  readonly cardinality: number;
  readonly bytes: number;
  readonly zipf: number | null;
}

export interface ConsumerClass {
  readonly name: string;
  readonly cluster: string;
  readonly host: string;
  readonly client: ClientKind;
  readonly topics: readonly string[];
  readonly group: string;
  readonly count: number;
  /** Time the application takes for one record. */
  readonly processUs: number;
  /** One after the other; none stated: it reads all the time. */
  readonly pauses?: readonly Pause[];
  readonly config: ConsumerConfig;
  readonly stated: Readonly<Record<string, string>>;
  readonly quota?: ClientQuota;
}

/** All consumers of a class fetch nothing, and stay in their group. */
export interface Pause {
  /** From the start of the measured part of each phase. */
  readonly atMs: number;
  readonly durationMs: number;
}

/** Consumers of one cluster that produce what they read into another. */
export interface Mirror {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly topics: readonly string[];
  readonly host: string;
  readonly count: number;
  readonly client: ClientKind;
  readonly consumer: ConsumerConfig;
  readonly producer: ProducerConfig;
}

export interface Level {
  /** As written in the file. */
  readonly text: string;
  /** A traffic class, or null for the whole scenario. */
  readonly subject: string | null;
  readonly metric: 'publishLatency' | 'endToEndLatency' | 'throughput' | 'lost' | 'lag';
  readonly statistic:
    | { readonly kind: 'percentile'; readonly percentile: number }
    | { readonly kind: 'mean' | 'max' | 'total' };
  /** For `lost(acks=all)`. */
  readonly filter: Readonly<Record<string, string>>;
  readonly comparison: '<' | '<=' | '==' | '>=' | '>';
  /** Milliseconds, records per second, or records, by metric. */
  readonly bound: number;
}

export interface RunPlan {
  readonly seed: number;
  readonly fidelity: 'auto' | 'batch' | 'flow' | 'zoom';
  /** Load-generator threads on each client host; both arms spread the clients over them in the same way. */
  readonly threads: { readonly producers: number; readonly consumers: number };
  /** Played one after the other, each from fresh topics. A file without phases has one, named "run". */
  readonly phases: readonly Phase[];
}

export interface Phase {
  readonly name: string;
  /** Factor on every producer's rate, or "max": every producer sends as fast as it is taken. */
  readonly load: number | 'max';
  readonly warmupMs: number;
  /** Measured part, after the warm-up. */
  readonly durationMs: number;
}
