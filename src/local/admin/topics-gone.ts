/** What a run has left in a cluster, and Kafka has still to delete. */
import { readdirSync } from 'node:fs';
import { hasCode } from '../system/system-files.ts';
import type { PartitionDescription } from './describe-cluster.ts';

/** Topics that are not Kafka's own; those begin with two underscores. */
export function userTopics(partitions: readonly PartitionDescription[]): string[] {
  const names = partitions.filter(({ internal, topic }) => !internal && !topic.startsWith('__'));
  return [...new Set(names.map(({ topic }) => topic))];
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
