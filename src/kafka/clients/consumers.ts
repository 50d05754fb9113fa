/**
 * Consumer threads of the load generator: every consumer keeps one fetch in flight to each broker that leads one of
 * its partitions, decodes what comes and fetches again.
 *
 * What:    jobs of a thread in FIFO order: FETCH (send one), RECEIVE (decode one response, then send the next).
 * Formula: fetch + receive = perRequest + records * (perRecord + process) + bytes * perByte     (CPU ns)
 * Source:  the generator in src/load; costs are measured by calibration.
 * Range:   groups already assigned (range assignor); no commits, no rebalances.
 * Error:   in every report (end-to-end latency).
 * Test:    test/kafka/consumers.test.ts.
 */
import type { Float64Column } from '../../kernel/columns.ts';
import type { ClusterModel } from '../cluster-model.ts';
import type { Costs } from '../costs.ts';
import { KIND } from '../kinds.ts';
import { NONE, REQUEST } from '../requests.ts';
import { type JobOwner, ThreadJobs } from '../thread-jobs.ts';

const FETCH_REQUEST_BYTES = 128;
const FETCH = 0;
const RECEIVE = 1;
const FETCH_SHARE = 0.3;

export interface ConsumerThread {
  readonly thread: number;
  readonly entity: number;
  readonly costs: Costs;
}

export interface ConsumerClient {
  /** Counted after the producers' classes; NONE for a mirror. */
  readonly recorderClass: number;
  readonly clientThread: number;
  readonly host: number;
  readonly processNs: number;
  readonly sessions: readonly number[];
  /** Where a mirror sends what it reads: entity in the other shard and the delay; null for plain consumers. */
  readonly mirror: { readonly entity: number; readonly delayNs: number } | null;
}

export class Consumers implements JobOwner {
  readonly #model: ClusterModel;
  readonly #threads: readonly ConsumerThread[];
  readonly #clients: readonly ConsumerClient[];
  readonly #jobs: ThreadJobs;
  readonly #consumed: Float64Column;

  constructor(model: ClusterModel, threads: readonly ConsumerThread[], clients: readonly ConsumerClient[]) {
    this.#model = model;
    this.#threads = threads;
    this.#clients = clients;
    const columns = model.sim.columns;
    this.#jobs = new ThreadJobs(
      model,
      'consumer-threads',
      threads.map((of) => of.thread),
      this,
    );
    this.#consumed = columns.float64('consumers/consumed', clients.length);
  }

  /** Records that a consumer has read. */
  consumed(client: number): number {
    return this.#consumed.data[client];
  }

  /** A consumer begins to fetch from all its brokers. */
  start(client: number): void {
    const of = this.#clients[client];
    for (const session of of.sessions) this.#jobs.push(of.clientThread, session * 2 + FETCH);
  }

  responseArrives(request: number): void {
    const session = this.#model.replicas.session(this.#model.requests.owner.data[request]);
    this.#jobs.push(this.#clients[session.owner].clientThread, request * 2 + RECEIVE);
  }

  threadDone(thread: number): void {
    this.#jobs.threadDone(thread);
  }

  workNs(thread: number, job: number): number {
    return job % 2 === FETCH ? this.#fetchWorkNs(thread) : this.#receiveWorkNs(thread, job >> 1);
  }

  done(_thread: number, job: number): boolean {
    if (job % 2 === FETCH) this.#send(job >> 1);
    else this.#received(job >> 1);
    return true;
  }

  #fetchWorkNs(thread: number): number {
    return this.#threads[thread].costs.consumerPerRequestNs * FETCH_SHARE;
  }

  #receiveWorkNs(thread: number, request: number): number {
    const { costs } = this.#threads[thread];
    const { requests, replicas } = this.#model;
    const { owner } = replicas.session(requests.owner.data[request]);
    return (
      costs.consumerPerRequestNs * (1 - FETCH_SHARE) +
      requests.records.data[request] * (costs.consumerPerRecordNs + this.#clients[owner].processNs) +
      requests.bytesOut.data[request] * costs.consumerPerByteNs
    );
  }

  #send(session: number): void {
    const { requests, replicas, nics, sim, brokers } = this.#model;
    const of = replicas.session(session);
    const request = requests.open(REQUEST.fetchConsumer, of.connection, session);
    requests.bytesIn.data[request] = FETCH_REQUEST_BYTES;
    const broker = brokers[of.broker];
    const delayNs = nics.send(this.#clients[of.owner].host, broker.host, FETCH_REQUEST_BYTES);
    sim.schedule(delayNs, broker.entity, KIND.requestArrives, request);
  }

  #received(request: number): void {
    const { requests, replicas, batches, recorder, samples, sim } = this.#model;
    const session = requests.owner.data[request];
    const { owner } = replicas.session(session);
    const client = this.#clients[owner];
    samples.clientRecords(client.host, requests.records.data[request], requests.bytesOut.data[request]);
    for (let left = requests.batches.data[request]; left > 0; left -= 1) {
      const batch = replicas.takeFetched(session);
      this.#consumed.data[owner] += batches.records.data[batch];
      if (client.recorderClass !== NONE) recorder.batchDone(client.recorderClass, true, batch);
      if (client.mirror !== null) {
        sim.schedule(
          client.mirror.delayNs,
          client.mirror.entity,
          KIND.mirroredBatch,
          batches.records.data[batch],
          batches.firstDueNs.data[batch],
          batches.lastDueNs.data[batch],
        );
      }
      replicas.release(batch);
    }
    requests.close(request);
    this.#jobs.push(client.clientThread, session * 2 + FETCH);
  }
}
