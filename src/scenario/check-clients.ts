/** What producers, consumers and mirrors must agree on with the topics and clusters that they name. */
import { brokerCountFrom, clusterNamed, clusterPath } from './cluster-path.ts';
import { type ConsumerConfig, idempotenceConflict, type ProducerConfig } from './kafka-defaults.ts';
import { isWeighted } from './partition-weights.ts';
import type { Problems } from './problems.ts';
import type { ClusterTemplate, ConsumerClass, ProducerClass, Scenario } from './scenario.ts';
import type { Path } from './yaml-source.ts';

export function checkProducer(scenario: Scenario, producer: ProducerClass, problems: Problems): void {
  const at = ['producers', producer.name];
  checkTopicsInCluster(scenario, producer, at, false, problems);
  checkProducerConfig(producer.config, producer.stated, [...at, 'config'], problems);
  checkKeys(scenario, producer, problems);
  const { record, config } = producer;
  if (record.value.kind === 'lognormal' && record.value.p99Bytes <= record.value.medianBytes) {
    problems.value(
      [...at, 'record', 'value', 'lognormal', 'p99'],
      'expected more than the median, found no more',
    );
  }
  const valueBytes = record.value.kind === 'constant' ? record.value.bytes : record.value.p99Bytes;
  const bytes = valueBytes + (record.key?.bytes ?? 0) + record.headersBytes;
  const valuePath = [...at, 'record', 'value'];
  if (bytes > config['max.request.size']) {
    problems.value(
      valuePath,
      `expected records of at most ${config['max.request.size']} bytes, the max.request.size, found ${bytes}`,
      [[...at, 'config', 'max.request.size']],
    );
  }
  for (const topic of scenario.topics.filter(({ name }) => producer.topics.includes(name))) {
    const limit = topic.config['max.message.bytes'];
    if (bytes > limit) {
      problems.value(
        valuePath,
        `expected records of at most ${limit} bytes, the max.message.bytes of ${topic.name}, found ${bytes}`,
        [['topics', topic.name, 'config', 'max.message.bytes']],
      );
    }
  }
}

/** Keys decide the partitions of their records, and so do skew and rates of partitions. */
function checkKeys({ topics }: Scenario, producer: ProducerClass, problems: Problems): void {
  if (producer.record.key === null) return;
  for (const topic of topics.filter(({ name }) => producer.topics.includes(name))) {
    if (!isWeighted(topic)) continue;
    const key = topic.skew === null ? 'placement' : 'skew';
    problems.key(
      ['topics', topic.name, key],
      `topics.${topic.name}.${key}: expected ${key === 'skew' ? 'no skew' : 'no rates'} beside keys, found those of ${producer.name}, which decide the partitions of its records: remove one of the two`,
      [['producers', producer.name, 'record', 'key']],
    );
  }
}

function checkProducerConfig(
  config: ProducerConfig,
  stated: Readonly<Record<string, string>>,
  at: Path,
  problems: Problems,
): void {
  const conflict = idempotenceConflict(config);
  if (stated['enable.idempotence'] === 'true' && conflict !== null) {
    problems.value(
      [...at, 'enable.idempotence'],
      `expected false with ${conflict}: ${config[conflict]}, found true: idempotence needs acks all, retries, and at most 5 requests in flight`,
      [[...at, conflict]],
    );
  }
  const least = config['linger.ms'] + config['request.timeout.ms'];
  if (config['delivery.timeout.ms'] < least) {
    problems.value(
      [...at, 'delivery.timeout.ms'],
      `expected at least ${least}, linger.ms + request.timeout.ms, found ${config['delivery.timeout.ms']}`,
      [
        [...at, 'linger.ms'],
        [...at, 'request.timeout.ms'],
      ],
    );
  }
}

/** Each topic must live in the client's cluster; a consumer may also read a mirror's copy. */
function checkTopicsInCluster(
  { topics, clusters, mirrors }: Scenario,
  client: { readonly topics: readonly string[]; readonly cluster: string },
  at: Path,
  copiesToo: boolean,
  problems: Problems,
): void {
  if (!clusters.some(({ name }) => name === client.cluster)) return;
  for (const name of client.topics) {
    const topic = topics.find((candidate) => candidate.name === name);
    const copied =
      copiesToo && mirrors.some((mirror) => mirror.to === client.cluster && mirror.topics.includes(name));
    if (topic === undefined || topic.cluster === client.cluster || copied) continue;
    if (copiesToo && problems.isBrokenInside(['mirrors'])) continue;
    problems.value(
      [...at, 'topics'],
      `expected topics of ${client.cluster}, found "${name}" of ${topic.cluster}`,
      [['topics', name, 'cluster'], ['mirrors']],
    );
  }
}

