/**
 * Replica fetcher threads: one per (follower, leader broker, fetcher number), strictly serial.
 *
 * What:    build fetch, send, wait, append, repeat: one request in flight. A follower's append goes through the same
 *          log append as the leader's, with its pauses and flushes (log.ts).
 * Formula: per response = perRequest + bytes * (network perByteIn + handler producePerByte) + batches * producePerBatch
 *          + (pieces - 1) * what waking costs after the time that a piece takes, pieces of 64 KiB where it comes over a line;
 *          a follower does not check single records
 * Source:  AbstractFetcherThread.scala, ReplicaFetcherThread.scala, Kafka 4.2.
 *          Fetcher number: abs(31 * hash(topic) + partition) mod num.replica.fetchers (AbstractFetcherManager.scala).
 * Range:   no back-off but where a throttle leaves a fetch without any partition (replication-throttles.ts).
 * Error:   per stage in reports.
 * Test:    test/kafka/replication.test.ts.
 */
import type { Int32Column } from '../../kernel/columns.ts';
import { NS_PER_MS } from '../../kernel/time.ts';
import { javaHash, partitionOfHash } from '../cluster/java-hash.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { KIND } from '../kinds.ts';
import { NONE, REQUEST } from '../requests.ts';
import { furtherPiecesNs, responseFlow } from './socket-server.ts';

/** Linux looks again so often whether a writer that it stopped may go on (about its shortest pause). */
export const FULL_PAUSE_NS = 10 * NS_PER_MS;

export interface ReplicaFetcher {
  /** Of the fetchers between two brokers. */
  readonly number: number;
  readonly follower: number;
  readonly thread: number;
  readonly session: number;
}

/** Kafka's choice of a fetcher for a partition. */
export function fetcherNumber(topic: string, partition: number, fetchers: number): number {
  return partitionOfHash((Math.imul(31, javaHash(topic)) + partition) | 0, fetchers);
}

export class ReplicaFetchers {
  readonly #model: ClusterModel;
  readonly #fetchers: readonly ReplicaFetcher[];
  /** The response that the thread is working on, or NONE while it builds a fetch. */
  readonly #response: Int32Column;

  constructor(model: ClusterModel, fetchers: readonly ReplicaFetcher[]) {
    this.#model = model;
    this.#fetchers = fetchers;
    this.#response = model.sim.columns.int32('fetchers/response', fetchers.length);
    this.#response.data.fill(NONE);
  }

  /** A fetcher begins: builds its first fetch. */
  start(index: number): void {
    const { fetcherPerRequestNs } = this.#costs(index);
    const workNs = fetcherPerRequestNs / 2 + this.#requestTlsNs(index);
    this.#model.cpus.wake(this.#fetchers[index].thread, workNs);
  }

  followerOf(index: number): number {
    return this.#fetchers[index].follower;
  }

  /** The broker of the fetcher's thread is gone; returns the response that it was working on, or NONE. */
  clear(index: number): number {
    const response = this.#response.data[index];
    this.#response.data[index] = NONE;
    return response;
  }

  responseArrives(index: number, request: number): void {
    const { cpus, requests } = this.#model;
    const { thread } = this.#fetchers[index];
    this.#response.data[index] = request;
    const costs = this.#costs(index);
    const bytes = requests.bytesOut.data[request];
    const flow = responseFlow(requests.connection.data[request]);
    const workNs =
      costs.fetcherPerRequestNs +
      furtherPiecesNs(this.#model, thread, flow, bytes) +
      bytes * (costs.networkPerByteInNs + costs.producePerByteNs) +
      requests.batches.data[request] * costs.producePerBatchNs +
      this.#model.tls.responseNs(requests.connection.data[request], bytes) +
      this.#requestTlsNs(index);
    cpus.wake(thread, workNs);
  }

  threadDone(index: number): void {
    const { requests, sim, brokers } = this.#model;
    const { follower, thread } = this.#fetchers[index];
    const request = this.#response.data[index];
    let freeNs = sim.nowNs;
    if (request !== NONE) {
      this.#response.data[index] = NONE;
      freeNs = this.#append(index, requests.batches.data[request]);
      requests.close(request);
    }
    if (freeNs === sim.nowNs) this.#send(index);
    else {
      const life = this.#model.lives.of(follower);
      sim.schedule(freeNs - sim.nowNs, brokers[follower].entity, KIND.storageDone, thread, life);
    }
  }

  /** A fetcher that had nothing to fetch looks again. */
  looks(thread: number, life: number): void {
    const { parts, lives } = this.#model;
    const { index } = parts.threads[thread];
    if (lives.of(this.#fetchers[index].follower) === life) this.#send(index);
  }

  /** The disk has let the thread go on after its appends. */
  storageDone(index: number): void {
    const { logs, sim, brokers } = this.#model;
    const { follower, thread } = this.#fetchers[index];
    if (!logs.isFull(follower)) this.#send(index);
    else {
      const life = this.#model.lives.of(follower);
      sim.schedule(FULL_PAUSE_NS, brokers[follower].entity, KIND.storageDone, thread, life);
    }
  }

  /** Appends the batches of a response; returns when the thread is free, ns. What it holds is told by its next fetch. */
  #append(index: number, count: number): number {
    const { replicas, recorder, batches, logs, sim } = this.#model;
    const { throttles } = this.#model.failures;
    const { follower, session } = this.#fetchers[index];
    const hasDisk = logs.isOn(follower);
    let freeNs = sim.nowNs;
    for (let left = count; left > 0; left -= 1) {
      const batch = replicas.takeFetched(session);
      const bytes = batches.bytes.data[batch];
      recorder.appended(follower, bytes);
      if (throttles.isOn) throttles.received(session, batches.partition.data[batch], bytes);
      if (hasDisk) {
        const partition = batches.partition.data[batch];
        freeNs = logs.append(follower, partition, bytes, batches.records.data[batch], freeNs);
      }
      replicas.replicated(session, batch);
    }
    return freeNs;
  }

  #send(index: number): void {
    const { requests, replicas, sockets, failures } = this.#model;
    const { session } = this.#fetchers[index];
    if (replicas.hasToStop(session)) return;
    if (failures.throttles.isOn) {
      failures.throttles.review(session, 'follower');
      if (failures.throttles.holdsAll(session)) {
        this.#backOff(index);
        return;
      }
    }
    const request = requests.open(REQUEST.fetchFollower, replicas.connectionOf(session), session);
    requests.bytesIn.data[request] = replicas.cache.requestBytes(session);
    sockets.sendRequest(request);
  }

  /** Nothing is to be fetched now: the thread looks again later. */
  #backOff(index: number): void {
    const { brokers, sim, lives } = this.#model;
    const { follower, thread } = this.#fetchers[index];
    const { entity, config } = brokers[follower];
    const delayNs = config['replica.fetch.backoff.ms'] * NS_PER_MS;
    sim.schedule(delayNs, entity, KIND.fetcherLooks, thread, lives.of(follower));
  }

  /** The next fetch is a part of the work on a response. */
  #requestTlsNs(index: number): number {
    const { tls, replicas } = this.#model;
    const { session } = this.#fetchers[index];
    return tls.requestNs(replicas.connectionOf(session), replicas.cache.requestBytes(session));
  }

  #costs(index: number): ClusterModel['brokers'][number]['costs'] {
    return this.#model.brokers[this.#fetchers[index].follower].costs;
  }
}
