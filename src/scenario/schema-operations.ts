/** What can be done to a cluster as a file states it: the actions, what stands under each, and the timeline of them. */
import { z } from 'zod';
import type { Action } from '../operations/operation.ts';
import { notOneOf } from './kafka-property.ts';
import {
  bounded,
  bytes,
  countFromZero,
  duration,
  flag,
  kafkaVersion,
  listOf,
  name,
  oneOf,
  pattern,
  positiveByteRate,
  positiveCount,
  scalar,
  TOPIC_NAME,
  topicName,
} from './schema-values.ts';
import { type Parsed, parseByteRate, parseCount, parseNumber } from './units.ts';

const brokerId = positiveCount('Broker, numbered from 1');
const oneOrMore = <Item extends z.ZodType>(item: Item, description: string) =>
  z.union([item, z.array(item)]).meta({ description });

const brokers = {
  broker: oneOrMore(brokerId, 'One broker, or a list').optional(),
  zone: name('All brokers of a zone').optional(),
};
const processes = {
  ...brokers,
  controller: oneOrMore(
    positiveCount('Separate controller, numbered from 101'),
    'One separate controller, numbered from 101, or a list',
  ).optional(),
};
const logDir = positiveCount('Log dir of the broker, numbered from 1. Default 1').optional();
const ofTopic = {
  topic: scalar(pattern(TOPIC_NAME.what, TOPIC_NAME.shape), {
    type: 'string',
    description: 'Topic or class',
  }),
  partition: countFromZero('Partition, numbered from 0'),
};
const wait = duration('From one broker being back to the next. Default 0s', '30s').optional();

const SIDES = ['everything', 'controllers', 'clients'] as const;
const counterpart = scalar<number | (typeof SIDES)[number]>(
  (input) => {
    const side = SIDES.find((it) => it === input);
    if (side !== undefined) return { value: side };
    const id = bounded(parseCount, { from: 1 })(input);
    return 'value' in id ? id : { problem: notOneOf([...SIDES, 'ids of brokers'], input) };
  },
  {
    anyOf: [{ enum: SIDES }, { type: 'integer' }],
    description: 'Everything, controllers, clients, or a broker',
  },
);

/** A limit, or `none` to lift it. */
function limit(
  parse: (input: unknown) => Parsed<number>,
  type: string,
  description: string,
  ...examples: string[]
) {
  const read = bounded(parse, { above: 0 });
  return scalar<number | 'none'>(
    (input) => {
      if (input === 'none') return { value: 'none' };
      const parsed = read(input);
      return 'value' in parsed ? parsed : { problem: `${parsed.problem}; or none, for no limit` };
    },
    { type: [...new Set([type, 'string'])], description, 'x-examples': [...examples, 'none'] },
  );
}

