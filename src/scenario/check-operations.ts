/** What the timeline must agree on with the clusters, topics and phases. */
import { brokerCountFrom, clusterNamed, clusterPath } from './cluster-path.ts';
import { suggestion } from './nearest.ts';
import type { Problems } from './problems.ts';
import type { ClusterTemplate, Scenario } from './scenario.ts';
import type { Path } from './yaml-source.ts';

export function checkOperations(scenario: Scenario, problems: Problems): void {
  const longestMs = Math.max(...scenario.run.phases.map(({ durationMs }) => durationMs));
  const added = scenario.operations.filter(({ action }) => action === 'addBroker');
  for (const [index, { atMs, action, target }] of scenario.operations.entries()) {
    const at = ['operations', index];
    if (atMs >= longestMs && !problems.isBrokenInside(['run'])) {
      problems.value(
        [...at, 'at'],
        `expected a time before the end of the measured part, ${longestMs / 1000}s, found ${atMs / 1000}s`,
      );
    }
    const cluster = clusterNamed(scenario, String(target.cluster));
    if (cluster === undefined) continue;
    const place = [...at, action];
    const path = clusterPath(scenario, cluster);
    checkBrokers(
      { action, target, place, brokersFrom: brokerCountFrom(path, cluster) },
      Array.from({ length: cluster.brokers.count }, (_, broker) => broker + 1),
      added
        .filter((other) => other.target.cluster === cluster.name)
        .map((other) => Number(other.target.broker)),
      problems,
    );
    const zones = scenario.hosts.find(({ name }) => name === cluster.brokers.host)?.zones ?? [];
    if (typeof target.zone === 'string' && !zones.includes(target.zone)) {
      problems.value([...place, 'zone'], `unknown zone "${target.zone}"${suggestion(target.zone, zones)}`, [
        ['hosts', cluster.brokers.host, 'zones'],
        [...path, 'brokers', 'host'],
      ]);
    }
    if (Number(target.instance ?? 1) > cluster.count) {
      problems.value(
        [...place, 'instance'],
        `expected at most ${cluster.count}, the count of ${cluster.name}, found ${target.instance}`,
        [[...path, 'count']],
      );
    }
    checkOperationTopic(scenario, target, cluster, place, problems);
  }
}

function checkBrokers(
  {
    action,
    target,
    place,
    brokersFrom,
  }: {
    readonly action: string;
    readonly target: Scenario['operations'][number]['target'];
    readonly place: Path;
    readonly brokersFrom: readonly Path[];
  },
  present: readonly number[],
  added: readonly number[],
  problems: Problems,
): void {
  if (action === 'addBroker') {
    if (present.includes(Number(target.broker))) {
      problems.value(
        [...place, 'broker'],
        `expected a new broker, found ${target.broker}, which the cluster starts with`,
        brokersFrom,
      );
    }
    return;
  }
  const known = [...present, ...added];
  for (const key of ['broker', 'replicas']) {
    if (target[key] === undefined) continue;
    const ids = [target[key]].flat();
    const readable = !problems.isBrokenInside([...place, key]);
    if (readable && (ids.length === 0 || new Set(ids).size < ids.length)) {
      const found = ids.length === 0 ? 'none' : ids.join(', ');
      problems.value([...place, key], `expected different brokers, at least one, found ${found}`);
    }
    const unknown = ids.find((id) => typeof id === 'number' && !known.includes(id));
    if (unknown !== undefined) {
      problems.value(
        [...place, key],
        `unknown broker ${unknown}, expected one of ${known.slice(0, 20).join(', ')}`,
        brokersFrom,
      );
    }
  }
}

function checkOperationTopic(
  scenario: Scenario,
  target: Scenario['operations'][number]['target'],
  cluster: ClusterTemplate,
  place: Path,
  problems: Problems,
): void {
  const topic = scenario.topics.find(({ name }) => name === target.topic);
  if (topic === undefined) return;
  if (topic.cluster !== cluster.name) {
    problems.value(
      [...place, 'topic'],
      `expected a topic of ${cluster.name}, found "${topic.name}" of ${topic.cluster}`,
      [['topics', topic.name, 'cluster']],
    );
  }
  if (typeof target.partition === 'number' && target.partition >= topic.partitions) {
    problems.value(
      [...place, 'partition'],
      `expected a partition from 0 to ${topic.partitions - 1}, found ${target.partition}`,
      [['topics', topic.name, 'partitions']],
    );
  }
}
