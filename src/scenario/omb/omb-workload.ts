/** A workload and its driver as plain values, with OMB's own defaults filled in. */
import type { DriverSettings } from './client-settings.ts';
import type { OmbValues } from './omb-schema.ts';

/** What OMB's result repeats of the files, and what makes sense of its figures. */
export interface OmbFacts {
  /** Name of the workload; that of its file where it states none. */
  readonly workload: string;
  readonly driver: string;
  /** Bytes of a value. */
  readonly messageSize: number;
  readonly topics: number;
  /** Of each topic. */
  readonly partitions: number;
  readonly producersPerTopic: number;
  /** Of each group, as in OMB's result. */
  readonly consumersPerTopic: number;
  /** Groups that read each topic: so often is every record consumed. */
  readonly subscriptionsPerTopic: number;
}

export interface OmbPlan {
  readonly facts: OmbFacts;
  /** Of all producers; 0: as many as can be. */
  readonly recordsPerSecond: number;
  readonly keys: 'NO_KEY' | 'KEY_ROUND_ROBIN' | 'RANDOM_NANO';
  /** Null where every value is the payload file's, or where none is stated. */
  readonly randomized: { readonly share: number; readonly values: number } | null;
  readonly warmupMinutes: number;
  readonly durationMinutes: number;
  readonly replicationFactor: number;
  readonly settings: DriverSettings;
}

export interface OmbNames {
  /** For files that state none. */
  readonly workload: string;
  readonly driver: string;
}

const DEFAULT_WARMUP_MINUTES = 1;

/**
 * What the files mean. In place of values that are missing or broken stands something that breaks nothing else, so that
 * the rest can still be checked; the plan is then not to be used.
 */
export function ombPlan({ workload, driver }: OmbValues, settings: DriverSettings, names: OmbNames): OmbPlan {
  return {
    facts: {
      workload: workload.name ?? names.workload,
      driver: driver.name ?? names.driver,
      messageSize: workload.messageSize ?? 1,
      topics: workload.topics ?? 1,
      partitions: workload.partitionsPerTopic ?? 1,
      producersPerTopic: workload.producersPerTopic ?? 1,
      consumersPerTopic: workload.consumerPerSubscription ?? 0,
      subscriptionsPerTopic: workload.subscriptionsPerTopic ?? 0,
    },
    recordsPerSecond: workload.producerRate ?? 1,
    keys: workload.keyDistributor ?? 'NO_KEY',
    randomized:
      workload.useRandomizedPayloads === true
        ? { share: workload.randomBytesRatio ?? 0, values: workload.randomizedPayloadPoolSize ?? 0 }
        : null,
    warmupMinutes: workload.warmupDurationMinutes ?? DEFAULT_WARMUP_MINUTES,
    durationMinutes: workload.testDurationMinutes ?? 1,
    replicationFactor: driver.replicationFactor ?? 1,
    settings,
  };
}
