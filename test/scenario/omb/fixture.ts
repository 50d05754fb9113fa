/** Files as the OpenMessaging Benchmark has them, and what is read of them. */
import path from 'node:path';
import { UserError } from '../../../src/errors/errors.ts';
import { type LoadedOmb, type OmbOptions, readOmb } from '../../../src/scenario/omb/read-omb.ts';
import { scratchFile } from '../scratch.ts';

export const WORKLOAD = `# One topic of sixteen partitions.
name: 1 producer / 1 consumers on 1 topic

topics: 1
partitionsPerTopic: 16
messageSize: 1024
payloadFile: "payload/payload-1Kb.data"
subscriptionsPerTopic: 1
consumerPerSubscription: 1
producersPerTopic: 1
producerRate: 50000
consumerBacklogSizeGB: 0
testDurationMinutes: 15
`;

export const RANDOMIZED = `name: 10 topics, 4 producers and 2 consumers each

topics: 10
partitionsPerTopic: 3

keyDistributor: "KEY_ROUND_ROBIN"
messageSize: 1024
useRandomizedPayloads: true
randomBytesRatio: 0.5
randomizedPayloadPoolSize: 1000

subscriptionsPerTopic: 2
consumerPerSubscription: 2
producersPerTopic: 4

# Discover max-sustainable rate
producerRate: 200000

consumerBacklogSizeGB: 0
testDurationMinutes: 5
warmupDurationMinutes: 0
`;

export const DRIVER = `name: Kafka-exactly-once
driverClass: io.openmessaging.benchmark.driver.kafka.KafkaBenchmarkDriver

# Kafka client-specific configuration
replicationFactor: 3

topicConfig: |
  min.insync.replicas=2
  flush.messages=1

commonConfig: |
  bootstrap.servers=broker-1:9092, broker-2:9092
  default.api.timeout.ms=1200000
  request.timeout.ms=1200000

producerConfig: |
  # as safe as it gets
  enable.idempotence=true
  max.in.flight.requests.per.connection=1
  retries=2147483647
  acks=all
  linger.ms=1
  batch.size=1048576
consumerConfig: |
  auto.offset.reset=earliest
  enable.auto.commit=false
  max.partition.fetch.bytes=10485760
`;

export function read(
  workload: string,
  driver: string = DRIVER,
  options: Omit<OmbOptions, 'workload' | 'driver'> = {},
): LoadedOmb {
  return readOmb({
    workload: scratchFile('workload.yaml', workload),
    driver: scratchFile('driver.yaml', driver),
    ...options,
  });
}

/** The problems of the files, without the directory; empty when there are none. */
export function problemsOf(
  workload: string,
  driver: string = DRIVER,
  options: Omit<OmbOptions, 'workload' | 'driver'> = {},
): string[] {
  try {
    read(workload, driver, options);
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.lines.map(withoutDirectory);
  }
}

export function withoutDirectory(line: string): string {
  return line.replaceAll(`${path.dirname(scratchFile('unused.yaml', ''))}/`, '');
}

/** A workload or driver with lines replaced: by their key, or `null` to leave one out. */
export function changed(yaml: string, changes: Readonly<Record<string, string | null>>): string {
  let text = yaml;
  for (const [key, value] of Object.entries(changes)) {
    const line = new RegExp(`^${key}:.*\n`, 'm');
    const written = value === null ? '' : `${key}: ${value}\n`;
    text = line.test(text) ? text.replace(line, written) : text + written;
  }
  return text;
}
