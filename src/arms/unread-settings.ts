/** What a scenario states and the simulator does not read: said in the report, so that nothing is ignored unseen. */
import type { ClientKind, HostGroup, Scenario } from '../scenario/scenario.ts';

const READ = {
  brokers: [
    'num.network.threads',
    'num.io.threads',
    'queued.max.requests',
    'num.replica.fetchers',
    'replica.fetch.min.bytes',
    'replica.fetch.max.bytes',
    'replica.fetch.response.max.bytes',
    'replica.fetch.wait.max.ms',
    'socket.send.buffer.bytes',
    'socket.receive.buffer.bytes',
    'compression.type',
  ],
  topics: ['compression.type'],
  producers: [
    'acks',
    'linger.ms',
    'batch.size',
    'buffer.memory',
    'max.request.size',
    'max.in.flight.requests.per.connection',
    'compression.type',
  ],
  consumers: ['fetch.min.bytes', 'fetch.max.bytes', 'fetch.max.wait.ms', 'max.partition.fetch.bytes'],
} as const satisfies Record<string, readonly string[]>;

/** Read where hosts state a latency; of clients those of Kafka's own. */
const READ_WITH_LATENCY = {
  brokers: ['replica.socket.receive.buffer.bytes'],
  javaClients: ['send.buffer.bytes', 'receive.buffer.bytes'],
} as const satisfies Record<string, readonly string[]>;

/** Read where the hosts of the brokers have disks. */
const READ_WITH_DISKS = {
  brokers: [
    'log.segment.bytes',
    'log.roll.ms',
    'log.roll.hours',
    'log.flush.interval.messages',
    'log.flush.interval.ms',
    'log.flush.scheduler.interval.ms',
    'log.retention.ms',
    'log.retention.minutes',
    'log.retention.hours',
    'log.retention.bytes',
    'log.retention.check.interval.ms',
    'log.segment.delete.delay.ms',
    'log.initial.task.delay.ms',
  ],
  topics: [
    'segment.bytes',
    'segment.ms',
    'flush.messages',
    'flush.ms',
    'retention.ms',
    'retention.bytes',
    'file.delete.delay.ms',
  ],
} as const satisfies Record<string, readonly string[]>;

/**
 * A sentence that names every such setting with its place, and one for each cluster of several versions.
 * @param hasDisks whether the profile of a host states disks
 */
export function unreadSettings(scenario: Scenario, hasDisks: (host: HostGroup) => boolean): string[] {
  const diskHosts = scenario.hosts.filter(hasDisks).map(({ name }) => name);
  const withDisks = (cluster: string): boolean =>
    scenario.clusters.some(({ name, brokers }) => name === cluster && diskHosts.includes(brokers.host));
  const isFar = scenario.hosts.some(({ hardware }) => hardware.latencyMs !== undefined);
  const ofSockets = (client: ClientKind): readonly string[] =>
    isFar && client === 'java' ? READ_WITH_LATENCY.javaClients : [];
  const unread = (
    place: string,
    stated: Readonly<Record<string, string>>,
    read: readonly string[],
  ): string[] =>
    Object.keys(stated)
      .filter((name) => !read.includes(name))
      .map((name) => `${name} of ${place}`);
  const all = [
    ...scenario.hosts.flatMap((host) => unreadOfHost(host, diskHosts.includes(host.name))),
    ...scenario.clusters.flatMap(({ name, controllers }) =>
      controllers.mode === 'separate' ? [`controllers of ${name}`] : [],
    ),
    ...scenario.clusters.flatMap(({ name, brokers }) =>
      unread(name, brokers.stated, [
        ...READ.brokers,
        ...(withDisks(name) ? READ_WITH_DISKS.brokers : []),
        ...(isFar ? READ_WITH_LATENCY.brokers : []),
      ]),
    ),
    ...scenario.topics.flatMap((topic) =>
      unread(topic.name, topic.stated, [
        ...READ.topics,
        ...(withDisks(topic.cluster) ? READ_WITH_DISKS.topics : []),
      ]),
    ),
    ...scenario.producers.flatMap(({ name, stated, client }) =>
      unread(name, stated, [...READ.producers, ...ofSockets(client)]),
    ),
    ...scenario.consumers.flatMap(({ name, stated, client }) =>
      unread(name, stated, [...READ.consumers, ...ofSockets(client)]),
    ),
  ];
  return [
    ...(all.length === 0 ? [] : [`The simulator does not read these settings: ${all.join(', ')}.`]),
    ...scenario.clusters
      .filter(({ kafkaVersions }) => new Set(kafkaVersions).size > 1)
      .map(({ name, kafka }) => `All brokers of ${name} are simulated with the defaults of Kafka ${kafka}.`),
  ];
}

function unreadOfHost({ name, zones, racks, hardware, logDirs }: HostGroup, hasDisks: boolean): string[] {
  const stated = {
    zones: zones.length > 0,
    racks: racks.length > 0,
    memory: hardware.memoryBytes !== null && !hasDisks,
    logDirs: logDirs.count > 1 && !hasDisks,
    'logDirs.size': logDirs.bytes !== null,
  };
  return Object.entries(stated).flatMap(([key, isStated]) => (isStated ? [`${key} of ${name}`] : []));
}
