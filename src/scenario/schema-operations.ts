/** The timeline of a scenario file: its actions and what stands under each. */
import { z } from 'zod';
import {
  countFromZero,
  duration,
  flag,
  kafkaVersion,
  listOf,
  name,
  pattern,
  positiveByteRate,
  positiveCount,
  scalar,
  TOPIC_NAME,
  topicName,
} from './schema-values.ts';

const inCluster = {
  cluster: name('The cluster. Needed only when there are several').optional(),
  instance: positiveCount('Which of the clusters of a template with count. Default 1').optional(),
};
const brokerId = positiveCount('Broker, numbered from 1');
const brokerOrZone = z.strictObject({
  ...inCluster,
  broker: z
    .union([brokerId, z.array(brokerId)])
    .meta({ description: 'One broker, or a list' })
    .optional(),
  zone: name('All brokers of a zone').optional(),
});
const partitionOf = {
  ...inCluster,
  topic: scalar(pattern(TOPIC_NAME.what, TOPIC_NAME.shape), {
    type: 'string',
    description: 'Topic or class',
  }),
  partition: countFromZero('Partition, numbered from 0'),
};

/** The timeline's actions; each entry has `at` and exactly one of them. */
const actions = {
  kill: brokerOrZone.describe('SIGKILL to the process'),
  pause: brokerOrZone.describe('The process stands still (SIGSTOP), connections stay open'),
  continue: brokerOrZone.describe('A paused process goes on (SIGCONT)'),
  start: brokerOrZone.describe('Start a stopped or killed broker'),
  stop: brokerOrZone.describe('Controlled shutdown'),
  restart: brokerOrZone.describe('Controlled shutdown, then start'),
  isolate: brokerOrZone.describe('Cut off from the network'),
  heal: brokerOrZone.describe('End of isolate or zoneLoss'),
  zoneLoss: z
    .strictObject({ ...inCluster, zone: name('The zone') })
    .describe('All brokers of a zone are killed and cut off'),
  set: z
    .strictObject({
      ...inCluster,
      topic: topicName.optional(),
      broker: brokerId.optional(),
      config: z
        .record(z.string(), z.unknown())
        .meta({ description: "Kafka's properties, of the topic if one is named, else of the brokers" }),
    })
    .describe('Change the configuration of a topic, of a broker, or of all brokers'),
  reassign: z
    .strictObject({
      ...partitionOf,
      replicas: z.array(brokerId).meta({ description: 'New replicas, leader first' }),
      throttle: positiveByteRate('Limit of the replication', '50MiB/s').optional(),
    })
    .describe('Move a partition'),
  elect: z
    .strictObject({
      ...inCluster,
      topic: partitionOf.topic.optional(),
      partition: partitionOf.partition.optional(),
      unclean: flag('Also a replica out of sync. Default false').optional(),
    })
    .describe('Elect the preferred leaders'),
  rollingRestart: z
    .strictObject({
      ...inCluster,
      wait: duration('From one broker being back to the next. Default 0s', '30s').optional(),
    })
    .describe('Restart the brokers one after the other'),
  upgrade: z
    .strictObject({
      ...inCluster,
      kafka: kafkaVersion,
      wait: duration('From one broker being back to the next. Default 0s', '30s').optional(),
    })
    .describe('Rolling restart into another version of Kafka, upwards or downwards'),
  addBroker: z.strictObject({ ...inCluster, broker: brokerId }).describe('A new broker joins'),
  removeBroker: z.strictObject({ ...inCluster, broker: brokerId }).describe('A broker is drained and leaves'),
};

export const ACTIONS = Object.keys(actions) as readonly (keyof typeof actions)[];

export const operations = listOf(
  z
    .strictObject({
      at: duration('When, from the start of the measured part of each phase', '10m'),
      ...optionalEach(actions),
    })
    .meta({ description: 'at: and exactly one action' }),
  'Faults and operations, carried out by either arm',
);

function optionalEach<Shape extends Record<string, z.ZodType>>(shape: Shape) {
  const entries = Object.entries(shape).map(([key, entry]) => [key, entry.optional()]);
  return Object.fromEntries(entries) as { [Key in keyof Shape]: z.ZodOptional<Shape[Key]> };
}
