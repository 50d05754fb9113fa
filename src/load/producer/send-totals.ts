/** What a class's clients sent over a whole phase, as Kafka's SenderMetricsRegistry counts it. */
import { NS_PER_MS } from '../clock.ts';
import type { ProducerBatch } from './producer-batch.ts';

/** Sent between threads. Records and batches that were sent again count again. */
export interface SendTotals {
  readonly requests: number;
  /** Of whole requests, their heads included. */
  readonly requestBytes: number;
  readonly requestBytesMax: number;
  readonly batches: number;
  readonly batchBytes: number;
  readonly batchBytesMax: number;
  readonly records: number;
  /** Of the batches: from their first record to the request. */
  readonly queueMsSum: number;
  readonly queueMsMax: number;
  readonly responses: number;
  /** Of the requests that were answered: from the request to the answer. */
  readonly responseMsSum: number;
  readonly responseMsMax: number;
  readonly recordsRetried: number;
  readonly recordsFailed: number;
}

export const NOTHING_SENT: SendTotals = {
  requests: 0,
  requestBytes: 0,
  requestBytesMax: 0,
  batches: 0,
  batchBytes: 0,
  batchBytesMax: 0,
  records: 0,
  queueMsSum: 0,
  queueMsMax: 0,
  responses: 0,
  responseMsSum: 0,
  responseMsMax: 0,
  recordsRetried: 0,
  recordsFailed: 0,
};

export class SendCounter {
  readonly #totals: { -readonly [Name in keyof SendTotals]: number } = { ...NOTHING_SENT };

  get totals(): SendTotals {
    return { ...this.#totals };
  }

  sent(batches: readonly ProducerBatch[], requestBytes: number, atNs: number): void {
    const totals = this.#totals;
    totals.requests++;
    totals.requestBytes += requestBytes;
    totals.requestBytesMax = Math.max(totals.requestBytesMax, requestBytes);
    totals.batches += batches.length;
    for (const { records, createdNs, writer } of batches) {
      const queueMs = (atNs - createdNs) / NS_PER_MS;
      totals.records += records;
      totals.batchBytes += writer.sealedBytes;
      totals.batchBytesMax = Math.max(totals.batchBytesMax, writer.sealedBytes);
      totals.queueMsSum += queueMs;
      totals.queueMsMax = Math.max(totals.queueMsMax, queueMs);
    }
  }

  responded(latencyNs: number): void {
    const latencyMs = latencyNs / NS_PER_MS;
    this.#totals.responses++;
    this.#totals.responseMsSum += latencyMs;
    this.#totals.responseMsMax = Math.max(this.#totals.responseMsMax, latencyMs);
  }

  retried(records: number): void {
    this.#totals.recordsRetried += records;
  }

  failed(records: number): void {
    this.#totals.recordsFailed += records;
  }
}
