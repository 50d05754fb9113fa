/** Membership of a consumer group, of either protocol, and its offsets: through @platformatic/kafka's Consumer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer, findErrorBy, ListOffsetTimestamps, MessagesStreamModes } from '@platformatic/kafka';
import type { ConsumerConfig } from '../../scenario/kafka-defaults.ts';
import type { LibraryAccess } from '../access/library-access.ts';
import { clusterOptions } from '../cluster.ts';
import type { FetchPosition, FetchTransport, TopicPartition } from './fetch-transport.ts';

const COORDINATOR_DEADLINE_MS = 30_000;
const COORDINATOR_RETRY_MS = 200;

export type GroupMembership = Pick<
  FetchTransport,
  'join' | 'assignment' | 'startOffsets' | 'resetOffsets' | 'logEnds' | 'commit' | 'close'
>;

export interface GroupMembershipOptions {
  readonly clientId: string;
  readonly bootstrapServers: string;
  readonly access: LibraryAccess;
  readonly group: string;
  readonly topics: readonly string[];
  readonly config: ConsumerConfig;
  /** The first offset of a partition that is of interest: where what is read begins, when the log begins before it. */
  readonly begin: (partition: TopicPartition) => number;
}

export function createGroupMembership(options: GroupMembershipOptions): GroupMembership {
  const { config } = options;
  const consumerProtocol = config['group.protocol'] === 'consumer';
  const createConsumer = () =>
    new Consumer({
      ...clusterOptions(options.bootstrapServers, options.access),
      clientId: options.clientId,
      requestTimeout: config['request.timeout.ms'],
      metadataMaxAge: config['metadata.max.age.ms'],
      retryDelay: Math.max(1, config['retry.backoff.ms']),
      groupId: options.group,
      rebalanceTimeout: config['max.poll.interval.ms'],
      ...(consumerProtocol
        ? { groupProtocol: 'consumer' as const }
        : {
            groupProtocol: 'classic' as const,
            sessionTimeout: config['session.timeout.ms'],
            heartbeatInterval: config['heartbeat.interval.ms'],
          }),
    });
  let consumer = createConsumer();
  let assignments: typeof consumer.assignments = null;
  let assigned: readonly TopicPartition[] | null = null;

  return {
    async join(onRebalance) {
      const deadline = performance.now() + COORDINATOR_DEADLINE_MS;
      for (;;) {
        try {
          await joinOnce();
          consumer.on('consumer:group:rebalance', onRebalance);
          return;
        } catch (error) {
          if (!isCoordinatorComing(error) || performance.now() > deadline) {
            throw error;
          }
        }
        // A consumer that has failed to join keeps a half-made membership; a new one begins afresh, whether the old
        // one could leave its group or not.
        consumer.close(true).catch(() => undefined);
        consumer = createConsumer();
        await sleep(COORDINATOR_RETRY_MS);
      }
    },

    assignment() {
      if (consumer.assignments !== assignments) {
        assignments = consumer.assignments;
        assigned =
          assignments?.flatMap(({ topic, partitions }) =>
            partitions.map((partition) => ({ topic, partition })),
          ) ?? null;
      }
      return assigned;
    },

    async startOffsets(partitions) {
      const earliest = await listOffsets(partitions, ListOffsetTimestamps.EARLIEST);
      const offsets = await consumer.listCommittedOffsets({
        topics: [...byTopic(partitions)].map(([topic, numbers]) => ({ topic, partitions: numbers })),
      });
      return partitions.map(({ topic, partition }): FetchPosition => {
        const known = offsets.get(topic)?.[partition];
        const offset = known !== undefined && known >= 0n ? known : earliest.get(topic)?.[partition];
        return {
          topic,
          partition,
          offset: Math.max(Number(offset ?? 0n), options.begin({ topic, partition })),
        };
      });
    },

    resetOffsets: (partitions) =>
      offsetsAt(
        partitions,
        config['auto.offset.reset'] === 'latest'
          ? ListOffsetTimestamps.LATEST
          : ListOffsetTimestamps.EARLIEST,
      ),

    logEnds: (partitions) => offsetsAt(partitions, ListOffsetTimestamps.LATEST),

    commit: (positions) =>
      consumer.commit({
        offsets: positions.map(({ topic, partition, offset }) => ({
          topic,
          partition,
          offset: BigInt(offset),
          leaderEpoch: -1,
        })),
      }),

    close: () => consumer.close(true),
  };

  async function offsetsAt(
    partitions: readonly TopicPartition[],
    timestamp: bigint,
  ): Promise<FetchPosition[]> {
    const offsets = await listOffsets(partitions, timestamp);
    return partitions.map(({ topic, partition }) => ({
      topic,
      partition,
      offset: Number(offsets.get(topic)?.[partition] ?? 0n),
    }));
  }

  function listOffsets(
    partitions: readonly TopicPartition[],
    timestamp: bigint,
  ): Promise<Map<string, bigint[]>> {
    const topics = byTopic(partitions);
    return consumer.listOffsets({
      topics: [...topics.keys()],
      partitions: Object.fromEntries(topics),
      timestamp,
    });
  }

  async function joinOnce(): Promise<void> {
    consumer.topics.trackAll(...options.topics);
    if (!consumerProtocol) {
      await consumer.joinGroup();
      return;
    }
    // Only `consume` joins by the new protocol. Its stream is never read, and the topics stay subscribed after it is
    // closed because they were tracked before.
    const stream = await consumer.consume({
      topics: [...options.topics],
      mode: MessagesStreamModes.EARLIEST,
      autocommit: false,
    });
    await stream.close();
  }
}

/** True while the broker makes or loads the group's part of `__consumer_offsets`, as it does for its first group. */
function isCoordinatorComing(error: unknown): boolean {
  const kinds = ['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE', 'COORDINATOR_LOAD_IN_PROGRESS'];
  return error instanceof Error && kinds.some((kind) => Boolean(findErrorBy(error, 'apiId', kind)));
}

function byTopic(partitions: readonly TopicPartition[]): Map<string, number[]> {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const numbers = topics.get(topic);
    if (numbers === undefined) {
      topics.set(topic, [partition]);
    } else {
      numbers.push(partition);
    }
  }
  return topics;
}