/** Every action, with what stands under it. */
export const actions = {
  kill: z.strictObject(processes).describe('SIGKILL to the process; the page cache survives'),
  powerLoss: z.strictObject(brokers).describe('The machine loses power: what was not synced is gone'),
  pause: z.strictObject(processes).describe('The process stands still (SIGSTOP), connections stay open'),
  continue: z.strictObject(processes).describe('A paused process goes on (SIGCONT)'),
  start: z.strictObject(processes).describe('Start a stopped or killed process'),
  stop: z.strictObject(processes).describe('Controlled shutdown'),
  restart: z
    .strictObject({
      ...processes,
      unclean: flag('SIGKILL in place of the shutdown. Default false').optional(),
    })
    .describe('Controlled shutdown, then start'),
  isolate: z
    .strictObject({
      ...brokers,
      from: z
        .union([counterpart, z.array(brokerId)])
        .meta({ description: 'From what: everything (default), controllers, clients, or brokers by id' })
        .optional(),
      direction: oneOf(
        ['both', 'out', 'in'],
        'Which packets are lost: both (default), out: those that the brokers send, in: those sent to them',
      ).optional(),
    })
    .describe('Cut off from the network, or from a part of it'),
  heal: z.strictObject(brokers).describe('End of isolate and zoneLoss; of all brokers when none is named'),
  zoneLoss: z
    .strictObject({ zone: name('The zone') })
    .describe('All brokers of a zone are killed and cut off'),
  limit: z
    .strictObject({
      ...brokers,
      nic: limit(
        parseByteRate,
        'string',
        'Network of the machine, per direction, or none',
        '100Mbit/s',
      ).optional(),
      cores: limit(parseNumber, 'number', 'Cores that the machine may use, or none').optional(),
    })
    .describe("New limits of the brokers' machines; what is left out stays as it is"),
  fillLogDir: z
    .strictObject({
      ...brokers,
      logDir,
      leave: bytes('How much stays free. Default 0B', '10MiB').optional(),
    })
    .describe('Fill a log dir'),
  readOnlyLogDir: z.strictObject({ ...brokers, logDir }).describe('A log dir can no longer be written'),
  repairLogDir: z.strictObject({ ...brokers, logDir }).describe('End of fillLogDir and readOnlyLogDir'),
  slowDisk: z
    .strictObject({
      ...brokers,
      logDir: positiveCount('Log dir, numbered from 1. Default: all').optional(),
      write: duration('Added to each write. Default 0ms', '5ms').optional(),
      sync: duration('Added to each sync. Default 0ms', '20ms').optional(),
      rate: limit(parseByteRate, 'string', 'Limit of the writes. Default none', '20MiB/s').optional(),
    })
    .describe('Slow log dirs; what is left out is not slowed, so brokers alone end it'),
  set: z
    .strictObject({
      topic: topicName.optional(),
      broker: brokerId.optional(),
      config: z.record(z.string(), z.unknown()).meta({
        description:
          "Kafka's properties, of the topic if one is named, else of the brokers; null for the default",
      }),
    })
    .describe('Change the configuration of a topic, of a broker, or of all brokers'),
  reassign: z
    .strictObject({
      ...ofTopic,
      replicas: z.array(brokerId).meta({ description: 'New replicas, leader first' }),
      throttle: positiveByteRate('Limit of the replication', '50MiB/s').optional(),
    })
    .describe('Move a partition'),
  elect: z
    .strictObject({
      topic: ofTopic.topic.optional(),
      partition: ofTopic.partition.optional(),
      unclean: flag('Also a replica out of sync. Default false').optional(),
    })
    .describe('Elect the preferred leaders'),
  rollingRestart: z.strictObject({ wait }).describe('Restart the brokers one after the other'),
  upgrade: z
    .strictObject({ kafka: kafkaVersion('Version of Kafka'), wait })
    .describe('Rolling restart into another version of Kafka, upwards or downwards'),
  addBroker: z.strictObject({ broker: brokerId }).describe('A new broker joins'),
  removeBroker: z.strictObject({ broker: brokerId }).describe('A broker is drained and leaves'),
} satisfies Record<Action, z.ZodObject>;

export const ACTIONS = Object.keys(actions) as readonly Action[];

type Shapes = typeof actions;

/** What stands under each action, its values read. */
export type StatedActions = { readonly [Name in Action]: z.output<Shapes[Name]> };

const inCluster = {
  cluster: name('The cluster. Needed only when there are several').optional(),
  instance: positiveCount('Which of the clusters of a template with count. Default 1').optional(),
};

type InCluster<Shape extends z.ZodObject> = z.ZodObject<Shape['shape'] & typeof inCluster, z.core.$strict>;

/** The timeline of a scenario; each action may name its cluster. */
export const operations = listOf(
  z
    .strictObject({
      at: duration('When, from the start of the measured part of each phase', '10m'),
      ...optionalEach(
        mapEach(actions, (action) =>
          action.extend(inCluster).meta({ description: action.description ?? '' }),
        ) as unknown as { readonly [Name in Action]: InCluster<Shapes[Name]> },
      ),
    })
    .meta({ description: 'at: and exactly one action' }),
  'Faults and operations, carried out by either arm',
);

/** A single operation in a cluster that is known from elsewhere. */
export const operation = z.strictObject(optionalEach(actions));

function optionalEach<Shape extends Readonly<Record<string, z.ZodType>>>(shape: Shape) {
  return mapEach(shape, (entry) => entry.optional()) as {
    readonly [Key in keyof Shape]: z.ZodOptional<Shape[Key]>;
  };
}

function mapEach<Value, To>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
