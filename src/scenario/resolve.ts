/** From a file's own values to a whole `Scenario`: defaults filled in, references followed. */
import path from 'node:path';
import { UserError } from '../errors/errors.ts';
import type { TimedOperation } from '../operations/operation.ts';
import {
  BROKER_PROPERTIES,
  brokerConfig,
  CONSUMER_PROPERTIES,
  consumerConfig,
  PRODUCER_PROPERTIES,
  producerConfig,
  TOPIC_PROPERTIES,
  topicConfig,
} from './kafka-defaults.ts';
import { type KafkaLine, type PropertyTable, plainText } from './kafka-property.ts';
import { suggestion } from './nearest.ts';
import { readPlacement } from './placement.ts';
import type { Problems } from './problems.ts';
import { resolveOperation, statedOperation } from './resolve-operation.ts';
import { resolveRate } from './resolve-rate.ts';
import type {
  ClusterTemplate,
  ConsumerClass,
  HostGroup,
  Key,
  Link,
  Mirror,
  Phase,
  ProducerClass,
  RunPlan,
  Scenario,
  Size,
  TopicClass,
} from './scenario.ts';
import { API_VERSION, type ScenarioFile } from './schema.ts';
import { DEFAULT_KAFKA, kafkaLineOf } from './schema-values.ts';
import { DEFAULT_SASL_MECHANISM, hasSasl } from './security-protocols.ts';
import { topicClassNamed } from './topic-names.ts';
import type { Path } from './yaml-source.ts';

const DEFAULT_WARMUP_MS = 5000;
const DEFAULT_DURATION_MS = 30_000;
const DEFAULT_VALUE_BYTES = 1024;
const DEFAULT_KEY_BYTES = 8;
const DEFAULT_BATCH_BYTES = 16_384;

type Entry<Section extends 'hosts' | 'clusters' | 'topics' | 'producers' | 'consumers' | 'mirrors'> =
  NonNullable<ScenarioFile[Section]>[string];

interface ResolveOptions {
  /** Name for a scenario that states none. */
  readonly name: string;
  /** Where sidecar files are looked for. */
  readonly directory: string;
  readonly problems: Problems;
  /** The data as given, to know the names of entries that could not be read. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** The scenario that a file means; what is wrong with it goes to `problems`, and the result is then not to be used. */
export function resolveScenario(file: ScenarioFile, options: ResolveOptions): Scenario {
  return new Resolver(file, options).scenario();
}

class Resolver {
  readonly #file: ScenarioFile;
  readonly #options: ResolveOptions;
  readonly #problems: Problems;
  readonly #hosts: readonly HostGroup[];
  readonly #clusters: readonly ClusterTemplate[];
  /** The broker settings that each cluster states, before they became text. */
  readonly #statedOfBrokers = new Map<string, NonNullable<Entry<'clusters'>['brokers']>['config']>();
  #topics: readonly TopicClass[] = [];

  constructor(file: ScenarioFile, options: ResolveOptions) {
    this.#file = file;
    this.#options = options;
    this.#problems = options.problems;
    this.#hosts = entries(file.hosts ?? { local: {} }).map(([name, entry]) => hostGroup(name, entry));
    this.#clusters = this.#resolveClusters();
    for (const [name, { disk }] of entries(file.hosts ?? {})) {
      if (typeof disk !== 'object' || Object.keys(disk).length > 0) continue;
      this.#problems.value(
        ['hosts', name, 'disk'],
        'expected a rate such as 500MB/s or { kind: ssd }, found {}',
      );
    }
  }

