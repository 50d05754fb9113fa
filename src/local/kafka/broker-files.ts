/** The files that one node of a local cluster is started with. */
import { join } from 'node:path';
import { UserError } from '../../errors/errors.ts';
import { brokersOf, type ClusterRecord, machineOf, type NodeRecord } from '../cluster/record.ts';
import { javaProperties } from '../security/java-properties.ts';

const INTERNAL_REPLICAS_MAX = 3;
const SMALL_HEAP_MIB = 512;
const MIB = 1024 ** 2;

const OWNED = new Set([
  'node.id',
  'broker.id',
  'process.roles',
  'listeners',
  'advertised.listeners',
  'controller.listener.names',
  'inter.broker.listener.name',
  'security.inter.broker.protocol',
  'listener.security.protocol.map',
  'log.dir',
  'log.dirs',
  'metadata.log.dir',
  'broker.rack',
  'controller.quorum.voters',
  'controller.quorum.bootstrap.servers',
  'controller.quorum.auto.join.enable',
]);

/**
 * Refuses properties that a local cluster must set itself.
 *
 * @throws UserError (bad input) with one line for each.
 */
export function refuseOwnedProperties(config: Readonly<Record<string, string>>): void {
  const owned = Object.keys(config).filter((key) => OWNED.has(key));
  if (owned.length === 0) return;
  throw new UserError(
    owned.map(
      (key) => `broker property ${key}: a local cluster sets it itself, found "${config[key]}": leave it out`,
    ),
  );
}

/** Name of the listener for our own requests, where it is not a listener of the clients. */
export const MANAGEMENT_LISTENER = 'MANAGEMENT';
export const CONTROLLER_LISTENER = 'CONTROLLER';

/**
 * server.properties of one node: fitted defaults, then the user's properties, then those that are ours alone.
 *
 * @param security properties of secured listeners
 */
export function serverProperties(
  record: ClusterRecord,
  node: NodeRecord,
  security: Readonly<Record<string, string>> = {},
): string {
  const brokers = brokersOf(record).length;
  const replicas = String(Math.min(brokers, INTERNAL_REPLICAS_MAX));
  const inSync = String(brokers >= INTERNAL_REPLICAS_MAX ? 2 : 1);
  const properties: Record<string, string> = {
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    // Deleted topics leave their files behind for so long, a minute by default: too long where topics come and go.
    'log.segment.delete.delay.ms': '1000',
    'log.initial.task.delay.ms': '1000',
    // A change of a broker's properties makes a new cleaner beside the old one; Kafka's 128 MiB each do not fit a small heap.
    ...(node.heapMiB < SMALL_HEAP_MIB ? { 'log.cleaner.dedupe.buffer.size': String(16 * MIB) } : {}),
    ...security,
    ...record.config,
    'node.id': String(node.id),
    'process.roles': node.roles.join(','),
    ...listenerProperties(record, node),
    ...storageProperties(node),
  };
  return javaProperties(properties);
}

function listenerProperties(record: ClusterRecord, node: NodeRecord): Record<string, string> {
  const { address, managementAddress, rack } = machineOf(record, node);
  const { controller } = node;
  const voters = record.nodes.flatMap((other) =>
    other.controller === null ? [] : [`${other.id}@${other.controller.address}:${other.controller.port}`],
  );
  const clients = node.listeners.map(({ name, port }) => `${name}://${address}:${port}`);
  const own = hasOwnManagement(node)
    ? [`${MANAGEMENT_LISTENER}://${managementAddress}:${node.managementPort}`]
    : [];
  const controllers =
    controller === null ? [] : [`${CONTROLLER_LISTENER}://${controller.address}:${controller.port}`];
  const protocols = [
    ...node.listeners.map(({ name }) => `${name}:${name}`),
    ...(own.length === 0 ? [] : [`${MANAGEMENT_LISTENER}:PLAINTEXT`]),
    `${CONTROLLER_LISTENER}:PLAINTEXT`,
  ];
  const properties = {
    listeners: [...clients, ...own, ...controllers].join(','),
    'controller.listener.names': CONTROLLER_LISTENER,
    'listener.security.protocol.map': protocols.join(','),
    'controller.quorum.voters': voters.join(','),
  };
  if (node.listeners.length === 0) return properties;
  return {
    ...properties,
    'advertised.listeners': [...clients, ...own].join(','),
    'inter.broker.listener.name': record.interBrokerListener,
    ...(rack === null ? {} : { 'broker.rack': rack }),
    ...(own.length === 0
      ? {}
      : { [`listener.name.${MANAGEMENT_LISTENER.toLowerCase()}.num.network.threads`]: '1' }),
  };
}

/** Whether our own requests have a listener of their own. */
function hasOwnManagement(node: NodeRecord): boolean {
  return node.managementPort !== null && !node.listeners.some(({ port }) => port === node.managementPort);
}

/** A log dir that may fail must not take the metadata with it, which no node survives. */
function storageProperties(node: NodeRecord): Record<string, string> {
  const paths = node.logDirs.map(({ path }) => path);
  const mayFail = paths.length > 1 || node.logDirs.some(({ fileSystem }) => fileSystem !== null);
  return {
    'log.dirs': paths.join(','),
    ...(mayFail ? { 'metadata.log.dir': join(node.directory, 'metadata') } : {}),
  };
}

/** Configuration of log4j 2 (Kafka 4): `file` and at most two older ones. */
export function log4j2Properties(file: string): string {
  return `status = error
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = ${file}
appender.file.filePattern = ${file}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = [%d] %p %m (%c)%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 32MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 2
`;
}

/** The same for log4j 1, which Kafka 3.9 logs to. */
export function log4j1Properties(file: string): string {
  return `log4j.rootLogger=INFO, file
log4j.appender.file=org.apache.log4j.RollingFileAppender
log4j.appender.file.File=${file}
log4j.appender.file.MaxFileSize=32MB
log4j.appender.file.MaxBackupIndex=2
log4j.appender.file.layout=org.apache.log4j.PatternLayout
log4j.appender.file.layout.ConversionPattern=[%d] %p %m (%c)%n
`;
}
