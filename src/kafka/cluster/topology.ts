/**
 * One cluster of a scenario laid out in full, as plain data: hosts, brokers, partitions with their replicas, client
 * threads, clients, connections and fetch sessions, everything numbered in the order of the file.
 *
 * Placement follows the file where it is explicit. Otherwise partition p of a topic is led by broker (s + p) mod n and
 * followed by the next ones, with s moving on from topic to topic: what Kafka's striped placer gives for equal racks,
 * without its random start.
 */
import { planClientThreads } from '../../scenario/client-threads.ts';
import { machineName } from '../../scenario/machine-names.ts';
import type {
  ClientKind,
  ClusterTemplate,
  ConsumerClass,
  Mirror,
  ProducerClass,
  Scenario,
  TopicClass,
} from '../../scenario/scenario.ts';
import { topicNames } from '../../scenario/topic-names.ts';
import { offsetsTopic } from './offsets-topic.ts';
import { Partitions } from './partitions.ts';

export interface Topology {
  readonly cluster: ClusterTemplate;
  /** The template's name, with "-number" when it has a count. */
  readonly name: string;
  readonly hosts: readonly { readonly name: string; readonly group: string }[];
  readonly brokers: readonly { readonly id: number; readonly host: number }[];
  readonly topics: readonly TopicLayout[];
  readonly partitions: Partitions;
  /** The last of the topics, where groups keep their offsets; null without any group. */
  readonly offsets: TopicLayout | null;
  readonly producers: readonly ProducerLayout[];
  readonly consumers: readonly ConsumerLayout[];
  readonly clientThreads: readonly ClientThreadLayout[];
}

interface ClientThreadLayout {
  readonly host: number;
  readonly role: 'producers' | 'consumers';
  readonly client: ClientKind;
}

interface TopicLayout {
  readonly name: string;
  readonly class: TopicClass;
  readonly firstPartition: number;
}

/** One producer client. A mirror's producing side has a `mirror` and no class. */
interface ProducerLayout {
  readonly classIndex: number;
  readonly thread: number;
  readonly host: number;
  readonly topics: readonly number[];
  readonly config: ProducerClass['config'];
  readonly name: string;
}

/** One consumer client with the partitions that its group gives it. */
interface ConsumerLayout {
  readonly classIndex: number;
  readonly thread: number;
  readonly host: number;
  readonly partitions: readonly number[];
  readonly config: ConsumerClass['config'];
  readonly name: string;
  /** The mirror that it reads for, or -1. */
  readonly mirror: number;
  readonly group: string;
}

export interface ShardPlan {
  readonly cluster: number;
  readonly instance: number;
  readonly name: string;
}

/** The shards of a scenario: one for every instance of every cluster template. */
export function planShards(scenario: Scenario): ShardPlan[] {
  return scenario.clusters.flatMap((template, cluster) =>
    Array.from({ length: template.count }, (_, instance) => ({
      cluster,
      instance,
      name: template.count === 1 ? template.name : `${template.name}-${instance + 1}`,
    })),
  );
}

/** Lays out one shard of the scenario; its groups keep offsets only if they are said to. */
export function layOut(scenario: Scenario, shard: ShardPlan, hasOffsets: boolean): Topology {
  const cluster = scenario.clusters[shard.cluster];
  const hosts = scenario.hosts.flatMap((group) =>
    Array.from({ length: group.count }, (_, index) => ({
      name: machineName(group, index),
      group: group.name,
    })),
  );
  const ofGroup = Map.groupBy(hosts.keys(), (host) => hosts[host].group);
  const hostsOf = (group: string): number[] => ofGroup.get(group) ?? [];
  const brokerHosts = hostsOf(cluster.brokers.host);
  const brokers = Array.from({ length: cluster.brokers.count }, (_, index) => ({
    id: index + 1,
    host: brokerHosts[index % brokerHosts.length],
  }));
  const keepsOffsets = hasOffsets && isRead(scenario, cluster);
  const classes = [...topicsOf(scenario, cluster), ...(keepsOffsets ? [offsetsTopic(cluster)] : [])];
  const { topics, partitions } = placeTopics(classes, brokers.length);
  const offsets = keepsOffsets ? topics[topics.length - 1] : null;
  const clients = layOutClients(scenario, cluster, topics, hostsOf);
  return { cluster, name: shard.name, hosts, brokers, topics, partitions, offsets, ...clients };
}

/** Whether any group reads from the cluster. */
function isRead({ consumers, mirrors }: Scenario, { name }: ClusterTemplate): boolean {
  return consumers.some(({ cluster }) => cluster === name) || mirrors.some(({ from }) => from === name);
}

/** The cluster's own topics, and those that a mirror makes in it, with the partitions and settings of their source. */
function topicsOf(scenario: Scenario, cluster: ClusterTemplate): TopicClass[] {
  const mirrored = scenario.mirrors.flatMap((mirror) => (mirror.to === cluster.name ? mirror.topics : []));
  return scenario.topics.filter((topic) => topic.cluster === cluster.name || mirrored.includes(topic.name));
}

