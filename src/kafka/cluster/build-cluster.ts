/** Turns a laid-out cluster, the profiles of its hosts and a phase into the fixed parts of a shard, and starts it. */
import type { HostCpu } from '../../hardware/machines.ts';
import type { NicRules } from '../../hardware/nic.ts';
import { ENTITIES_PER_SHARD } from '../../kernel/parallel/shard.ts';
import { Simulation } from '../../kernel/simulation.ts';
import { NS_PER_MS, NS_PER_SECOND } from '../../kernel/time.ts';
import type { Profile } from '../../profile/profile.ts';
import type { Phase, Scenario } from '../../scenario/scenario.ts';
import type { Broker } from '../broker/broker.ts';
import { parallelCollectors } from '../broker/heaps.ts';
import { START_THREADS } from '../broker/lives.ts';
import type { ReplicaFetcher } from '../broker/replica-fetcher.ts';
import type { FetchSession } from '../broker/replica-manager.ts';
import type { ProducerClient } from '../clients/accumulator.ts';
import type { Backoff } from '../clients/backoff.ts';
import type { Collector } from '../clients/collectors.ts';
import type { ConsumerClient } from '../clients/consumers.ts';
import type { JavaProducer } from '../clients/java-producers.ts';
import type { Schedule } from '../clients/producers.ts';
import { ClusterModel, type ThreadRole } from '../cluster-model.ts';
import type { CompressionLayout } from '../compression.ts';
import { type Costs, costsOf, javaCostsOf } from '../costs.ts';
import { NONE } from '../requests.ts';
import type { PlannedOperation } from '../timeline.ts';
import { type ConnectionEnd, Connections } from './connections.ts';
import { clientSockets, followerSockets, LEFT_TO_THE_SYSTEM, mirrorLink, placesOf } from './distances.ts';
import { javaRate, layOutCompression } from './lay-out-compression.ts';
import { layOutHosts } from './lay-out-hosts.ts';
import { byLeader, type FetcherLayout, layOutFetchers, mayLead } from './lay-out-readers.ts';
import { SharesLayout } from './lay-out-shares.ts';
import { layOutStorage } from './lay-out-storage.ts';
import { wakeUpCpuOf } from './lay-out-threads.ts';
import { layOutTls } from './lay-out-tls.ts';
import { layOutUpkeep } from './lay-out-upkeep.ts';
import { mirrorTarget } from './mirror-target.ts';
import { planOperations } from './plan-operations.ts';
import { producerLimits, recordBytesOf } from './record-size.ts';
import { layOut, planShards, type Topology } from './topology.ts';

/** What a shard is built from; plain data, so that it can be sent to a worker. */
export interface ShardInput {
  readonly scenario: Scenario;
  /** By host group. */
  readonly profiles: Readonly<Record<string, Profile>>;
  readonly phase: Phase;
  /** Seed of the order of what happens at the same moment; 0 for the plain order. */
  readonly tieSeed: number;
  /** All hosts are parts of one machine with so many cores; null: each is a machine of its own. */
  readonly sharedCores: number | null;
  /** The producers begin one after the other over this time, as those of a fleet did some day; 0 if not given: together. */
  readonly producersStartOverNs?: number;
  /** For tests, which switch the network's mechanisms off. */
  readonly nicRules?: NicRules;
  /** What clients ask for besides records: commits, heartbeats, metadata. Tests switch it off. */
  readonly hasUpkeep?: boolean;
}

const LIMITS = { eventsPending: 16_777_216, eventsPerInstant: 1_000_000 };
const WINDOW_NS = NS_PER_SECOND;

/** Builds the shard of that number, ready to run. */
export function buildCluster(input: ShardInput, shard: number): ClusterModel {
  const sim = new Simulation({
    seed: `${input.scenario.run.seed}/${planShards(input.scenario)[shard].name}`,
    entityBase: shard * ENTITIES_PER_SHARD,
    limits: LIMITS,
  });
  sim.exploreTies(input.tieSeed);
  return new Builder(input, shard, sim).build();
}

class Builder {
  readonly #input: ShardInput;
  readonly #sim: Simulation;
  readonly #topology: Topology;
  readonly #costs: readonly Costs[];
  readonly #profiles: readonly Profile[];
  readonly #threads: ThreadRole[] = [];
  readonly #connections: Connections;
  readonly #sessions: FetchSession[] = [];
  readonly #fetchers: ReplicaFetcher[] = [];
  readonly #compression: CompressionLayout;
  readonly #shares: SharesLayout;
  readonly #shard: number;
  readonly #operations: readonly PlannedOperation[];

