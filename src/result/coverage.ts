/** Whether a prediction stays inside what its profile was calibrated on. */
import type { Profile } from '../profile/profile.ts';
import type { Scenario, Size } from '../scenario/scenario.ts';
import type { RunResult } from './run-result.ts';

type Dimension = keyof NonNullable<Profile['covered']>;

export interface Coverage {
  readonly dimension: Dimension;
  /** Least and most that the scenario asks for. */
  readonly scenario: readonly [number, number];
  readonly calibrated: readonly [number, number];
  readonly inside: boolean;
}

/**
 * The scenario's ranges beside the calibrated ones; null when the profile states none (a catalogue profile may not).
 * Rates are the predicted throughput of each phase, since a saturating phase states none.
 */
export function coverageOf(scenario: Scenario, profile: Profile, predicted: RunResult): Coverage[] | null {
  const { covered } = profile;
  if (covered === null) return null;
  const asked: Record<Dimension, readonly number[]> = {
    recordBytes: scenario.producers.flatMap(({ record }) =>
      sizeBytes(record.value).map((bytes) => bytes + (record.key?.bytes ?? 0) + record.headersBytes),
    ),
    recordsPerSecond: predicted.phases.map((phase) => phase.throughputRecordsPerSecond),
    partitions: [sum(scenario.topics.map((topic) => topic.count * topic.partitions))],
    brokers: [sum(scenario.clusters.map((cluster) => cluster.count * cluster.brokers.count))],
  };
  const dimensions: readonly Dimension[] = ['recordBytes', 'recordsPerSecond', 'partitions', 'brokers'];
  return dimensions
    .filter((dimension) => asked[dimension].length > 0)
    .map((dimension) => {
      const least = asked[dimension].reduce((a, b) => Math.min(a, b));
      const most = asked[dimension].reduce((a, b) => Math.max(a, b));
      const calibrated = covered[dimension];
      return {
        dimension,
        scenario: [least, most],
        calibrated,
        inside: least >= calibrated[0] && most <= calibrated[1],
      };
    });
}

function sizeBytes(size: Size): number[] {
  return size.kind === 'constant' ? [size.bytes] : [size.medianBytes, size.p99Bytes];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
