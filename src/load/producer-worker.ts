/**
 * A producer thread: all its clients are driven by one timer of 1 ms (in effect 1.1 ms: libuv's timers count whole
 * milliseconds). After the measured part it makes no more records and waits for those under way.
 */
import type { Histogram } from 'hdr-histogram-js';
import type { ProducerClass } from '../scenario/scenario.ts';
import { topicNames } from '../scenario/topic-names.ts';
import type { Batch } from './accumulator.ts';
import { NS_PER_SECOND, nowNs } from './clock.ts';
import { createHistogram, encodeHistogram, recordDuration } from './histograms.ts';
import { MeasuredUsage } from './measured-usage.ts';
import type { ClassRecording, Times, ToWorker, WorkerPlan } from './messages.ts';
import { createPool } from './payload.ts';
import { createProduceTransport } from './produce-transport.ts';
import { ProducerClient, type ProducerObserver } from './producer-client.ts';
import { randomStream } from './random.ts';
import { RecordSource } from './record-source.ts';
import { Recorder } from './recorder.ts';
import { createSchedule } from './schedule.ts';
import { ErrorCounts, post, runWorker } from './worker-thread.ts';

const TICK_MS = 1;
/** How long records that were due in the measured part may take to be acknowledged after it. */
const STRAGGLERS_NS = 10 * NS_PER_SECOND;

interface WorkerClient {
  readonly client: ProducerClient;
  readonly producer: ProducerClass;
  readonly number: number;
}

class ProducerWorker {
  readonly #plan: WorkerPlan;
  readonly #observers = new Map<number, ClassObserver>();
  readonly #clients: WorkerClient[];
  readonly #usage = new MeasuredUsage();
  readonly #errors = new ErrorCounts();
  readonly #lateness = createHistogram();
  #times: Times = { startNs: 0, warmNs: 0, endNs: 0 };
  #ticks: NodeJS.Timeout | null = null;
  #reportedSecond = 0;

