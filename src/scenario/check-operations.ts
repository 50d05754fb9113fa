/** What the timeline must agree on with the clusters, topics and phases. */
import type { TimedOperation } from '../operations/operation.ts';
import { checkOperation, type Origins } from './check-operation.ts';
import { type ClusterFacts, clusterFacts } from './cluster-facts.ts';
import { brokerCountFrom, clusterNamed, clusterPath } from './cluster-path.ts';
import type { Problems } from './problems.ts';
import { statedOperation } from './resolve-operation.ts';
import type { ClusterTemplate, Scenario } from './scenario.ts';
import type { ScenarioFile } from './schema.ts';
import { topicClassNamed } from './topic-names.ts';
import type { Path } from './yaml-source.ts';

/** `entries` is the timeline as the file has it, of which the scenario's operations were made one by one. */
export function checkOperations(
  scenario: Scenario,
  entries: NonNullable<ScenarioFile['operations']>,
  problems: Problems,
): void {
  const longestMs = Math.max(...scenario.run.phases.map(({ durationMs }) => durationMs));
  for (const [index, operation] of scenario.operations.entries()) {
    const at = ['operations', index];
    const { atMs } = operation;
    if (atMs >= longestMs && !problems.isBrokenInside(['run'])) {
      problems.value(
        [...at, 'at'],
        `expected a time before the end of the measured part, ${longestMs / 1000}s, found ${atMs / 1000}s`,
      );
    }
    const stated = statedOperation(entries[index], at, problems);
    const cluster = clusterNamed(scenario, operation.cluster);
    if (stated === null || cluster === undefined) continue;
    const facts = clusterFacts(scenario, cluster);
    const brokers = brokersFor(operation, facts, scenario);
    checkOperation(stated, { facts: { ...facts, brokers }, origins: originsOf(scenario, cluster), problems });
    checkInstance(operation, cluster, stated.place, clusterPath(scenario, cluster), problems);
    checkTopic(operation, cluster, stated.place, scenario, problems);
  }
}

/** Brokers that an operation may name: all that ever are in the cluster; for a new one, those that are not removed before it. */
function brokersFor(operation: TimedOperation, facts: ClusterFacts, { operations }: Scenario): number[] {
  const ids = (action: 'addBroker' | 'removeBroker'): number[] =>
    operations.flatMap((other) =>
      other.action === action &&
      other.cluster === operation.cluster &&
      other.instance === operation.instance &&
      (operation.action !== 'addBroker' || other.atMs < operation.atMs)
        ? [other.broker]
        : [],
    );
  const added = ids('addBroker').filter((id) => !facts.controllers.includes(id));
  const all = [...new Set([...facts.brokers, ...added])];
  if (operation.action !== 'addBroker') return all;
  const removed = ids('removeBroker');
  return all.filter((id) => !removed.includes(id));
}

function originsOf(scenario: Scenario, cluster: ClusterTemplate): Origins {
  const path = clusterPath(scenario, cluster);
  const host: Path = ['hosts', cluster.brokers.host];
  const hostOfBrokers: Path = [...path, 'brokers', 'host'];
  return {
    brokers: brokerCountFrom(path, cluster),
    controllers: [
      [...path, 'controllers', 'mode'],
      [...path, 'controllers', 'count'],
    ],
    zones: [[...host, 'zones'], hostOfBrokers],
    logDirs: [[...host, 'logDirs', 'count'], hostOfBrokers],
  };
}

function checkInstance(
  { instance }: TimedOperation,
  cluster: ClusterTemplate,
  place: Path,
  path: Path,
  problems: Problems,
): void {
  if (instance <= cluster.count) return;
  problems.value(
    [...place, 'instance'],
    `expected at most ${cluster.count}, the count of ${cluster.name}, found ${instance}`,
    [[...path, 'count']],
  );
}

function checkTopic(
  operation: TimedOperation,
  cluster: ClusterTemplate,
  place: Path,
  { topics }: Scenario,
  problems: Problems,
): void {
  if (!('topic' in operation) || operation.topic === undefined) return;
  const { topic: stated } = operation;
  const topic = topicClassNamed(topics, stated);
  if (topic === undefined) return;
  if (topic.cluster !== cluster.name) {
    problems.value(
      [...place, 'topic'],
      `expected a topic of ${cluster.name}, found "${stated}" of ${topic.cluster}`,
      [['topics', topic.name, 'cluster']],
    );
  }
  const partition = 'partition' in operation ? operation.partition : undefined;
  if (partition !== undefined && partition >= topic.partitions) {
    problems.value(
      [...place, 'partition'],
      `expected a partition from 0 to ${topic.partitions - 1}, found ${partition}`,
      [['topics', topic.name, 'partitions']],
    );
  }
}
