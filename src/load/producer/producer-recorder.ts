/** Records what the clients of one producer class on one thread do. */
import type { Histogram } from 'hdr-histogram-js';
import { NS_PER_MS } from '../clock.ts';
import { recordDuration } from '../histograms.ts';
import { type Interval, NOTHING } from '../interval.ts';
import type { ClassRecording, Times } from '../messages.ts';
import { Recorder } from '../recorder.ts';
import { type ProducerLedger, refusedBeforeAppend } from '../verify/producer-ledger.ts';
import type { ErrorCounts } from '../worker-thread.ts';
import type { ProducerBatch } from './producer-batch.ts';
import type { ProducerObserver } from './producer-observer.ts';
import { SendCounter } from './send-totals.ts';
import { SteadyState } from './steady-state.ts';

export class ProducerClassRecorder implements ProducerObserver {
  readonly #errors: ErrorCounts;
  readonly #lateness: Histogram;
  #times: Times = { startNs: 0, warmNs: 0, endNs: 0 };
  /** From the due time to the acknowledgement. */
  #recorder = new Recorder({ startNs: 0, endNs: 0 });
  /** From the moment that the record came into its batch, as from a client's send(). */
  #fromSend = new Recorder({ startNs: 0, endNs: 0 });
  /** From the due time to that moment. */
  #delay = new Recorder({ startNs: 0, endNs: 0 });
  #recordsDue = 0;
  #recordsFailed = 0;
  #requests = 0;
  #batches = 0;
  #batchBytes = 0;
  #retriedBatches = 0;
  #answers = 0;
  #answersStarved = 0;
  #interval: { -readonly [Name in keyof Interval]: Interval[Name] } = { ...NOTHING };
  readonly #sending = new SendCounter();
  /** Once a warm-up that is counted in records is over. */
  #steady: SteadyState | null = null;
  readonly #ledger: ProducerLedger | null;
  records = 0;

  /** @param ledger of a verified run, that of the thread */
  constructor(errors: ErrorCounts, lateness: Histogram, ledger: ProducerLedger | null) {
    this.#errors = errors;
    this.#ledger = ledger;
    this.#lateness = lateness;
  }

  start(times: Times): void {
    this.#times = times;
    const part = { startNs: times.warmNs, endNs: times.endNs };
    this.#recorder = new Recorder(part);
    this.#fromSend = new Recorder(part);
    this.#delay = new Recorder(part);
  }