export function checkConsumers(scenario: Scenario, problems: Problems): void {
  for (const consumer of scenario.consumers) {
    const at = ['consumers', consumer.name];
    checkTopicsInCluster(scenario, consumer, at, true, problems);
    checkConsumerConfig(consumer.config, consumer.stated, [...at, 'config'], problems);
    checkPauses(consumer, [...at, 'pause'], problems);
    const partitions = scenario.topics
      .filter(({ name }) => consumer.topics.includes(name))
      .reduce((sum, topic) => sum + topic.count * topic.partitions, 0);
    if (consumer.count > partitions) {
      problems.warning(
        at,
        `${consumer.count} consumers for ${partitions} partitions: ${consumer.count - partitions} stay idle`,
      );
    }
  }
  const touched = new Set([...scenario.producers, ...scenario.consumers].flatMap(({ topics }) => topics));
  for (const { name } of scenario.topics) {
    if (!touched.has(name))
      problems.warning(['topics', name], `nothing is written to or read from "${name}"`);
  }
}

function checkPauses({ pauses = [] }: ConsumerClass, at: Path, problems: Problems): void {
  for (const [index, { atMs }] of pauses.entries()) {
    if (index === 0) continue;
    const before = pauses[index - 1];
    const endMs = before.atMs + before.durationMs;
    if (atMs >= endMs) continue;
    problems.value(
      [...at, index, 'at'],
      `expected ${endMs / 1000}s or later, when the pause before it ends, found ${atMs / 1000}s`,
      [
        [...at, index - 1, 'at'],
        [...at, index - 1, 'for'],
      ],
    );
  }
}

function checkConsumerConfig(
  config: ConsumerConfig,
  stated: Readonly<Record<string, string>>,
  at: Path,
  problems: Problems,
): void {
  if (config['group.protocol'] === 'consumer') {
    for (const key of ['session.timeout.ms', 'heartbeat.interval.ms', 'partition.assignment.strategy']) {
      if (Object.hasOwn(stated, key)) {
        problems.key(
          [...at, key],
          `expected no ${key} with group.protocol: consumer, where the broker decides: remove it`,
        );
      }
    }
  } else if (config['heartbeat.interval.ms'] >= config['session.timeout.ms']) {
    problems.value(
      [...at, 'heartbeat.interval.ms'],
      `expected less than session.timeout.ms ${config['session.timeout.ms']}, found ${config['heartbeat.interval.ms']}`,
      [[...at, 'session.timeout.ms']],
    );
  }
}

export function checkMirrors(scenario: Scenario, problems: Problems): void {
  for (const mirror of scenario.mirrors) {
    const at = ['mirrors', mirror.name];
    const from = clusterNamed(scenario, mirror.from);
    const to = clusterNamed(scenario, mirror.to);
    if (from === undefined || to === undefined) continue;
    checkTopicsInCluster(scenario, { topics: mirror.topics, cluster: mirror.from }, at, true, problems);
    checkMirrorRoute(scenario, mirror.name, from, to, problems);
    checkProducerConfig(mirror.producer, {}, [...at, 'producer', 'config'], problems);
    for (const topic of scenario.topics.filter(({ name }) => mirror.topics.includes(name))) {
      if (topic.replicationFactor > to.brokers.count) {
        problems.value(
          [...at, 'topics'],
          `expected topics of at most ${to.brokers.count} replicas, the number of brokers of ${to.name}, found "${topic.name}" of ${topic.replicationFactor}`,
          [...brokerCountFrom(clusterPath(scenario, to), to), ['topics', topic.name, 'replication.factor']],
        );
      }
    }
  }
}

function checkMirrorRoute(
  { links }: Scenario,
  name: string,
  from: ClusterTemplate,
  to: ClusterTemplate,
  problems: Problems,
): void {
  const at = ['mirrors', name, 'to'];
  if (from === to) {
    problems.value(at, `expected another cluster than from, found ${to.name}`);
    return;
  }
  const without = [from, to].find(({ dataCentre }) => dataCentre === null);
  if (without !== undefined) {
    problems.value(
      at,
      `expected clusters with a dataCentre, so that a link gives the latency, found ${without.name} without`,
      [['clusters', without.name, 'dataCentre']],
    );
    return;
  }
  const centres = [from.dataCentre, to.dataCentre];
  const linked = links.some(({ between }) =>
    centres.every((centre) => between.some((end) => end === centre)),
  );
  if (from.dataCentre !== to.dataCentre && !linked && !problems.isBrokenInside(['links'])) {
    problems.value(
      at,
      `no link between ${centres.join(' and ')}: add {between: [${centres.join(', ')}], latency: 30ms} to links`,
    );
  }
}
