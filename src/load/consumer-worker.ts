/** A consumer thread: its members join their groups, and read until the main thread says stop. */
import type { ConsumerClass } from '../scenario/scenario.ts';
import { topicNames } from '../scenario/topic-names.ts';
import { NS_PER_SECOND, nowNs } from './clock.ts';
import { ConsumerClient, type ConsumerObserver } from './consumer-client.ts';
import { createFetchTransport } from './fetch-transport.ts';
import { MeasuredUsage } from './measured-usage.ts';
import type { ClassRecording, Times, ToWorker, WorkerPlan } from './messages.ts';
import { dueTimeOf } from './payload.ts';
import { Recorder } from './recorder.ts';
import type { FetchedRecord } from './transport.ts';
import { ErrorCounts, post, runWorker } from './worker-thread.ts';

const REPORT_MS = 100;

class ConsumerWorker {
  readonly #plan: WorkerPlan;
  readonly #observers = new Map<number, ClassObserver>();
  readonly #clients: ConsumerClient[];
  readonly #usage = new MeasuredUsage();
  readonly #errors = new ErrorCounts();
  readonly #members: { readonly group: string; partitions: number | null }[] = [];
  #stopping = false;

  constructor(plan: WorkerPlan) {
    const { scenario } = plan;
    this.#plan = plan;
    this.#clients = plan.thread.clients.map(({ classIndex, client: number }) => {
      const consumer = scenario.consumers[classIndex];
      const observer = this.#observers.get(classIndex) ?? new ClassObserver(this.#errors);
      this.#observers.set(classIndex, observer);
      return this.#createClient(consumer, number, observer);
    });
  }

  async join(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.join()));
  }

  onMessage(message: ToWorker): void {
    if (message.kind === 'start') {
      this.#start(message.times);
    } else if (!this.#stopping) {
      this.#stopping = true;
      this.#finish();
    }
  }

  #createClient(consumer: ConsumerClass, number: number, observer: ClassObserver): ConsumerClient {
    const member: { readonly group: string; partitions: number | null } = {
      group: consumer.group,
      partitions: null,
    };
    this.#members.push(member);
    const topics = this.#plan.scenario.topics
      .filter((topic) => consumer.topics.includes(topic.name))
      .flatMap((topic) => topicNames(topic));
    const client: ConsumerClient = new ConsumerClient({
      consumer,
      now: nowNs,
      observer: observer.forClient(
        () => client.lag,
        (partitions) => {
          member.partitions = partitions;
          post({ kind: 'assigned', members: this.#members });
        },
      ),
      transport: createFetchTransport({
        clientId: `${consumer.name}-${number}`,
        bootstrapServers: this.#plan.bootstrapServers,
        group: consumer.group,
        topics,
        config: consumer.config,
      }),
    });
    return client;
  }

  #start(times: Times): void {
    for (const client of this.#clients) {
      client.start();
    }
    for (const observer of this.#observers.values()) {
      observer.start(times);
    }
    at(times.warmNs, () => this.#usage.begin());
    at(times.endNs, () => {
      this.#usage.end();
      for (const observer of this.#observers.values()) {
        observer.measuredPartEnded();
      }
    });
    setInterval(() => this.#report(), REPORT_MS);
  }

  #report(): void {
    post({
      kind: 'progress',
      progress: {
        records: Object.fromEntries(
          [...this.#observers].map(([index, observer]) => [index, observer.records]),
        ),
        p99Ms: null,
      },
    });
  }

  #finish(): void {
    const usage = this.#usage.end();
    for (const observer of this.#observers.values()) {
      observer.measuredPartEnded();
    }
    const tell = () =>
      post({
        kind: 'result',
        result: {
          name: this.#plan.name,
          role: 'consumers',
          classes: [...this.#observers].map(([classIndex, observer]) => observer.recording(classIndex)),
          lateness: null,
          ...usage,
          errors: this.#errors.counts,
        },
      });
    Promise.all(this.#clients.map((client) => client.close())).then(tell, (error: unknown) => {
      // The figures are whole; that a group was not left in good order is told with the other errors.
      this.#errors.add(error instanceof Error ? error : new Error(String(error)));
      tell();
    });
  }
}

function at(timeNs: number, action: () => void): void {
  setTimeout(action, Math.max(0, (timeNs - nowNs()) / 1e6));
}

/** Records what the members of one class on this thread receive. */
class ClassObserver {
  readonly #errors: ErrorCounts;
  readonly #lags: (() => number)[] = [];
  #times: Times = { startNs: 0, warmNs: 0, endNs: 0 };
  #recorder = new Recorder({ startNs: 0, endNs: 0 });
  #lagMaxPerWindow: number[] = [];
  #lagAtEnd: number | null = null;
  #recordsWithoutDueTime = 0;
  records = 0;

  constructor(errors: ErrorCounts) {
    this.#errors = errors;
  }

  start(times: Times): void {
    this.#times = times;
    this.#recorder = new Recorder({ startNs: times.warmNs, endNs: times.endNs });
    const windows = Math.ceil((times.endNs - times.warmNs) / NS_PER_SECOND);
    this.#lagMaxPerWindow = new Array<number>(windows).fill(0);
  }

  forClient(lag: () => number, assigned: (partitions: number) => void): ConsumerObserver {
    this.#lags.push(lag);
    return {
      received: (record, atNs) => this.#received(record, atNs),
      fetched: (atNs) => this.#fetched(atNs),
      assigned,
      failed: (error) => this.#errors.add(error),
    };
  }

  measuredPartEnded(): void {
    this.#lagAtEnd ??= this.#lag();
  }

  recording(classIndex: number): ClassRecording {
    return {
      classIndex,
      recording: this.#recorder.recording(),
      records: this.records,
      recordsDue: 0,
      recordsFailed: 0,
      requests: 0,
      batches: 0,
      lagMaxPerWindow: this.#lagMaxPerWindow,
      lagAtEnd: this.#lagAtEnd ?? 0,
      recordsWithoutDueTime: this.#recordsWithoutDueTime,
    };
  }

  #received(record: FetchedRecord, atNs: number): void {
    this.records++;
    this.#recorder.arrived(1, record.value?.length ?? 0, atNs);
    const dueNs = dueTimeOf(record.value);
    if (dueNs === null) {
      this.#recordsWithoutDueTime++;
    } else {
      this.#recorder.latency(dueNs, atNs);
    }
  }

  #fetched(atNs: number): void {
    if (atNs < this.#times.warmNs || atNs >= this.#times.endNs) {
      return;
    }
    const window = Math.floor((atNs - this.#times.warmNs) / NS_PER_SECOND);
    this.#lagMaxPerWindow[window] = Math.max(this.#lagMaxPerWindow[window], this.#lag());
  }

  #lag(): number {
    return this.#lags.reduce((sum, lag) => sum + lag(), 0);
  }
}

runWorker(async (plan) => {
  const worker = new ConsumerWorker(plan);
  await worker.join();
  return (message: ToWorker) => worker.onMessage(message);
});
