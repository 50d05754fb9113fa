/**
 * The request queue and its handler threads (num.io.threads).
 *
 * What:    one FIFO of at most queued.max.requests; the handler that has slept longest is woken. A produce request is
 *          appended in the handler, which may wait for the disk (log.ts), as for a fetch that misses the page cache;
 *          after the response is queued the same handler completes the parked fetches that
 *          the new data satisfies (ReplicaManager.tryCompleteActions).
 * Formula: produce = perRequest + batches * perBatch + records * perRecord + bytes * perByte + codecs (compression.ts)
 *          fetch   = perRequest + partitions of the session * perPartition (twice without a session: fetch-session-cache.ts)
 *          offset commit = as a produce request with one batch of its offsets' records
 *          heartbeat, metadata = the perRequest of a fetch: a request that is looked up and answered
 *          completing a parked fetch = partitions of the session * perPartition                    (CPU ns)
 * Source:  KafkaRequestHandler.scala, KafkaApis.scala, ReplicaManager.scala, DelayedFetch.scala, Kafka 4.2.
 * Range:   what group coordinators do is done in the handlers, where Kafka 4 has threads of its own for them; requests that
 *          are not named here are part of the broker's background use.
 * Error:   per stage in reports.
 * Test:    test/kafka/request-path.test.ts.
 */
import type { Int32Column } from '../../kernel/columns.ts';
import { Fifos } from '../../kernel/fifo.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { KIND } from '../kinds.ts';
import { isAppend, isFetch, NONE, REQUEST } from '../requests.ts';
import type { Broker } from './broker.ts';
import { FULL_PAUSE_NS } from './replica-fetcher.ts';

const WAITING_MAX = 16_777_216;
/** What a handler does with its request: handles it, completes it (a parked fetch), or waits for the disk in between. */
const STEPS = 8;
const HANDLES = 0;
const COMPLETES = 1;
const APPENDS = 2;
const READS = 3;
const READS_TO_COMPLETE = 4;

export class RequestHandlers {
  readonly #model: ClusterModel;
  /** Per broker: requests that wait. */
  readonly #queue: Fifos;
  /** Per broker: handlers that sleep. */
  readonly #idle: Fifos;
  /** Per handler thread: parked fetches to complete after its present request. */
  readonly #actions: Fifos;
  /** Per thread: request * STEPS + step, or NONE. */
  readonly #current: Int32Column;

  constructor(model: ClusterModel, brokers: readonly Broker[], threads: number) {
    this.#model = model;
    const columns = model.sim.columns;
    this.#queue = new Fifos(columns, 'handlers/queue', brokers.length, WAITING_MAX);
    this.#idle = new Fifos(columns, 'handlers/idle', brokers.length, WAITING_MAX);
    this.#actions = new Fifos(columns, 'handlers/actions', threads, WAITING_MAX);
    this.#current = columns.int32('handlers/current', threads);
    this.#current.data.fill(NONE);
    for (const broker of brokers) {
      for (const thread of broker.handlerThreads) this.#idle.push(broker.index, thread);
    }
  }

  isFull(broker: Broker): boolean {
    return this.#queue.length(broker.index) >= broker.config['queued.max.requests'];
  }

  enqueue(broker: Broker, request: number): void {
    if (this.#idle.length(broker.index) === 0) {
      this.#queue.push(broker.index, request);
      return;
    }
    const thread = this.#idle.shift(broker.index);
    this.#start(broker, thread, request, false);
  }

  /** A parked fetch of this handler's broker is satisfied: the handler completes it next. */
  completeNext(thread: number, request: number): void {
    this.#actions.push(thread, request);
  }

  threadDone(thread: number, broker: Broker): void {
    const { requests, replicas, logs, compression } = this.#model;
    const job = this.#current.data[thread];
    const request = Math.floor(job / STEPS);
    if (job % STEPS === COMPLETES) {
      const doneNs = replicas.answerFetch(request);
      if (doneNs > 0) this.#waitForDisk(broker, thread, request * STEPS + READS_TO_COMPLETE, doneNs);
      else this.#next(broker, thread);
      return;
    }
    const { type } = requests;
    if (type.data[request] === REQUEST.produce) compression.store(request);
    if (isAppend(type.data[request]) && logs.isOn(broker.index)) {
      const doneNs = replicas.write(broker, request);
      if (doneNs > this.#model.sim.nowNs) {
        this.#waitForDisk(broker, thread, request * STEPS + APPENDS, doneNs);
        return;
      }
    }
    this.#handled(broker, thread, request);
  }

