/**
 * The shape of a scenario file: which keys there are, what each means, and how its value is read. Everything that needs
 * a second place of the file to be decided (defaults, references) is in `resolve.ts`.
 */
import { z } from 'zod';
import {
  BROKER_PROPERTIES,
  CONSUMER_PROPERTIES,
  PRODUCER_PROPERTIES,
  TOPIC_PROPERTIES,
} from './kafka-defaults.ts';
import { parseLevel } from './levels.ts';
import { operations } from './schema-operations.ts';
import {
  bounded,
  bytes,
  countFromZero,
  DEFAULT_KAFKA,
  duration,
  freeText,
  kafkaConfig,
  kafkaVersion,
  listOf,
  NAME,
  name,
  named,
  oneOf,
  pattern,
  positiveByteRate,
  positiveBytes,
  positiveCount,
  positiveDuration,
  positiveNumber,
  positiveRate,
  scalar,
  TOPIC_NAME,
  topicName,
  withUnit,
} from './schema-values.ts';
import { DEFAULT_SASL_MECHANISM, SASL_MECHANISMS, SECURITY_PROTOCOLS } from './security-protocols.ts';
import { parseCount, parseDurationNs, parseNumber, parseTimeOfDayMs, show } from './units.ts';

const latency = (description: string, example: string) =>
  scalar(parseDurationNs, withUnit(description, example)).optional();
const disk = z.strictObject({
  kind: oneOf(
    ['hdd', 'ssd', 'nvme'],
    'Whose figures hold for what is not stated here. Default: what is not stated is no limit',
  ).optional(),
  read: positiveByteRate('Reads, one after the other', '500MB/s').optional(),
  write: positiveByteRate('Writes, one after the other', '500MB/s').optional(),
  iops: positiveCount('Random accesses per second').optional(),
  readLatency: latency('Of one read', '110us'),
  writeLatency: latency('Of one write', '52us'),
  sync: latency("Of a flush of the disk's own cache", '1ms'),
  queueDepth: positiveCount('Operations that it works on at once').optional(),
});

const hosts = named(
  NAME,
  z.strictObject({
    profile: freeText(
      'What these machines cost and can do: a profile of the catalogue, a path to a profile file, or local (this machine, calibrated). Default local',
    ).optional(),
    count: positiveCount('Machines of this kind. Default 1').optional(),
    zones: listOf(name('A zone'), 'Zones, over which the machines are spread in turn').optional(),
    racks: listOf(name('A rack'), 'Racks, over which the machines are spread in turn').optional(),
    cores: positiveNumber(
      "Cores of one machine, in place of the profile's; fewer than it has, or a part of one, are a quota of CPU time",
    ).optional(),
    memory: positiveBytes("Memory of one machine, in place of the profile's", '16GiB').optional(),
    nic: positiveByteRate('Network of one machine, per direction', '10Gbit/s').optional(),
    nicBuffer: positiveBytes(
      'What the network of one machine passes on at once, above its rate (the burst of a shaper)',
      '128KiB',
    ).optional(),
    latency: positiveDuration(
      'One-way delay of what one machine sends to others, beside that of the network between them',
      '250us',
    ).optional(),
    disk: z
      .union([positiveByteRate('What it reads and writes', '500MB/s'), disk])
      .meta({
        description:
          "Each disk of one machine, in place of the profile's; a machine has one for every log dir. Without any, disks are no limit",
      })
      .optional(),
    logDirs: z
      .strictObject({
        count: positiveCount('Log dirs of a broker. Default 1').optional(),
        size: positiveBytes(
          'Room in each, a file system of its own. Default: as much as the machine has',
          '2GiB',
        ).optional(),
      })
      .meta({ description: 'What each broker on these machines keeps its records in' })
      .optional(),
  }),
  'Kinds of machines, by name. Default: one machine named local with the profile local',
);

const KAFKA = `Version of Kafka, default ${DEFAULT_KAFKA}`;
const kafka = kafkaVersion(KAFKA);

