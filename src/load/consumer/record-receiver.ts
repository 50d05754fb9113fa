import type { RecordVisitor } from '../wire/record-batch-reader.ts';
import type { ConsumerObserver, FetchedRecord } from './consumer-client.ts';

/** Hands the records of one partition at a time to the observer: one object for all of them. */
export class RecordReceiver implements RecordVisitor, FetchedRecord {
  readonly #observer: Pick<ConsumerObserver, 'received'>;
  topic = '';
  partition = 0;
  bytes: Buffer = Buffer.alloc(0);
  valueAt = 0;
  valueBytes = 0;
  offset = 0;
  atNs = 0;

  constructor(observer: Pick<ConsumerObserver, 'received'>) {
    this.#observer = observer;
  }

  record(
    bytes: Buffer,
    _keyAt: number,
    _keyBytes: number,
    valueAt: number,
    valueBytes: number,
    offset: number,
  ): void {
    this.bytes = bytes;
    this.valueAt = valueAt;
    this.valueBytes = valueBytes;
    this.offset = offset;
    this.#observer.received(this, this.atNs);
  }
}
