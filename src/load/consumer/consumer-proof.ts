/** What the members of one group on one thread tell the ledger of a verified run. */
import { ConsumerLedger, type ConsumerLedgerData } from '../verify/consumer-ledger.ts';
import type { StreamPlan } from '../verify/streams.ts';
import type { FetchedRecord } from './consumer-client.ts';
import type { TopicPartition } from './fetch-transport.ts';

export class ConsumerProof {
  readonly #plan: StreamPlan;
  readonly #ledger: ConsumerLedger;
  readonly #begin: (partition: TopicPartition) => number;
  /** Of the latest record. */
  #topic = '';
  #partition = -1;
  #number = -1;

  /** @param begin where the records of this run begin: it is not told of those before */
  constructor(run: number, plan: StreamPlan, begin: (partition: TopicPartition) => number = () => 0) {
    this.#plan = plan;
    this.#begin = begin;
    this.#ledger = new ConsumerLedger(run, plan);
  }

  positioned(topic: string, partition: number, offset: number): void {
    const number = this.#plan.partitionNumber(topic, partition);
    // A reading that begins anew is another one, even of the same partition.
    this.#partition = -1;
    if (number >= 0) {
      this.#ledger.begin(number, this.#inRun(topic, partition, offset));
    }
  }

  saw(record: FetchedRecord, valueBytes: number): void {
    if (record.partition !== this.#partition || record.topic !== this.#topic) {
      this.#topic = record.topic;
      this.#partition = record.partition;
      this.#number = this.#plan.partitionNumber(record.topic, record.partition);
      if (this.#number >= 0) {
        this.#ledger.beginBatch(this.#number);
      }
    }
    if (this.#number >= 0) {
      this.#ledger.saw(record.bytes, record.valueAt, valueBytes, record.offset);
    }
  }

  advanced(topic: string, partition: number, offset: number): void {
    const number = this.#plan.partitionNumber(topic, partition);
    if (number >= 0) {
      this.#ledger.advanced(number, this.#inRun(topic, partition, offset));
    }
  }

  committing(topic: string, partition: number, offset: number): void {
    const number = this.#plan.partitionNumber(topic, partition);
    if (number >= 0) {
      this.#ledger.committed(number, this.#inRun(topic, partition, offset));
    }
  }

  #inRun(topic: string, partition: number, offset: number): number {
    return Math.max(offset, this.#begin({ topic, partition }));
  }

  data(): ConsumerLedgerData {
    return this.#ledger.data();
  }
}
