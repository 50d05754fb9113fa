/**
 * Kafka's own producers as the perf tool drives them: two threads for each client, an application thread that calls send()
 * and the Sender that drains the accumulator.
 *
 *   application: [burst of records] ─ sleep ─ [burst] ...        blocked while buffer.memory is full
 *   Sender:      POLL ─► drain ─► SEND (one request a broker) ─► POLL ...   RECEIVE (one response) ─► POLL
 *
 * What:    the application thread appends records in slices, each as long as fills one batch or, with linger.ms 0 where every
 *          append is sent at once, SLICE_NS; when there is no memory it stops and goes on when some is free. A slice wakes
 *          the Sender, as send() does when it makes or fills a batch. The Sender turns once for each of those, when a
 *          linger has run out and after each request; a turn sends at most one request to each broker, within
 *          max.in.flight.requests. Callbacks of the records run in it.
 * Formula: slice = records * sendPerRecord + bytes * (sendPerByte + codec);  POLL = perPoll;
 *          SEND + RECEIVE = perRequest + batches * perBatch + records * perRecord   (CPU ns; SEND has SEND_SHARE of perRequest
 *          and all of perBatch)
 * Source:  KafkaProducer.doSend, Sender.runOnce, RecordAccumulator.ready and drain, Kafka 4.3; ProducerPerformance.
 * Range:   constant rates (throttler.ts) or as fast as it is taken. The Sender's timeouts are exact, not in whole ms.
 * Error:   unvalidated. Latency counts from send(), as the tool has it: what the tool does not send is in no latency.
 * Test:    test/kafka/java-clients.test.ts.
 */
import type { Float64Column, Uint8Column } from '../../kernel/columns.ts';
import type { ClusterModel } from '../cluster-model.ts';
import type { JavaCosts } from '../costs.ts';
import { KIND } from '../kinds.ts';
import { NONE } from '../requests.ts';
import { type JobOwner, ThreadJobs } from '../thread-jobs.ts';
import { deficitOf, recordsBehind, recordsUntilSleep, sleepNs } from './throttler.ts';

const SLICE_NS = 25_000;
const SEND_SHARE = 0.6;

const POLL = 0;
const SEND = 1;
const RECEIVE = 2;
const JOBS = 4;

/** What the application thread does. */
const SLEEPS = 0;
const RUNS = 1;
const BLOCKED = 2;
const OVER = 3;

export interface JavaProducer {
  /** Its number among all producer clients. */
  readonly client: number;
  readonly entity: number;
  readonly applicationThread: number;
  readonly senderThread: number;
  readonly collectorThread: number;
  readonly costs: JavaCosts;
}

export class JavaProducers implements JobOwner {
  readonly #model: ClusterModel;
  readonly #producers: readonly JavaProducer[];
  readonly #senders: ThreadJobs;
  /** Number here of a producer client; NONE for those of other kinds. */
  readonly #indexOf: readonly number[];
  readonly #state: Uint8Column;
  /** Records sent, of the present slice those yet to be put in, and when its first was begun. */
  readonly #sent: Float64Column;
  readonly #slice: Float64Column;
  readonly #sliceNs: Float64Column;
  readonly #deficitNs: Float64Column;
  /** A turn of the Sender is on its way. */
  readonly #polls: Uint8Column;
  /** When its timer for a linger is set to; 0 without one. */
  readonly #timerNs: Float64Column;
  /** Sent since the last collection. */
  readonly #gcRecords: Float64Column;

