/**
 * Producer threads of the load generator: a timer tick puts the records that have come due into the accumulator and
 * sends what is ready; acknowledgements are handled between ticks; everything on one thread, one job at a time.
 *
 * What:    jobs of a thread in FIFO order: TICK, SEND (one produce request), ACK (one response), FILL (a slice of
 *          records of a producer without a rate, while its buffer has room).
 * Formula: send + ack of a request = perRequest + records * perRecord + plain bytes * perByte + codec   (CPU ns; a fifth of
 *          perRequest at the acknowledgement)
 * Source:  the generator in src/load; the costs are measured by calibration.
 * Range:   client "brokertwin" at constant rates or as fast as it is taken. What fails: produce-retries.ts.
 * Error:   in every report (publish latency, requests, batches).
 * Test:    test/kafka/producers.test.ts.
 */
import type { Float64Column } from '../../kernel/columns.ts';
import type { ClusterModel } from '../cluster-model.ts';
import type { Costs } from '../costs.ts';
import { KIND } from '../kinds.ts';
import { NONE } from '../requests.ts';
import { type JobOwner, ThreadJobs } from '../thread-jobs.ts';
import type { ProducerClient } from './accumulator.ts';

const TICK = 0;
const SEND = 1;
const ACK = 2;
/** A producer without a rate makes records in slices, coming to its sockets in between. */
const FILL = 3;
const JOBS = 4;
const JOB_BITS = 2;
const ACK_SHARE = 0.2;
/** One slice, as in the generator. */
const FILL_BYTES = 262_144;

export interface ProducerThread {
  readonly thread: number;
  readonly entity: number;
  readonly costs: Costs;
  readonly clients: readonly number[];
}

/** Due times of a client: startNs + k * gapNs while before endNs; gapNs null means as fast as it is taken. */
export interface Schedule {
  readonly startNs: number;
  readonly gapNs: number | null;
  readonly endNs: number;
}

export class Producers implements JobOwner {
  readonly #model: ClusterModel;
  readonly #threads: readonly ProducerThread[];
  readonly #clients: readonly ProducerClient[];
  readonly #schedules: readonly (Schedule | null)[];
  readonly #jobs: ThreadJobs;
  /** Records that a tick has found due, and those of them that have found room. */
  readonly #offered: Float64Column;
  readonly #made: Float64Column;
  readonly #filling: Float64Column;
  /** Per client: ticks before this time need not put in its records; always 0 without a rate, or when some found no room. */
  readonly #quietUntilNs: Float64Column;
  /** Per thread: when its last tick was done. */
  readonly #tickedNs: Float64Column;
  readonly #linkClient: readonly number[];