const clusterShape = {
  kafka: z
    .union([kafka, z.array(kafka)])
    .meta({ description: `${KAFKA}, or a list: one for each broker in turn` })
    .optional(),
  dataCentre: name('Data centre; links: joins data centres').optional(),
  brokers: z
    .strictObject({
      host: name('Machines that the brokers run on, under hosts:').optional(),
      count: positiveCount('Brokers, numbered from 1. Default: one on each machine').optional(),
      config: kafkaConfig(BROKER_PROPERTIES, "Kafka's broker properties"),
    })
    .meta({ description: 'The brokers' })
    .optional(),
  security: z
    .strictObject({
      clients: oneOf(SECURITY_PROTOCOLS, 'Connections of clients. Default PLAINTEXT').optional(),
      brokers: oneOf(SECURITY_PROTOCOLS, 'Connections between brokers. Default PLAINTEXT').optional(),
      'sasl.mechanism': oneOf(
        SASL_MECHANISMS,
        `Of all connections with SASL. Default ${DEFAULT_SASL_MECHANISM}`,
      ).optional(),
    })
    .meta({ description: 'Which connections use TLS, and which log in' })
    .optional(),
  controllers: z
    .strictObject({
      mode: oneOf(
        ['combined', 'separate'],
        'In the brokers themselves (default), or in processes of their own',
      ).optional(),
      count: scalar<number>(
        (input) => {
          const parsed = parseCount(input);
          return 'value' in parsed && [1, 3, 5].includes(parsed.value)
            ? parsed
            : { problem: `expected 1, 3 or 5 controllers, found ${show(input)}` };
        },
        { enum: [1, 3, 5], description: 'Controllers. Default: 3, or 1 in fewer than 3 brokers' },
      ).optional(),
      host: name(
        'Machines of separate controllers, under hosts:. Default: machines of their own, without limits',
      ).optional(),
    })
    .meta({ description: 'The KRaft controllers' })
    .optional(),
};

const cluster = z.strictObject(clusterShape).meta({ description: 'The one cluster' });
const clusters = named(
  NAME,
  z.strictObject({
    ...clusterShape,
    count: positiveCount(
      'Clusters like this, each with hosts, topics and clients of its own. Default 1',
    ).optional(),
  }),
  'Several clusters, by name, in place of cluster:',
);

const links = listOf(
  z.strictObject({
    between: z.array(name('A data centre')).meta({ description: 'Two data centres' }),
    latency: positiveDuration('One-way delay', '30ms'),
    bandwidth: positiveByteRate('Per direction. Default: not a limit', '10Gbit/s').optional(),
  }),
  'Links between data centres',
);

const clusterOf = name('The cluster. Needed only when there are several');

const topics = named(
  TOPIC_NAME,
  z.strictObject({
    cluster: clusterOf.optional(),
    count: positiveCount(
      'Topics of this class; more than one needs a * in the name, which numbers them from 1',
    ).optional(),
    partitions: positiveCount("Partitions of each topic. Default: the brokers' num.partitions").optional(),
    'replication.factor': positiveCount(
      "Replicas. Default: the brokers' default.replication.factor",
    ).optional(),
    config: kafkaConfig(TOPIC_PROPERTIES, "Kafka's topic properties"),
    skew: z
      .strictObject({ zipf: positiveNumber('Exponent; the higher, the more goes to the first') })
      .meta({ description: 'How unevenly records fall on the topics and partitions of the class' })
      .optional(),
    history: z
      .strictObject({
        size: positiveBytes('Bytes of each topic, over all of its partitions', '100GiB'),
        record: positiveBytes('Size of every value. Default 1KiB', '1KiB').optional(),
        batch: positiveBytes('Size of a batch. Default 16KiB', '64KiB').optional(),
      })
      .meta({
        description:
          'Records that are there when a phase begins; consumers with auto.offset.reset: earliest start with them. Default: none',
      })
      .optional(),
    placement: freeText(
      'CSV file beside this one, columns topic,partition,replicas,rate: replicas as broker ids with ; between, leader first',
    ).optional(),
  }),
  'Topics, or classes of topics, by name',
);

const clientShape = {
  cluster: name('The cluster. Default: that of the topics').optional(),
  host: name(
    'Machines that these clients run on, under hosts:. Needed only when there are several kinds',
  ).optional(),
  client: oneOf(
    ['brokertwin', 'java'],
    "Whose clients: brokertwin's own generator (default), or Kafka's Java client",
  ).optional(),
  topics: z.union([topicName, z.array(topicName)]).meta({ description: 'One topic class, or a list' }),
  count: positiveCount('Clients of this class. Default 1').optional(),
};

