/**
 * Kafka's properties with their defaults: those of 4.3, and what older release lines have instead. Checked in the
 * tests against the ConfigDefs of Kafka 4.3.1. The properties that a connection needs (addresses, security) and those
 * that the scenario states by other keys (`group.id`, `node.id`, `broker.rack`) are not here.
 *
 * Broker and topic defaults follow the cluster's `kafka:` version. Client defaults are always those of 4.3: clients are
 * not upgraded with the brokers, and a comparison of two broker versions must not change the clients as well. A scenario
 * that wants a 3.9 producer states what differed there: `linger.ms: 0`.
 */
import {
  absentIn,
  bool,
  bytes,
  choice,
  count,
  DOUBLE_MAX,
  defaultOf,
  earlier,
  hours,
  INT_MAX,
  type KafkaLine,
  LONG_MAX,
  list,
  minutes,
  ms,
  orNever,
  type Property,
  type PropertyTable,
  ratio,
  replicas,
  seconds,
  text,
  textOrUnset,
  unset,
  type Values,
} from './kafka-property.ts';

const DAY_MS = 86_400_000;
const LONG = { long: true, minimum: 0 } as const;
const LONG_FROM_ONE = { long: true, minimum: 1 } as const;
const FROM_ONE = { minimum: 1 } as const;
const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const LOG_COMPRESSIONS = ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const TIMESTAMPS = ['CreateTime', 'LogAppendTime'] as const;
const CLEANUP = ['delete', 'compact'] as const;
/** Compression levels: -1 is the codec's own choice. */
const GZIP_LEVEL = { minimum: -1, maximum: 9 } as const;
/** -2 in Kafka: as much as `retention.ms` or `retention.bytes` say. */
const AS_RETENTION = { long: true, minimum: -2 } as const;

