/** What a cluster says of itself: brokers, partitions, the controllers' quorum. One broker's view at one moment. */
import {
  apiVersionsV3,
  type Connection,
  describeClusterV1,
  describeQuorumV1,
  metadataV12,
} from '@platformatic/kafka';
import { UserError } from '../../errors/errors.ts';
import { clusterTrouble, KAFKA_ERROR, kafkaWords } from './kafka-error.ts';
import { DESCRIBE_CLUSTER_KEY, type DescribeClusterAnswer, describeClusterV2 } from './kafka-requests.ts';
import { type AdminSession, type AdminTarget, withSession } from './session.ts';

export interface BrokerDescription {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
  /** Before Kafka 4.0 fenced brokers are not listed at all. */
  readonly fenced: boolean;
}

export interface PartitionDescription {
  readonly topic: string;
  /** A topic of Kafka's own, such as __consumer_offsets. */
  readonly internal: boolean;
  readonly partition: number;
  /** Null while it has none. */
  readonly leader: number | null;
  /** Preferred leader first. */
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface QuorumMember {
  readonly id: number;
  /** Records of the metadata log that it has not fetched yet. */
  readonly lagRecords: number;
}

export interface QuorumDescription {
  readonly leader: number;
  readonly epoch: number;
  readonly voters: readonly QuorumMember[];
  readonly observers: readonly QuorumMember[];
}

export interface ClusterDescription {
  /** Kafka's own id of the cluster. */
  readonly clusterId: string | null;
  readonly brokers: readonly BrokerDescription[];
  /** The active controller; null when none answers. */
  readonly controller: number | null;
  readonly partitions: readonly PartitionDescription[];
  /** Partitions with replicas outside of the ISR, without those that are offline. */
  readonly underReplicated: readonly PartitionDescription[];
  /** Partitions without a leader. */
  readonly offline: readonly PartitionDescription[];
  /** Null when no controller answers. */
  readonly quorum: QuorumDescription | null;
}

/** Brokers pass the question on and wait long for a controller that is not there. */
const QUORUM_ANSWER_MS = 2_000;

/**
 * Describes a cluster as the first of `bootstrapServers` that answers sees it.
 *
 * @throws UserError (exit 3) when no broker answers.
 */
export function describeCluster(target: AdminTarget): Promise<ClusterDescription> {
  return withSession(target, describeWith);
}

/** The same within a session. */
export async function describeWith(session: AdminSession): Promise<ClusterDescription> {
  const { clusterId, partitions } = await describePartitions(session);
  const brokers = await describeBrokers(session);
  const quorum = await describeQuorum(session);
  return {
    clusterId,
    brokers,
    controller: quorum?.leader ?? null,
    partitions,
    underReplicated: partitions.filter(
      ({ leader, isr, replicas }) => leader !== null && isr.length < replicas.length,
    ),
    offline: partitions.filter(({ leader }) => leader === null),
    quorum,
  };
}

/** All brokers that the cluster lists, in the order of their ids. */
export async function describeBrokers(session: AdminSession): Promise<BrokerDescription[]> {
  const answer = await session.call(describeClusterRequest);
  if (answer.errorCode !== KAFKA_ERROR.none) {
    throw clusterTrouble(`describing the cluster: ${kafkaWords(answer.errorCode, answer.errorMessage)}`);
  }
  return answer.brokers
    .map(({ brokerId, host, port, rack, fenced }) => ({ id: brokerId, host, port, rack, fenced }))
    .sort((a, b) => a.id - b.id);
}

async function describeClusterRequest(connection: Connection): Promise<DescribeClusterAnswer> {
  const { apiKeys } = await apiVersionsV3.api.async(connection, 'brokertwin', '1');
  const known = apiKeys.find(({ apiKey }) => apiKey === DESCRIBE_CLUSTER_KEY);
  if (known !== undefined && known.maxVersion >= 2) return describeClusterV2.async(connection);
  const answer = await describeClusterV1.api.async(connection, false, 1);
  return {
    errorCode: answer.errorCode,
    errorMessage: answer.errorMessage ?? null,
    brokers: answer.brokers.map((broker) => ({ ...broker, rack: broker.rack ?? null, fenced: false })),
  };
}

/** Partitions of all topics, or of the named ones; topics that are not there are left out. */
export async function describePartitions(
  session: AdminSession,
  topics: readonly string[] | null = null,
): Promise<{ readonly clusterId: string | null; readonly partitions: PartitionDescription[] }> {
  const answer = await session.call((connection) =>
    metadataV12.api.async(connection, topics === null ? null : [...topics], false),
  );
  const partitions = answer.topics.flatMap(({ name, isInternal, partitions: found }) =>
    name == null
      ? []
      : found.map((partition) => ({
          topic: name,
          internal: isInternal,
          partition: partition.partitionIndex,
          leader: partition.leaderId < 0 ? null : partition.leaderId,
          replicas: partition.replicaNodes,
          isr: partition.isrNodes,
        })),
  );
  partitions.sort((a, b) => compareNames(a.topic, b.topic) || a.partition - b.partition);
  return { clusterId: answer.clusterId ?? null, partitions };
}

async function describeQuorum(session: AdminSession): Promise<QuorumDescription | null> {
  const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }];
  const answer = await session.callOnce(QUORUM_ANSWER_MS, (connection) =>
    describeQuorumV1.api.async(connection, topics),
  );
  const partition = answer?.topics[0]?.partitions[0];
  if (partition === undefined || partition.errorCode !== KAFKA_ERROR.none || partition.leaderId < 0) {
    return null;
  }
  const voters = partition.currentVoters;
  const end = voters.find(({ replicaId }) => replicaId === partition.leaderId)?.logEndOffset ?? 0n;
  const member = ({ replicaId, logEndOffset }: (typeof voters)[number]): QuorumMember => ({
    id: replicaId,
    lagRecords: Number(end - logEndOffset),
  });
  return {
    leader: partition.leaderId,
    epoch: partition.leaderEpoch,
    voters: voters.map(member),
    observers: partition.observers.map(member),
  };
}

/**
 * One partition of a cluster.
 *
 * @throws UserError (bad input) when there is no such topic or partition.
 */
export async function requirePartition(
  session: AdminSession,
  topic: string,
  partition: number,
): Promise<PartitionDescription> {
  const { partitions } = await describePartitions(session, [topic]);
  const found = partitions.find((one) => one.partition === partition);
  if (found !== undefined) return found;
  throw new UserError(
    partitions.length === 0
      ? `topic ${topic}: expected it to be in the cluster, found no such topic`
      : `topic ${topic}: expected a partition from 0 to ${partitions.length - 1}, found ${partition}`,
  );
}

function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
