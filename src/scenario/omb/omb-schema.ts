/**
 * The keys of the OpenMessaging Benchmark's files: of a workload those of its class Workload, of a driver those of
 * DriverConfiguration and of the Kafka driver's Config. OMB passes over keys that it does not know, and a number that is
 * missing is 0 to it; here both are mistakes. Which keys must be there is checked by `checkPresence`, so that one missing
 * key does not hide what is wrong elsewhere.
 */
import { z } from 'zod';
import { jsonSchemaOf } from '../json-schema.ts';
import type { Problems } from '../problems.ts';
import { oneOf, scalar } from '../schema-values.ts';
import { type Parsed, show } from '../units.ts';
import type { Format } from '../validate.ts';

const KAFKA_DRIVER = 'io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver';
const INT_MAX = 2_147_483_647;
const SHORT_MAX = 32_767;

function whole(from: number, to: number, description: string) {
  const expected = `a whole number from ${from} to ${to}`;
  return scalar<number>(
    (input): Parsed<number> => {
      const isDigits = typeof input === 'string' && /^\d[\d_]*$/.test(input);
      const value = isDigits ? Number(input.replaceAll('_', '')) : input;
      return typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to
        ? { value }
        : { problem: `expected ${expected}, found ${show(input)}` };
    },
    { type: 'integer', minimum: from, maximum: to, description },
  ).optional();
}

const share = (description: string) =>
  scalar<number>(
    (input) =>
      typeof input === 'number' && input >= 0 && input <= 1
        ? { value: input }
        : { problem: `expected a number from 0 to 1, found ${show(input)}` },
    { type: 'number', minimum: 0, maximum: 1, description },
  ).optional();

const flag = (description: string) =>
  scalar<boolean>(
    (input) =>
      [true, false, 'true', 'false'].some((it) => it === input)
        ? { value: String(input) === 'true' }
        : { problem: `expected true or false, found ${show(input)}` },
    { type: 'boolean', description },
  ).optional();

/** A key without a value is as good as none. */
const text = (description: string) =>
  scalar<string | null>(
    (input) => {
      if (input === null) return { value: null };
      return typeof input === 'string' || typeof input === 'number'
        ? { value: String(input) }
        : { problem: `expected text, found ${show(input)}` };
    },
    { type: 'string', description },
  ).optional();

const properties = (description: string) =>
  scalar<string | null>(
    (input) =>
      input === null || typeof input === 'string'
        ? { value: input }
        : { problem: `expected Java properties as text, found ${show(input)}: begin with | and indent them` },
    { type: 'string', description },
  ).optional();

const workload = z.strictObject({
  name: text('Name in the result'),
  topics: whole(1, INT_MAX, 'Topics'),
  partitionsPerTopic: whole(1, INT_MAX, 'Partitions of each'),
  keyDistributor: oneOf(['NO_KEY', 'KEY_ROUND_ROBIN', 'RANDOM_NANO'], 'Keys').optional(),
  messageSize: whole(1, INT_MAX, 'Bytes of a value'),
  useRandomizedPayloads: flag('Values that are random at their beginning and zero after'),
  randomBytesRatio: share('How much of a value is random'),
  randomizedPayloadPoolSize: whole(0, INT_MAX, 'Different values'),
  payloadFile: text('The one value, where they are not randomized'),
  subscriptionsPerTopic: whole(0, INT_MAX, 'Groups that read each topic'),
  producersPerTopic: whole(1, INT_MAX, 'Producers of each topic'),
  consumerPerSubscription: whole(0, INT_MAX, 'Consumers of each group'),
  producerRate: whole(0, INT_MAX, 'Records per second of all producers; 0 for as many as can be'),
  consumerBacklogSizeGB: scalar<0>(
    (input) =>
      input === 0 || input === '0'
        ? { value: 0 }
        : {
            problem: `expected 0, found ${show(input)}: consumers that wait until a backlog is there are not supported; leave it out`,
          },
    { const: 0, description: 'What is produced before the consumers begin' },
  ).optional(),
  backlogDrainRatio: share('How much of the backlog must be read'),
  testDurationMinutes: whole(1, INT_MAX, 'Measured part'),
  warmupDurationMinutes: whole(0, INT_MAX, 'Before it; 1 where it is left out'),
});

const driver = z.strictObject({
  name: text('Name in the result'),
  driverClass: scalar<typeof KAFKA_DRIVER>(
    (input) =>
      input === KAFKA_DRIVER
        ? { value: KAFKA_DRIVER }
        : { problem: `expected ${KAFKA_DRIVER}, the one driver that is understood, found ${show(input)}` },
    { const: KAFKA_DRIVER, description: "OMB's driver" },
  ).optional(),
  replicationFactor: whole(1, SHORT_MAX, 'Replicas of each partition'),
  reset: flag('Of older versions: delete all topics first'),
  topicConfig: properties("Kafka's topic properties"),
  commonConfig: properties('Of all clients: addresses, security, and more'),
  producerConfig: properties("Kafka's producer properties"),
  consumerConfig: properties("Kafka's consumer properties"),
});

const ombSchema = z.strictObject({ workload, driver });

/** Both files after their values were read; what is wrong or missing is not there. */
export type OmbValues = z.output<typeof ombSchema>;

/** Each file is a map already when this is asked, so nothing has to stand in for one. */
export const OMB_FORMAT: Format<typeof ombSchema> = {
  schema: ombSchema,
  json: () => jsonSchemaOf(ombSchema),
  standIns: {},
};

const MUST_BE_THERE = {
  workload: [
    ['topics', 'how many'],
    ['partitionsPerTopic', 'how many'],
    ['messageSize', 'bytes of a value'],
    ['producersPerTopic', 'how many'],
    ['producerRate', 'records per second of all producers, or 0 for as many as can be'],
    ['testDurationMinutes', 'how long to measure'],
  ],
  driver: [
    ['driverClass', KAFKA_DRIVER],
    ['replicationFactor', 'how many replicas'],
  ],
} as const;

/** Reports the keys without which there is no workload, or no driver. */
export function checkPresence(data: Readonly<Record<string, unknown>>, problems: Problems): void {
  for (const [file, keys] of Object.entries(MUST_BE_THERE)) {
    const given = data[file];
    for (const [key, meaning] of keys) {
      if (typeof given === 'object' && given !== null && Object.hasOwn(given, key)) continue;
      problems.key([file, key], `missing key "${key}" in ${file}: expected ${meaning}`);
    }
  }
}
