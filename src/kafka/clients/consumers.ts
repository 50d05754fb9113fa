/**
 * Consumer threads of the load generator: every consumer keeps one fetch in flight to each broker that leads one of
 * its partitions, decodes what comes and fetches again.
 *
 * What:    jobs of a thread in FIFO order: FETCH (send one), RECEIVE (decode one response, then send the next fetch),
 *          PROCESS (the application's time for the records, if it takes any). Lag counts from what was received. A consumer
 *          that pauses receives what is under way and sends no fetch until its pause is over.
 * Formula: fetch + receive = perRequest + records * perRecord + bytes * perByte + codecs;  process = records * process  (CPU ns)
 * Source:  the generator in src/load; costs are measured by calibration.
 * Range:   groups already assigned (range assignor); no rebalances. Commits and heartbeats: group-members.ts. What fails:
 *          consumer-refreshes.ts.
 * Error:   in every report (end-to-end latency).
 * Test:    test/kafka/consumers.test.ts.
 */
import type { Float64Column, Uint8Column } from '../../kernel/columns.ts';
import type { Pause } from '../../scenario/scenario.ts';
import type { ClusterModel } from '../cluster-model.ts';
import type { Costs } from '../costs.ts';
import { KIND } from '../kinds.ts';
import { NONE, REQUEST } from '../requests.ts';
import { type JobOwner, ThreadJobs } from '../thread-jobs.ts';
import type { Backoff } from './backoff.ts';
import { isSending } from './group-members.ts';

const FETCH = 0;
const RECEIVE = 1;
const PROCESS = 2;
/** A request of a group's member, sent or answered: group-members.ts knows which. */
const MEMBER = 3;
const JOBS = 4;
const JOB_BITS = 2;
const FETCH_SHARE = 0.3;
const NS_PER_MS = 1_000_000;

export interface ConsumerThread {
  readonly thread: number;
  readonly entity: number;
  readonly costs: Costs;
}

/** The writing half of a mirror: its entity in the other shard, how far it is, and its topic for each partition here. */
export interface MirrorTarget {
  readonly entity: number;
  readonly delayNs: number;
  readonly topicOf: readonly number[];
}

export interface ConsumerClient {
  /** Counted after the producers' classes; NONE for a mirror. */
  readonly recorderClass: number;
  readonly clientThread: number;
  readonly host: number;
  readonly processNs: number;
  readonly pauses: readonly Pause[];
  /** One for each broker that leads one of its partitions, or may come to. */
  readonly sessions: readonly number[];
  readonly entity: number;
  readonly backoff: Backoff;
  /** Where a mirror sends what it reads; null for plain consumers. */
  readonly mirror: MirrorTarget | null;
}

export class Consumers implements JobOwner {
  readonly #model: ClusterModel;
  readonly #threads: readonly ConsumerThread[];
  readonly #clients: readonly ConsumerClient[];
  readonly #jobs: ThreadJobs;
  readonly #consumed: Float64Column;
  /** Per consumer: whether it pauses. Per session: whether its next fetch waits for the end of a pause. */
  readonly #paused: Uint8Column;
  readonly #held: Uint8Column;

