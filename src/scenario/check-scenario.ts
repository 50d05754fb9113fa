/** What must agree between places of a scenario. Each check says what it follows from, so that one mistake gives one line. */
import { checkConsumers, checkMirrors, checkProducer } from './check-clients.ts';
import { checkOperations } from './check-operations.ts';
import { classRate } from './class-rate.ts';
import { brokerCountFrom, clusterNamed, clusterPath } from './cluster-path.ts';
import { LEVEL_METRICS } from './levels.ts';
import { suggestion } from './nearest.ts';
import type { Problems } from './problems.ts';
import type { ClusterTemplate, Scenario, TopicClass } from './scenario.ts';
import type { ScenarioFile } from './schema.ts';
import { hasSasl } from './security-protocols.ts';
import { topicNames } from './topic-names.ts';
import type { Path } from './yaml-source.ts';

/** Rates of partitions are rounded where they are measured. */
const RATE_TOLERANCE = 0.01;

/**
 * Reports everything in which the parts of the scenario contradict each other. `file` is what could be read of the file that
 * it was made of; `data` is the file as given, for the names of entries that could not be read.
 */
export function checkScenario(
  scenario: Scenario,
  file: ScenarioFile,
  data: Readonly<Record<string, unknown>>,
  problems: Problems,
): void {
  checkClassNames(scenario, problems);
  checkHosts(scenario, problems);
  for (const cluster of scenario.clusters) {
    checkControllers(cluster, clusterPath(scenario, cluster), problems);
    checkSecurity(cluster, [...clusterPath(scenario, cluster), 'security'], problems);
  }
  for (const topic of scenario.topics) {
    checkTopic(scenario, topic, problems);
    checkPartitionRates(scenario, topic, problems);
  }
  checkTopicNames(scenario, problems);
  for (const producer of scenario.producers) checkProducer(scenario, producer, problems);
  checkConsumers(scenario, problems);
  checkMirrors(scenario, problems);
  checkOperations(scenario, file.operations ?? [], problems);
  checkLevels(scenario, data, problems);
  checkPhases(scenario, problems);
}

function checkClassNames({ producers, consumers, mirrors }: Scenario, problems: Problems): void {
  const sections = { producers, consumers, mirrors };
  const first = new Map<string, string>();
  for (const [section, classes] of Object.entries(sections)) {
    for (const { name } of classes) {
      const earlier = first.get(name);
      if (earlier !== undefined) {
        problems.key(
          [section, name],
          `name "${name}" used twice, in ${earlier} and ${section}: levels and reports could not tell them apart`,
        );
      }
      first.set(name, section);
    }
  }
}

function checkHosts({ hosts, clusters, producers, consumers, mirrors }: Scenario, problems: Problems): void {
  if (hosts.length === 0 && !problems.isBrokenInside(['hosts']))
    problems.key(['hosts'], 'expected at least one kind of host, found none: leave hosts out');
  if (clusters.length === 0 && !problems.isBrokenInside(['clusters']))
    problems.key(['clusters'], 'expected at least one cluster, found none: leave clusters out');
  const nodes = clusters.flatMap(({ brokers, controllers }) => [brokers, controllers]);
  const used = new Set([...nodes, ...producers, ...consumers, ...mirrors].map(({ host }) => host));
  for (const { name } of hosts) {
    if (!used.has(name)) problems.warning(['hosts', name], `nothing runs on the hosts "${name}"`);
  }
}

function checkControllers(cluster: ClusterTemplate, at: Path, problems: Problems): void {
  const { controllers, brokers } = cluster;
  if (controllers.mode === 'combined' && controllers.count > brokers.count) {
    problems.value(
      [...at, 'controllers', 'count'],
      `expected at most ${brokers.count}, as many as there are brokers to combine with, found ${controllers.count}`,
      [...brokerCountFrom(at, cluster), [...at, 'controllers', 'mode']],
    );
  }
  if (controllers.mode === 'combined' && controllers.host !== null) {
    problems.key(
      [...at, 'controllers', 'host'],
      'expected no host for controllers in their brokers: remove it, or state mode: separate',
      [[...at, 'controllers', 'mode']],
    );
  }
}

function checkSecurity({ security }: ClusterTemplate, at: Path, problems: Problems): void {
  const { clients, brokers, saslMechanism } = security ?? {};
  const protocols = [clients, brokers].filter((protocol) => protocol !== undefined);
  if (saslMechanism !== undefined && !protocols.some(hasSasl)) {
    problems.key(
      [...at, 'sasl.mechanism'],
      `expected clients or brokers of SASL_PLAINTEXT or SASL_SSL beside sasl.mechanism, found ${protocols.join(' and ')}: remove it, or state one`,
      [
        [...at, 'clients'],
        [...at, 'brokers'],
      ],
    );
  }
  if (saslMechanism === 'OAUTHBEARER' && brokers !== undefined && hasSasl(brokers)) {
    problems.value(
      [...at, 'brokers'],
      `expected PLAINTEXT or SSL with OAUTHBEARER, by which brokers do not log in to each other here, found ${brokers}`,
      [[...at, 'sasl.mechanism']],
    );
  }
}

