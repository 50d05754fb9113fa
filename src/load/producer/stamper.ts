/** Stamps the records of one verified producer client, and keeps its part of the ledger. */
import type { ProducerLedger } from '../verify/producer-ledger.ts';
import { writeStamp } from '../verify/stamp.ts';
import type { StreamPlan } from '../verify/streams.ts';
import type { ProducerBatch } from './producer-batch.ts';

export interface StamperOptions {
  readonly run: number;
  readonly plan: StreamPlan;
  readonly ledger: ProducerLedger;
  /** Number of the client in the plan. */
  readonly client: number;
}

export class Stamper {
  readonly #options: StamperOptions;

  constructor(options: StamperOptions) {
    this.#options = options;
  }

  /** The latest record of a batch; its due time is there already. */
  stamp(batch: ProducerBatch, valueBytes: number): void {
    const { run, plan, ledger, client } = this.#options;
    const { queue, writer } = batch;
    if (writer.records === 1) {
      batch.stream = plan.streamOf(client, queue.topicIndex, queue.partition);
    }
    const sequence = ledger.make(batch.stream, 1);
    if (writer.records === 1) {
      batch.firstStamp = sequence;
    }
    writeStamp(writer.target, writer.lastValueAt, valueBytes, run, batch.stream, sequence);
  }
}