export const BROKER_PROPERTIES = {
  'num.network.threads': count(3, FROM_ONE),
  'num.io.threads': count(8, FROM_ONE),
  'queued.max.requests': count(500, FROM_ONE),
  'queued.max.request.bytes': orNever('-1', 'bytes', null, LONG),
  'socket.send.buffer.bytes': bytes(102_400, { minimum: -1 }),
  'socket.receive.buffer.bytes': bytes(102_400, { minimum: -1 }),
  'socket.request.max.bytes': bytes(104_857_600, FROM_ONE),
  'socket.listen.backlog.size': count(50, FROM_ONE),
  'connections.max.idle.ms': ms(600_000, LONG),
  'max.connections': orNever(INT_MAX, 'count'),
  'max.connections.per.ip': orNever(INT_MAX, 'count'),
  'max.connection.creation.rate': orNever(INT_MAX, 'count'),
  'request.timeout.ms': ms(30_000),
  'background.threads': count(10, FROM_ONE),
  'fetch.max.bytes': bytes(57_671_680, { minimum: 1024 }),
  'message.max.bytes': bytes(1_048_588),
  'max.incremental.fetch.session.cache.slots': count(1000),
  'max.request.partition.size.limit': count(2000, FROM_ONE),
  'producer.purgatory.purge.interval.requests': count(1000),
  'fetch.purgatory.purge.interval.requests': count(1000),

  'num.replica.fetchers': count(1, FROM_ONE),
  'replica.fetch.wait.max.ms': ms(500),
  'replica.fetch.min.bytes': bytes(1),
  'replica.fetch.max.bytes': bytes(1_048_576),
  'replica.fetch.response.max.bytes': bytes(10_485_760),
  'replica.fetch.backoff.ms': ms(1000),
  'replica.lag.time.max.ms': ms(30_000, LONG),
  'replica.socket.timeout.ms': ms(30_000),
  'replica.socket.receive.buffer.bytes': bytes(65_536, { minimum: -1 }),
  'replica.high.watermark.checkpoint.interval.ms': ms(5000, LONG),
  'replica.selector.class': textOrUnset(),
  'default.replication.factor': count(1, FROM_ONE),
  'num.partitions': count(1, FROM_ONE),
  'min.insync.replicas': count(1, FROM_ONE),
  'unclean.leader.election.enable': bool(false),
  'unclean.leader.election.interval.ms': ms(300_000, LONG_FROM_ONE),
  'auto.leader.rebalance.enable': bool(true),
  'leader.imbalance.check.interval.seconds': seconds(300, LONG_FROM_ONE),
  'leader.imbalance.per.broker.percentage': absentIn(['4.0', '4.1', '4.2', '4.3'], count(10)),
  'controlled.shutdown.enable': bool(true),
  'auto.create.topics.enable': bool(true),
  'follower.fetch.last.tiered.offset.enable': absentIn(['3.9', '4.0', '4.1', '4.2'], bool(false)),

  'broker.heartbeat.interval.ms': ms(2000),
  'broker.session.timeout.ms': ms(9000),
  'initial.broker.registration.timeout.ms': ms(60_000),
  'controller.quorum.election.timeout.ms': ms(1000),
  'controller.quorum.fetch.timeout.ms': ms(2000),
  'controller.quorum.election.backoff.max.ms': ms(1000),
  'controller.quorum.append.linger.ms': ms(25),
  'controller.quorum.request.timeout.ms': ms(2000),
  'controller.quorum.retry.backoff.ms': ms(20),
  'controller.quorum.auto.join.enable': absentIn(['3.9', '4.0', '4.1'], bool(false)),
  'controller.socket.timeout.ms': ms(30_000),
  'metadata.max.idle.interval.ms': ms(500),
  'metadata.log.max.record.bytes.between.snapshots': bytes(20_971_520, LONG_FROM_ONE),
  'metadata.log.max.snapshot.interval.ms': ms(3_600_000, LONG),
  'metadata.log.segment.bytes': bytes(1_073_741_824, { minimum: 8_388_608 }),

  'log.segment.bytes': bytes(1_073_741_824, { minimum: 1_048_576 }),
  'log.roll.hours': hours(168, FROM_ONE),
  'log.roll.ms': unset('ms', LONG),
  'log.roll.jitter.hours': hours(0),
  'log.roll.jitter.ms': unset('ms', LONG),
  'log.retention.hours': orNever('-1', 'hours', 168),
  'log.retention.minutes': orNever('-1', 'minutes'),
  'log.retention.ms': orNever('-1', 'ms', null, LONG),
  'log.retention.bytes': orNever('-1', 'bytes', null, LONG),
  'log.retention.check.interval.ms': ms(300_000, LONG_FROM_ONE),
  'log.segment.delete.delay.ms': ms(60_000, LONG),
  'log.index.interval.bytes': bytes(4096),
  'log.index.size.max.bytes': bytes(10_485_760, { minimum: 4 }),
  'log.flush.interval.messages': orNever(LONG_MAX, 'count', null, LONG_FROM_ONE),
  'log.flush.interval.ms': unset('ms', LONG),
  'log.flush.scheduler.interval.ms': orNever(LONG_MAX, 'ms', null, LONG),
  'log.flush.offset.checkpoint.interval.ms': ms(60_000),
  'log.flush.start.offset.checkpoint.interval.ms': ms(60_000),
  'log.initial.task.delay.ms': ms(30_000, LONG),
  'num.recovery.threads.per.data.dir': earlier({ '3.9': 1 }, count(2, FROM_ONE)),
  'log.dir.failure.timeout.ms': ms(30_000, LONG_FROM_ONE),
  'log.preallocate': bool(false),
  'compression.type': choice(LOG_COMPRESSIONS, 'producer'),
  'compression.gzip.level': count(-1, GZIP_LEVEL),
  'compression.lz4.level': count(9, { minimum: 1 }),
  'compression.zstd.level': count(3, { minimum: -131_072 }),
  'log.cleanup.policy': list(['delete'], CLEANUP),
  'log.cleaner.threads': count(1),
  'log.cleaner.dedupe.buffer.size': bytes(134_217_728, LONG),
  'log.cleaner.io.max.bytes.per.second': orNever(DOUBLE_MAX, 'bytes/s', null, LONG),
  'log.cleaner.min.cleanable.ratio': ratio(0.5),
  'log.cleaner.delete.retention.ms': ms(DAY_MS, LONG),
  'log.cleaner.min.compaction.lag.ms': ms(0, LONG),
  'log.cleaner.max.compaction.lag.ms': orNever(LONG_MAX, 'ms', null, LONG_FROM_ONE),
  'log.message.timestamp.type': choice(TIMESTAMPS, 'CreateTime'),
  'log.message.timestamp.before.max.ms': orNever(LONG_MAX, 'ms', null, LONG),
  'log.message.timestamp.after.max.ms': earlier({ '3.9': null }, orNever(LONG_MAX, 'ms', 3_600_000, LONG)),
  'cordoned.log.dirs': absentIn(['3.9', '4.0', '4.1', '4.2'], list([])),

  'quota.window.num': count(11, FROM_ONE),
  'quota.window.size.seconds': seconds(1, FROM_ONE),
  'replication.quota.window.num': count(11, FROM_ONE),
  'replication.quota.window.size.seconds': seconds(1, FROM_ONE),

  'remote.log.storage.system.enable': bool(false),
  'log.local.retention.ms': ms(-2, AS_RETENTION),
  'log.local.retention.bytes': bytes(-2, AS_RETENTION),
  'remote.log.manager.task.interval.ms': ms(30_000, LONG_FROM_ONE),
  'remote.log.manager.thread.pool.size': earlier({ '3.9': 10 }, count(2, FROM_ONE)),
  // -1 in 3.9: as many as remote.log.manager.thread.pool.size.
  'remote.log.manager.copier.thread.pool.size': earlier({ '3.9': -1 }, count(10, { minimum: -1 })),
  'remote.log.manager.expiration.thread.pool.size': earlier({ '3.9': -1 }, count(10, { minimum: -1 })),
  'remote.log.manager.follower.thread.pool.size': absentIn(['3.9', '4.0', '4.1'], count(2, FROM_ONE)),
  'remote.log.reader.threads': count(10, FROM_ONE),
  'remote.log.reader.max.pending.tasks': count(100, FROM_ONE),
  'remote.fetch.max.wait.ms': ms(500, FROM_ONE),
  'remote.log.manager.copy.max.bytes.per.second': orNever(LONG_MAX, 'bytes/s', null, LONG_FROM_ONE),
  'remote.log.manager.fetch.max.bytes.per.second': orNever(LONG_MAX, 'bytes/s', null, LONG_FROM_ONE),
  'remote.log.index.file.cache.total.size.bytes': bytes(1_073_741_824, LONG_FROM_ONE),

  'group.coordinator.threads': earlier({ '3.9': 1 }, count(4, FROM_ONE)),
  // -1: the coordinator itself decides how long it waits for more records.
  'group.coordinator.append.linger.ms': earlier({ '3.9': 10, '4.0': 5, '4.1': 5 }, ms(-1, { minimum: -1 })),
  'group.initial.rebalance.delay.ms': ms(3000),
  'group.min.session.timeout.ms': ms(6000),
  'group.max.session.timeout.ms': ms(1_800_000),
  'group.consumer.session.timeout.ms': ms(45_000, FROM_ONE),
  'group.consumer.heartbeat.interval.ms': ms(5000, FROM_ONE),
  'group.consumer.assignment.interval.ms': absentIn(['3.9', '4.0', '4.1', '4.2'], ms(1000)),
  'group.consumer.max.size': orNever(INT_MAX, 'count', null, FROM_ONE),
  'offsets.topic.num.partitions': count(50, FROM_ONE),
  'offsets.topic.replication.factor': count(3, FROM_ONE),
  'offsets.commit.timeout.ms': ms(5000, FROM_ONE),
  'offsets.retention.minutes': minutes(10_080, FROM_ONE),
  'group.share.session.timeout.ms': ms(45_000, FROM_ONE),
  'group.share.heartbeat.interval.ms': ms(5000, FROM_ONE),
  'group.share.record.lock.duration.ms': ms(30_000, { minimum: 1000 }),
  'group.share.delivery.count.limit': count(5, { minimum: 2 }),
  'group.share.partition.max.record.locks': earlier(
    { '3.9': 200, '4.0': 200 },
    count(2000, { minimum: 100 }),
  ),
  'group.share.max.size': count(200, FROM_ONE),
  'group.share.max.share.sessions': absentIn(['3.9', '4.0'], count(2000, FROM_ONE)),
  'share.coordinator.state.topic.num.partitions': absentIn(['3.9'], count(50, FROM_ONE)),
  'share.coordinator.state.topic.replication.factor': absentIn(['3.9'], count(3, FROM_ONE)),
  'share.coordinator.state.topic.min.isr': absentIn(['3.9'], count(2, FROM_ONE)),

  'transaction.state.log.num.partitions': count(50, FROM_ONE),
  'transaction.state.log.replication.factor': count(3, FROM_ONE),
  'transaction.state.log.min.isr': count(2, FROM_ONE),
  'transaction.max.timeout.ms': ms(900_000, FROM_ONE),
  'transactional.id.expiration.ms': ms(604_800_000, FROM_ONE),
  'producer.id.expiration.ms': ms(DAY_MS, FROM_ONE),
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': ms(10_000, FROM_ONE),
  'transaction.partition.verification.enable': bool(true),
  'add.partitions.to.txn.retry.backoff.ms': absentIn(['3.9'], ms(20, FROM_ONE)),
} satisfies PropertyTable;