  constructor(
    model: ClusterModel,
    threads: readonly ProducerThread[],
    clients: readonly ProducerClient[],
    schedules: readonly (Schedule | null)[],
  ) {
    this.#model = model;
    this.#threads = threads;
    this.#clients = clients;
    this.#schedules = schedules;
    const columns = model.sim.columns;
    this.#jobs = new ThreadJobs(
      model,
      'producer-threads',
      threads.map(({ thread }) => thread),
      this,
    );
    this.#offered = columns.float64('producers/offered', clients.length);
    this.#made = columns.float64('producers/made', clients.length);
    this.#filling = columns.float64('producers/filling', clients.length);
    this.#quietUntilNs = columns.float64('producers/quiet-until', clients.length);
    this.#tickedNs = columns.float64('producers/ticked', threads.length);
    this.#linkClient = clients.flatMap((client, index) => client.links.map(() => index));
  }

  client(index: number): ProducerClient {
    return this.#clients[index];
  }

  schedule(client: number): Schedule | null {
    return this.#schedules[client];
  }

  /** The number of the client that sent a produce request. */
  senderOf(request: number): number {
    return this.#linkClient[this.#model.requests.owner.data[request]];
  }

  tick(thread: number): void {
    this.#jobs.push(thread, TICK);
  }

  responseArrives(request: number): void {
    const of = this.clientOf(request);
    if (of.acks === '0') this.close(request);
    else this.#jobs.push(of.clientThread, request * JOBS + ACK);
  }

  /** A mirror brings a batch of another cluster: its records enter as they come. */
  mirrored(client: number, topic: number, records: number, firstDueNs: number, lastDueNs: number): void {
    const of = this.#clients[client];
    const gapNs = records > 1 ? (lastDueNs - firstDueNs) / (records - 1) : 0;
    this.#model.accumulator.add(of, client, topic, records, firstDueNs, gapNs);
    this.#drain(client);
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

  starts(thread: number, job: number): void {
    if (job === TICK) this.#setTimer(thread);
  }

  done(thread: number, job: number): boolean {
    const row = job >> JOB_BITS;
    switch (job & (JOBS - 1)) {
      case SEND:
        this.#sent(row);
        break;
      case ACK:
        this.#acknowledged(row);
        break;
      case FILL:
        this.#fill(row);
        break;
      default:
        this.#ticked(thread);
    }
    return true;
  }

  workNs(thread: number, job: number): number {
    const { costs } = this.#threads[thread];
    const { requests } = this.#model;
    const request = job >> JOB_BITS;
    switch (job & (JOBS - 1)) {
      case SEND:
        return (
          costs.producerPerRequestNs * (1 - ACK_SHARE) +
          requests.records.data[request] * costs.producerPerRecordNs +
          requests.bytesIn.data[request] * costs.producerPerByteNs +
          this.#packNs(request) +
          this.tlsNs(request)
        );
      case ACK:
        return costs.producerPerRequestNs * ACK_SHARE + this.ackTlsNs(request);
      case TICK:
        return costs.producerPerTickNs;
      default:
        return 0;
    }
  }

  /** Encrypting a request that is about to be sent, as it is compressed. */
  tlsNs(request: number): number {
    const { tls, compression, requests } = this.#model;
    if (!tls.isOn) return 0;
    const batches = requests.batches.data[request];
    const bytes = compression.wireBytes(this.senderOf(request), requests.bytesIn.data[request], batches);
    return tls.requestNs(requests.connection.data[request], bytes);
  }

  ackTlsNs(request: number): number {
    const { tls, requests } = this.#model;
    return tls.responseNs(requests.connection.data[request], requests.bytesOut.data[request]);
  }

  #packNs(request: number): number {
    const { compression, requests } = this.#model;
    if (!compression.isOn) return 0;
    const client = this.senderOf(request);
    const plainBytes = requests.records.data[request] * this.#clients[client].recordBytes;
    return compression.packNs(client, plainBytes, requests.batches.data[request]);
  }

  /** The timer is set again when its turn comes, so that a busy thread's ticks are late but do not pile up. */
  #setTimer(thread: number): void {
    const of = this.#threads[thread];
    this.#model.sim.schedule(of.costs.clientTickNs, of.entity, KIND.producerTick, thread);
  }

  #ticked(thread: number): void {
    const { sim, accumulator } = this.#model;
    this.#tickedNs.data[thread] = sim.nowNs;
    for (const client of this.#threads[thread].clients) {
      // Most ticks of most clients find nothing to do: this is all that they cost.
      if (sim.nowNs < this.#quietUntilNs.data[client] && !accumulator.mayDrain(client)) continue;
      this.#offer(client);
      this.#make(client);
    }
  }

  /** Records count as come due at a tick only. */
  #offer(client: number): void {
    const schedule = this.#schedules[client];
    if (schedule === null || schedule.gapNs === null) return;
    const { startNs, gapNs } = schedule;
    const { classIndex, clientThread } = this.#clients[client];
    const upTo = Math.min(this.#tickedNs.data[clientThread], schedule.endNs - 1);
    const before = this.#offered.data[client];
    const offered = upTo < startNs ? 0 : Math.floor((upTo - startNs) / gapNs) + 1;
    if (offered <= before) return;
    this.#offered.data[client] = offered;
    this.#model.recorder.recordsDue(classIndex, offered - before, startNs + before * gapNs, gapNs);
  }

  #fill(client: number): void {
    this.#filling.data[client] = 0;
    this.#make(client);
  }

  /** Puts the records that are due into the accumulator, as far as there is room, and sends what is sendable. */
  #make(client: number): void {
    const schedule = this.#schedules[client];
    if (schedule !== null) {
      if (schedule.gapNs === null) this.#makeFreely(client, schedule);
      else this.#makeDue(client, schedule, schedule.gapNs);
    }
    this.#drain(client);
  }

  #makeFreely(client: number, schedule: Schedule): void {
    const { sim } = this.#model;
    if (sim.nowNs >= schedule.endNs) return;
    const of = this.#clients[client];
    const wanted = Math.ceil(FILL_BYTES / of.recordBytes);
    const made = this.#add(client, wanted, sim.nowNs, 0);
    this.#model.recorder.recordsDue(of.classIndex, made, sim.nowNs, 0);
    if (made === wanted && this.#filling.data[client] === 0) {
      this.#filling.data[client] = 1;
      this.#jobs.push(of.clientThread, client * JOBS + FILL);
    }
  }

  #makeDue(client: number, schedule: Schedule, gapNs: number): void {
    const made = this.#made.data[client];
    const due = this.#offered.data[client] - made;
    if (due > 0) this.#add(client, due, schedule.startNs + made * gapNs, gapNs);
    this.#quietUntilNs.data[client] =
      this.#made.data[client] < made + due ? 0 : this.#quietUntil(client, schedule.startNs, gapNs);
  }

  /**
   * Until when ticks may pass over the client: records that only fill up the open batch are put in later, with the one
   * that does more, or when the batch is to be sent.
   */
  #quietUntil(client: number, startNs: number, gapNs: number): number {
    const room = this.#model.accumulator.roomInOpenBatch(this.#clients[client]);
    const next = this.#offered.data[client] + Math.max(0, room - 1);
    // An offer divides, which may come out one rounding before this product.
    return startNs + next * gapNs - 1;
  }

  /** Spreads records over the client's topics in turn; returns how many found room. */
  #add(client: number, wanted: number, firstDueNs: number, gapNs: number): number {
    const of = this.#clients[client];
    // Shares are of the partitions of all topics.
    const topics = of.shares === null ? of.topics.length : 1;
    const before = this.#made.data[client];
    let added = 0;
    for (let offset = 0; offset < Math.min(topics, wanted); offset += 1) {
      const topic = (before + offset) % topics;
      const records = Math.floor((wanted - offset - 1) / topics) + 1;
      const first = firstDueNs + offset * gapNs;
      const room = this.#model.accumulator.add(of, client, topic, records, first, topics * gapNs);
      added += room;
      // The first record that finds no room keeps those after it waiting.
      if (room < records) break;
    }
    this.#made.data[client] = before + added;
    return added;
  }

  #drain(client: number): void {
    const { accumulator } = this.#model;
    if (!accumulator.mayDrain(client)) return;
    this.#catchUp(client);
    accumulator.beginDrain(client);
    const of = this.#clients[client];
    // The links of a client are numbered in a row: those without a batch, which most are, need no look at themselves.
    const first = of.links[0]?.index ?? 0;
    for (let number = 0; number < of.links.length; number += 1) {
      while (accumulator.hasBatches(first + number)) {
        const request = accumulator.drain(of, client, of.links[number]);
        if (request === NONE) break;
        this.#quietUntilNs.data[client] = 0;
        this.#jobs.push(of.clientThread, request * JOBS + SEND);
      }
    }
  }

  /** Puts in what the ticks up to the last have passed over. */
  #catchUp(client: number): void {
    const schedule = this.#schedules[client];
    if (schedule === null || schedule.gapNs === null || this.#quietUntilNs.data[client] === 0) return;
    this.#offer(client);
    this.#makeDue(client, schedule, schedule.gapNs);
  }

  #sent(request: number): void {
    const { requests, collectors } = this.#model;
    collectors.handled(
      this.clientOf(request).clientThread,
      requests.records.data[request],
      requests.bytesIn.data[request],
    );
    this.send(request);
    if (this.clientOf(request).acks === '0') this.#make(this.#linkClient[requests.owner.data[request]]);
  }

  /** A request is sent, by whichever kind of client; with acks 0 its records are published when its socket has it. */
  send(request: number): void {
    const { sockets, recorder, requests, compression, failures, silentWrites } = this.#model;
    compression.pack(this.senderOf(request), request);
    recorder.requestSent(requests.batches.data[request]);
    const isSilent = this.clientOf(request).acks === '0';
    if (failures.isOn) {
      if (isSilent) this.record(request);
      failures.retries.send(request);
      return;
    }
    const inSocket = sockets.sendRequest(request);
    if (isSilent && silentWrites.sent(request, inSocket)) this.record(request);
  }

  /** The rest of a request with acks 0 is in its socket. */
  written(request: number): void {
    const client = this.senderOf(request);
    this.record(request);
    this.goesOn(client);
  }

  /** A request that failed is sent again, as any other. */
  sendAgain(request: number): void {
    const { javaProducers } = this.#model;
    const client = this.senderOf(request);
    if (javaProducers.isOne(client)) javaProducers.sendAgain(client, request);
    else this.#jobs.push(this.#clients[client].clientThread, request * JOBS + SEND);
  }

  /** The memory of a request is free, and its client may go on. */
  goesOn(client: number): void {
    const { javaProducers } = this.#model;
    if (javaProducers.isOne(client)) javaProducers.goesOn(client);
    else this.#make(client);
  }

  /** The client that sent a produce request. */
  clientOf(request: number): ProducerClient {
    return this.#clients[this.#linkClient[this.#model.requests.owner.data[request]]];
  }

  /** The records of a request count as published; its memory and its place in flight are free. */
  record(request: number): void {
    const { requests, batches, recorder, accumulator, sim } = this.#model;
    const client = this.#linkClient[requests.owner.data[request]];
    const of = this.#clients[client];
    for (
      let batch = requests.firstBatch.data[request];
      batch !== NONE;
      batch = batches.nextInRequest.data[batch]
    ) {
      if (of.classIndex >= 0) recorder.batchDone(of.classIndex, false, batch, sim.nowNs, sim.nowNs);
    }
    accumulator.done(of, client, requests.owner.data[request], requests.batches.data[request]);
  }

  close(request: number): void {
    const { requests, batches, replicas } = this.#model;
    let batch = requests.firstBatch.data[request];
    while (batch !== NONE) {
      const next = batches.nextInRequest.data[batch];
      replicas.release(batch);
      batch = next;
    }
    requests.close(request);
  }

  #acknowledged(request: number): void {
    const { requests, failures } = this.#model;
    if (requests.refused.data[request] === 1) {
      failures.retries.failed(request);
      return;
    }
    const client = this.#linkClient[requests.owner.data[request]];
    this.record(request);
    this.close(request);
    this.#make(client);
  }
}
