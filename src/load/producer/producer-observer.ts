/** What a producer client tells about its records; times in nanoseconds on the common clock. */
import type { ProducerBatch } from './producer-batch.ts';

export interface ProducerObserver {
  /** A record of a schedule has come due and the client came to it, whether or not there is room for it. */
  offered(dueNs: number, atNs: number): void;
  /** A record that was offered is not made after all: the client's allowance is used up. */
  withdrawn(dueNs: number): void;
  /** So many records were made because there was room; they are due at that moment. */
  made(records: number, dueNs: number): void;
  /** Saturating: a request was answered. `starved`: the next could not be sent at once, for want of records made. */
  answered(starved: boolean, atNs: number): void;
  /** The warm-up is over: what is due from now on is steady. */
  steady(dueNs: number): void;
  /** A request leaves; `bytes` are those of its batches, `requestBytes` all of it. */
  sent(batches: readonly ProducerBatch[], bytes: number, requestBytes: number, atNs: number): void;
  /** A request was answered after so long. */
  responded(latencyNs: number): void;
  /** `baseOffset` -1: the broker did not tell. */
  acknowledged(batch: ProducerBatch, baseOffset: number, atNs: number): void;
  /** A batch goes back to be sent again. */
  retried(batch: ProducerBatch, reason: string): void;
  /** A batch was refused for its size: its records go back in smaller ones. */
  split(batch: ProducerBatch, reason: string): void;
  /** Given up. `mayBeWritten`: it was sent, and nobody knows what became of it. */
  failed(batch: ProducerBatch, reason: string, mayBeWritten: boolean): void;
}