  scenario(): Scenario {
    const file = this.#file;
    this.#topics = entries(file.topics).map(([name, entry]) => this.#topic(name, entry));
    const mirrors = entries(file.mirrors ?? {}).map(([name, entry]) => this.#mirror(name, entry));
    return {
      apiVersion: API_VERSION,
      name: file.name ?? this.#options.name,
      question: file.question ?? null,
      hosts: this.#hosts,
      clusters: this.#clusters,
      links: (file.links ?? []).map((link, index) => this.#link(link, index)),
      topics: this.#topics,
      producers: entries(file.producers ?? {}).map(([name, entry]) => this.#producer(name, entry)),
      consumers: entries(file.consumers ?? {}).map(([name, entry]) => this.#consumer(name, entry)),
      mirrors,
      operations: (file.operations ?? []).map((entry, index) => this.#operation(entry, index)),
      levels: file.levels ?? [],
      run: runPlan(file.run),
    };
  }

  /** The names of a section: those in the file, readable or not, or those that stand in for it. */
  #names(section: 'hosts' | 'clusters' | 'topics'): string[] {
    const given = this.#options.data[section];
    if (typeof given === 'object' && given !== null) return Object.keys(given);
    if (section === 'hosts') return this.#hosts.map(({ name }) => name);
    return section === 'clusters' ? this.#clusters.map(({ name }) => name) : [];
  }

  #reference(section: 'hosts' | 'clusters' | 'topics', name: string, at: Path): string {
    const names = this.#names(section);
    if (!names.includes(name)) {
      const what = section.slice(0, -1);
      this.#problems.value(at, `unknown ${what} "${name}"${suggestion(name, names)}`, [[section]]);
    }
    return name;
  }

  #hostOf(stated: string | undefined, at: Path): string {
    if (stated !== undefined) return this.#reference('hosts', stated, [...at, 'host']);
    return this.#only('hosts', 'host', at);
  }

  #clusterOf(stated: string | undefined, at: Path): ClusterTemplate | undefined {
    const name =
      stated === undefined
        ? this.#only('clusters', 'cluster', at)
        : this.#reference('clusters', stated, [...at, 'cluster']);
    return this.#clusters.find((cluster) => cluster.name === name);
  }

  #only(section: 'hosts' | 'clusters', key: string, at: Path): string {
    const names = this.#names(section);
    if (names.length > 1) {
      this.#problems.key(
        [...at, key],
        `missing key "${key}" in ${this.#problems.nameOf(at)}: expected one of ${names.join(', ')}`,
        [[section], ['clusters']],
      );
    }
    return names[0] ?? '';
  }

  #resolveClusters(): ClusterTemplate[] {
    const { cluster, clusters } = this.#file;
    if (cluster !== undefined && clusters !== undefined) {
      this.#problems.key(['clusters'], 'expected cluster or clusters, found both: remove one');
    }
    if (clusters === undefined) return [this.#cluster('cluster', cluster ?? {}, ['cluster'])];
    return entries(clusters).map(([name, entry]) => this.#cluster(name, entry, ['clusters', name]));
  }

  #cluster(name: string, entry: Entry<'clusters'>, at: Path): ClusterTemplate {
    const host = this.#hostOf(entry.brokers?.host, [...at, 'brokers']);
    const count = entry.brokers?.count ?? this.#hosts.find((group) => group.name === host)?.count ?? 1;
    const kafkaVersions = this.#kafkaVersions(entry.kafka ?? DEFAULT_KAFKA, count, at);
    const kafka = kafkaVersions.reduce((lowest, it) => (isLower(it, lowest) ? it : lowest));
    const stated = entry.brokers?.config ?? {};
    this.#statedOfBrokers.set(name, stated);
    for (const version of new Set(kafkaVersions)) this.#checkProperties(stated, version, at);
    const line = lineOf(kafka);
    const { mode = 'combined', host: controllerHost = null } = entry.controllers ?? {};
    if (controllerHost !== null) this.#reference('hosts', controllerHost, [...at, 'controllers', 'host']);
    return {
      name,
      count: entry.count ?? 1,
      dataCentre: entry.dataCentre ?? null,
      kafka,
      kafkaVersions,
      ...securityOf(entry.security),
      brokers: { host, count, config: brokerConfig(stated, line), stated: plain(BROKER_PROPERTIES, stated) },
      controllers: {
        mode,
        count: entry.controllers?.count ?? (mode === 'combined' && count < 3 ? 1 : 3),
        host: controllerHost,
      },
    };
  }

  /** The version of each broker: the stated ones in turn. */
  #kafkaVersions(stated: string | readonly string[], brokers: number, at: Path): string[] {
    const place = [...at, 'kafka'];
    const versions = [stated].flat();
    if (versions.length > brokers || (versions.length === 0 && !this.#problems.isBrokenInside(place))) {
      this.#problems.value(
        place,
        `expected versions for ${brokers} broker${brokers === 1 ? '' : 's'}, found ${versions.length}`,
        [
          [...at, 'brokers', 'count'],
          [...at, 'brokers', 'host'],
        ],
      );
    }
    return Array.from({ length: brokers }, (_, index) => versions[index % versions.length] ?? DEFAULT_KAFKA);
  }

  #checkProperties(stated: Readonly<Record<string, unknown>>, kafka: string, at: Path): void {
    for (const [key, property] of Object.entries<PropertyTable[string]>(BROKER_PROPERTIES)) {
      if (Object.hasOwn(stated, key) && property.absentIn?.includes(lineOf(kafka))) {
        this.#problems.key(
          [...at, 'brokers', 'config', key],
          `expected a broker property of Kafka ${kafka}, found "${key}", which that version does not have: remove it`,
          [[...at, 'kafka']],
        );
      }
    }
  }

  #operation(entry: NonNullable<ScenarioFile['operations']>[number], index: number): TimedOperation {
    const at = ['operations', index];
    const stated = statedOperation(entry, at, this.#problems);
    // Without an action nothing is played: the entry only keeps its place in the list.
    if (stated === null) return { atMs: entry.at, action: 'heal', cluster: '', instance: 1 };
    const under = entry[stated.action];
    const body = resolveOperation(stated, this.#problems);
    if ('topic' in body && body.topic !== undefined) this.#topicNamed(body.topic, [...stated.place, 'topic']);
    return {
      ...body,
      atMs: entry.at,
      cluster: this.#clusterOf(under?.cluster, stated.place)?.name ?? '',
      instance: under?.instance ?? 1,
    };
  }

  /** A topic class, or a single topic of one. */
  #topicNamed(stated: string, at: Path): void {
    if (topicClassNamed(this.#topics, stated) === undefined) this.#reference('topics', stated, at);
  }

  #link(link: NonNullable<ScenarioFile['links']>[number], index: number): Link {
    const at = ['links', index, 'between'];
    const centres = [...new Set(this.#clusters.flatMap(({ dataCentre }) => dataCentre ?? []))];
    const two = link.between.length === 2 && link.between[0] !== link.between[1];
    if (!two && !this.#problems.isBrokenInside(at)) {
      this.#problems.value(at, `expected two different data centres, found ${link.between.join(', ')}`);
    }
    link.between.forEach((name, end) => {
      if (centres.includes(name) || this.#problems.isBrokenInside(['clusters'])) return;
      this.#problems.value([...at, end], `unknown data centre "${name}"${suggestion(name, centres)}`);
    });
    return {
      between: [link.between[0] ?? '', link.between[1] ?? ''],
      latencyMs: link.latency,
      bytesPerSecond: link.bandwidth ?? null,
    };
  }

  #topic(name: string, entry: Entry<'topics'>): TopicClass {
    const at = ['topics', name];
    const cluster = this.#clusterOf(entry.cluster, at);
    const broker = cluster?.brokers.config ?? brokerConfig({}, '4.3');
    const statedOfBroker = this.#statedOfBrokers.get(cluster?.name ?? '') ?? {};
    const topic = {
      name,
      count: entry.count ?? 1,
      cluster: cluster?.name ?? '',
      partitions: entry.partitions ?? broker['num.partitions'],
      replicationFactor: entry['replication.factor'] ?? broker['default.replication.factor'],
      config: topicConfig(entry.config, { config: broker, stated: statedOfBroker }),
      stated: plain(TOPIC_PROPERTIES, entry.config),
      skew: entry.skew ?? null,
      ...historyOf(entry.history),
    };
    return { ...topic, placement: this.#placement(entry.placement, topic, cluster) };
  }

  #placement(
    file: string | undefined,
    topic: Omit<TopicClass, 'placement'>,
    cluster: ClusterTemplate | undefined,
  ): TopicClass['placement'] {
    if (file === undefined || cluster === undefined) return null;
    // Against a topic or a cluster that is not what was meant every line would be wrong.
    if ([['topics', topic.name], ['cluster'], ['clusters']].some((it) => this.#problems.isBrokenInside(it)))
      return null;
    const at = ['topics', topic.name, 'placement'];
    const brokers = new Set(Array.from({ length: cluster.brokers.count }, (_, index) => index + 1));
    try {
      const where = this.#problems.positionOf(at);
      return readPlacement(path.join(this.#options.directory, file), where, topic, brokers);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      for (const line of error.lines) this.#problems.elsewhere(at, line);
      return null;
    }
  }

  /** The topics that a client class names, and the cluster that it talks to. */
  #topicsOf(
    entry: { readonly topics: string | readonly string[]; readonly cluster?: string | undefined },
    at: Path,
  ): { topics: readonly string[]; cluster: string } {
    const topics = this.#topicList(entry.topics, [...at, 'topics']);
    if (entry.cluster !== undefined) {
      return { topics, cluster: this.#reference('clusters', entry.cluster, [...at, 'cluster']) };
    }
    const home = this.#topics.find((topic) => topic.name === topics[0]);
    return { topics, cluster: home?.cluster ?? '' };
  }

  #topicList(stated: string | readonly string[], at: Path): readonly string[] {
    const topics = typeof stated === 'string' ? [stated] : stated;
    if (topics.length === 0 && !this.#problems.isBrokenInside(at))
      this.#problems.value(at, 'expected at least one topic, found an empty list');
    topics.forEach((topic, index) => {
      const place = typeof stated === 'string' ? at : [...at, index];
      this.#reference('topics', topic, place);
      if (topics.indexOf(topic) < index)
        this.#problems.value(place, `topic "${topic}" named twice: remove one`);
    });
    return topics;
  }

  #producer(name: string, entry: Entry<'producers'>): ProducerClass {
    const at = ['producers', name];
    return {
      name,
      ...this.#topicsOf(entry, at),
      host: this.#hostOf(entry.host, at),
      client: entry.client ?? 'brokertwin',
      count: entry.count ?? 1,
      rate: resolveRate(entry.rate, [...at, 'rate'], this.#options),
      record: {
        value: sizeOf(entry.record?.value ?? DEFAULT_VALUE_BYTES),
        key: keyOf(entry.record?.key),
        headersBytes: entry.record?.headers ?? 0,
        ...(entry.record?.compressionRate === undefined
          ? {}
          : { compressionRate: entry.record.compressionRate }),
      },
      config: producerConfig(entry.config),
      ...(entry.transaction === undefined ? {} : { transactionMs: entry.transaction }),
      stated: plain(PRODUCER_PROPERTIES, entry.config),
      ...quotaOf(entry.quota, entry.quota?.producer_byte_rate),
    };
  }

  #consumer(name: string, entry: Entry<'consumers'>): ConsumerClass {
    const at = ['consumers', name];
    return {
      name,
      ...this.#topicsOf(entry, at),
      host: this.#hostOf(entry.host, at),
      client: entry.client ?? 'brokertwin',
      group: entry.group ?? name,
      count: entry.count ?? 1,
      processUs: (entry.process ?? 0) / 1000,
      ...pausesOf(entry.pause),
      config: consumerConfig(entry.config),
      stated: plain(CONSUMER_PROPERTIES, entry.config),
      ...quotaOf(entry.quota, entry.quota?.consumer_byte_rate),
    };
  }

  #mirror(name: string, entry: Entry<'mirrors'>): Mirror {
    const at = ['mirrors', name];
    return {
      name,
      from: this.#reference('clusters', entry.from, [...at, 'from']),
      to: this.#reference('clusters', entry.to, [...at, 'to']),
      topics: this.#topicList(entry.topics, [...at, 'topics']),
      host: this.#hostOf(entry.host, at),
      count: entry.count ?? 1,
      client: entry.client ?? 'brokertwin',
      consumer: consumerConfig(entry.consumer?.config ?? {}),
      producer: producerConfig(entry.producer?.config ?? {}),
    };
  }
}

function hostGroup(name: string, entry: Entry<'hosts'>): HostGroup {
  return {
    name,
    profile: entry.profile ?? 'local',
    count: entry.count ?? 1,
    zones: entry.zones ?? [],
    racks: entry.racks ?? [],
    hardware: {
      cores: entry.cores ?? null,
      memoryBytes: entry.memory ?? null,
      nicBytesPerSecond: entry.nic ?? null,
      nicBufferBytes: entry.nicBuffer ?? null,
      ...(entry.latency === undefined ? {} : { latencyMs: entry.latency }),
      ...diskOf(entry.disk),
    },
    logDirs: { count: entry.logDirs?.count ?? 1, bytes: entry.logDirs?.size ?? null },
  };
}

function securityOf(stated: Entry<'clusters'>['security']): Pick<ClusterTemplate, 'security'> {
  if (stated === undefined) return {};
  const { clients = 'PLAINTEXT', brokers = 'PLAINTEXT', 'sasl.mechanism': mechanism } = stated;
  const saslMechanism = mechanism ?? ([clients, brokers].some(hasSasl) ? DEFAULT_SASL_MECHANISM : null);
  return { security: { clients, brokers, ...(saslMechanism === null ? {} : { saslMechanism }) } };
}

function diskOf(
  stated: Entry<'hosts'>['disk'],
): Pick<HostGroup['hardware'], 'diskWriteBytesPerSecond' | 'disk'> {
  if (stated === undefined || typeof stated === 'number') return { diskWriteBytesPerSecond: stated ?? null };
  const us = (ns: number | undefined): number | undefined => (ns === undefined ? undefined : ns / 1000);
  const disk = {
    kind: stated.kind,
    readBytesPerSecond: stated.read,
    writeBytesPerSecond: stated.write,
    operationsPerSecond: stated.iops,
    readLatencyUs: us(stated.readLatency),
    writeLatencyUs: us(stated.writeLatency),
    syncUs: us(stated.sync),
    queueDepth: stated.queueDepth,
  };
  const isStated = Object.entries(disk).filter(([, value]) => value !== undefined);
  return { diskWriteBytesPerSecond: stated.write ?? null, disk: Object.fromEntries(isStated) };
}

function quotaOf(
  stated: { readonly request_percentage?: number | undefined } | undefined,
  bytesPerSecond: number | undefined,
): Pick<ProducerClass, 'quota'> {
  if (stated === undefined) return {};
  const { request_percentage: requestPercentage = null } = stated;
  return { quota: { bytesPerSecond: bytesPerSecond ?? null, requestPercentage } };
}

function pausesOf(stated: Entry<'consumers'>['pause']): Pick<ConsumerClass, 'pauses'> {
  if (stated === undefined) return {};
  return { pauses: stated.map(({ at, for: durationMs }) => ({ atMs: at, durationMs })) };
}

function historyOf(stated: Entry<'topics'>['history']): Pick<TopicClass, 'history'> {
  if (stated === undefined) return {};
  const { size, record = DEFAULT_VALUE_BYTES, batch = DEFAULT_BATCH_BYTES } = stated;
  return { history: { bytes: size, valueBytes: record, batchBytes: batch } };
}

function lineOf(kafka: string): KafkaLine {
  return kafkaLineOf(kafka) ?? '4.3';
}

/** Whether a full version of Kafka comes before another. */
function isLower(version: string, other: string): boolean {
  const [parts, others] = [version, other].map((it) => it.split('.').map(Number));
  const differing = parts.findIndex((part, index) => part !== others[index]);
  return differing >= 0 && parts[differing] < others[differing];
}

function sizeOf(size: NonNullable<NonNullable<Entry<'producers'>['record']>['value']>): Size {
  if (typeof size === 'number') return { kind: 'constant', bytes: size };
  return { kind: 'lognormal', medianBytes: size.lognormal.median, p99Bytes: size.lognormal.p99 };
}

function keyOf(key: NonNullable<Entry<'producers'>['record']>['key']): Key | null {
  if (key === undefined) return null;
  return { cardinality: key.cardinality, bytes: key.size ?? DEFAULT_KEY_BYTES, zipf: key.zipf ?? null };
}

function runPlan(run: ScenarioFile['run'] = {}): RunPlan {
  const warmupMs = run.warmup ?? DEFAULT_WARMUP_MS;
  const durationMs = run.duration ?? DEFAULT_DURATION_MS;
  const phases = (run.phases ?? [{ name: 'run' }]).map(
    (phase): Phase => ({
      name: phase.name,
      load: phase.load ?? 1,
      warmupMs: phase.warmup ?? warmupMs,
      durationMs: phase.duration ?? durationMs,
    }),
  );
  return {
    seed: run.seed ?? 1,
    fidelity: run.fidelity ?? 'auto',
    threads: { producers: run.threads?.producers ?? 1, consumers: run.threads?.consumers ?? 1 },
    phases,
  };
}

/** What the scenario states, in the notation of Kafka's properties files. */
function plain(table: PropertyTable, stated: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(stated).map(([key, value]) => [key, plainText(table[key], value)]),
  );
}

function entries<Value>(map: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(map);
}
