/** What a scenario states and the simulator does not read: said in the report, so that nothing is ignored unseen. */
import type { ConsumerClass, HostGroup, ProducerClass, Scenario } from '../scenario/scenario.ts';

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
    'max.incremental.fetch.session.cache.slots',
    'quota.window.num',
    'quota.window.size.seconds',
    'offsets.topic.num.partitions',
    'offsets.topic.replication.factor',
    'group.consumer.heartbeat.interval.ms',
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
    'metadata.max.age.ms',
  ],
  consumers: [
    'fetch.min.bytes',
    'fetch.max.bytes',
    'fetch.max.wait.ms',
    'max.partition.fetch.bytes',
    'enable.auto.commit',
    'auto.commit.interval.ms',
    'auto.offset.reset',
    'metadata.max.age.ms',
    'group.protocol',
    'heartbeat.interval.ms',
  ],
} as const satisfies Record<string, readonly string[]>;

/** Read where hosts state a latency; of clients those of Kafka's own. */
const READ_WITH_LATENCY = {
  brokers: ['replica.socket.receive.buffer.bytes'],
  javaClients: ['send.buffer.bytes', 'receive.buffer.bytes'],
} as const satisfies Record<string, readonly string[]>;

/** Read where something is done to the cluster. */
const READ_WITH_OPERATIONS = {
  brokers: [
    'replica.lag.time.max.ms',
    'broker.session.timeout.ms',
    'broker.heartbeat.interval.ms',
    'controller.quorum.append.linger.ms',
    'min.insync.replicas',
    'replica.fetch.backoff.ms',
    'replication.quota.window.num',
    'replication.quota.window.size.seconds',
  ],
  topics: [
    'min.insync.replicas',
    'leader.replication.throttled.replicas',
    'follower.replication.throttled.replicas',
  ],
  producers: ['delivery.timeout.ms', 'request.timeout.ms', 'retry.backoff.ms', 'retry.backoff.max.ms'],
  consumers: ['retry.backoff.ms', 'retry.backoff.max.ms'],
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
  const isOperated = (cluster: string): boolean => scenario.operations.some((of) => of.cluster === cluster);
  const readBy = (cluster: string, kind: keyof typeof READ): readonly string[] => [
    ...READ[kind],
    ...((kind === 'brokers' || kind === 'topics') && withDisks(cluster) ? READ_WITH_DISKS[kind] : []),
    ...(isFar && kind === 'brokers' ? READ_WITH_LATENCY.brokers : []),
    ...(isOperated(cluster) ? READ_WITH_OPERATIONS[kind] : []),
  ];
  const readByClient = (
    { cluster, client }: ProducerClass | ConsumerClass,
    kind: 'producers' | 'consumers',
  ) => [...readBy(cluster, kind), ...(isFar && client === 'java' ? READ_WITH_LATENCY.javaClients : [])];
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
      unread(name, brokers.stated, readBy(name, 'brokers')),
    ),
    ...scenario.topics.flatMap((topic) => unread(topic.name, topic.stated, readBy(topic.cluster, 'topics'))),
    ...scenario.producers.flatMap((producer) =>
      unread(producer.name, producer.stated, readByClient(producer, 'producers')),
    ),
    ...scenario.consumers.flatMap((consumer) =>
      unread(consumer.name, consumer.stated, readByClient(consumer, 'consumers')),
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
