/**
 * A producer thread: one timer of 1 ms (in effect 1.1 ms: libuv's timers count whole milliseconds) wakes those of its
 * clients that have something to do. After the measured part it makes no more records and waits for those under way.
 */
import type { ProducerConfig } from '../../scenario/kafka-defaults.ts';
import { partitionWeights } from '../../scenario/partition-weights.ts';
import type { ProducerClass, Scenario } from '../../scenario/scenario.ts';
import { topicsOf } from '../../scenario/topic-names.ts';
import { type LibraryAccess, libraryAccess } from '../access/library-access.ts';
import { BrokerLinks } from '../broker-links.ts';
import { epochMs, NS_PER_MS, NS_PER_SECOND, nowNs } from '../clock.ts';
import type { ClusterMetadata } from '../cluster-metadata.ts';
import { createHistogram, encodeHistogram } from '../histograms.ts';
import { sumOf } from '../interval.ts';
import { MeasuredUsage } from '../measured-usage.ts';
import type { Times, ToWorker, WorkerPlan } from '../messages.ts';
import { randomStream } from '../random.ts';
import { createSchedule } from '../schedule.ts';
import { Stalls } from '../stalls.ts';
import { ProducerLedger } from '../verify/producer-ledger.ts';
import type { StreamPlan } from '../verify/streams.ts';
import { clientNumber, streamPlanOf } from '../verify/verification.ts';
import { BatchMemories } from '../wire/batch-memory.ts';
import { codecOf } from '../wire/codecs.ts';
import { ValuePool } from '../wire/value-pool.ts';
import { workerMetadata } from '../worker-metadata.ts';
import { ErrorCounts, failWorker, post, runWorker } from '../worker-thread.ts';
import type { BatchMakings } from './accumulator.ts';
import { Allowance } from './allowance.ts';
import {
  type Destinations,
  DrawnPartitions,
  Partitions,
  PartitionsInTurn,
  TopicsInTurn,
} from './destinations.ts';
import { ProducerClient } from './producer-client.ts';
import { ProducerClassRecorder } from './producer-recorder.ts';
import { RecordSource } from './record-source.ts';
import { Stamper } from './stamper.ts';
import { TransactionCoordinator } from './transaction-coordinator.ts';
import { TRANSACTION_MS, Transactions } from './transactions.ts';
import { WakeHeap } from './wake-heap.ts';
import { WeightedDraw } from './weighted-draw.ts';

const TICK_MS = 1;
const CONNECTING_MAX = 24;
/** Every client is looked at so often, for requests that are not answered. */
const SWEEP_NS = NS_PER_SECOND;
/** How long records that were due in the measured part may take to be acknowledged after it. */
const STRAGGLERS_NS = 10 * NS_PER_SECOND;

interface WorkerClient {
  readonly client: ProducerClient;
  readonly links: BrokerLinks;
  readonly producer: ProducerClass;
  readonly number: number;
  readonly allowance: Allowance;
}

class ProducerWorker {
  readonly #plan: WorkerPlan;
  readonly #recorders = new Map<number, ProducerClassRecorder>();
  readonly #clients: WorkerClient[];
  readonly #access: LibraryAccess;
  readonly #metadata: ClusterMetadata;
  readonly #memories = new BatchMemories();
  readonly #pools = new Map<number, ValuePool>();
  /** By class: what its clients share; null where their records stick to partitions. */
  readonly #shares = new Map<number, PartitionShares | null>();
  readonly #wakes: WakeHeap;
  readonly #usage = new MeasuredUsage();
  readonly #stalls = new Stalls();
  readonly #errors: ErrorCounts;
  readonly #lateness = createHistogram();
  /** Of a verified run. */
  readonly #streams: StreamPlan | null;
  readonly #ledger: ProducerLedger | null;
  #unwrittenBytesMax = 0;
  #spent = false;
  #times: Times = { startNs: 0, warmNs: 0, endNs: 0 };
  #ticks: NodeJS.Timeout | null = null;
  #sweptNs = 0;
  #lastReport = 0;