  offered(dueNs: number, atNs: number): void {
    if (dueNs >= this.#times.warmNs) {
      this.#recordsDue++;
      recordDuration(this.#lateness, atNs - dueNs);
    }
  }

  withdrawn(dueNs: number): void {
    if (dueNs >= this.#times.warmNs) {
      this.#recordsDue--;
    }
  }

  made(records: number, dueNs: number): void {
    if (dueNs >= this.#times.warmNs) {
      this.#recordsDue += records;
    }
  }

  answered(starved: boolean, atNs: number): void {
    if (atNs >= this.#times.warmNs && atNs < this.#times.endNs) {
      this.#answers++;
      this.#answersStarved += starved ? 1 : 0;
    }
  }

  steady(dueNs: number): void {
    this.#steady = new SteadyState(dueNs);
  }

  sent(batches: readonly ProducerBatch[], bytes: number, requestBytes: number, atNs: number): void {
    this.#sending.sent(batches, requestBytes, atNs);
    if (atNs >= this.#times.warmNs && atNs < this.#times.endNs) {
      this.#requests++;
      this.#batches += batches.length;
      this.#batchBytes += bytes;
    }
  }

  responded(latencyNs: number): void {
    this.#sending.responded(latencyNs);
  }

  acknowledged(batch: ProducerBatch, _baseOffset: number, atNs: number): void {
    this.records += batch.records;
    this.#recorder.arrived(batch.records, batch.payloadBytes, atNs);
    this.#addToInterval(batch, this.#latencies(batch, atNs), atNs);
    this.#steady?.acknowledged(batch, atNs);
    this.#ledger?.acknowledged(batch.stream, batch.firstStamp, batch.firstStamp + batch.records);
  }

  retried(batch: ProducerBatch, reason: string): void {
    this.#retriedBatches++;
    this.#sending.retried(batch.records);
    this.#errors.add(new Error(`${reason} (sent again): ${batch.topic}-${batch.partition}`));
  }

  split(batch: ProducerBatch, reason: string): void {
    this.#errors.add(new Error(`${reason} (split): ${batch.topic}-${batch.partition}`));
  }

  failed(batch: ProducerBatch, reason: string, mayBeWritten: boolean): void {
    this.#errors.add(new Error(reason));
    this.#sending.failed(batch.records);
    this.#book(batch, reason, mayBeWritten);
    for (let index = 0; index < batch.records; index++) {
      if (batch.dueNs[index] >= this.#times.warmNs) {
        this.#recordsFailed++;
      }
    }
  }

  #book(batch: ProducerBatch, reason: string, mayBeWritten: boolean): void {
    const isRefused = refusedBeforeAppend(reason.split(':', 1)[0]);
    const [from, to] = [batch.firstStamp, batch.firstStamp + batch.records];
    if (batch.sentNs === 0 || (!mayBeWritten && isRefused)) {
      this.#ledger?.failed(batch.stream, from, to);
    } else {
      this.#ledger?.indeterminate(batch.stream, from, to);
    }
  }

  /** What was acknowledged since the last call; in a steady state, of its records. */
  takeInterval(atNs: number): Interval {
    const interval = this.#interval;
    this.#interval = { ...NOTHING };
    return this.#steady?.takeInterval(atNs) ?? interval;
  }

  /** Returns the sum of the latencies of its records, ns. */
  #latencies({ dueNs, enteredNs, records }: ProducerBatch, atNs: number): number {
    let sumNs = 0;
    // Records that were made at once are counted at once.
    let from = 0;
    for (let index = 1; index <= records; index++) {
      if (index === records || dueNs[index] !== dueNs[from] || enteredNs[index] !== enteredNs[from]) {
        const [due, entered, count] = [dueNs[from], enteredNs[from], index - from];
        this.#recorder.duration(due, atNs - due, count);
        this.#fromSend.duration(due, atNs - entered, count);
        this.#delay.duration(due, entered - due, count);
        sumNs += (atNs - due) * count;
        from = index;
      }
    }
    return sumNs;
  }

  #addToInterval({ dueNs, records, payloadBytes }: ProducerBatch, latencyNsSum: number, atNs: number): void {
    const interval = this.#interval;
    interval.records += records;
    interval.bytes += payloadBytes;
    interval.latencyMsSum += latencyNsSum / NS_PER_MS;
    // Records of a batch come in the order in which they were due.
    interval.latencyMsMax = Math.max(interval.latencyMsMax, (atNs - dueNs[0]) / NS_PER_MS);
  }

  /** Of the last whole second. */
  openP99Ms(window: number): number | null {
    return this.#recorder.openP99Ms(window);
  }

  recording(classIndex: number): ClassRecording {
    return {
      classIndex,
      recording: this.#recorder.recording(),
      fromSend: this.#fromSend.recording().latencyParts,
      delay: this.#delay.recording().latencyParts,
      records: this.records,
      recordsDue: this.#recordsDue,
      recordsFailed: this.#recordsFailed,
      requests: this.#requests,
      batches: this.#batches,
      batchBytes: this.#batchBytes,
      retriedBatches: this.#retriedBatches,
      answers: this.#answers,
      answersStarved: this.#answersStarved,
      lagMaxPerWindow: [],
      lagAtEnd: 0,
      recordsWithoutDueTime: 0,
      sending: this.#sending.totals,
      steady: this.#steady?.recording() ?? null,
    };
  }
}