  /** The disk has what a handler waited for. */
  storageDone(thread: number, broker: Broker): void {
    const { replicas, requests, logs, sim } = this.#model;
    const job = this.#current.data[thread];
    const request = Math.floor(job / STEPS);
    const step = job % STEPS;
    if (step === APPENDS) {
      if (logs.isFull(broker.index)) this.#waitForDisk(broker, thread, job, sim.nowNs + FULL_PAUSE_NS);
      else this.#handled(broker, thread, request);
      return;
    }
    if (step === READS) requests.localDoneNs.data[request] = sim.nowNs;
    replicas.respond(request);
    this.#next(broker, thread);
  }

  /** The broker's process is gone: its queue is empty and all handlers of the next one sleep. */
  clear(broker: Broker): void {
    this.#queue.clear(broker.index);
    this.#idle.clear(broker.index);
    for (const thread of broker.handlerThreads) {
      this.#actions.clear(thread);
      this.#current.data[thread] = NONE;
      this.#idle.push(broker.index, thread);
    }
  }

  #waitForDisk(broker: Broker, thread: number, job: number, untilNs: number): void {
    const { sim } = this.#model;
    this.#current.data[thread] = job;
    const life = this.#model.lives.of(broker.index);
    sim.schedule(untilNs - sim.nowNs, broker.entity, KIND.storageDone, thread, life);
  }

  #next(broker: Broker, thread: number): void {
    if (this.#actions.length(thread) > 0) {
      const request = this.#actions.shift(thread);
      this.#current.data[thread] = request * STEPS + COMPLETES;
      this.#model.cpus.proceed(thread, this.#model.replicas.readWorkNs(broker, request));
      return;
    }
    if (this.#queue.length(broker.index) > 0) {
      const request = this.#queue.shift(broker.index);
      this.#start(broker, thread, request, true);
      this.#model.sockets.queueHasRoom(broker);
      return;
    }
    this.#current.data[thread] = NONE;
    this.#idle.push(broker.index, thread);
  }

  #start(broker: Broker, thread: number, request: number, awake: boolean): void {
    const model = this.#model;
    this.#current.data[thread] = request * STEPS + HANDLES;
    const workNs = this.#workNs(broker, request);
    if (awake) {
      model.requests.startedNs.data[request] = model.sim.nowNs;
      model.cpus.proceed(thread, workNs);
    } else {
      model.requests.startedNs.data[request] = model.sim.nowNs + model.cpus.wake(thread, workNs);
    }
  }

  #workNs(broker: Broker, request: number): number {
    const requests = this.#model.requests;
    const costs = broker.costs;
    const type = requests.type.data[request];
    if (isAppend(type)) {
      return (
        costs.producePerRequestNs +
        requests.batches.data[request] * costs.producePerBatchNs +
        requests.records.data[request] * costs.producePerRecordNs +
        requests.bytesIn.data[request] * costs.producePerByteNs +
        (this.#model.compression.isOn ? this.#model.compression.checkNs(broker, request) : 0)
      );
    }
    if (!isFetch(type)) return costs.fetchPerRequestNs;
    const { replicas } = this.#model;
    const named = replicas.cache.namedPartitions(requests.owner.data[request]);
    return costs.fetchPerRequestNs + named * costs.fetchPerPartitionNs + replicas.readWorkNs(broker, request);
  }

  #handled(broker: Broker, thread: number, request: number): void {
    const requests = this.#model.requests;
    requests.localDoneNs.data[request] = this.#model.sim.nowNs;
    const type = requests.type.data[request];
    if (isAppend(type)) {
      this.#model.replicas.append(broker, thread, request);
    } else if (!isFetch(type)) {
      this.#model.replicas.respond(request);
    } else {
      const doneNs = this.#model.replicas.fetch(broker, thread, request);
      if (doneNs > 0) {
        this.#waitForDisk(broker, thread, request * STEPS + READS, doneNs);
        return;
      }
    }
    this.#next(broker, thread);
  }
}