/** Properties of brokers that Kafka takes only while they run: an operation sets them. */
export const DYNAMIC_BROKER_PROPERTIES = {
  'leader.replication.throttled.rate': orNever(LONG_MAX, 'bytes/s', null, LONG),
  'follower.replication.throttled.rate': orNever(LONG_MAX, 'bytes/s', null, LONG),
} satisfies PropertyTable;

/** A topic's defaults are the broker's own settings where `TOPIC_DEFAULTS_FROM_BROKER` names one, else these. */
export const TOPIC_PROPERTIES = {
  'cleanup.policy': list(['delete'], CLEANUP),
  'compression.type': choice(LOG_COMPRESSIONS, 'producer'),
  'compression.gzip.level': count(-1, GZIP_LEVEL),
  'compression.lz4.level': count(9, { minimum: 1 }),
  'compression.zstd.level': count(3, { minimum: -131_072 }),
  'delete.retention.ms': ms(DAY_MS, LONG),
  'file.delete.delay.ms': ms(60_000, LONG),
  'flush.messages': orNever(LONG_MAX, 'count', null, LONG_FROM_ONE),
  'flush.ms': orNever(LONG_MAX, 'ms', null, LONG),
  'follower.replication.throttled.replicas': replicas(),
  'index.interval.bytes': bytes(4096),
  'leader.replication.throttled.replicas': replicas(),
  'local.retention.bytes': bytes(-2, AS_RETENTION),
  'local.retention.ms': ms(-2, AS_RETENTION),
  'max.compaction.lag.ms': orNever(LONG_MAX, 'ms', null, LONG_FROM_ONE),
  'max.message.bytes': bytes(1_048_588),
  'message.timestamp.after.max.ms': earlier({ '3.9': null }, orNever(LONG_MAX, 'ms', 3_600_000, LONG)),
  'message.timestamp.before.max.ms': orNever(LONG_MAX, 'ms', null, LONG),
  'message.timestamp.type': choice(TIMESTAMPS, 'CreateTime'),
  'min.cleanable.dirty.ratio': ratio(0.5),
  'min.compaction.lag.ms': ms(0, LONG),
  'min.insync.replicas': count(1, FROM_ONE),
  preallocate: bool(false),
  'remote.log.copy.disable': bool(false),
  'remote.log.delete.on.disable': bool(false),
  'remote.storage.enable': bool(false),
  'retention.bytes': orNever('-1', 'bytes', null, LONG),
  'retention.ms': orNever('-1', 'ms', 604_800_000, LONG),
  'segment.bytes': bytes(1_073_741_824, { minimum: 1_048_576 }),
  'segment.index.bytes': bytes(10_485_760, { minimum: 4 }),
  'segment.jitter.ms': ms(0, LONG),
  'segment.ms': ms(604_800_000, LONG_FROM_ONE),
  'unclean.leader.election.enable': bool(false),
} satisfies PropertyTable;