function checkTopic(scenario: Scenario, topic: TopicClass, problems: Problems): void {
  const at = ['topics', topic.name];
  const stars = topic.name.split('*').length - 1;
  if (topic.count > 1 ? stars !== 1 : stars !== 0) {
    problems.key(
      at,
      `${at.join('.')}: expected ${topic.count > 1 ? 'one * in the name, to number the topics' : 'a count above 1 for a name with *'}, found count ${topic.count}`,
      [[...at, 'count']],
    );
  }
  const cluster = clusterNamed(scenario, topic.cluster);
  if (cluster === undefined) return;
  const path = clusterPath(scenario, cluster);
  if (topic.replicationFactor > cluster.brokers.count) {
    problems.value(
      [...at, 'replication.factor'],
      `expected at most ${cluster.brokers.count}, the number of brokers of ${cluster.name}, found ${topic.replicationFactor}`,
      brokerCountFrom(path, cluster),
    );
  }
  const minimum = topic.config['min.insync.replicas'];
  if (minimum > topic.replicationFactor) {
    problems.value(
      [...at, 'config', 'min.insync.replicas'],
      `expected at most ${topic.replicationFactor}, the replication.factor, found ${minimum}: nothing could be written with acks=all`,
      [
        [...at, 'replication.factor'],
        [...path, 'brokers', 'config', 'min.insync.replicas'],
        [...path, 'brokers', 'config', 'default.replication.factor'],
      ],
    );
  }
}

/** Rates of single partitions are parts of what the producers send. */
function checkPartitionRates(scenario: Scenario, topic: TopicClass, problems: Problems): void {
  const rates = (topic.placement ?? []).flatMap(({ recordsPerSecond }) => recordsPerSecond ?? []);
  const isWritten = scenario.producers.some(({ topics }) => topics.includes(topic.name));
  if (rates.length === 0 || !isWritten || problems.isBrokenInside(['producers'])) return;
  const at = ['topics', topic.name, 'placement'];
  if (topic.skew !== null) {
    problems.value(at, 'expected no rates beside a skew, found some: remove one of the two', [
      ['topics', topic.name, 'skew'],
    ]);
    return;
  }
  const stated = rates.reduce((sum, rate) => sum + rate, 0);
  const sent = classRate(scenario, topic);
  const isAll = rates.length === topic.count * topic.partitions;
  if (stated > sent * (1 + RATE_TOLERANCE) || (isAll && stated < sent * (1 - RATE_TOLERANCE))) {
    problems.value(
      at,
      `expected rates of ${isAll ? '' : 'at most '}${sent}/s together, what producers send to ${topic.name}, found ${stated}/s`,
      [['producers']],
    );
  }
}

function checkTopicNames(scenario: Scenario, problems: Problems): void {
  const owners = new Map<string, string>();
  for (const topic of scenario.topics) {
    for (const name of topicNames(topic)) {
      const key = `${topic.cluster}/${name}`;
      const owner = owners.get(key);
      if (owner !== undefined && owner !== topic.name) {
        problems.key(
          ['topics', topic.name],
          `topic "${name}" is in ${owner} and in ${topic.name}: rename one`,
        );
        break;
      }
      owners.set(key, topic.name);
    }
  }
}

function checkLevels(
  { levels }: Scenario,
  data: Readonly<Record<string, unknown>>,
  problems: Problems,
): void {
  for (const [index, { subject, metric }] of levels.entries()) {
    const { subjects } = LEVEL_METRICS[metric];
    const names = subjects.flatMap((section) => Object.keys(data[section] ?? {}));
    const of = `${metric} is of ${subjects.join(' or ')}`;
    const sections = subjects.map((section) => [section]);
    const at = ['levels', index];
    if (subject === null && names.length === 0) {
      problems.value(at, `${of}, found none`, sections);
    } else if (subject !== null && !names.includes(subject)) {
      problems.value(at, `unknown subject "${subject}", ${of}${suggestion(subject, names)}`, sections);
    }
  }
}

function checkPhases({ run }: Scenario, problems: Problems): void {
  if (run.phases.length === 0 && !problems.isBrokenInside(['run']))
    problems.key(['run', 'phases'], 'expected at least one phase, found none: leave phases out');
  run.phases.forEach(({ name }, index) => {
    if (run.phases.findIndex((phase) => phase.name === name) < index) {
      problems.value(['run', 'phases', index, 'name'], `phase "${name}" named twice: rename one`);
    }
  });
}
