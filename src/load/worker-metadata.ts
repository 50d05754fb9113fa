import type { ConsumerClass, ProducerClass } from '../scenario/scenario.ts';
import { topicsOf } from '../scenario/topic-names.ts';
import type { LibraryAccess } from './access/library-access.ts';
import { ClusterMetadata } from './cluster-metadata.ts';
import type { WorkerPlan } from './messages.ts';

/** What a thread's clients know of the cluster: its classes' topics, asked for as the first class is configured. */
export function workerMetadata(
  { name, scenario, target }: WorkerPlan,
  access: LibraryAccess,
  classes: readonly (ProducerClass | ConsumerClass)[],
): ClusterMetadata {
  const [{ config }] = classes;
  const named = [...new Set(classes.flatMap(({ topics }) => topics))];
  return new ClusterMetadata({
    bootstrapServers: target.bootstrapServers,
    access,
    clientId: name,
    topics: topicsOf(scenario.topics, named).map((topic) => topic.name),
    connectTimeoutMs: config['socket.connection.setup.timeout.ms'],
    requestTimeoutMs: config['request.timeout.ms'],
    refreshBackoffMs: config['retry.backoff.ms'],
    maxAgeMs: config['metadata.max.age.ms'],
  });
}