export const PRODUCER_PROPERTIES = {
  acks: choice(['0', '1', 'all'], 'all', { '-1': 'all' }),
  'enable.idempotence': bool(true),
  'linger.ms': ms(5, LONG),
  'batch.size': bytes(16_384),
  'buffer.memory': bytes(33_554_432, LONG),
  'max.request.size': bytes(1_048_576),
  'max.in.flight.requests.per.connection': count(5, FROM_ONE),
  'compression.type': choice(COMPRESSIONS, 'none'),
  'compression.gzip.level': count(-1, GZIP_LEVEL),
  'compression.lz4.level': count(9, { minimum: 1 }),
  'compression.zstd.level': count(3, { minimum: -131_072 }),
  retries: orNever(INT_MAX, 'count'),
  'delivery.timeout.ms': ms(120_000),
  'request.timeout.ms': ms(30_000),
  'retry.backoff.ms': ms(100, LONG),
  'retry.backoff.max.ms': ms(1000, LONG),
  'max.block.ms': ms(60_000, LONG),
  'metadata.max.age.ms': ms(300_000, LONG),
  'metadata.max.idle.ms': ms(300_000, { long: true, minimum: 5000 }),
  'connections.max.idle.ms': ms(540_000, LONG),
  'reconnect.backoff.ms': ms(50, LONG),
  'reconnect.backoff.max.ms': ms(1000, LONG),
  'socket.connection.setup.timeout.ms': ms(10_000, LONG),
  'socket.connection.setup.timeout.max.ms': ms(30_000, LONG),
  'send.buffer.bytes': bytes(131_072, { minimum: -1 }),
  'receive.buffer.bytes': bytes(32_768, { minimum: -1 }),
  'partitioner.class': textOrUnset(),
  'partitioner.ignore.keys': bool(false),
  'partitioner.adaptive.partitioning.enable': bool(true),
  'partitioner.availability.timeout.ms': ms(0, LONG),
  'transactional.id': textOrUnset(),
  'transaction.timeout.ms': ms(60_000),
  'metadata.recovery.strategy': choice(['rebootstrap', 'none'], 'rebootstrap'),
} satisfies PropertyTable;

