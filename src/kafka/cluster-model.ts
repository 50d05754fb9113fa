/**
 * One cluster with its clients, as one shard of the simulation. Owns the parts and the dispatch of events and of
 * finished thread jobs; every mechanism lives in the part's own file.
 *
 *   Producers ─► Accumulator ─► SocketServer ─► RequestHandlers ─► ReplicaManager ─► SocketServer ─► Producers
 *                                     ▲                                  ▲  │
 *   Consumers, ReplicaFetchers ───────┴──────────────────────────────────┘  └─► (purgatory, high watermark)
 */
import { Cpus, type ThreadOwner } from '../hardware/cpu.ts';
import type { HostCpu } from '../hardware/machines.ts';
import { type HostNic, type LinkLine, type NicRules, Nics } from '../hardware/nic.ts';
import type { TimeSlices } from '../hardware/run-queues.ts';
import type { WakeUpCpu } from '../hardware/wake-ups.ts';
import type { Model, Simulation } from '../kernel/simulation.ts';
import { BACKGROUND_TICK_NS, Background } from './background.ts';
import { Batches } from './batches.ts';
import type { Broker } from './broker/broker.ts';
import { ClientQuotas, type ConnectionQuota } from './broker/client-quotas.ts';
import { Heaps } from './broker/heaps.ts';
import type { Lives } from './broker/lives.ts';
import { Logs } from './broker/log.ts';
import { LogManager } from './broker/log-manager.ts';
import { type ReplicaFetcher, ReplicaFetchers } from './broker/replica-fetcher.ts';
import { type FetchSession, ReplicaManager } from './broker/replica-manager.ts';
import { RequestHandlers } from './broker/request-handlers.ts';
import { type Connection, flowsOf, isResponse, SocketServer } from './broker/socket-server.ts';
import { TopicHistory } from './broker/topic-history.ts';
import { Accumulator, type ProducerClient } from './clients/accumulator.ts';
import { type Collector, Collectors } from './clients/collectors.ts';
import { type ConsumerClient, Consumers, type ConsumerThread } from './clients/consumers.ts';
import { type GroupMember, GroupMembers } from './clients/group-members.ts';
import { type JavaProducer, JavaProducers } from './clients/java-producers.ts';
import { type MetadataReaders, MetadataRefresh } from './clients/metadata-refresh.ts';
import { Producers, type ProducerThread, type Schedule } from './clients/producers.ts';
import { SilentWrites } from './clients/silent-writes.ts';
import type { Storage } from './cluster/lay-out-storage.ts';
import { workingSetsOf } from './cluster/lay-out-threads.ts';
import type { Topology } from './cluster/topology.ts';
import { Compression, type CompressionLayout } from './compression.ts';
import { Failures } from './failures.ts';
import { KIND, KIND_NAMES } from './kinds.ts';
import { Recorder, type RecorderOptions } from './recorder.ts';
import { isFetch, NONE, ORPHANED, REQUEST, Requests, WITH_CLIENT } from './requests.ts';
import { Samples } from './samples.ts';
import { StorageSamples } from './storage-samples.ts';
import type { PlannedOperation } from './timeline.ts';
import { Tls, type TlsLayout } from './tls.ts';

/** What a thread is; `index` counts inside the role (broker, fetcher, client thread, host). */
export interface ThreadRole {
  readonly role:
    | 'network'
    | 'handler'
    | 'fetcher'
    | 'background'
    | 'heapCollector'
    | 'start'
    | 'producer'
    | 'consumer'
    | 'collector'
    | 'clientBackground'
    | 'javaApplication'
    | 'javaSender'
    | 'javaConsumer'
    | 'javaCollector';
  readonly index: number;
  readonly host: number;
  readonly wakeUpCpu: WakeUpCpu;
}

const ROLES = {
  network: 0,
  handler: 1,
  fetcher: 2,
  producer: 3,
  consumer: 4,
  collector: 5,
  background: 6,
  clientBackground: 7,
  heapCollector: 8,
  javaApplication: 9,
  javaSender: 10,
  javaConsumer: 11,
  javaCollector: 12,
  start: 13,
} as const;

interface ClientBackground {
  readonly thread: number;
  readonly cores: number;
}