  constructor(plan: WorkerPlan) {
    const { scenario } = plan;
    this.#plan = plan;
    const random = randomStream(`${scenario.run.seed}/load/${plan.name}/payload`);
    const pools = new Map<number, Buffer>();
    const poolOf = (randomPart: number): Buffer => {
      const pool = pools.get(randomPart) ?? createPool(random, randomPart);
      pools.set(randomPart, pool);
      return pool;
    };
    this.#clients = plan.thread.clients.map(({ classIndex, client: number }) => {
      const producer = scenario.producers[classIndex];
      const name = `${producer.name}-${number}`;
      const stream = `${scenario.run.seed}/load/${name}`;
      const observer = this.#observers.get(classIndex) ?? new ClassObserver(this.#errors, this.#lateness);
      this.#observers.set(classIndex, observer);
      const topics = scenario.topics
        .filter((topic) => producer.topics.includes(topic.name))
        .flatMap((topic) => topicNames(topic).map((one) => ({ name: one, partitions: topic.partitions })));
      return {
        producer,
        number,
        client: new ProducerClient({
          config: producer.config,
          topics,
          firstTopic: number % topics.length,
          records: new RecordSource(producer, stream),
          random: randomStream(`${stream}/partition`),
          observer,
          now: nowNs,
          transport: createProduceTransport({
            clientId: name,
            bootstrapServers: plan.bootstrapServers,
            config: producer.config,
            headersBytes: producer.record.headersBytes,
            pool: poolOf(producer.record.compressionRate ?? 1),
            random,
          }),
        }),
      };
    });
  }

  async connect(): Promise<void> {
    await Promise.all(this.#clients.map(({ client }) => client.connect()));
  }

  onMessage(message: ToWorker): void {
    if (message.kind === 'start') {
      this.#start(message.times);
    } else {
      for (const { client } of this.#clients) {
        client.stop(nowNs());
      }
      this.#finish();
    }
  }

  #start(times: Times): void {
    this.#times = times;
    const { load } = this.#plan.phase;
    for (const observer of this.#observers.values()) {
      observer.start(times);
    }
    for (const { client, producer, number } of this.#clients) {
      const schedule = () =>
        createSchedule({
          rate: producer.rate,
          load: load === 'max' ? 1 : load,
          startNs: times.startNs,
          client: number,
          clients: producer.count,
        });
      client.start(load === 'max' ? null : { offer: schedule(), enter: schedule() }, times.endNs);
    }
    this.#ticks = setInterval(() => this.#tick(), TICK_MS);
  }

  #tick(): void {
    const now = nowNs();
    const { startNs, warmNs, endNs } = this.#times;
    if (now < startNs) {
      return;
    }
    if (now >= warmNs) {
      this.#usage.begin();
    }
    if (now >= endNs) {
      this.#usage.end();
    }
    for (const { client } of this.#clients) {
      client.tick(now);
    }
    this.#report(now);
    if (now >= endNs && (now >= endNs + STRAGGLERS_NS || this.#clients.every(({ client }) => client.idle))) {
      this.#finish();
    }
  }

  #report(now: number): void {
    const second = Math.floor((now - this.#times.startNs) / NS_PER_SECOND);
    if (second <= this.#reportedSecond) {
      return;
    }
    this.#reportedSecond = second;
    const window = Math.floor((now - this.#times.warmNs) / NS_PER_SECOND) - 1;
    const p99Ms = [...this.#observers.values()].map((observer) => observer.openP99Ms(window));
    post({
      kind: 'progress',
      progress: {
        records: Object.fromEntries(
          [...this.#observers].map(([index, observer]) => [index, observer.records]),
        ),
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
    post({
      kind: 'result',
      result: {
        name: this.#plan.name,
        role: 'producers',
        classes: [...this.#observers].map(([classIndex, observer]) => observer.recording(classIndex)),
        lateness: this.#plan.phase.load === 'max' ? null : encodeHistogram(this.#lateness),
        ...usage,
        errors: this.#errors.counts,
      },
    });
  }
}

/** Records what the clients of one class on this thread do. */
class ClassObserver implements ProducerObserver {
  readonly #errors: ErrorCounts;
  readonly #lateness: Histogram;
  #times: Times = { startNs: 0, warmNs: 0, endNs: 0 };
  #recorder = new Recorder({ startNs: 0, endNs: 0 });
  #recordsDue = 0;
  #recordsFailed = 0;
  #requests = 0;
  #batches = 0;
  records = 0;

  constructor(errors: ErrorCounts, lateness: Histogram) {
    this.#errors = errors;
    this.#lateness = lateness;
  }

  start(times: Times): void {
    this.#times = times;
    this.#recorder = new Recorder({ startNs: times.warmNs, endNs: times.endNs });
  }

  offered(dueNs: number, atNs: number): void {
    if (dueNs >= this.#times.warmNs) {
      this.#recordsDue++;
      recordDuration(this.#lateness, atNs - dueNs);
    }
  }

  made(dueNs: number): void {
    if (dueNs >= this.#times.warmNs) {
      this.#recordsDue++;
    }
  }

  sent(batches: readonly Batch[], atNs: number): void {
    if (atNs >= this.#times.warmNs && atNs < this.#times.endNs) {
      this.#requests++;
      this.#batches += batches.length;
    }
  }

  acknowledged(batch: Batch, atNs: number): void {
    this.records += batch.dueNs.length;
    this.#recorder.arrived(batch.dueNs.length, batch.payloadBytes, atNs);
    for (const dueNs of batch.dueNs) {
      this.#recorder.latency(dueNs, atNs);
    }
  }

  failed(batch: Batch, error: Error): void {
    this.#errors.add(error);
    for (const dueNs of batch.dueNs) {
      if (dueNs >= this.#times.warmNs) {
        this.#recordsFailed++;
      }
    }
  }

  openP99Ms(window: number): number | null {
    return this.#recorder.openP99Ms(window);
  }

  recording(classIndex: number): ClassRecording {
    return {
      classIndex,
      recording: this.#recorder.recording(),
      records: this.records,
      recordsDue: this.#recordsDue,
      recordsFailed: this.#recordsFailed,
      requests: this.#requests,
      batches: this.#batches,
      lagMaxPerWindow: [],
      lagAtEnd: 0,
      recordsWithoutDueTime: 0,
    };
  }
}

runWorker(async (plan) => {
  const worker = new ProducerWorker(plan);
  await worker.connect();
  post({ kind: 'ready' });
  return (message: ToWorker) => worker.onMessage(message);
});
