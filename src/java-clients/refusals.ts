/** What Kafka's perf tools cannot do, by name and place, and what they do otherwise than our own generator. */
import type { LoadRefusal } from '../load/refusals.ts';
import { clusterPath } from '../scenario/cluster-path.ts';
import type { ConsumerClass, ProducerClass, Scenario } from '../scenario/scenario.ts';

const PRODUCER_TOOL = 'kafka-producer-perf-test';
const CONSUMER_TOOL = 'kafka-consumer-perf-test';

/** Whether Kafka's perf tools drive this scenario. */
export function hasJavaClients({ producers, consumers }: Scenario): boolean {
  return [...producers, ...consumers].some(({ client }) => client === 'java');
}

/** Everything in a scenario with Java clients that the perf tools cannot honour; empty when they can drive all of it. */
export function javaRefusals(scenario: Scenario): LoadRefusal[] {
  const clusters = scenario.clusters.reduce((sum, { count }) => sum + count, 0);
  return [
    ...onlyIf(clusters !== 1, ['clusters'], `the perf tools drive one cluster, found ${clusters}; keep one`),
    ...scenario.clusters.flatMap((cluster) =>
      onlyIf(
        cluster.security !== undefined,
        [...clusterPath(scenario, cluster), 'security'],
        'the perf tools are driven in PLAINTEXT only; leave security out, or simulate',
      ),
    ),
    ...onlyIf(scenario.mirrors.length > 0, ['mirrors'], 'the perf tools have no mirrors; remove them'),
    ...onlyIf(scenario.producers.length === 0, ['producers'], 'expected at least one producer class'),
    ...scenario.topics.flatMap(({ name, skew, history, placement }) => [
      ...onlyIf(
        history !== undefined,
        ['topics', name, 'history'],
        'the perf tools begin each phase with empty topics; remove history, or simulate',
      ),
      ...onlyIf(skew !== null, ['topics', name, 'skew'], 'the perf tools do not skew topics; remove it'),
      ...onlyIf(
        placement !== null,
        ['topics', name, 'placement'],
        'Kafka places the replicas; remove placement, or simulate',
      ),
    ]),
    ...scenario.producers.flatMap((producer) => producerRefusals(producer, scenario)),
    ...scenario.consumers.flatMap((consumer) => consumerRefusals(consumer, scenario)),
  ];
}

/** One sentence for each thing that a reader of the result must know. */
export function javaAssumptions(scenario: Scenario): string[] {
  return [
    `Every producer was a process of ${PRODUCER_TOOL}. Its latencies count in whole milliseconds from send() to the acknowledgement, not from the time at which a record was due: while the tool stands still in send() nothing is sent and nothing is counted, so that they hide the backlog of a stall.`,
    `Percentiles are those that ${PRODUCER_TOOL} prints for its records after --warmup-records, those after the end of the measured part included; of several processes together they are interpolated between each one's.`,
    "Throughput is the sum of the lines that the tools print every second, spread evenly over the time that each is of. Numbers of requests and batches are those of the tools' whole lives, by the measured share of their records; failed records are those of their whole lives.",
    `${PRODUCER_TOOL} paces itself by sleeping at least 2 ms whenever it is ahead of --throughput, and then catches up at once; its values are random letters A to Z.`,
    ...(scenario.consumers.length === 0
      ? []
      : [
          `Every consumer was a process of ${CONSUMER_TOOL}, which sets check.crcs to false, reads from the beginning and measures no end-to-end latency.`,
        ]),
  ];
}

function producerRefusals(producer: ProducerClass, scenario: Scenario): LoadRefusal[] {
  const { record, config, rate } = producer;
  const at = ['producers', producer.name];
  return [
    ...clientRefusals(producer, at, scenario),
    ...onlyIf(
      record.key !== null,
      [...at, 'record', 'key'],
      `${PRODUCER_TOOL} sends records without keys; remove key, or use client: brokertwin`,
    ),
    ...onlyIf(
      record.headersBytes > 0,
      [...at, 'record', 'headers'],
      `${PRODUCER_TOOL} sends records without headers; remove headers, or use client: brokertwin`,
    ),
    ...onlyIf(
      record.compressionRate !== undefined,
      [...at, 'record', 'compressionRate'],
      `${PRODUCER_TOOL} sends random letters; remove compressionRate, or use client: brokertwin`,
    ),
    ...onlyIf(
      record.value.kind !== 'constant',
      [...at, 'record', 'value'],
      `${PRODUCER_TOOL} sends values of one size; give one, or use client: brokertwin`,
    ),
    ...onlyIf(
      record.value.kind === 'constant' && record.value.bytes === 0,
      [...at, 'record', 'value'],
      `${PRODUCER_TOOL} sends values of at least 1 byte, found 0`,
    ),
    ...onlyIf(
      rate.kind !== 'constant',
      [...at, 'rate'],
      `${PRODUCER_TOOL} keeps one rate; give a constant one, or use client: brokertwin`,
    ),
    ...onlyIf(
      config['transactional.id'] !== null,
      [...at, 'config', 'transactional.id'],
      'transactions are not driven yet; remove transactional.id',
    ),
  ];
}

function consumerRefusals(consumer: ConsumerClass, scenario: Scenario): LoadRefusal[] {
  const at = ['consumers', consumer.name];
  return [
    ...clientRefusals(consumer, at, scenario),
    ...onlyIf(
      consumer.processUs > 0,
      [...at, 'process'],
      `${CONSUMER_TOOL} does nothing with its records; remove process, or use client: brokertwin`,
    ),
    ...onlyIf(
      consumer.pauses !== undefined,
      [...at, 'pause'],
      `${CONSUMER_TOOL} never pauses; remove pause, or use client: brokertwin`,
    ),
    ...onlyIf(
      consumer.stated['auto.offset.reset'] === 'none',
      [...at, 'config', 'auto.offset.reset'],
      `${CONSUMER_TOOL} reads new topics from their beginning; remove it`,
    ),
    ...onlyIf(
      consumer.stated['check.crcs'] === 'true',
      [...at, 'config', 'check.crcs'],
      `${CONSUMER_TOOL} sets check.crcs to false; remove it`,
    ),
  ];
}

function clientRefusals(
  client: ProducerClass | ConsumerClass,
  at: readonly string[],
  scenario: Scenario,
): LoadRefusal[] {
  const topics = scenario.topics.filter(({ name }) => client.topics.includes(name));
  const count = topics.reduce((sum, topic) => sum + topic.count, 0);
  return [
    ...onlyIf(
      client.client !== 'java',
      [...at, 'client'],
      'beside Java clients all others of a scenario must be java too; use one kind of client',
    ),
    ...onlyIf(
      client.quota !== undefined,
      [...at, 'quota'],
      'quotas are not set on the cluster; remove quota, or simulate',
    ),
    ...onlyIf(
      count !== 1,
      [...at, 'topics'],
      `a process of Kafka's perf tools uses one topic, found ${count}; give each topic a class of its own, or use client: brokertwin`,
    ),
  ];
}

function onlyIf(condition: boolean, path: LoadRefusal['path'], message: string): LoadRefusal[] {
  return condition ? [{ path, message }] : [];
}