/** Everything fixed about a shard, laid out by `buildCluster`. */
export interface ClusterParts {
  readonly topology: Topology;
  readonly hostCpus: readonly HostCpu[];
  /** Where the hosts share a machine. */
  readonly timeSlices: TimeSlices | null;
  readonly hostNics: readonly HostNic[];
  /** The scenario's links, in the direction away from this cluster. */
  readonly linkLines: readonly LinkLine[];
  /** As TCP has them, if not given. */
  readonly nicRules?: NicRules;
  readonly storage: Storage;
  readonly compression: CompressionLayout;
  readonly tls: TlsLayout;
  readonly brokers: readonly Broker[];
  readonly threads: readonly ThreadRole[];
  readonly connections: readonly Connection[];
  readonly sessions: readonly FetchSession[];
  readonly fetchers: readonly ReplicaFetcher[];
  readonly producerThreads: readonly ProducerThread[];
  readonly producerClients: readonly ProducerClient[];
  /** Those of them that are Kafka's own. */
  readonly javaProducers: readonly JavaProducer[];
  readonly schedules: readonly (Schedule | null)[];
  readonly slotPartition: readonly number[];
  readonly slotLink: readonly number[];
  readonly lanes: number;
  readonly links: number;
  readonly consumerThreads: readonly ConsumerThread[];
  readonly consumerClients: readonly ConsumerClient[];
  /** In the order of their consumers; empty where groups are switched off. */
  readonly groupMembers: readonly GroupMember[];
  readonly quotas: readonly ConnectionQuota[];
  readonly metadataReaders: readonly MetadataReaders[];
  /** Entity of the first mirror target, and the producer client of each. */
  readonly mirrorTargets: { readonly firstEntity: number; readonly clients: readonly number[] };
  readonly collectors: readonly Collector[];
  /** The generator's other threads on each client host, as one. */
  readonly clientBackground: readonly ClientBackground[];
  readonly recorder: RecorderOptions;
  /** What is done to the cluster while a phase is measured. */
  readonly operations: readonly PlannedOperation[];
}

export class ClusterModel implements Model, ThreadOwner {
  readonly kindNames = KIND_NAMES;
  readonly sim: Simulation;
  readonly parts: ClusterParts;
  readonly brokers: readonly Broker[];
  readonly cpus: Cpus;
  readonly nics: Nics;
  readonly requests: Requests;
  readonly batches: Batches;
  readonly compression: Compression;
  readonly tls: Tls;
  readonly quotas: ClientQuotas;
  readonly sockets: SocketServer;
  readonly handlers: RequestHandlers;
  readonly history: TopicHistory;
  readonly logs: Logs;
  readonly logManager: LogManager;
  readonly replicas: ReplicaManager;
  readonly fetchers: ReplicaFetchers;
  readonly heaps: Heaps;
  readonly accumulator: Accumulator;
  readonly producers: Producers;
  readonly silentWrites: SilentWrites;
  readonly javaProducers: JavaProducers;
  readonly consumers: Consumers;
  readonly groups: GroupMembers;
  readonly metadata: MetadataRefresh;
  readonly collectors: Collectors;
  readonly recorder: Recorder;
  readonly samples: Samples;
  readonly storageSamples: StorageSamples;
  readonly failures: Failures;
  readonly background: Background;
  readonly #roles: Uint8Array;
  readonly #roleIndex: Int32Array;

