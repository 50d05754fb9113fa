/**
 * Consuming through @platformatic/kafka: its Consumer for the group, and its `fetch` (incremental fetch sessions) for the
 * records. Its message stream is not used: it fetches again only after every record was handed over.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ConnectionPool,
  Consumer,
  FetchIsolationLevels,
  type FetchOptions,
  findErrorBy,
  ListOffsetTimestamps,
  MessagesStreamModes,
} from '@platformatic/kafka';
import type { ConsumerConfig } from '../scenario/kafka-defaults.ts';
import { clusterOptions } from './cluster.ts';
import type { FetchedPartition, FetchPosition, FetchTransport, TopicPartition } from './transport.ts';

const COORDINATOR_DEADLINE_MS = 30_000;
const COORDINATOR_RETRY_MS = 200;

type FetchRequestTopic = FetchOptions<Buffer, Buffer, Buffer, Buffer>['topics'][number];
type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;

export interface FetchTransportOptions {
  readonly clientId: string;
  readonly bootstrapServers: string;
  readonly group: string;
  readonly topics: readonly string[];
  readonly config: ConsumerConfig;
}

export function createFetchTransport(options: FetchTransportOptions): FetchTransport {
  const { config } = options;
  const consumerProtocol = config['group.protocol'] === 'consumer';
  const isolationLevel =
    config['isolation.level'] === 'read_committed'
      ? FetchIsolationLevels.READ_COMMITTED
      : FetchIsolationLevels.READ_UNCOMMITTED;
  const common = {
    ...clusterOptions(options.bootstrapServers),
    clientId: options.clientId,
    requestTimeout: Math.max(config['request.timeout.ms'], config['fetch.max.wait.ms'] + 1000),
    metadataMaxAge: config['metadata.max.age.ms'],
    retryDelay: Math.max(1, config['retry.backoff.ms']),
  };
  const createConsumer = () =>
    new Consumer({
      ...common,
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
  // Fetches wait at the broker; on a connection of their own they do not hold up the group's requests.
  const pool = new ConnectionPool(options.clientId, common);
  const topicIds = new Map<string, string>();
  let assignments: typeof consumer.assignments = null;
  let assigned: readonly TopicPartition[] | null = null;

  return {
    async join() {
      const deadline = performance.now() + COORDINATOR_DEADLINE_MS;
      for (;;) {
        try {
          await joinOnce();
          return;
        } catch (error) {
          if (!isCoordinatorComing(error) || performance.now() > deadline) {
            throw error;
          }
        }
        // A consumer that has failed to join keeps a half-made membership; a new one begins afresh.
        await consumer.close(true);
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

    async startOffsets(partitions, committed) {
      const topics = byTopic(partitions);
      const earliest = await consumer.listOffsets({
        topics: [...topics.keys()],
        partitions: Object.fromEntries(topics),
        timestamp: ListOffsetTimestamps.EARLIEST,
      });
      const offsets = committed
        ? await consumer.listCommittedOffsets({
            topics: [...topics].map(([topic, numbers]) => ({ topic, partitions: numbers })),
          })
        : new Map<string, bigint[]>();
      return partitions.map(({ topic, partition }) => {
        const known = offsets.get(topic)?.[partition];
        const offset = known !== undefined && known >= 0n ? known : earliest.get(topic)?.[partition];
        return { topic, partition, offset: offset ?? 0n };
      });
    },

    async leader({ topic, partition }, refresh) {
      const metadata = await consumer.metadata({ topics: [...options.topics], forceUpdate: refresh });
      return metadata.topics.get(topic)?.partitions[partition]?.leader ?? -1;
    },

    fetch(broker, positions, done) {
      consumer.fetch(
        {
          node: broker,
          topics: requestTopics(positions),
          minBytes: config['fetch.min.bytes'],
          maxBytes: config['fetch.max.bytes'],
          maxWaitTime: config['fetch.max.wait.ms'],
          isolationLevel,
          connectionPool: pool,
        },
        (error, response) => {
          if (error || response === undefined) {
            done(error ?? new Error('a fetch was answered with nothing'), []);
          } else {
            done(null, fetchedPartitions(response, positions));
          }
        },
      );
    },

    commit: (positions) =>
      consumer.commit({ offsets: positions.map((position) => ({ ...position, leaderEpoch: -1 })) }),

    async close() {
      await consumer.close(true);
      await new Promise<void>((resolve, reject) => {
        pool.close((error) => (error ? reject(error) : resolve()));
      });
    },
  };

  async function joinOnce(): Promise<void> {
    const metadata = await consumer.metadata({ topics: [...options.topics] });
    for (const [name, { id }] of metadata.topics) {
      topicIds.set(id, name);
    }
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

  function requestTopics(positions: readonly FetchPosition[]): FetchRequestTopic[] {
    const ids = new Map([...topicIds].map(([id, name]) => [name, id]));
    const topics = new Map<string, FetchRequestTopic>();
    for (const { topic, partition, offset } of positions) {
      const entry = topics.get(topic) ?? { topicId: ids.get(topic) ?? '', partitions: [] };
      topics.set(topic, entry);
      entry.partitions.push({
        partition,
        currentLeaderEpoch: -1,
        fetchOffset: offset,
        lastFetchedEpoch: -1,
        partitionMaxBytes: config['max.partition.fetch.bytes'],
      });
    }
    return [...topics.values()];
  }

  function fetchedPartitions(response: FetchResponse, asked: readonly FetchPosition[]): FetchedPartition[] {
    const fetched: FetchedPartition[] = [];
    for (const { topicId, partitions } of response.responses) {
      const topic = topicIds.get(topicId) ?? topicId;
      for (const { partitionIndex: partition, highWatermark, records } of partitions) {
        const position = asked.find((one) => one.partition === partition && one.topic === topic);
        if (position === undefined) {
          continue;
        }
        const { offset } = position;
        const whole = records ?? [];
        const last = whole.at(-1);
        fetched.push({
          topic,
          partition,
          highWatermark,
          nextOffset: last === undefined ? offset : last.firstOffset + BigInt(last.lastOffsetDelta) + 1n,
          // A batch may begin before the offset asked for, as the broker sends batches whole.
          batches: whole.map((batch) =>
            batch.firstOffset >= offset
              ? batch.records
              : batch.records.filter(({ offsetDelta }) => batch.firstOffset + BigInt(offsetDelta) >= offset),
          ),
        });
      }
    }
    return fetched;
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