const requestPercentage = positiveNumber(
  "Time of the broker's threads, 100 for one thread. Default: no limit",
).optional();
const QUOTA = 'Quota of each of these clients on each broker. Default: none';

const producers = named(
  NAME,
  z.strictObject({
    ...clientShape,
    rate: z
      .union([
        positiveRate('Records of the whole class', '60k/s'),
        z.strictObject({
          diurnal: z
            .strictObject({
              peak: positiveRate('Highest rate of the day', '250k/s'),
              trough: positiveRate('Lowest rate of the day', '40k/s'),
              peakAt: scalar(parseTimeOfDayMs, {
                type: 'string',
                description: 'Time of day of the peak, "20:00"',
              }),
            })
            .optional(),
          ramp: z
            .strictObject({
              from: positiveRate('Rate up to the end of the warm-up', '10k/s'),
              to: positiveRate('Rate at the end of the ramp, and after it', '60k/s'),
              over: positiveDuration('How long the ramp takes', '10m'),
            })
            .optional(),
          steps: listOf(
            z.strictObject({
              rate: positiveRate('Rate of the step; the first holds in the warm-up too', '10k/s'),
              for: positiveDuration('How long it lasts; the last stays', '5m'),
            }),
            'Rates one after the other',
          ).optional(),
          poisson: positiveRate('Mean rate of records that come at random', '60k/s').optional(),
        }),
      ])
      .meta({ description: 'Records of the whole class per second: constant, changing, or at random' }),
    record: z
      .strictObject({
        value: z
          .union([
            positiveBytes('Size of every value', '1KiB'),
            z.strictObject({
              lognormal: z.strictObject({
                median: positiveBytes('Half of the values are smaller', '300B'),
                p99: positiveBytes('99 % of the values are smaller', '4KiB'),
              }),
            }),
          ])
          .meta({ description: 'Size of the value. Default 1KiB' })
          .optional(),
        key: z
          .strictObject({
            cardinality: positiveCount('Different keys'),
            size: positiveBytes('Size of a key. Default 8B', '8B').optional(),
            zipf: positiveNumber('Exponent of the popularity of keys. Default: all alike').optional(),
          })
          .meta({ description: 'Keys. Default: no keys' })
          .optional(),
        headers: bytes('Size of all headers of a record. Default 0B', '100B').optional(),
        compressionRate: scalar(bounded(parseNumber, { above: 0, to: 1 }), {
          type: 'number',
          exclusiveMinimum: 0,
          maximum: 1,
          description:
            "Compressed bytes of a batch by plain ones, as Kafka's compression-rate-avg. Default: that of random values",
        }).optional(),
      })
      .meta({ description: 'What a record looks like' })
      .optional(),
    quota: z
      .strictObject({
        producer_byte_rate: positiveByteRate('Bytes of its requests. Default: no limit', '1MiB/s').optional(),
        request_percentage: requestPercentage,
      })
      .meta({ description: QUOTA })
      .optional(),
    transaction: positiveDuration(
      'How long a transaction takes records before it is committed, with transactional.id in config. Default 3s',
      '100ms',
    ).optional(),
    config: kafkaConfig(PRODUCER_PROPERTIES, "Kafka's producer properties"),
  }),
  'Classes of producers, by name',
);

const consumers = named(
  NAME,
  z.strictObject({
    ...clientShape,
    group: scalar(pattern('a group name', /^\S+$/), {
      type: 'string',
      description: 'Consumer group. Default: the name of the class',
    }).optional(),
    // In nanoseconds, so that microseconds come out exact.
    process: scalar(
      parseDurationNs,
      withUnit('Time that the application takes for one record. Default 0us', '50us'),
    ).optional(),
    pause: listOf(
      z.strictObject({
        at: duration('From the start of the measured part of each phase', '30s'),
        for: positiveDuration('How long; it ends with the measured part in any case', '60s'),
      }),
      'When all of these consumers stop fetching and stay in their group, as a Java client that calls pause(). Default: never',
    ).optional(),
    quota: z
      .strictObject({
        consumer_byte_rate: positiveByteRate('Bytes that it fetches. Default: no limit', '1MiB/s').optional(),
        request_percentage: requestPercentage,
      })
      .meta({ description: QUOTA })
      .optional(),
    config: kafkaConfig(CONSUMER_PROPERTIES, "Kafka's consumer properties"),
  }),
  'Classes of consumers, by name',
);

