/** Records what the members of one consumer class on one thread receive. */
import { NS_PER_SECOND } from '../clock.ts';
import { readDueTime } from '../due-time.ts';
import type { ClassRecording, Times } from '../messages.ts';
import { NOTHING_SENT } from '../producer/send-totals.ts';
import { Recorder } from '../recorder.ts';
import type { ErrorCounts } from '../worker-thread.ts';
import type { ConsumerObserver, FetchedRecord } from './consumer-client.ts';
import type { ConsumerProof } from './consumer-proof.ts';
import type { TopicPartition } from './fetch-transport.ts';

export class ConsumerClassRecorder {
  /** Null when the run is not verified. */
  readonly #proof: ConsumerProof | null;
  readonly #errors: ErrorCounts;
  readonly #begin: ((partition: TopicPartition) => number) | null;
  readonly #lags: (() => number)[] = [];
  #times: Times = { startNs: 0, warmNs: 0, endNs: 0 };
  #recorder = new Recorder({ startNs: 0, endNs: 0 });
  #lagMaxPerWindow: number[] = [];
  #lagAtEnd: number | null = null;
  #recordsWithoutDueTime = 0;
  records = 0;

  /** @param begin where the records of this run begin: what was there before counts as traffic alone; null: nothing was */
  constructor(
    errors: ErrorCounts,
    proof: ConsumerProof | null,
    begin: ((partition: TopicPartition) => number) | null,
  ) {
    this.#errors = errors;
    this.#begin = begin;
    this.#proof = proof;
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
      positioned: ({ topic, partition }, offset) => this.#proof?.positioned(topic, partition, offset),
      advanced: ({ topic, partition }, offset) => this.#proof?.advanced(topic, partition, offset),
      committing: ({ topic, partition, offset }) => this.#proof?.committing(topic, partition, offset),
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
      fromSend: [],
      delay: [],
      records: this.records,
      recordsDue: 0,
      recordsFailed: 0,
      requests: 0,
      batches: 0,
      batchBytes: 0,
      retriedBatches: 0,
      answers: 0,
      answersStarved: 0,
      lagMaxPerWindow: this.#lagMaxPerWindow,
      lagAtEnd: this.#lagAtEnd ?? 0,
      recordsWithoutDueTime: this.#recordsWithoutDueTime,
      sending: NOTHING_SENT,
      steady: null,
    };
  }

  #received(record: FetchedRecord, atNs: number): void {
    const valueBytes = Math.max(0, record.valueBytes);
    this.#recorder.arrived(1, valueBytes, atNs);
    if (this.#begin !== null && record.offset < this.#begin(record)) {
      return;
    }
    this.records++;
    this.#proof?.saw(record, valueBytes);
    const dueNs = readDueTime(record.bytes, record.valueAt, valueBytes);
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