function placeTopics(
  classes: readonly TopicClass[],
  brokerCount: number,
): { topics: TopicLayout[]; partitions: Partitions } {
  const topics: TopicLayout[] = [];
  const topicOf: number[] = [];
  const replicasOf: (readonly number[])[] = [];
  let start = 0;
  for (const topicClass of classes) {
    const placed = new Map(
      topicClass.placement?.map(({ topic, partition, replicas }) => [`${topic} ${partition}`, replicas]),
    );
    for (const name of topicNames(topicClass)) {
      topics.push({ name, class: topicClass, firstPartition: topicOf.length });
      for (let partition = 0; partition < topicClass.partitions; partition += 1) {
        topicOf.push(topics.length - 1);
        replicasOf.push(
          placed.get(`${name} ${partition}`)?.map((id) => id - 1) ??
            striped(start + partition, topicClass.replicationFactor, brokerCount),
        );
      }
      start += topicClass.partitions;
    }
  }
  return { topics, partitions: new Partitions(topicOf, replicasOf) };
}

/** Replicas on brokers in a row. */
function striped(start: number, replicationFactor: number, brokers: number): number[] {
  return Array.from({ length: replicationFactor }, (_, replica) => (start + replica) % brokers);
}

function layOutClients(
  scenario: Scenario,
  cluster: ClusterTemplate,
  topics: readonly TopicLayout[],
  hostsOf: (group: string) => number[],
): Pick<Topology, 'producers' | 'consumers' | 'clientThreads'> {
  const producers: ProducerLayout[] = [];
  const consumers: ConsumerLayout[] = [];
  const clientThreads: ClientThreadLayout[] = [];
  const topicsOf = topicFinder(topics);

  for (const thread of planClientThreads(scenario)) {
    const groupHosts = hostsOf(thread.host);
    const classes = thread.role === 'producers' ? scenario.producers : scenario.consumers;
    const mine = thread.clients.filter(({ classIndex }) => classes[classIndex].cluster === cluster.name);
    if (mine.length === 0) continue;
    const host = groupHosts[thread.machine];
    const threadIndex = clientThreads.push({ host, role: thread.role, client: thread.client }) - 1;
    for (const { classIndex, client } of mine) {
      if (thread.role === 'producers') {
        const of = scenario.producers[classIndex];
        producers.push({
          classIndex,
          thread: threadIndex,
          host,
          topics: topicsOf(of.topics),
          config: of.config,
          name: `${of.name}-${client + 1}`,
        });
      } else {
        const of = scenario.consumers[classIndex];
        consumers.push({
          classIndex,
          thread: threadIndex,
          host,
          partitions: assignRange(topics, topicsOf(of.topics), client, of.count),
          config: of.config,
          name: `${of.name}-${client + 1}`,
          mirror: -1,
          group: of.group,
        });
      }
    }
  }
  scenario.mirrors.forEach((mirror, index) => {
    addMirror(mirror, index, cluster, topics, hostsOf, producers, consumers, clientThreads, topicsOf);
  });
  return { producers, consumers, clientThreads };
}

/** Finds the topics of classes, in the order of the file; clients of one producing or consuming class share the list. */
function topicFinder(topics: readonly TopicLayout[]): (classes: readonly string[]) => readonly number[] {
  const ofClass = Map.groupBy(topics.keys(), (topic) => topics[topic].class.name);
  const found = new Map<readonly string[], readonly number[]>();
  return (classes) => {
    const known = found.get(classes);
    if (known !== undefined) return known;
    const list = [...new Set(classes)].flatMap((name) => ofClass.get(name) ?? []).sort((x, y) => x - y);
    found.set(classes, list);
    return list;
  };
}

/** A mirror reads on a thread beside the cluster that it reads from, and writes on one beside the other. */
function addMirror(
  mirror: Mirror,
  index: number,
  cluster: ClusterTemplate,
  topics: readonly TopicLayout[],
  hostsOf: (group: string) => number[],
  producers: ProducerLayout[],
  consumers: ConsumerLayout[],
  clientThreads: ClientThreadLayout[],
  topicsOf: (classes: readonly string[]) => readonly number[],
): void {
  const [host] = hostsOf(mirror.host);
  for (let client = 0; client < mirror.count; client += 1) {
    if (mirror.from === cluster.name) {
      const thread = clientThreads.push({ host, role: 'consumers', client: 'brokertwin' }) - 1;
      const partitions = assignRange(topics, topicsOf(mirror.topics), client, mirror.count);
      const name = `${mirror.name}-source-${client + 1}`;
      consumers.push({
        classIndex: -1,
        thread,
        host,
        partitions,
        config: mirror.consumer,
        name,
        mirror: index,
        group: mirror.name,
      });
    }
    if (mirror.to === cluster.name) {
      const thread = clientThreads.push({ host, role: 'producers', client: 'brokertwin' }) - 1;
      const name = `${mirror.name}-target-${client + 1}`;
      producers.push({
        classIndex: -1,
        thread,
        host,
        topics: topicsOf(mirror.topics),
        config: mirror.producer,
        name,
      });
    }
  }
}

/** Kafka's range assignor: of every topic a run of partitions, the first members one more when it does not divide. */
function assignRange(
  topics: readonly TopicLayout[],
  wanted: readonly number[],
  member: number,
  members: number,
): number[] {
  const assigned: number[] = [];
  for (const topic of wanted) {
    const { firstPartition, class: topicClass } = topics[topic];
    const each = Math.floor(topicClass.partitions / members);
    const more = topicClass.partitions % members;
    const start = firstPartition + member * each + Math.min(member, more);
    const end = start + each + (member < more ? 1 : 0);
    for (let partition = start; partition < end; partition += 1) assigned.push(partition);
  }
  return assigned;
}
