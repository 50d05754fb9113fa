/** The files that one broker of a local cluster is started with. */
import { UserError } from '../../errors/errors.ts';

export interface BrokerPlace {
  readonly id: number;
  readonly port: number;
  /** Port of the KRaft controller in the same process; null when this broker is none. */
  readonly controllerPort: number | null;
}

export interface BrokerSettings {
  readonly broker: BrokerPlace;
  readonly cluster: readonly BrokerPlace[];
  readonly dataDirectory: string;
  /** Properties stated by the user, verbatim. */
  readonly config: Readonly<Record<string, string>>;
}

const CONTROLLERS_MAX = 3;
const INTERNAL_REPLICAS_MAX = 3;

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
]);

/** How many of `brokers` brokers are controllers too: an odd number, at most three. */
export function controllerCount(brokers: number): number {
  return brokers < CONTROLLERS_MAX ? 1 : CONTROLLERS_MAX;
}

/**
 * Refuses properties that a local cluster must set itself.
 *
 * @throws UserError (bad input) with one line for each.
 */
export function refuseOwnedProperties(config: Readonly<Record<string, string>>): void {
  const owned = Object.keys(config).filter((key) => OWNED.has(key) || key.startsWith('controller.quorum.'));
  if (owned.length === 0) return;
  throw new UserError(
    owned.map(
      (key) => `broker property ${key}: a local cluster sets it itself, found "${config[key]}": leave it out`,
    ),
  );
}

/** server.properties of one broker: fitted defaults, then the user's properties, then those that are ours alone. */
export function serverProperties(settings: BrokerSettings): string {
  const { broker, cluster } = settings;
  const replicas = String(Math.min(cluster.length, INTERNAL_REPLICAS_MAX));
  const inSync = String(cluster.length >= INTERNAL_REPLICAS_MAX ? 2 : 1);
  const voters = cluster.flatMap((place) =>
    place.controllerPort === null ? [] : [`${place.id}@127.0.0.1:${place.controllerPort}`],
  );
  const client = `PLAINTEXT://127.0.0.1:${broker.port}`;
  const listeners =
    broker.controllerPort === null ? [client] : [client, `CONTROLLER://127.0.0.1:${broker.controllerPort}`];
  const properties: Record<string, string> = {
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    ...settings.config,
    'node.id': String(broker.id),
    'process.roles': broker.controllerPort === null ? 'broker' : 'broker,controller',
    listeners: listeners.join(','),
    'advertised.listeners': client,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.quorum.voters': voters.join(','),
    'log.dirs': settings.dataDirectory,
  };
  return Object.entries(properties)
    .map(([key, value]) => `${escapeProperty(key)}=${escapeProperty(value)}\n`)
    .join('');
}

/** Java reads a backslash in a properties file as the start of an escape. */
function escapeProperty(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
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