const mirrors = named(
  NAME,
  z.strictObject({
    from: name('Cluster that is read'),
    to: name('Cluster that is written; its copies of the topics have the same names and settings'),
    topics: clientShape.topics,
    host: clientShape.host,
    count: positiveCount('Mirroring clients. Default 1').optional(),
    client: clientShape.client,
    consumer: z
      .strictObject({ config: kafkaConfig(CONSUMER_PROPERTIES, "Kafka's consumer properties") })
      .meta({ description: 'The reading side' })
      .optional(),
    producer: z
      .strictObject({ config: kafkaConfig(PRODUCER_PROPERTIES, "Kafka's producer properties") })
      .meta({ description: 'The writing side' })
      .optional(),
  }),
  'Consumers of one cluster that produce what they read into another, by name',
);
const levels = listOf(
  scalar(parseLevel, {
    type: 'string',
    description: '[class.]metric [statistic] comparison bound',
    'x-examples': ['checkout.publishLatency p(99) < 50ms', 'lost(acks=all) == 0', 'throughput >= 10k/s'],
  }),
  'Service levels; exit 99 when one is missed',
);

const run = z
  .strictObject({
    warmup: duration('Played before each phase and not measured. Default 5s', '5s').optional(),
    duration: positiveDuration('Measured part of each phase. Default 30s', '30s').optional(),
    seed: countFromZero('Seed of all that is random. Default 1').optional(),
    fidelity: oneOf(['auto', 'batch', 'flow', 'zoom'], 'How the simulator works. Default auto').optional(),
    threads: z
      .strictObject({
        producers: positiveCount('Default 1').optional(),
        consumers: positiveCount('Default 1').optional(),
      })
      .meta({ description: 'Threads of the load generator on each client host' })
      .optional(),
    phases: listOf(
      z.strictObject({
        name: name('Name of the phase'),
        load: scalar<number | 'max'>(
          (input) => {
            if (input === 'max') return { value: 'max' };
            const parsed = bounded(parseNumber, { above: 0 })(input);
            return 'value' in parsed
              ? parsed
              : { problem: `expected a factor on the rates such as 1 or 1.5, or max, found ${show(input)}` };
          },
          {
            anyOf: [{ type: 'number' }, { const: 'max' }],
            description: "Factor on every producer's rate, or max: as fast as it is taken. Default 1",
          },
        ).optional(),
        warmup: duration("Default: the run's", '5s').optional(),
        duration: positiveDuration("Default: the run's", '30s').optional(),
      }),
      'Played one after the other, each from fresh topics. Default: one, named run',
    ).optional(),
  })
  .meta({ description: 'How long, with which seed, in which phases' });

export const API_VERSION = 'brokertwin/v1';

export const scenarioSchema = z
  .strictObject({
    apiVersion: scalar<typeof API_VERSION>(
      (input) =>
        input === API_VERSION
          ? { value: API_VERSION }
          : { problem: `expected apiVersion: ${API_VERSION}, found ${show(input)}` },
      { const: API_VERSION, description: 'Version of this format' },
    ),
    kind: oneOf(['Scenario'], 'Always Scenario').optional(),
    name: freeText('Default: the name of the file').optional(),
    question: freeText('The question that this scenario answers').optional(),
    hosts: hosts.optional(),
    cluster: cluster.optional(),
    clusters: clusters.optional(),
    links: links.optional(),
    topics,
    producers: producers.optional(),
    consumers: consumers.optional(),
    mirrors: mirrors.optional(),
    operations: operations.optional(),
    levels: levels.optional(),
    run: run.optional(),
  })
  .meta({ title: 'brokertwin scenario', description: 'A Kafka fleet, its load, and what happens to it' });

/** The file after its values were read, before defaults and references. */
export type ScenarioFile = z.output<typeof scenarioSchema>;