export const CONSUMER_PROPERTIES = {
  'fetch.min.bytes': bytes(1),
  'fetch.max.wait.ms': ms(500),
  'fetch.max.bytes': bytes(52_428_800),
  'max.partition.fetch.bytes': bytes(1_048_576),
  'max.poll.records': count(500, FROM_ONE),
  'max.poll.interval.ms': ms(300_000, FROM_ONE),
  'session.timeout.ms': ms(45_000),
  'heartbeat.interval.ms': ms(3000),
  'enable.auto.commit': bool(true),
  'auto.commit.interval.ms': ms(5000),
  'auto.offset.reset': choice(['latest', 'earliest', 'none'], 'latest'),
  'isolation.level': choice(['read_uncommitted', 'read_committed'], 'read_uncommitted'),
  'group.protocol': choice(['classic', 'consumer'], 'classic'),
  'group.remote.assignor': textOrUnset(),
  'partition.assignment.strategy': list([
    'org.apache.kafka.clients.consumer.RangeAssignor',
    'org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
  ]),
  'check.crcs': bool(true),
  'client.rack': text(''),
  'request.timeout.ms': ms(30_000),
  'default.api.timeout.ms': ms(60_000),
  'retry.backoff.ms': ms(100, LONG),
  'retry.backoff.max.ms': ms(1000, LONG),
  'metadata.max.age.ms': ms(300_000, LONG),
  'connections.max.idle.ms': ms(540_000, LONG),
  'reconnect.backoff.ms': ms(50, LONG),
  'reconnect.backoff.max.ms': ms(1000, LONG),
  'socket.connection.setup.timeout.ms': ms(10_000, LONG),
  'socket.connection.setup.timeout.max.ms': ms(30_000, LONG),
  'receive.buffer.bytes': bytes(65_536, { minimum: -1 }),
  'send.buffer.bytes': bytes(131_072, { minimum: -1 }),
  'metadata.recovery.strategy': choice(['rebootstrap', 'none'], 'rebootstrap'),
} satisfies PropertyTable;

/** Resolved settings by Kafka's names: numbers in Kafka's own unit, null for never, no limit, unset or not in this version. */
export type BrokerConfig = Values<typeof BROKER_PROPERTIES>;
export type TopicConfig = Values<typeof TOPIC_PROPERTIES>;
export type ProducerConfig = Values<typeof PRODUCER_PROPERTIES>;
export type ConsumerConfig = Values<typeof CONSUMER_PROPERTIES>;

const CLIENT_LINE: KafkaLine = '4.3';

/** Which broker setting is a topic's default, first one that is set; the factor turns its unit into the topic's. */
export const TOPIC_DEFAULTS_FROM_BROKER: Readonly<
  Partial<Record<keyof TopicConfig, readonly (readonly [keyof BrokerConfig, number])[]>>
