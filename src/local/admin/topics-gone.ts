/** Emptying a cluster of what a run left in it, so that the next one finds it as if new. */
import { readdirSync } from 'node:fs';
import { deleteTopicsV6 } from '@platformatic/kafka';
import { hasCode } from '../system/system-files.ts';
import { describePartitions, type PartitionDescription } from './describe-cluster.ts';
import { clusterTrouble, KAFKA_ERROR, kafkaWords } from './kafka-error.ts';
import { type AdminSession, type AdminTarget, withSession } from './session.ts';

const CONTROLLER_TIMEOUT_MS = 5_000;
const GONE_TIMEOUT_MS = 30_000;
const GONE_POLL_MS = 100;
const TOPICS_A_REQUEST = 500;

/**
 * Deletes every topic but Kafka's own and waits until the brokers do not list them any more. Their files go later, see
 * `waitUntilQuiet`. Returns the names of the deleted topics.
 *
 * @throws UserError (exit 3) when Kafka refuses, or topics are still there after 30 s.
 */
export function deleteUserTopics(target: AdminTarget): Promise<string[]> {
  return withSession(target, async (session) => {
    const topics = userTopics((await describePartitions(session)).partitions);
    for (let first = 0; first < topics.length; first += TOPICS_A_REQUEST) {
      await deleteTopics(session, topics.slice(first, first + TOPICS_A_REQUEST));
    }
    const deadline = performance.now() + GONE_TIMEOUT_MS;
    for (;;) {
      const left = userTopics((await describePartitions(session)).partitions);
      const late = topics.filter((topic) => left.includes(topic));
      if (late.length === 0) return topics;
      if (performance.now() > deadline) {
        throw clusterTrouble(
          `topics ${late.join(', ')}: expected to be gone ${GONE_TIMEOUT_MS / 1000} s after their deletion, found them: see the controller's log`,
        );
      }
      await session.pause(GONE_POLL_MS);
    }
  });
}

/** Topics that are not Kafka's own; those begin with two underscores. */
export function userTopics(partitions: readonly PartitionDescription[]): string[] {
  const names = partitions.filter(({ internal, topic }) => !internal && !topic.startsWith('__'));
  return [...new Set(names.map(({ topic }) => topic))];
}

async function deleteTopics(session: AdminSession, topics: readonly string[]): Promise<void> {
  const answer = await session.call((connection) =>
    deleteTopicsV6.api.async(
      connection,
      topics.map((name) => ({ name })),
      CONTROLLER_TIMEOUT_MS,
    ),
  );
  const refusals = answer.responses.filter(
    ({ errorCode }) => errorCode !== KAFKA_ERROR.none && errorCode !== KAFKA_ERROR.unknownTopicOrPartition,
  );
  if (refusals.length === 0) return;
  throw clusterTrouble(
    refusals.map(
      ({ name, errorCode, errorMessage }) =>
        `topic ${name}: Kafka refused to delete it: ${kafkaWords(errorCode, errorMessage ?? null)}`,
    ),
  );
}

/**
 * Directories in brokers' log dirs that Kafka will delete: the replicas of deleted topics and of reassigned partitions, put aside
 * as `-delete` and removed `log.segment.delete.delay.ms` later, and those of topics that the brokers have just forgotten and
 * are about to put aside. What is put aside as `-stray` Kafka never deletes by itself.
 *
 * @param topics all topics of the cluster
 */
export function directoriesToDelete(logDirs: readonly string[], topics: ReadonlySet<string>): string[] {
  return logDirs.flatMap((logDir) => {
    try {
      return readdirSync(logDir)
        .filter((name) => name.endsWith('-delete') || isForgotten(name, topics))
        .map((name) => `${logDir}/${name}`);
    } catch (error) {
      // A log dir that was taken away holds nothing that could be deleted.
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  });
}

/** The brokers do not list the topic of the metadata log. */
const METADATA_TOPIC = '__cluster_metadata';

function isForgotten(directory: string, topics: ReadonlySet<string>): boolean {
  const topic = /^(.+)-\d+$/.exec(directory)?.[1];
  return topic !== undefined && topic !== METADATA_TOPIC && !topics.has(topic);
}
