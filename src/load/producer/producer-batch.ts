/** One batch of one partition, from its first record until it is acknowledged or given up. */
import { BATCH_OVERHEAD_BYTES } from '../../scenario/record-format.ts';
import type { RecordBatchWriter } from '../wire/record-batch-writer.ts';
import type { PartitionQueue } from './partition-queue.ts';

/** What Kafka adds to a batch's expected compressed size (MemoryRecordsBuilder). */
const COMPRESSION_RATE_ESTIMATION_FACTOR = 1.05;
export const NO_SEQUENCE = -1;

export class ProducerBatch {
  readonly queue: PartitionQueue;
  readonly createdNs: number;
  /** What it takes of `buffer.memory` until it is done and, while it takes records, what it may come to. */
  readonly limitBytes: number;
  readonly writer: RecordBatchWriter;
  /** Expected bytes on the wire for each plain byte of its records. */
  readonly #wireFactor: number;
  /** Keys and values. */
  payloadBytes = 0;
  /** Takes no more records. */
  full = false;
  /** Sent so often in vain. */
  attempts = 0;
  /** Not to be sent before; 0 for a batch that was never sent. */
  retryNs = 0;
  /** Sent at least once without an answer that says what became of it. */
  mayBeWritten = false;
  /** First sent. */
  sentNs = 0;
  /** Its bytes are on their way, and must not change before its request has ended. */
  inFlight = false;
  /** One of those that took the place of a larger batch. */
  isPart = false;
  producerId = -1n;
  epoch = -1;
  baseSequence = NO_SEQUENCE;
  /** Its number among those of its partition that have had a sequence. */
  turn = -1;
  /** Its sequence was given anew since it was sent, so that an answer is not about the one that it has. */
  resequenced = false;
  /** Of a verified run: its stream and the first of its stamps' sequences. */
  stream = -1;
  firstStamp = 0;
  /** Acknowledged or given up. */
  done = false;

  /** `compressionRatio` null: not compressed. */
  constructor(
    queue: PartitionQueue,
    createdNs: number,
    limitBytes: number,
    writer: RecordBatchWriter,
    compressionRatio: number | null,
  ) {
    this.queue = queue;
    this.createdNs = createdNs;
    this.limitBytes = limitBytes;
    this.writer = writer;
    this.#wireFactor = compressionRatio === null ? 1 : compressionRatio * COMPRESSION_RATE_ESTIMATION_FACTOR;
  }

  /** Takes the place of a part of a larger batch, from that one's record at this index on; it takes no more. */
  partOf(whole: ProducerBatch, index: number): void {
    this.isPart = true;
    this.full = true;
    this.sentNs = whole.sentNs;
    this.mayBeWritten = whole.mayBeWritten;
    this.stream = whole.stream;
    this.firstStamp = whole.firstStamp + index;
  }

  get topic(): string {
    return this.queue.topic;
  }

  get partition(): number {
    return this.queue.partition;
  }

  get records(): number {
    return this.writer.records;
  }

  /** By record, the first `records` of them; valid until the batch is done. */
  get dueNs(): Float64Array {
    return this.writer.dueNs;
  }

  /** By record, when it came into the batch; the same. */
  get enteredNs(): Float64Array {
    return this.writer.enteredNs;
  }

  /** Expected size on the wire. */
  get bytes(): number {
    return BATCH_OVERHEAD_BYTES + (this.writer.bytes - BATCH_OVERHEAD_BYTES) * this.#wireFactor;
  }
}
