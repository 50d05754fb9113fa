/** Topics of a phase: made before it, deleted after it. */
import { Admin, type CreateTopicsTopicOptions, ListOffsetTimestamps } from '@platformatic/kafka';
import { EXIT, UserError } from '../errors/errors.ts';
import type { Scenario, TopicClass } from '../scenario/scenario.ts';
import { topicNames } from '../scenario/topic-names.ts';
import { type ClusterAccess, PLAINTEXT_ACCESS } from './access/cluster-access.ts';
import { libraryAccess } from './access/library-access.ts';
import { asUserError, clusterOptions, type TargetCluster } from './cluster.ts';

const LEADERS_DEADLINE_MS = 30_000;
const GONE_DEADLINE_MS = 30_000;
const IN_SYNC_DEADLINE_MS = 120_000;
const POLL_MS = 100;

export interface TopicTask {
  readonly scenario: Scenario;
  /** Brokers to begin with: host:port, separated by commas. */
  readonly bootstrapServers: string;
  /** Plain connections when left out. */
  readonly access?: ClusterAccess;
}

/**
 * Makes the scenario's topics and waits until every partition has a leader.
 * Throws a UserError (exit 3) when a topic is there already or the cluster refuses.
 */
export async function createTopics(task: TopicTask): Promise<void> {
  const { scenario, bootstrapServers } = task;
  await withAdmin(task, async (admin) => {
    const wanted = scenario.topics.flatMap((topics) => topicNames(topics));
    const present = new Set(await admin.listTopics());
    const taken = wanted.filter((name) => present.has(name));
    if (taken.length > 0) {
      throw new UserError(
        taken.map(
          (name) =>
            `topic "${name}": expected a cluster without it, found it on ${bootstrapServers}; delete it, or give the scenario's topic another name`,
        ),
        EXIT.clusterUnreachable,
      );
    }
    for (const topics of scenario.topics) {
      await admin.createTopics({
        topics: topicNames(topics).map((topic) => ({ topic, ...placementOf(topics, topic) })),
        configs: Object.entries(topics.stated).map(([name, value]) => ({ name, value })),
      });
    }
    await waitUntil(
      LEADERS_DEADLINE_MS,
      () => allHaveLeaders(admin, scenario),
      () => {
        throw new UserError(
          `topics ${wanted.join(', ')}: expected a leader for every partition within ${LEADERS_DEADLINE_MS / 1000} s, found some without; see the brokers' logs`,
          EXIT.clusterUnreachable,
        );
      },
    );
  });
}

/** Where its partitions go: as stated, all of them, or where Kafka puts them. */
function placementOf(
  { partitions, replicationFactor, placement }: TopicClass,
  name: string,
): Omit<CreateTopicsTopicOptions, 'topic'> {
  const placed = (placement ?? []).filter(({ topic }) => topic === name);
  return placed.length === 0
    ? { partitions, replicas: replicationFactor }
    : { assignments: placed.map(({ partition, replicas }) => ({ partition, brokers: [...replicas] })) };
}

/** Deletes the scenario's topics, those that are there, and waits until they are gone. */
export async function deleteTopics(task: TopicTask): Promise<void> {
  const { scenario } = task;
  await withAdmin(task, async (admin) => {
    const present = new Set(await admin.listTopics());
    const topics = scenario.topics.flatMap((entry) => topicNames(entry)).filter((name) => present.has(name));
    if (topics.length === 0) {
      return;
    }
    await admin.deleteTopics({ topics });
    await waitUntil(
      GONE_DEADLINE_MS,
      async () => {
        const left = new Set(await admin.listTopics());
        return topics.every((name) => !left.has(name));
      },
      () => {
        throw new UserError(
          `topics ${topics.join(', ')}: expected to be gone ${GONE_DEADLINE_MS / 1000} s after their deletion, found them; see the controller's log`,
          EXIT.clusterUnreachable,
        );
      },
    );
  });
}

/**
 * Partitions of a topic, which the cluster makes if it makes topics on demand, as for Kafka's own clients.
 * Throws a UserError (exit 3) when the cluster cannot be reached or has no such topic.
 */
