/**
 * Produce requests whose broker is gone, or has refused them: tried again with other leaders until it is too late.
 *
 * What:    a request that fails waits (backoff.ts), then its client asks for the leaders anew and sends it again; its batches go to
 *          the leaders that they have by then, in one request for each. A leader that cannot be reached fails it again. When
 *          delivery.timeout.ms has passed since its first batch was begun, its records count as failed. With acks 0 nothing is tried again.
 *          A client knows the leaders as they were when it last asked.
 * Formula: failed at t >= created + delivery.timeout.ms
 * Units:   ns.
 * Source:  @platformatic/kafka 2 (performWithRetry: retries of one send, metadata forced after an error); Sender.java, Kafka 4.3.
 * Range:   a batch that was in the log already when its answer was lost is there twice: our generator is not idempotent; Kafka's own
 *          producer is, which is not modelled. Both kinds go on batching by the brokers that led at the start. Any living broker tells
 *          the leaders at once. Our generator's library sends a retried request to the leader of its first partition alone, so that batches whose leaders have parted fail
 *          until the end; here they part. Requests are not timed out by the client.
 * Error:   unvalidated.
 * Test:    test/kafka/failures.test.ts, failures-conservation.test.ts.
 */
import type { Float64Column } from '../../kernel/columns.ts';
import type { Stream } from '../../kernel/random.ts';
import type { ClusterModel } from '../cluster-model.ts';
import { KIND } from '../kinds.ts';
import { NONE } from '../requests.ts';
import { backoffNs } from './backoff.ts';

export class ProduceRetries {
  readonly #model: ClusterModel;
  readonly #stream: Stream | null;
  /** Per client: when it last asked for the leaders. */
  readonly #askedNs: Float64Column;
  /** Per producer class, of the measured part: records given up. */
  readonly #failed: Float64Column;

  constructor(model: ClusterModel, isOn: boolean) {
    const { sim, parts } = model;
    this.#model = model;
    this.#stream = isOn ? sim.random.stream('producers/retries') : null;
    this.#askedNs = sim.columns.float64('retries/asked', isOn ? parts.producerClients.length : 0);
    this.#failed = sim.columns.float64('retries/failed', parts.recorder.producerClasses);
  }

  /** Records of a producer class that were due in the measured part and given up. */
  failedRecords(classIndex: number): number {
    return this.#failed.data[classIndex];
  }

  /** Sends a request to the brokers that lead its partitions, as its client knows them. */
  send(request: number): void {
    const { requests, sockets } = this.#model;
    let rest = request;
    for (;;) {
      const leader = this.#leader(rest, requests.firstBatch.data[rest]);
      const others = this.#split(rest, leader);
      this.#count(rest);
      const connection = this.#connection(rest, leader);
      if (connection === NONE) this.failed(rest);
      else {
        requests.connection.data[rest] = connection;
        sockets.sendRequest(rest);
      }
      if (others === NONE) return;
      rest = this.#openFor(rest, others);
    }
  }

  /** A request was lost or refused. */
  failed(request: number): void {
    const { requests, producers, sim, batches } = this.#model;
    const client = producers.clientOf(request);
    requests.refused.data[request] = 0;
    if (client.acks === '0') {
      producers.close(request);
      return;
    }
    const createdNs = batches.createdNs.data[requests.firstBatch.data[request]];
    if (sim.nowNs >= createdNs + client.deliveryTimeoutNs) {
      this.#giveUp(request);
      return;
    }
    const attempt = requests.attempts.data[request];
    requests.attempts.data[request] = attempt + 1;
    const draw = this.#stream !== null && client.backoff.isJava ? sim.random.uniform(this.#stream) : 0;
    sim.schedule(backoffNs(client.backoff, attempt, draw), client.entity, KIND.produceAgain, request);
  }