  constructor(sim: Simulation, parts: ClusterParts) {
    this.sim = sim;
    this.parts = parts;
    this.brokers = parts.brokers;
    this.#roles = Uint8Array.from(parts.threads, (thread) => ROLES[thread.role]);
    this.#roleIndex = Int32Array.from(parts.threads, (thread) => thread.index);
    this.cpus = new Cpus({
      sim,
      kinds: {
        timer: KIND.cpuTimer,
        balance: KIND.cpuBalance,
        tick: KIND.cpuTick,
        usedUp: KIND.cpuUsedUp,
        period: KIND.cpuPeriod,
      },
      hosts: parts.hostCpus,
      threadHosts: parts.threads.map((thread) => thread.host),
      wakeUpCpu: parts.threads.map((thread) => thread.wakeUpCpu),
      workingSets: workingSetsOf(parts.threads, (of) => this.brokerOf(of)),
      slices: parts.timeSlices,
      owner: this,
    });
    this.nics = new Nics({
      sim,
      hosts: parts.hostNics,
      links: parts.linkLines,
      flows: flowsOf(parts.connections, parts.brokers),
      goOnKind: KIND.flowGoesOn,
      ...(parts.nicRules === undefined ? {} : { rules: parts.nicRules }),
    });
    this.requests = new Requests(sim);
    this.batches = new Batches(sim);
    this.compression = new Compression(this, parts.compression);
    this.tls = new Tls(parts.tls);
    this.recorder = new Recorder(sim, this, parts.recorder);
    this.quotas = new ClientQuotas(this, parts.quotas, parts.connections.length);
    this.sockets = new SocketServer(this, parts.connections, parts.threads.length);
    this.handlers = new RequestHandlers(this, parts.brokers, parts.threads.length);
    const { topics, partitions } = parts.topology;
    const readers = parts.sessions.reduce((sum, session) => sum + session.partitions.length, 0);
    this.history = new TopicHistory(sim.columns, parts.topology, readers);
    this.logs = new Logs(
      this,
      parts.storage,
      Array.from(
        { length: partitions.length },
        (_, partition) => topics[partitions.topic(partition)].class.config,
      ),
    );
    this.logs.openHistories();
    this.logManager = new LogManager(this);
    this.replicas = new ReplicaManager(this, parts.topology.partitions, parts.sessions);
    this.fetchers = new ReplicaFetchers(this, parts.fetchers);
    this.heaps = new Heaps(this, this.#heapsOf());
    this.accumulator = new Accumulator(
      this,
      parts.producerClients,
      parts.slotPartition,
      parts.slotLink,
      parts.lanes,
      parts.links,
    );
    this.silentWrites = new SilentWrites(this);
    this.producers = new Producers(this, parts.producerThreads, parts.producerClients, parts.schedules);
    this.javaProducers = new JavaProducers(this, parts.javaProducers, parts.producerClients.length);
    this.consumers = new Consumers(this, parts.consumerThreads, parts.consumerClients);
    this.groups = new GroupMembers(this, parts.groupMembers);
    this.metadata = new MetadataRefresh(this, parts.metadataReaders);
    this.collectors = new Collectors(this, parts.collectors);
    this.samples = new Samples(this);
    this.storageSamples = new StorageSamples(this);
    this.failures = new Failures(this);
    this.background = new Background(this);
    sim.setModel(this);
    this.#start();
  }

  handle(kind: number, target: number, a: number, b: number, c: number, d: number): void {
    switch (kind) {
      case KIND.cpuTimer:
        this.cpus.onTimer(a);
        break;
      case KIND.cpuBalance:
        this.cpus.onBalance(a);
        break;
      case KIND.cpuTick:
        this.cpus.onTick(a);
        break;
      case KIND.cpuUsedUp:
        this.cpus.onUsedUp(a);
        break;
      case KIND.cpuPeriod:
        this.cpus.onPeriod(a);
        break;
      case KIND.requestArrives:
        this.#requestArrives(a);
        break;
      case KIND.responseArrives:
        this.#responseArrives(a);
        break;
      case KIND.producerTick:
        this.producers.tick(a);
        break;
      case KIND.fetchTimesOut:
        this.replicas.fetchTimesOut(a);
        break;
      case KIND.backgroundTick:
        this.background.tick();
        this.sim.schedule(BACKGROUND_TICK_NS, target, KIND.backgroundTick);
        break;
      case KIND.windowEnds:
        this.samples.take(a);
        this.storageSamples.take(a);
        this.failures.samples.take(a);
        break;
      case KIND.mirroredBatch:
        this.producers.mirrored(
          this.parts.mirrorTargets.clients[target - this.parts.mirrorTargets.firstEntity],
          d,
          a,
          b,
          c,
        );
        break;
      case KIND.fetchStarts:
        this.#startFetching();
        break;
      case KIND.flowGoesOn:
        if (this.nics.isCurrent(a, b)) this.#flowGoesOn(a);
        break;
      case KIND.storageDone:
        this.#storageDone(a, b);
        break;
      case KIND.written:
        this.logs.caches.onWritten(a, b, c, d);
        break;
      case KIND.flusherWakes:
        this.logs.caches.onFlusherWakes(a);
        break;
      case KIND.logManagerRuns:
        this.logManager.run(a, b);
        break;
      case KIND.segmentsDeleted:
        this.logManager.filesDeleted(a, b);
        break;
      case KIND.javaWakes:
        this.javaProducers.wakes(a);
        break;
      case KIND.javaLingers:
        this.javaProducers.lingers(a);
        break;
      case KIND.memberCommits:
        this.groups.commit(a);
        break;
      case KIND.metadataIsOld:
        this.metadata.refresh(a);
        break;
      case KIND.throttleEnds:
        this.sockets.unmute(a);
        break;
      case KIND.fetcherLooks:
        this.fetchers.looks(a, b);
        break;
      case KIND.consumerPauses:
        this.consumers.pause(a, b === 1);
        break;
      case KIND.memberHeartbeats:
        this.groups.heartbeat(a);
        break;
      default:
        this.failures.handle(kind, a, b, c);
    }
  }

  threadDone(thread: number): void {
    const index = this.#roleIndex[thread];
    switch (this.#roles[thread]) {
      case ROLES.network:
        this.sockets.threadDone(thread);
        break;
      case ROLES.handler:
        this.handlers.threadDone(thread, this.brokers[index]);
        break;
      case ROLES.fetcher:
        this.fetchers.threadDone(index);
        break;
      case ROLES.producer:
        this.producers.threadDone(index);
        break;
      case ROLES.javaApplication:
        this.javaProducers.applicationDone(index);
        break;
      case ROLES.javaSender:
        this.javaProducers.senderDone(index);
        break;
      case ROLES.consumer:
      case ROLES.javaConsumer:
        this.consumers.threadDone(index);
        break;
      case ROLES.heapCollector:
        this.heaps.threadDone(index);
        break;
      case ROLES.start:
        this.lives.threadDone(index);
        break;
      case ROLES.collector:
        this.collectors.threadDone(index);
        break;
      default:
        this.background.threadDone(thread);
    }
  }

  get lives(): Lives {
    return this.failures.lives;
  }

  /** The acks setting that a produce request was sent with; offsets are committed with all. */
  acks(request: number): ProducerClient['acks'] {
    if (this.requests.type.data[request] === REQUEST.offsetCommit) return 'all';
    return this.producers.clientOf(request).acks;
  }

  /** The index of the broker that a thread belongs to; -1 for the clients' threads. */
  brokerOf({ role, index }: ThreadRole): number {
    switch (role) {
      case 'network':
      case 'handler':
      case 'background':
      case 'heapCollector':
      case 'start':
        return index;
      case 'fetcher':
        return this.parts.fetchers[index].follower;
      default:
        return -1;
    }
  }

  #flowGoesOn(flow: number): void {
    const sent = this.nics.goOn(flow);
    if (sent === NONE) return;
    if (isResponse(flow)) this.sockets.responseSent(this.requests.of(sent));
    // Of other requests nobody waits for it: whoever sends them has handed them over.
    else this.silentWrites.taken(this.requests.of(sent));
  }

