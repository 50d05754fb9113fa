/** What the members of one group on one thread tell the ledger of a verified run. */
import { ConsumerLedger, type ConsumerLedgerData } from '../verify/consumer-ledger.ts';
import type { StreamPlan } from '../verify/streams.ts';
import type { FetchedRecord } from './consumer-client.ts';

export class ConsumerProof {
  readonly #plan: StreamPlan;
  readonly #ledger: ConsumerLedger;
  readonly #historyEnds: ReadonlyMap<string, number>;
  /** Of the latest record. */
  #topic = '';
  #partition = -1;
  #number = -1;
  #fromOffset = 0;

  /** `historyEnds`: by topic, the offset up to which every partition holds what no producer of the run made. */
  constructor(run: number, plan: StreamPlan, historyEnds: ReadonlyMap<string, number>) {
    this.#plan = plan;
    this.#historyEnds = historyEnds;
    this.#ledger = new ConsumerLedger(run, plan);
  }

  positioned(topic: string, partition: number, offset: number): void {
    const number = this.#plan.partitionNumber(topic, partition);
    // A reading that begins anew is another one, even of the same partition.
    this.#partition = -1;
    if (number >= 0) {
      this.#ledger.begin(number, offset);
    }
  }

  saw(record: FetchedRecord, valueBytes: number): void {
    if (record.partition !== this.#partition || record.topic !== this.#topic) {
      this.#topic = record.topic;
      this.#partition = record.partition;
      this.#number = this.#plan.partitionNumber(record.topic, record.partition);
      this.#fromOffset = this.#historyEnds.get(record.topic) ?? 0;
      if (this.#number >= 0) {
        this.#ledger.beginBatch(this.#number);
      }
    }
    if (this.#number >= 0 && record.offset >= this.#fromOffset) {
      this.#ledger.saw(record.bytes, record.valueAt, valueBytes, record.offset);
    }
  }

  advanced(topic: string, partition: number, offset: number): void {
    const number = this.#plan.partitionNumber(topic, partition);
    if (number >= 0) {
      this.#ledger.advanced(number, offset);
    }
  }

  committing(topic: string, partition: number, offset: number): void {
    const number = this.#plan.partitionNumber(topic, partition);
    if (number >= 0) {
      this.#ledger.committed(number, offset);
    }
  }

  data(): ConsumerLedgerData {
    return this.#ledger.data();
  }
}