  constructor(input: ShardInput, shard: number, sim: Simulation) {
    this.#input = input;
    this.#shard = shard;
    this.#sim = sim;
    const { scenario, hasUpkeep = true } = input;
    const plan = planShards(scenario)[shard];
    this.#topology = layOut(scenario, plan, hasUpkeep);
    this.#operations = planOperations(scenario, plan, this.#topology);
    this.#profiles = this.#topology.hosts.map((host) => input.profiles[host.group]);
    this.#costs = this.#profiles.map((profile) => costsOf(profile));
    this.#connections = new Connections(placesOf(input.scenario, this.#topology, this.#costs));
    this.#shares = new SharesLayout(input.scenario);
    const records = this.#topology.producers.map((layout) => this.#recordsOf(layout));
    this.#compression = layOutCompression(this.#topology, this.#profiles, records);
  }

  get #leadersChange(): boolean {
    return this.#operations.length > 0;
  }

  build(): ClusterModel {
    const { scenario, phase } = this.#input;
    const topology = this.#topology;
    const mirrorClients = topology.producers.flatMap((producer, index) =>
      producer.classIndex < 0 ? [index] : [],
    );
    const mirrorEntities = mirrorClients.map((client) => this.#sim.entity(topology.producers[client].name));
    const { hostCpus, hostNics, timeSlices } = layOutHosts({
      sim: this.#sim,
      scenario,
      topology,
      profiles: this.#profiles,
      costs: this.#costs,
      sharedCores: this.#input.sharedCores,
    });
    this.#addHeapCollectors(hostCpus);
    const brokers = this.#brokers();
    for (const layout of layOutFetchers(topology, this.#leadersChange)) this.#addFetcher(brokers, layout);
    const clientEntities = topology.clientThreads.map((thread, index) =>
      this.#sim.entity(`${thread.role} thread ${index + 1} on ${topology.hosts[thread.host].name}`),
    );
    const producers = this.#producers(brokers, clientEntities);
    const consumers = this.#consumers(brokers, clientEntities);
    const upkeep = layOutUpkeep({
      sim: this.#sim,
      scenario,
      topology,
      producers: producers.producerClients,
      consumers: consumers.consumerClients,
      sessions: this.#sessions,
      entities: clientEntities,
      refreshes: this.#input.hasUpkeep ?? true,
      leadersChange: this.#leadersChange,
      connect: (broker, consumer) =>
        this.#connections.open(brokers[broker], this.#endOf(topology.consumers[consumer], clientEntities)),
    });
    return new ClusterModel(this.#sim, {
      topology,
      hostCpus,
      timeSlices,
      hostNics,
      linkLines: scenario.links,
      ...(this.#input.nicRules === undefined ? {} : { nicRules: this.#input.nicRules }),
      storage: layOutStorage(scenario, topology, this.#input.profiles, hostCpus),
      compression: this.#compression,
      tls: layOutTls(topology, this.#profiles, brokers, clientEntities, this.#connections.list),
      brokers,
      threads: this.#threads,
      connections: this.#connections.list,
      sessions: this.#sessions,
      fetchers: this.#fetchers,
      ...producers,
      ...consumers,
      ...upkeep,
      mirrorTargets: { firstEntity: mirrorEntities[0] ?? NONE, clients: mirrorClients },
      collectors: this.#collectors(producers.producerThreads, consumers.consumerThreads),
      clientBackground: this.#clientBackground(),
      recorder: {
        warmNs: phase.warmupMs * NS_PER_MS,
        endNs: (phase.warmupMs + phase.durationMs) * NS_PER_MS,
        windowNs: WINDOW_NS,
        producerClasses: scenario.producers.length,
        consumerClasses: scenario.consumers.length,
        brokers: brokers.length,
      },
      operations: this.#operations,
    });
  }

  #thread(role: ThreadRole['role'], index: number, host: number): number {
    const wakeUpCpu = wakeUpCpuOf(role, this.#costs[host], this.#profiles[host]);
    return this.#threads.push({ role, index, host, wakeUpCpu }) - 1;
  }

  #addHeapCollectors(hostCpus: readonly HostCpu[]): void {
    this.#topology.brokers.forEach(({ host }, index) => {
      if (this.#costs[host].gcYoungBytes === 0) return;
      times(parallelCollectors(hostCpus[host].cores), () => this.#thread('heapCollector', index, host));
    });
  }

  #brokers(): Broker[] {
    const { config } = this.#topology.cluster.brokers;
    return this.#topology.brokers.map(({ id, host }, index) => ({
      index,
      id,
      host,
      entity: this.#sim.entity(`broker ${id}`),
      costs: this.#costs[host],
      config,
      networkThreads: times(config['num.network.threads'], () => this.#thread('network', index, host)),
      handlerThreads: times(config['num.io.threads'], () => this.#thread('handler', index, host)),
      backgroundThread: this.#thread('background', index, host),
      startThreads: this.#leadersChange ? times(START_THREADS, () => this.#thread('start', index, host)) : [],
    }));
  }

  #addFetcher(brokers: readonly Broker[], layout: FetcherLayout): void {
    const [follower, leader] = [brokers[layout.follower], brokers[layout.leader]];
    const { config } = follower;
    const index = this.#fetchers.length;
    const session = this.#sessions.push({
      isFollower: true,
      broker: leader.index,
      connection: this.#connections.open(leader, {
        host: follower.host,
        entity: follower.entity,
        sockets: followerSockets(config),
      }),
      owner: index,
      partitions: layout.partitions,
      minBytes: config['replica.fetch.min.bytes'],
      maxBytes: config['replica.fetch.response.max.bytes'],
      partitionMaxBytes: config['replica.fetch.max.bytes'],
      maxWaitNs: config['replica.fetch.wait.max.ms'] * NS_PER_MS,
      readsHistory: false,
    });
    this.#fetchers.push({
      number: layout.number,
      follower: follower.index,
      thread: this.#thread('fetcher', index, follower.host),
      session: session - 1,
    });
  }

  #producers(brokers: readonly Broker[], entities: readonly number[]) {
    const { scenario } = this.#input;
    const { topics, partitions, producers, clientThreads } = this.#topology;
    const slotPartition: number[] = [];
    const slotLink: number[] = [];
    let lanes = 0;
    let links = 0;
    const threads = this.#clientThreadsOf('producers', 'producer', entities);
    const clients = producers.map((layout, index): ProducerClient => {
      const { config } = layout;
      const firstLink = links;
      const linkOf = new Map<number, { index: number; broker: number; slots: number[] }>();
      const ofTopics = layout.topics.map((topic) => {
        const { firstPartition, class: topicClass } = topics[topic];
        const firstSlot = slotPartition.length;
        for (let offset = 0; offset < topicClass.partitions; offset += 1) {
          const broker = partitions.leader(firstPartition + offset);
          const link = linkOf.get(broker) ?? { index: firstLink + linkOf.size, broker, slots: [] };
          linkOf.set(broker, link);
          link.slots.push(slotPartition.length);
          slotLink.push(link.index);
          slotPartition.push(firstPartition + offset);
        }
        lanes += 1;
        return { firstSlot, partitions: topicClass.partitions, lane: lanes - 1 };
      });
      links += linkOf.size;
      const of = layout.classIndex < 0 ? null : scenario.producers[layout.classIndex];
      const bytes = recordBytesOf(this.#recordsOf(layout).record, config['batch.size']);
      const limits = producerLimits(
        config,
        bytes,
        javaRate(this.#compression, index, clientThreads[layout.thread]),
      );
      const connectionOf = this.#connections.openAll(
        brokers,
        this.#leadersChange ? mayLead(this.#topology, layout.topics) : [...linkOf.keys()],
        {
          host: layout.host,
          entity: entities[layout.thread],
          sockets: of?.client === 'java' ? clientSockets(config) : LEFT_TO_THE_SYSTEM,
        },
      );
      return {
        classIndex: layout.classIndex,
        clientThread: threads.indexOf[layout.thread] ?? NONE,
        host: layout.host,
        recordBytes: bytes,
        shares:
          of === null
            ? null
            : this.#shares.of(
                of.name,
                of.record.key,
                layout.topics.map((topic) => topics[topic]),
              ),
        acks: config.acks,
        lingerNs: config['linger.ms'] * NS_PER_MS,
        ...limits,
        // A mirror has no back-pressure of its own: what it reads, it holds until it is written.
        bufferBytes: of === null ? Number.MAX_SAFE_INTEGER : config['buffer.memory'],
        inFlightMax: config['max.in.flight.requests.per.connection'],
        adaptive: config['partitioner.adaptive.partitioning.enable'],
        topics: ofTopics,
        entity: entities[layout.thread],
        deliveryTimeoutNs: config['delivery.timeout.ms'] * NS_PER_MS,
        requestTimeoutNs: config['request.timeout.ms'] * NS_PER_MS,
        backoff: this.#backoff(layout),
        connectionOf,
        links: [...linkOf.values()].map(({ index, broker, slots }) => ({
          index,
          broker,
          connection: connectionOf[broker],
          slots,
        })),
        stream: this.#sim.random.stream(`producer/${layout.name}/sticky`),
      };
    });
    const ofThread = Map.groupBy(producers.keys(), (index) => producers[index].thread);
    return {
      producerThreads: threads.list.map((thread) => ({
        ...thread,
        clients: ofThread.get(thread.layout) ?? [],
      })),
      producerClients: clients,
      javaProducers: this.#javaProducers(entities),
      schedules: producers.map((layout, index) => this.#schedule(layout, index / producers.length)),
      slotPartition,
      slotLink,
      lanes,
      links,
    };
  }

  #backoff({ config, thread }: Topology['producers'][number] | Topology['consumers'][number]): Backoff {
    return {
      isJava: this.#topology.clientThreads[thread].client === 'java',
      retryMs: config['retry.backoff.ms'],
      retryMaxMs: config['retry.backoff.max.ms'],
    };
  }

  /** The class that makes a client's records; those of a mirror are as the first producing class makes them. */
  #recordsOf({ classIndex, topics }: Topology['producers'][number]): Scenario['producers'][number] {
    const classes = this.#input.scenario.producers;
    if (classIndex >= 0) return classes[classIndex];
    const names = topics.map((topic) => this.#topology.topics[topic].class.name);
    const source = classes.find((producer) => producer.topics.some((topic) => names.includes(topic)));
    if (source === undefined) throw new Error(`nobody produces to what is mirrored (${names.join(', ')})`);
    return source;
  }

  #schedule(layout: Topology['producers'][number], turn: number): Schedule | null {
    if (layout.classIndex < 0) return null;
    const { scenario, phase, producersStartOverNs = 0 } = this.#input;
    const of = scenario.producers[layout.classIndex];
    const endNs = (phase.warmupMs + phase.durationMs) * NS_PER_MS;
    if (phase.load === 'max') return { startNs: 0, gapNs: null, endNs };
    if (of.rate.kind !== 'constant') throw new Error(`rate ${of.rate.kind} of ${of.name} is not simulated`);
    const classGapNs = NS_PER_SECOND / (of.rate.recordsPerSecond * phase.load);
    const client = Number(layout.name.slice(of.name.length + 1)) - 1;
    const startNs = client * classGapNs + turn * producersStartOverNs;
    return { startNs, gapNs: classGapNs * of.count, endNs };
  }

  /** The end of a consumer's connections. */
  #endOf(layout: Topology['consumers'][number], entities: readonly number[]): ConnectionEnd {
    const { scenario } = this.#input;
    const mirror = layout.mirror < 0 ? null : scenario.mirrors[layout.mirror];
    const isKafkas = mirror !== null || scenario.consumers[layout.classIndex].client === 'java';
    return {
      host: layout.host,
      entity: entities[layout.thread],
      sockets: isKafkas ? clientSockets(layout.config) : LEFT_TO_THE_SYSTEM,
      over: mirror === null ? undefined : mirrorLink(scenario, mirror),
    };
  }

  #consumers(brokers: readonly Broker[], entities: readonly number[]) {
    const { scenario } = this.#input;
    const { consumers } = this.#topology;
    const threads = this.#clientThreadsOf('consumers', 'consumer', entities);
    const clients = consumers.map((layout, index): ConsumerClient => {
      const { config } = layout;
      const end = this.#endOf(layout, entities);
      const sessions = byLeader(this.#topology, layout.partitions, this.#leadersChange).map(
        ([broker, of]) =>
          this.#sessions.push({
            isFollower: false,
            broker,
            connection: this.#connections.open(brokers[broker], end),
            owner: index,
            partitions: Int32Array.from(of),
            minBytes: config['fetch.min.bytes'],
            maxBytes: config['fetch.max.bytes'],
            partitionMaxBytes: config['max.partition.fetch.bytes'],
            maxWaitNs: config['fetch.max.wait.ms'] * NS_PER_MS,
            readsHistory: config['auto.offset.reset'] === 'earliest',
          }) - 1,
      );
      return {
        recorderClass: layout.mirror >= 0 ? NONE : scenario.producers.length + layout.classIndex,
        clientThread: threads.indexOf[layout.thread],
        host: layout.host,
        processNs: layout.classIndex < 0 ? 0 : scenario.consumers[layout.classIndex].processUs * 1000,
        pauses: scenario.consumers[layout.classIndex]?.pauses ?? [],
        sessions,
        entity: entities[layout.thread],
        backoff: this.#backoff(layout),
        mirror: layout.mirror < 0 ? null : mirrorTarget(scenario, this.#shard, this.#topology, layout),
      };
    });
    return { consumerThreads: threads.list, consumerClients: clients };
  }

  #clientThreadsOf(
    role: 'producers' | 'consumers',
    threadRole: 'producer' | 'consumer',
    entities: readonly number[],
  ) {
    const list: { thread: number; entity: number; costs: Costs; layout: number }[] = [];
    const indexOf: number[] = [];
    this.#topology.clientThreads.forEach((thread, layout) => {
      const isJava = thread.client === 'java';
      // A Java producer has threads of its own (javaProducers).
      if (thread.role !== role || (isJava && role === 'producers')) return;
      indexOf[layout] = list.length;
      list.push({
        thread: this.#thread(isJava ? 'javaConsumer' : threadRole, list.length, thread.host),
        entity: entities[layout],
        costs: isJava ? this.#javaConsumerCosts(thread.host) : this.#costs[thread.host],
        layout,
      });
    });
    return { list, indexOf };
  }

  /** The application thread and the Sender of each. */
  #javaProducers(entities: readonly number[]): JavaProducer[] {
    const { clientThreads, producers } = this.#topology;
    return producers
      .map((layout, client) => ({ layout, client }))
      .filter(({ layout }) => clientThreads[layout.thread].client === 'java')
      .map(({ layout: { thread, host }, client }, index) => ({
        client,
        entity: entities[thread],
        applicationThread: this.#thread('javaApplication', index, host),
        senderThread: this.#thread('javaSender', index, host),
        collectorThread: this.#thread('javaCollector', index, host),
        costs: javaCostsOf(this.#profiles[host]),
      }));
  }

  /** A Java consumer's application thread does what our own consumer's thread does, at other costs. */
  #javaConsumerCosts(host: number): Costs {
    const java = javaCostsOf(this.#profiles[host]);
    return {
      ...this.#costs[host],
      consumerPerRequestNs: java.consumerPerRequestNs,
      consumerPerRecordNs: java.consumerPerRecordNs,
      consumerPerByteNs: java.consumerPerByteNs,
      consumerGcPerRecordNs: java.consumerGcPerRecordNs,
      consumerGcPerByteNs: 0,
    };
  }

  #collectors(producers: readonly ThreadOfRole[], consumers: readonly ThreadOfRole[]): Collector[] {
    const kinds = [
      { of: 'producers', threads: producers },
      { of: 'consumers', threads: consumers },
    ] as const;
    const collectors: Collector[] = [];
    for (const { of, threads } of kinds) {
      threads.forEach(({ thread, costs }, clientThread) => {
        const { host } = this.#threads[thread];
        const helper = this.#thread('collector', collectors.length, host);
        collectors.push({ thread: helper, costs, of, clientThread });
      });
    }
    return collectors;
  }

  #clientBackground() {
    const { clientThreads } = this.#topology;
    const hosts = [...new Set(clientThreads.map((thread) => thread.host))];
    return hosts.map((host) => {
      const here = clientThreads.filter((thread) => thread.host === host);
      const java = here.filter(({ client }) => client === 'java').length;
      const ours = java < here.length ? this.#costs[host].clientBackgroundCores : 0;
      const ofJava = java > 0 ? java * javaCostsOf(this.#profiles[host]).backgroundCores : 0;
      return { thread: this.#thread('clientBackground', host, host), cores: ours + ofJava };
    });
  }
}

interface ThreadOfRole {
  readonly thread: number;
  readonly costs: Costs;
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
