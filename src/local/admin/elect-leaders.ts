/** Leader elections on demand, as kafka-leader-election makes them. */
import { UserError } from '../../errors/errors.ts';
import { describePartitions, type PartitionDescription, requirePartition } from './describe-cluster.ts';
import { clusterTrouble, KAFKA_ERROR, kafkaWords } from './kafka-error.ts';
import { ELECTION_TYPE, electLeadersV2 } from './kafka-requests.ts';
import { type AdminSession, type AdminTarget, withSession } from './session.ts';

export interface ElectLeadersOptions extends AdminTarget {
  /** `preferred`: the first replica where it is in sync. `unclean`: any live replica where there is no leader; data may be lost. */
  readonly kind: keyof typeof ELECTION_TYPE;
  /** Without it, all partitions of all topics. */
  readonly topic?: string;
  /** Without it, all partitions of the topic. */
  readonly partition?: number;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface ElectionResult {
  readonly elected: readonly (TopicPartition & { readonly leader: number | null })[];
  /** They had the leader that was asked for. */
  readonly notNeeded: readonly TopicPartition[];
  readonly failed: readonly (TopicPartition & { readonly reason: string })[];
}

const CONTROLLER_TIMEOUT_MS = 5_000;
const SEEN_TIMEOUT_MS = 5_000;
const SEEN_POLL_MS = 50;

/**
 * Elects leaders and waits until the brokers know them. That a partition's election fails is no error but part of the result.
 *
 * @throws UserError for a topic or partition that is not there (exit 2), or when the cluster does not answer (exit 3).
 */
export function electLeaders(options: ElectLeadersOptions): Promise<ElectionResult> {
  return withSession(options, async (session) => {
    const before = await chosenPartitions(session, options);
    const request = options.topic === undefined ? null : grouped(before);
    const answer = await session.call((connection) =>
      electLeadersV2.async(connection, ELECTION_TYPE[options.kind], request, CONTROLLER_TIMEOUT_MS),
    );
    if (answer.errorCode !== KAFKA_ERROR.none) {
      throw clusterTrouble(`electing leaders: Kafka refused: ${kafkaWords(answer.errorCode, null)}`);
    }
    const outcomes = answer.results.flatMap(({ topic, partitions }) =>
      partitions.map((outcome) => ({ topic, ...outcome })),
    );
    const elected = outcomes.filter(({ errorCode }) => errorCode === KAFKA_ERROR.none);
    const failed = outcomes.filter(
      ({ errorCode }) => errorCode !== KAFKA_ERROR.none && errorCode !== KAFKA_ERROR.electionNotNeeded,
    );
    const changed = new Set([...elected, ...failed].map(nameOf));
    return {
      elected: await withLeaders(session, options.kind, elected),
      notNeeded: before.filter((one) => !changed.has(nameOf(one))).map(placeOf),
      failed: failed.map((one) => ({
        ...placeOf(one),
        reason: failureReason(
          one,
          before.find((partition) => nameOf(partition) === nameOf(one)),
        ),
      })),
    };
  });
}

async function chosenPartitions(
  session: AdminSession,
  { topic, partition }: ElectLeadersOptions,
): Promise<readonly PartitionDescription[]> {
  if (topic === undefined) return (await describePartitions(session)).partitions;
  if (partition !== undefined) return [await requirePartition(session, topic, partition)];
  const { partitions } = await describePartitions(session, [topic]);
  if (partitions.length > 0) return partitions;
  throw new UserError(`topic ${topic}: expected it to be in the cluster, found no such topic`);
}

/** The elected partitions with their leaders, as soon as a broker has heard of them. */
async function withLeaders(
  session: AdminSession,
  kind: ElectLeadersOptions['kind'],
  elected: readonly TopicPartition[],
): Promise<ElectionResult['elected']> {
  if (elected.length === 0) return [];
  const topics = [...new Set(elected.map(({ topic }) => topic))];
  const deadline = performance.now() + SEEN_TIMEOUT_MS;
  for (;;) {
    const { partitions } = await describePartitions(session, topics);
    const now = new Map(partitions.map((partition) => [nameOf(partition), partition]));
    const seen = elected.every((one) => {
      const partition = now.get(nameOf(one));
      if (partition === undefined) return true;
      return kind === 'preferred' ? partition.leader === partition.replicas[0] : partition.leader !== null;
    });
    if (seen || performance.now() > deadline) {
      return elected.map((one) => ({ ...placeOf(one), leader: now.get(nameOf(one))?.leader ?? null }));
    }
    await session.pause(SEEN_POLL_MS);
  }
}

function failureReason(
  outcome: { readonly errorCode: number; readonly errorMessage: string | null },
  partition: PartitionDescription | undefined,
): string {
  if (outcome.errorCode === KAFKA_ERROR.preferredLeaderNotAvailable && partition !== undefined) {
    const [preferred] = partition.replicas;
    return partition.isr.includes(preferred)
      ? `preferred leader ${preferred} is not available`
      : `preferred leader ${preferred} is not in sync; in sync: ${partition.isr.join(', ') || 'none'}`;
  }
  if (outcome.errorCode === KAFKA_ERROR.eligibleLeadersNotAvailable && partition !== undefined) {
    return `none of its replicas ${partition.replicas.join(', ')} is up`;
  }
  return kafkaWords(outcome.errorCode, outcome.errorMessage);
}

function grouped(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  return [...byTopic].map(([topic, all]) => ({ topic, partitions: all.map(({ partition }) => partition) }));
}

function placeOf({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}