  /** A thread of a broker has what it waited for from the disk. */
  #storageDone(thread: number, life: number): void {
    const { index } = this.parts.threads[thread];
    // What a broker waited for in an earlier life comes for nobody.
    if (this.lives.of(this.brokerOf(this.parts.threads[thread])) !== life) return;
    if (this.#roles[thread] === ROLES.network) this.sockets.storageDone(thread);
    else if (this.#roles[thread] === ROLES.handler) this.handlers.storageDone(thread, this.brokers[index]);
    else this.fetchers.storageDone(index);
  }

  #requestArrives(ticket: number): void {
    const request = this.requests.of(ticket);
    if (request !== NONE) this.sockets.requestArrives(request);
  }

  #responseArrives(ticket: number): void {
    const request = this.requests.of(ticket);
    if (request === NONE) return;
    if (this.requests.place.data[request] === ORPHANED) {
      this.lives.orphanAnswered(request);
      return;
    }
    this.requests.place.data[request] = WITH_CLIENT;
    const type = this.requests.type.data[request];
    if (type === REQUEST.produce) {
      const client = this.producers.senderOf(request);
      if (this.javaProducers.isOne(client)) this.javaProducers.responseArrives(client, request);
      else this.producers.responseArrives(request);
    } else if (type === REQUEST.fetchConsumer) this.consumers.responseArrives(request);
    else if (type === REQUEST.metadata) this.requests.close(request);
    else if (!isFetch(type)) this.groups.responseArrives(request);
    else {
      this.fetchers.responseArrives(this.replicas.ownerOf(this.requests.owner.data[request]), request);
    }
  }

  #start(): void {
    const first = this.parts.hostCpus[0].entity;
    const { warmNs, endNs, windowNs } = this.recorder.options;
    this.sim.schedule(0, first, KIND.fetchStarts);
    this.failures.start();
    this.sim.schedule(BACKGROUND_TICK_NS, first, KIND.backgroundTick);
    this.parts.producerThreads.forEach((thread, index) => {
      this.sim.schedule(thread.costs.clientTickNs, thread.entity, KIND.producerTick, index);
    });
    for (const broker of this.brokers) this.logManager.start(broker);
    this.parts.javaProducers.forEach(({ client, entity }, index) => {
      const startNs = Math.round(this.parts.schedules[client]?.startNs ?? 0);
      this.sim.schedule(startNs, entity, KIND.javaWakes, index);
    });
    for (let window = 0; window <= this.recorder.windows; window += 1) {
      this.sim.schedule(Math.min(warmNs + window * windowNs, endNs), first, KIND.windowEnds, window);
    }
  }

  #startFetching(): void {
    this.parts.fetchers.forEach(({ session }, index) => {
      if (this.replicas.isFetching(session)) this.fetchers.start(index);
    });
    this.parts.consumerClients.forEach((_, index) => {
      this.consumers.start(index);
    });
    this.groups.start();
    this.metadata.start();
  }

  #heapsOf() {
    const { threads } = this.parts;
    const numbers = threads.map((of, thread) => ({ thread, of, broker: this.brokerOf(of) }));
    return this.brokers.map(({ index }) => {
      const own = numbers.filter(({ broker }) => broker === index);
      const isCollector = ({ of }: (typeof own)[number]): boolean => of.role === 'heapCollector';
      return {
        threads: own.filter((one) => !isCollector(one)).map(({ thread }) => thread),
        collectors: own.filter(isCollector).map(({ thread }) => thread),
      };
    });
  }
}