  constructor(plan: WorkerPlan) {
    this.#plan = plan;
    const { scenario, target } = plan;
    this.#errors = new ErrorCounts(target.access);
    this.#access = libraryAccess(target.access, target.bootstrapServers);
    this.#streams = plan.verifyRun === null ? null : streamPlanOf(scenario);
    this.#ledger = this.#streams === null ? null : new ProducerLedger(this.#streams.streamCount);
    const classes = [...new Set(plan.thread.clients.map(({ classIndex }) => classIndex))].map(
      (index) => scenario.producers[index],
    );
    this.#metadata = workerMetadata(plan, this.#access, classes);
    this.#wakes = new WakeHeap(plan.thread.clients.length);
    this.#clients = plan.thread.clients.map(({ classIndex, client: number }, place) =>
      this.#createClient(classIndex, number, place),
    );
    this.#metadata.onChange(() => {
      for (const [place, { client }] of this.#clients.entries()) {
        client.leadersChanged();
        // The new leader may have room for what waits.
        this.#wakes.set(place, nowNs());
      }
    });
  }

  async connect(): Promise<void> {
    await this.#metadata.refresh();
    this.#metadata.version('Produce');
    const waiting = this.#clients.values();
    // A broker takes so many new connections at a time (the backlog of its listener) and resets others.
    const connectInTurn = async (): Promise<void> => {
      for (const { client } of waiting) {
        await client.connect();
      }
    };
    await Promise.all(Array.from({ length: CONNECTING_MAX }, connectInTurn));
  }

  onMessage(message: ToWorker): void {
    if (message.kind === 'start') {
      this.#start(message.times);
    } else if (message.kind === 'end') {
      this.#end(nowNs());
    } else {
      for (const { client } of this.#clients) {
        client.stop(nowNs());
      }
      this.#finish();
    }
  }

  #createClient(classIndex: number, number: number, place: number): WorkerClient {
    const { scenario } = this.#plan;
    const producer = scenario.producers[classIndex];
    const named = (name: string): string => (producer.isSingle === true ? name : `${name}-${number}`);
    const clientId = named(producer.name);
    const stream = `${scenario.run.seed}/load/${producer.name}-${number}`;
    const transactionalId = producer.config['transactional.id'];
    const config =
      transactionalId === null
        ? producer.config
        : { ...producer.config, 'transactional.id': named(transactionalId) };
    const recorder =
      this.#recorders.get(classIndex) ??
      new ProducerClassRecorder(this.#errors, this.#lateness, this.#ledger);
    this.#recorders.set(classIndex, recorder);
    const topics = topicsOf(scenario.topics, producer.topics);
    const wake = () => this.#wakes.set(place, nowNs());
    const links: BrokerLinks = new BrokerLinks({
      clientId,
      config: producer.config,
      metadata: this.#metadata,
      access: this.#access,
      random: randomStream(`${stream}/back-off`),
      now: nowNs,
      onUsable: wake,
      onTrouble: (_broker, error) => this.#errors.add(error),
    });
    const allowance = new Allowance(this.#plan.caps[classIndex]);
    const client: ProducerClient = new ProducerClient({
      clientId,
      config,
      topics,
      destinations: this.#destinations(classIndex, number, stream),
      records: new RecordSource(producer, stream, this.#plan.payload),
      recordsMax: Math.ceil((this.#plan.recordsMax ?? Number.POSITIVE_INFINITY) / producer.count),
      warmupRecords: this.#plan.warmupRecords,
      allowance,
      makings: this.#makings(producer),
      random: randomStream(`${stream}/partition`),
      metadata: this.#metadata,
      links,
      transactions: this.#transactions(clientId, producer, config),
      stamper: this.#stamper(classIndex, number),
      observer: recorder,
      now: nowNs,
      onWork: (atNs) => {
        this.#wakes.set(place, client.wakeNs(atNs));
        if (client.spent && !this.#spent) {
          this.#spent = true;
          this.#postProgress(atNs);
        }
      },
    });
    return { producer, number, client, links, allowance };
  }

  #transactions(clientId: string, producer: ProducerClass, config: ProducerConfig): Transactions | null {
    const transactionalId = config['transactional.id'];
    if (transactionalId === null) {
      return null;
    }
    const coordinator = new TransactionCoordinator({
      clientId,
      transactionalId,
      access: this.#access,
      metadata: this.#metadata,
      connectTimeoutMs: config['socket.connection.setup.timeout.ms'],
      requestTimeoutMs: config['request.timeout.ms'],
      retryBackoffMs: config['retry.backoff.ms'],
      deadlineMs: config['max.block.ms'],
      transactionTimeoutMs: config['transaction.timeout.ms'],
    });
    return new Transactions({
      transactionalId,
      lengthNs: (producer.transactionMs ?? TRANSACTION_MS) * NS_PER_MS,
      coordinator,
      onFailure: failWorker,
    });
  }

  #destinations(classIndex: number, number: number, stream: string): Destinations {
    const { scenario, recordsInTurn } = this.#plan;
    const producer = scenario.producers[classIndex];
    const topics = topicsOf(scenario.topics, producer.topics);
    if (recordsInTurn !== null) {
      return new PartitionsInTurn(new Partitions(topics), recordsInTurn);
    }
    const shares = this.#shares.get(classIndex) ?? sharesOf(scenario, producer, topics);
    this.#shares.set(classIndex, shares);
    return shares === null
      ? new TopicsInTurn(topics.length, number % topics.length)
      : new DrawnPartitions(shares.partitions, shares.weights, randomStream(`${stream}/destination`));
  }

  #stamper(classIndex: number, number: number): Stamper | null {
    const { verifyRun: run, scenario } = this.#plan;
    return run === null || this.#streams === null || this.#ledger === null
      ? null
      : new Stamper({
          run,
          plan: this.#streams,
          ledger: this.#ledger,
          client: clientNumber(scenario, classIndex, number),
        });
  }

  #makings(producer: ProducerClass): BatchMakings {
    const randomPart = producer.record.compressionRate ?? 1;
    const pool = this.#pools.get(randomPart) ?? this.#createPool(randomPart);
    this.#pools.set(randomPart, pool);
    return { memories: this.#memories, pool, codec: codecOf(producer.config), epochMs };
  }

  #createPool(randomPart: number): ValuePool {
    const { scenario, name, payload } = this.#plan;
    const random = randomStream(`${scenario.run.seed}/load/${name}/payload`);
    return payload.kind === 'letters' ? ValuePool.ofLetters(random) : ValuePool.ofBytes(random, randomPart);
  }

  #start(times: Times): void {
    this.#times = times;
    const { load } = this.#plan.phase;
    for (const recorder of this.#recorders.values()) {
      recorder.start(times);
    }
    for (const [place, { client, producer, number, allowance }] of this.#clients.entries()) {
      allowance.start(times.startNs);
      const schedule = () =>
        createSchedule({
          rate: producer.rate,
          load: load === 'max' ? 1 : load,
          startNs: times.startNs,
          warmupNs: times.warmNs - times.startNs,
          stream: `${this.#plan.scenario.run.seed}/load/${producer.name}-${number}`,
          client: number,
          clients: producer.count,
          recordsMax: this.#plan.recordsMax ?? Number.POSITIVE_INFINITY,
        });
      client.start(load === 'max' ? null : { offer: schedule(), enter: schedule() }, times.endNs);
      this.#wakes.set(place, times.startNs);
    }
    this.#sweptNs = times.startNs;
    this.#ticks = setInterval(() => this.#tick(), TICK_MS);
  }

  /** No record is due from now on; those under way are waited for. */
  #end(now: number): void {
    this.#times = { ...this.#times, endNs: Math.min(this.#times.endNs, now) };
    for (const { client } of this.#clients) {
      client.stop(now);
    }
  }

  #tick(): void {
    const now = nowNs();
    const { startNs, warmNs, endNs } = this.#times;
    if (now < startNs) {
      return;
    }
    if (now >= warmNs) {
      this.#usage.begin();
      if (now < endNs) {
        this.#stalls.tick(now);
      }
    }
    if (now >= endNs) {
      this.#usage.end();
    }
    this.#wake(now);
    this.#report(now);
    const isOver = now >= endNs || this.#clients.every(({ client }) => client.exhausted);
    if (isOver && (now >= endNs + STRAGGLERS_NS || this.#clients.every(({ client }) => client.idle))) {
      this.#finish();
    }
  }

  #wake(now: number): void {
    if (now >= this.#sweptNs + SWEEP_NS) {
      this.#sweptNs = now;
      for (const [place] of this.#clients.entries()) {
        this.#wakes.set(place, now);
      }
      this.#metadata.refreshIfOld();
    }
    // Each is woken once: one that has more to do at once waits for the next tick.
    for (let left = this.#clients.length; left > 0 && this.#wakes.nextNs <= now; left--) {
      const place = this.#wakes.next;
      this.#wakes.set(place, Number.POSITIVE_INFINITY);
      const { client, links } = this.#clients[place];
      client.tick(now);
      const { unwrittenBytes } = links;
      if (unwrittenBytes > this.#unwrittenBytesMax) {
        this.#unwrittenBytesMax = unwrittenBytes;
      }
    }
  }

  #report(now: number): void {
    const report = Math.floor((now - this.#times.startNs) / (this.#plan.progressEveryMs * NS_PER_MS));
    if (report <= this.#lastReport) {
      return;
    }
    this.#lastReport = report;
    this.#postProgress(now);
  }

  #postProgress(now: number): void {
    const window = Math.floor((now - this.#times.warmNs) / NS_PER_SECOND) - 1;
    const p99Ms = [...this.#recorders.values()].map((recorder) => recorder.openP99Ms(window));
    post({
      kind: 'progress',
      progress: {
        records: Object.fromEntries(
          [...this.#recorders].map(([index, recorder]) => [index, recorder.records]),
        ),
        drained: false,
        spent: this.#spent,
        acknowledged: sumOf([...this.#recorders.values()].map((recorder) => recorder.takeInterval(now))),
        p99Ms: p99Ms.reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), null),
      },
    });
  }

  #finish(): void {
    if (this.#ticks === null) {
      return;
    }
    clearInterval(this.#ticks);
    this.#ticks = null;
    const usage = this.#usage.end();
    this.#postProgress(nowNs());
    post({
      kind: 'result',
      result: {
        name: this.#plan.name,
        role: 'producers',
        classes: [...this.#recorders].map(([classIndex, recorder]) => recorder.recording(classIndex)),
        lateness: this.#plan.phase.load === 'max' ? null : encodeHistogram(this.#lateness),
        ...usage,
        stalls: this.#stalls.summary,
        unwrittenBytesMax: this.#unwrittenBytesMax,
        bytesMade: this.#clients.reduce((sum, { allowance }) => sum + allowance.bytesMade, 0),
        errors: this.#errors.counts,
        produced: this.#ledger?.data() ?? null,
        consumed: {},
      },
    });
    for (const { client } of this.#clients) {
      client.close();
    }
    // Its end is that of the thread; that a connection would not close changes nothing.
    this.#metadata.close().catch(() => undefined);
  }
}

interface PartitionShares {
  readonly partitions: Partitions;
  readonly weights: WeightedDraw;
}

function sharesOf(
  scenario: Scenario,
  producer: ProducerClass,
  topics: readonly { readonly partitions: number }[],
): PartitionShares | null {
  const classes = scenario.topics.filter(({ name }) => producer.topics.includes(name));
  const weights = partitionWeights(scenario, classes, Math.pow);
  return weights === null ? null : { partitions: new Partitions(topics), weights: new WeightedDraw(weights) };
}

runWorker(async (plan) => {
  const worker = new ProducerWorker(plan);
  await worker.connect();
  post({ kind: 'ready' });
  return (message: ToWorker) => worker.onMessage(message);
});