  constructor(model: ClusterModel, threads: readonly ConsumerThread[], clients: readonly ConsumerClient[]) {
    this.#model = model;
    this.#threads = threads;
    this.#clients = clients;
    const columns = model.sim.columns;
    this.#jobs = new ThreadJobs(
      model,
      'consumer-threads',
      threads.map(({ thread }) => thread),
      this,
    );
    this.#consumed = columns.float64('consumers/consumed', clients.length);
    this.#paused = columns.uint8('consumers/paused', clients.length);
    this.#held = columns.uint8('consumers/held', model.parts.sessions.length);
    if (model.history.isOn) this.#passOverHistories();
  }

  /** Records that a consumer has read, or passed over when it began. */
  consumed(client: number): number {
    return this.#consumed.data[client];
  }

  /** A consumer begins to fetch from all its brokers. */
  start(client: number): void {
    const of = this.#clients[client];
    for (const session of of.sessions) {
      if (this.#model.replicas.isFetching(session)) this.startSession(client, session);
    }
    const { sim, recorder } = this.#model;
    const { warmNs, endNs } = recorder.options;
    for (const { atMs, durationMs } of of.pauses) {
      const fromNs = warmNs + Math.round(atMs * NS_PER_MS);
      const toNs = Math.min(endNs, fromNs + Math.round(durationMs * NS_PER_MS));
      if (fromNs >= endNs) continue;
      sim.schedule(fromNs - sim.nowNs, of.entity, KIND.consumerPauses, client, 1);
      sim.schedule(toNs - sim.nowNs, of.entity, KIND.consumerPauses, client, 0);
    }
  }

  /** A consumer sends no fetch from now on, or those that it has held back. */
  pause(client: number, isPaused: boolean): void {
    this.#paused.data[client] = isPaused ? 1 : 0;
    if (isPaused) return;
    for (const session of this.#clients[client].sessions) {
      if (this.#held.data[session] === 0) continue;
      this.#held.data[session] = 0;
      this.startSession(client, session);
    }
  }

  startSession(client: number, session: number): void {
    this.#jobs.push(this.#clients[client].clientThread, session * JOBS + FETCH);
  }

  responseArrives(request: number): void {
    this.#jobs.push(this.#clientOf(request).clientThread, request * JOBS + RECEIVE);
  }

  /** A group's member has one more thing to do on its consumer's thread. */
  memberJob(client: number, job: number): void {
    this.#jobs.push(this.#clients[client].clientThread, job * JOBS + MEMBER);
  }

  threadDone(thread: number): void {
    this.#jobs.threadDone(thread);
  }

  /** Stops a thread after its present job. */
  hold(thread: number): void {
    this.#jobs.hold(thread);
  }

  /** Lets a stopped thread go on. */
  release(thread: number): void {
    this.#jobs.release(thread);
  }

  workNs(thread: number, job: number): number {
    const { costs } = this.#threads[thread];
    const { requests, replicas, tls } = this.#model;
    const row = job >> JOB_BITS;
    switch (job & (JOBS - 1)) {
      case FETCH:
        return (
          costs.consumerPerRequestNs * FETCH_SHARE +
          tls.requestNs(replicas.connectionOf(row), replicas.cache.requestBytes(row))
        );
      case RECEIVE:
        return (
          costs.consumerPerRequestNs * (1 - FETCH_SHARE) +
          requests.records.data[row] * costs.consumerPerRecordNs +
          requests.bytesOut.data[row] * costs.consumerPerByteNs +
          requests.unpackNs.data[row] +
          tls.responseNs(requests.connection.data[row], requests.bytesOut.data[row])
        );
      case MEMBER:
        return costs.consumerPerRequestNs * (isSending(row) ? FETCH_SHARE : 1 - FETCH_SHARE);
      default:
        return requests.records.data[row] * this.#clientOf(row).processNs;
    }
  }

  starts(_thread: number, job: number, latencyNs: number): void {
    if ((job & (JOBS - 1)) === PROCESS) {
      this.#model.requests.startedNs.data[job >> JOB_BITS] = this.#model.sim.nowNs + latencyNs;
    }
  }

  done(_thread: number, job: number): boolean {
    const row = job >> JOB_BITS;
    if ((job & (JOBS - 1)) === FETCH) this.#send(row);
    else if ((job & (JOBS - 1)) === RECEIVE) this.#received(row);
    else if ((job & (JOBS - 1)) === MEMBER) this.#model.groups.jobDone(row);
    else this.#processed(row);
    return true;
  }

  #passOverHistories(): void {
    const { replicas, history } = this.#model;
    this.#clients.forEach(({ sessions }, client) => {
      for (const { readsHistory, partitions } of sessions.map((session) => replicas.session(session))) {
        if (readsHistory) continue;
        for (const partition of partitions) this.#consumed.data[client] += history.records(partition);
      }
    });
  }

  #send(session: number): void {
    const { requests, replicas, sockets, failures } = this.#model;
    if (this.#paused.data[replicas.ownerOf(session)] === 1) {
      this.#held.data[session] = 1;
      return;
    }
    if (replicas.hasToStop(session)) {
      failures.refreshes.lost(replicas.ownerOf(session));
      return;
    }
    const request = requests.open(REQUEST.fetchConsumer, replicas.connectionOf(session), session);
    requests.bytesIn.data[request] = replicas.cache.requestBytes(session);
    sockets.sendRequest(request);
  }

  #received(request: number): void {
    const { requests, collectors, parts, sim } = this.#model;
    const session = requests.owner.data[request];
    const client = this.#clientOf(request);
    const records = requests.records.data[request];
    const collector = parts.producerThreads.length + client.clientThread;
    collectors.handled(collector, records, requests.bytesOut.data[request]);
    this.#consumed.data[this.#model.replicas.ownerOf(session)] += records;
    this.#jobs.push(client.clientThread, session * JOBS + FETCH);
    if (client.processNs > 0 && records > 0) {
      this.#jobs.push(client.clientThread, request * JOBS + PROCESS);
      return;
    }
    requests.startedNs.data[request] = sim.nowNs;
    this.#processed(request);
  }

  /** Every record of a response has reached the application, one after the other since the processing began. */
  #processed(request: number): void {
    const { requests, replicas, batches, recorder, sim } = this.#model;
    const session = requests.owner.data[request];
    const client = this.#clientOf(request);
    const beganNs = requests.startedNs.data[request];
    const eachNs = (sim.nowNs - beganNs) / Math.max(1, requests.records.data[request]);
    let before = 0;
    for (let left = requests.batches.data[request]; left > 0; left -= 1) {
      const batch = replicas.takeFetched(session);
      const records = batches.records.data[batch];
      if (client.recorderClass !== NONE) {
        const firstNs = beganNs + before * eachNs;
        recorder.batchDone(client.recorderClass, true, batch, firstNs, firstNs + (records - 1) * eachNs);
      }
      if (client.mirror !== null) this.#mirror(client.mirror, batch);
      before += records;
      replicas.release(batch);
    }
    requests.close(request);
  }

  #mirror(mirror: NonNullable<ConsumerClient['mirror']>, batch: number): void {
    const { batches, sim } = this.#model;
    sim.schedule(
      mirror.delayNs,
      mirror.entity,
      KIND.mirroredBatch,
      batches.records.data[batch],
      batches.firstDueNs.data[batch],
      batches.lastDueNs.data[batch],
      mirror.topicOf[batches.partition.data[batch]],
    );
  }

  #clientOf(request: number): ConsumerClient {
    return this.#clients[this.#model.replicas.ownerOf(this.#model.requests.owner.data[request])];
  }
}