  constructor(model: ClusterModel, producers: readonly JavaProducer[], clients: number) {
    this.#model = model;
    this.#producers = producers;
    this.#indexOf = Array.from({ length: clients }, (_, client) =>
      producers.findIndex((producer) => producer.client === client),
    );
    const { columns } = model.sim;
    this.#senders = new ThreadJobs(
      model,
      'java-senders',
      producers.map(({ senderThread }) => senderThread),
      this,
    );
    this.#state = columns.uint8('java-producers/state', producers.length);
    this.#sent = columns.float64('java-producers/sent', producers.length);
    this.#slice = columns.float64('java-producers/slice', producers.length);
    this.#sliceNs = columns.float64('java-producers/slice-began', producers.length);
    this.#deficitNs = columns.float64('java-producers/deficit', producers.length);
    this.#polls = columns.uint8('java-producers/polls', producers.length);
    this.#timerNs = columns.float64('java-producers/timer', producers.length);
    this.#gcRecords = columns.float64('java-producers/gc-records', producers.length);
  }

  isOne(client: number): boolean {
    return this.#indexOf[client] !== NONE;
  }

  /** The application thread comes to its loop: at the start, and when its sleep is over. */
  wakes(index: number): void {
    this.#begin(index, false);
  }

  /** A linger may have run out. */
  lingers(index: number): void {
    if (this.#timerNs.data[index] > this.#model.sim.nowNs) return;
    this.#timerNs.data[index] = 0;
    this.#poll(index);
  }

  responseArrives(client: number, request: number): void {
    if (this.#model.producers.clientOf(request).acks === '0') this.#model.producers.close(request);
    else this.#senders.push(this.#indexOf[client], request * JOBS + RECEIVE);
  }

  applicationDone(index: number): void {
    this.#append(index, true);
  }

  senderDone(index: number): void {
    this.#senders.threadDone(index);
  }

  /** Garbage collection since the last call, CPU ns. */
  takeGcNs(index: number): number {
    const owedNs = this.#gcRecords.data[index] * this.#producers[index].costs.producerGcPerRecordNs;
    this.#gcRecords.data[index] = 0;
    return owedNs;
  }

  workNs(index: number, job: number): number {
    const { costs } = this.#producers[index];
    const { requests, compression, producers } = this.#model;
    const request = Math.floor(job / JOBS);
    const batches = job % JOBS === POLL ? 0 : requests.batches.data[request];
    switch (job % JOBS) {
      case SEND:
        return (
          costs.senderPerRequestNs * SEND_SHARE +
          batches * costs.senderPerBatchNs +
          compression.packNs(this.#producers[index].client, 0, batches) +
          producers.tlsNs(request)
        );
      case RECEIVE:
        return (
          costs.senderPerRequestNs * (1 - SEND_SHARE) +
          requests.records.data[request] * costs.senderPerRecordNs +
          producers.ackTlsNs(request)
        );
      default:
        return costs.senderPerPollNs;
    }
  }

  starts(): void {
    // Nothing to note.
  }

  done(index: number, job: number): boolean {
    const request = Math.floor(job / JOBS);
    switch (job % JOBS) {
      case SEND:
        this.#model.producers.send(request);
        if (this.#model.producers.clientOf(request).acks === '0') this.#freed(index);
        this.#poll(index);
        break;
      case RECEIVE:
        this.#received(request);
        this.#freed(index);
        this.#poll(index);
        break;
      default:
        this.#drain(index);
    }
    return true;
  }

  sendAgain(client: number, request: number): void {
    this.#senders.push(this.#indexOf[client], request * JOBS + SEND);
  }

  goesOn(client: number): void {
    this.#freed(this.#indexOf[client]);
    this.#poll(this.#indexOf[client]);
  }

  #received(request: number): void {
    const { requests, failures, producers } = this.#model;
    if (requests.refused.data[request] === 1) {
      failures.retries.failed(request);
      return;
    }
    producers.record(request);
    producers.close(request);
  }

  /** The next slice of records, or a sleep. `awake` when the thread's last job has just ended. */
  #begin(index: number, awake: boolean): void {
    const { sim, cpus } = this.#model;
    const { client, applicationThread, costs } = this.#producers[index];
    const of = this.#model.producers.client(client);
    const schedule = this.#model.producers.schedule(client);
    if (schedule === null || sim.nowNs >= schedule.endNs) {
      this.#state.data[index] = OVER;
      return;
    }
    const packNs = this.#model.compression.packNs(client, of.recordBytes, 0);
    const eachNs = costs.sendPerRecordNs + of.recordBytes * costs.sendPerByteNs + packNs;
    let records = Number.POSITIVE_INFINITY;
    if (schedule.gapNs !== null) {
      const deficitNs = this.#deficitNs.data[index];
      const sleep = sleepNs(deficitNs);
      if (sleep > 0) {
        this.#deficitNs.data[index] = 0;
        this.#state.data[index] = SLEEPS;
        sim.schedule(sleep, this.#producers[index].entity, KIND.javaWakes, index);
        return;
      }
      records = recordsBehind(sim.nowNs - schedule.startNs, this.#sent.data[index], schedule.gapNs);
      if (records === 0) {
        records = recordsUntilSleep(deficitNs, schedule.gapNs);
        records = Math.min(records, this.#sliceMax(of, eachNs));
        this.#deficitNs.data[index] += deficitOf(records, schedule.gapNs);
      }
    }
    records = Math.min(records, this.#sliceMax(of, eachNs));
    this.#state.data[index] = RUNS;
    this.#slice.data[index] = records;
    const workNs = records * eachNs;
    let latencyNs = 0;
    if (awake) cpus.proceed(applicationThread, workNs);
    else latencyNs = cpus.wake(applicationThread, workNs);
    this.#sliceNs.data[index] = sim.nowNs + latencyNs;
  }

  /** Records that fill one batch; with linger.ms 0 no more than SLICE_NS of them. */
  #sliceMax(of: ReturnType<ClusterModel['producers']['client']>, eachNs: number): number {
    const ofBatch = Math.max(1, Math.floor(of.fillBytes / of.recordBytes));
    return of.lingerNs > 0 ? ofBatch : Math.max(1, Math.min(ofBatch, Math.floor(SLICE_NS / eachNs)));
  }

  /** Puts the slice's records into the accumulator, as far as there is room. `awake`: the thread is on its core. */
  #append(index: number, awake: boolean): void {
    const { sim, accumulator, recorder } = this.#model;
    const { client } = this.#producers[index];
    const of = this.#model.producers.client(client);
    const records = this.#slice.data[index];
    const topic = of.shares === null ? this.#sent.data[index] % of.topics.length : 0;
    const beganNs = this.#sliceNs.data[index];
    const wasBlocked = this.#state.data[index] === BLOCKED;
    let added = 0;
    if (wasBlocked) {
      added = accumulator.add(of, client, topic, 1, beganNs, 0);
      recorder.recordsDue(of.classIndex, added, beganNs, 0);
      if (added === 0) return;
    }
    const left = records - added;
    if (left > 0) {
      const firstNs = wasBlocked ? sim.nowNs : beganNs;
      const gapNs = (sim.nowNs - firstNs) / left;
      const more = accumulator.add(of, client, topic, left, firstNs, gapNs);
      recorder.recordsDue(of.classIndex, more, firstNs, gapNs);
      added += more;
    }
    this.#sent.data[index] += added;
    this.#slice.data[index] -= added;
    this.#gcRecords.data[index] += added;
    this.#poll(index);
    if (added === records) {
      this.#begin(index, awake);
      return;
    }
    // send() of the next record has begun and waits for memory; those after it have not begun.
    this.#state.data[index] = BLOCKED;
    this.#sliceNs.data[index] = sim.nowNs;
  }

  /** Memory has come free. */
  #freed(index: number): void {
    if (this.#state.data[index] === BLOCKED) this.#append(index, false);
  }

  /** One more turn of the Sender; those that are asked for before it comes are the same. */
  #poll(index: number): void {
    if (this.#polls.data[index] === 1) return;
    this.#polls.data[index] = 1;
    this.#senders.push(index, POLL);
  }

  #drain(index: number): void {
    this.#polls.data[index] = 0;
    const { accumulator } = this.#model;
    const { client } = this.#producers[index];
    const of = this.#model.producers.client(client);
    for (const link of of.links) {
      const request = accumulator.drain(of, client, link);
      if (request !== NONE) this.#senders.push(index, request * JOBS + SEND);
      else this.#setTimer(index, accumulator.lingersUntilNs(of, link));
    }
  }

  /** @param atNs when a batch of a broker will have lingered; infinite when none does */
  #setTimer(index: number, atNs: number): void {
    const { sim } = this.#model;
    const set = this.#timerNs.data[index];
    if (atNs === Number.POSITIVE_INFINITY || atNs <= sim.nowNs || (set > 0 && set <= atNs)) return;
    this.#timerNs.data[index] = atNs;
    sim.schedule(atNs - sim.nowNs, this.#producers[index].entity, KIND.javaLingers, index);
  }
}