> = {
  'cleanup.policy': [['log.cleanup.policy', 1]],
  'compression.type': [['compression.type', 1]],
  'compression.gzip.level': [['compression.gzip.level', 1]],
  'compression.lz4.level': [['compression.lz4.level', 1]],
  'compression.zstd.level': [['compression.zstd.level', 1]],
  'delete.retention.ms': [['log.cleaner.delete.retention.ms', 1]],
  'file.delete.delay.ms': [['log.segment.delete.delay.ms', 1]],
  'flush.messages': [['log.flush.interval.messages', 1]],
  'flush.ms': [
    ['log.flush.interval.ms', 1],
    ['log.flush.scheduler.interval.ms', 1],
  ],
  'index.interval.bytes': [['log.index.interval.bytes', 1]],
  'local.retention.bytes': [['log.local.retention.bytes', 1]],
  'local.retention.ms': [['log.local.retention.ms', 1]],
  'max.compaction.lag.ms': [['log.cleaner.max.compaction.lag.ms', 1]],
  'max.message.bytes': [['message.max.bytes', 1]],
  'message.timestamp.after.max.ms': [['log.message.timestamp.after.max.ms', 1]],
  'message.timestamp.before.max.ms': [['log.message.timestamp.before.max.ms', 1]],
  'message.timestamp.type': [['log.message.timestamp.type', 1]],
  'min.cleanable.dirty.ratio': [['log.cleaner.min.cleanable.ratio', 1]],
  'min.compaction.lag.ms': [['log.cleaner.min.compaction.lag.ms', 1]],
  'min.insync.replicas': [['min.insync.replicas', 1]],
  preallocate: [['log.preallocate', 1]],
  'retention.bytes': [['log.retention.bytes', 1]],
  'retention.ms': [
    ['log.retention.ms', 1],
    ['log.retention.minutes', 60_000],
    ['log.retention.hours', 3_600_000],
  ],
  'segment.bytes': [['log.segment.bytes', 1]],
  'segment.index.bytes': [['log.index.size.max.bytes', 1]],
  'segment.jitter.ms': [
    ['log.roll.jitter.ms', 1],
    ['log.roll.jitter.hours', 3_600_000],
  ],
  'segment.ms': [
    ['log.roll.ms', 1],
    ['log.roll.hours', 3_600_000],
  ],
  'unclean.leader.election.enable': [['unclean.leader.election.enable', 1]],
};

/** A broker's settings: what the scenario states, else the default of the release line. */
export function brokerConfig(stated: Partial<BrokerConfig>, line: KafkaLine): BrokerConfig {
  return filled(BROKER_PROPERTIES, stated, line);
}

/** A topic's settings: what the scenario states, else its brokers' settings, as Kafka does it. */
export function topicConfig(
  stated: Partial<TopicConfig>,
  broker: { readonly config: BrokerConfig; readonly stated: Partial<BrokerConfig> },
): TopicConfig {
  const inherited = Object.fromEntries(
    Object.entries(TOPIC_DEFAULTS_FROM_BROKER).map(([name, sources]) => {
      const source =
        sources.find(([key]) => Object.hasOwn(broker.stated, key)) ??
        sources.find(([key]) => broker.config[key] !== null) ??
        sources[0];
      const value = broker.config[source[0]];
      return [name, typeof value === 'number' ? value * source[1] : value];
    }),
  );
  return filled(TOPIC_PROPERTIES, { ...inherited, ...stated }, CLIENT_LINE);
}

/** A producer's settings, with Kafka's own rule that idempotence gives way to settings that rule it out. */
export function producerConfig(stated: Partial<ProducerConfig>): ProducerConfig {
  const config = filled(PRODUCER_PROPERTIES, stated, CLIENT_LINE);
  return {
    ...config,
    'enable.idempotence': config['enable.idempotence'] && idempotenceConflict(config) === null,
    // The client raises its own default, so that a record lingers and is requested at least once.
    'delivery.timeout.ms':
      stated['delivery.timeout.ms'] ??
      Math.max(config['delivery.timeout.ms'], config['linger.ms'] + config['request.timeout.ms']),
  };
}

/** The setting that rules out idempotence, or null. */
export function idempotenceConflict(config: ProducerConfig): keyof ProducerConfig | null {
  if (config.acks !== 'all') return 'acks';
  if (config.retries === 0) return 'retries';
  return config['max.in.flight.requests.per.connection'] > 5 ? 'max.in.flight.requests.per.connection' : null;
}

export function consumerConfig(stated: Partial<ConsumerConfig>): ConsumerConfig {
  return filled(CONSUMER_PROPERTIES, stated, CLIENT_LINE);
}

function filled<Table extends PropertyTable>(
  table: Table,
  stated: Partial<Values<Table>>,
  line: KafkaLine,
): Values<Table> {
  const defaults = Object.entries<Property<unknown>>(table).map(([name, property]) => [
    name,
    defaultOf(property, line),
  ]);
  // The table's own types are what `Values` is made of.
  return { ...Object.fromEntries(defaults), ...stated } as Values<Table>;
}