export async function partitionsOf(target: TargetCluster, topic: string): Promise<number> {
  return await withAdmin(target, async (admin) => {
    const metadata = await admin.metadata({ topics: [topic], autocreateTopics: true, forceUpdate: true });
    return metadata.topics.get(topic)?.partitionsCount ?? 0;
  });
}

/**
 * Where the logs of the scenario's topics end, topic after topic, partition after partition.
 * Throws a UserError (exit 3) when the cluster does not tell of all of them.
 */
export async function logEnds(task: TopicTask): Promise<number[]> {
  return await withAdmin(task, async (admin) => {
    const topics = task.scenario.topics.flatMap((topic) =>
      topicNames(topic).map((name) => ({
        name,
        partitions: Array.from({ length: topic.partitions }, (_, partitionIndex) => ({
          partitionIndex,
          timestamp: ListOffsetTimestamps.LATEST,
        })),
      })),
    );
    const listed = await admin.listOffsets({ topics });
    return topics.flatMap(({ name, partitions }) => {
      const found = listed.find((topic) => topic.name === name)?.partitions ?? [];
      return partitions.map(({ partitionIndex }) => {
        const offset = found.find((partition) => partition.partitionIndex === partitionIndex)?.offset;
        if (offset === undefined) {
          throw new UserError(
            `${name}-${partitionIndex}: expected ${task.bootstrapServers} to tell where its log ends, found no answer; see the brokers' logs`,
            EXIT.clusterUnreachable,
          );
        }
        return Number(offset);
      });
    });
  });
}

/** Waits until every replica of the scenario's topics is in sync. Throws a UserError (exit 3) when one stays behind. */
export async function untilInSync(task: TopicTask): Promise<void> {
  const names = task.scenario.topics.flatMap((topics) => topicNames(topics));
  await withAdmin(task, (admin) =>
    waitUntil(
      IN_SYNC_DEADLINE_MS,
      async () => {
        const { topics } = await admin.metadata({ topics: names, forceUpdate: true });
        return names.every((name) =>
          topics.get(name)?.partitions.every(({ replicas, isr }) => isr.length === replicas.length),
        );
      },
      () => {
        throw new UserError(
          `topics ${names.join(', ')}: expected all replicas in sync within ${IN_SYNC_DEADLINE_MS / 1000} s, found some behind; see the brokers' logs`,
          EXIT.clusterUnreachable,
        );
      },
    ),
  );
}

async function allHaveLeaders(admin: Admin, scenario: Scenario): Promise<boolean> {
  const names = scenario.topics.flatMap((topics) => topicNames(topics));
  try {
    const metadata = await admin.metadata({ topics: names, forceUpdate: true });
    return scenario.topics.every((topics) =>
      topicNames(topics).every((name) => {
        const partitions = metadata.topics.get(name)?.partitions ?? [];
        return partitions.length === topics.partitions && partitions.every(({ leader }) => leader >= 0);
      }),
    );
  } catch (error) {
    // A broker that has not heard of the topic yet answers with an error; the deadline decides.
    if (error instanceof Error) {
      return false;
    }
    throw error;
  }
}

/** Works with a client of the cluster's administration. Throws a UserError (exit 3) when the cluster refuses. */
export async function withAdmin<Result>(
  { bootstrapServers, access = PLAINTEXT_ACCESS }: Omit<TargetCluster, 'access'> & Pick<TopicTask, 'access'>,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = new Admin({
    ...clusterOptions(bootstrapServers, libraryAccess(access, bootstrapServers)),
    clientId: 'brokertwin-admin',
  });
  try {
    return await work(admin);
  } catch (error) {
    throw asUserError(error, { bootstrapServers, access });
  } finally {
    await admin.close();
  }
}

/** Asks again and again; calls `late`, which throws, after the deadline. */
export async function waitUntil(
  deadlineMs: number,
  done: () => Promise<boolean>,
  late: () => never,
): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await done())) {
    if (performance.now() > end) {
      late();
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