  /** The time to try a request again. */
  again(request: number): void {
    const { producers, failures, sim, brokers } = this.#model;
    if (!brokers.some(({ index }) => failures.lives.isUp(index))) {
      this.failed(request);
      return;
    }
    this.#askedNs.data[producers.senderOf(request)] = sim.nowNs;
    this.#renew(request);
    producers.sendAgain(request);
  }

  #giveUp(request: number): void {
    const { producers, requests, batches, accumulator } = this.#model;
    const index = producers.senderOf(request);
    const client = producers.client(index);
    if (client.classIndex >= 0) {
      for (let batch = requests.firstBatch.data[request]; batch !== NONE; ) {
        this.#failed.data[client.classIndex] += batches.measured.data[batch];
        batch = batches.nextInRequest.data[batch];
      }
    }
    accumulator.done(client, index, requests.owner.data[request], requests.batches.data[request]);
    producers.close(request);
    producers.goesOn(index);
  }

  /** A batch may be in a log already: what is sent again are others with the same records. */
  #renew(request: number): void {
    const { requests, batches, replicas } = this.#model;
    let last = NONE;
    for (let old = requests.firstBatch.data[request]; old !== NONE; ) {
      const next = batches.nextInRequest.data[old];
      const batch = batches.copy(old);
      if (last === NONE) requests.firstBatch.data[request] = batch;
      else batches.nextInRequest.data[last] = batch;
      last = batch;
      replicas.release(old);
      old = next;
    }
  }

  /** Leaves those batches in a request that go to `leader`; returns the first of the others' chain, or NONE. */
  #split(request: number, leader: number): number {
    const { requests, batches } = this.#model;
    const chains = [NONE, NONE];
    const lasts = [NONE, NONE];
    for (let batch = requests.firstBatch.data[request]; batch !== NONE; ) {
      const next = batches.nextInRequest.data[batch];
      const chain = this.#leader(request, batch) === leader ? 0 : 1;
      batches.nextInRequest.data[batch] = NONE;
      if (lasts[chain] === NONE) chains[chain] = batch;
      else batches.nextInRequest.data[lasts[chain]] = batch;
      lasts[chain] = batch;
      batch = next;
    }
    requests.firstBatch.data[request] = chains[0];
    return chains[1];
  }

  /** A request of the same link for batches that go elsewhere. */
  #openFor(request: number, firstBatch: number): number {
    const { requests, accumulator } = this.#model;
    const link = requests.owner.data[request];
    const type = requests.type.data[request];
    const other = requests.open(type, requests.connection.data[request], link);
    requests.firstBatch.data[other] = firstBatch;
    requests.attempts.data[other] = requests.attempts.data[request];
    // With acks 0 its place in flight is free already.
    if (this.#model.acks(request) !== '0') accumulator.splits(link);
    return other;
  }

  #count(request: number): void {
    const { requests, batches } = this.#model;
    requests.batches.data[request] = 0;
    requests.records.data[request] = 0;
    requests.bytesIn.data[request] = 0;
    for (let batch = requests.firstBatch.data[request]; batch !== NONE; ) {
      requests.batches.data[request] += 1;
      requests.records.data[request] += batches.records.data[batch];
      requests.bytesIn.data[request] += batches.bytes.data[batch];
      batch = batches.nextInRequest.data[batch];
    }
  }

  /** The leader of a batch's partition as the sender of the request knows it, or NONE. */
  #leader(request: number, batch: number): number {
    const { producers, batches, failures } = this.#model;
    const askedNs = this.#askedNs.data[producers.senderOf(request)];
    return failures.leadership.leaderKnown(batches.partition.data[batch], askedNs);
  }

  /** The client's connection to a broker; NONE when that cannot be reached. */
  #connection(request: number, broker: number): number {
    const { producers, failures } = this.#model;
    if (broker === NONE || !failures.lives.isUp(broker)) return NONE;
    return producers.clientOf(request).connectionOf[broker] ?? NONE;
  }
}
