/**
 * One record batch in the making, in Kafka's format v2 (clients: DefaultRecordBatch, DefaultRecord):
 *
 *      0 baseOffset int64        21 attributes int16         43 producerId int64
 *      8 batchLength int32       23 lastOffsetDelta int32    51 producerEpoch int16
 *     12 leaderEpoch int32       27 baseTimestamp int64      53 baseSequence int32
 *     16 magic int8, 2           35 maxTimestamp int64       57 records int32
 *     17 crc uint32, of all from 21 on                       61 records
 *
 *     record: length varint, attributes int8, timestampDelta varint, offsetDelta varint,
 *             key length varint (-1: none), key, value length varint, value, headers
 *
 * Values come from a pool. They are not copied one by one: a stretch of the pool is laid down ahead, and the heads of
 * the records are written over it.
 */
import { crc32c } from '@node-rs/crc32';
import { BATCH_OVERHEAD_BYTES, varintBytes } from '../../scenario/record-format.ts';
import { type BatchMemories, type BatchMemory, roomForTimes } from './batch-memory.ts';
import type { Codec } from './codecs.ts';
import type { ValuePool } from './value-pool.ts';
import { writeUvarint, writeVarint } from './varints.ts';

const LENGTH_AT = 8;
const LEADER_EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const BASE_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const BASE_SEQUENCE_AT = 53;
const RECORDS_AT = 57;
const MAGIC = 2;
const TWO_TO_32 = 2 ** 32;
/** A varint of -1: there is no key. */
const NO_KEY = 1;

/** What a producer with idempotence puts into a batch; all -1 without it. */
export interface ProducerState {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly baseSequence: number;
}

export class RecordBatchWriter {
  readonly #memories: BatchMemories;
  readonly #pool: ValuePool;
  readonly #baseTimestampMs: number;
  #memory: BatchMemory;
  /** Up to here there are bytes of the pool. */
  #filled = BATCH_OVERHEAD_BYTES;
  #maxTimestampMs: number;
  #records = 0;
  #lastValueAt = 0;
  /** Bytes so far, uncompressed, the head included. */
  #bytes = BATCH_OVERHEAD_BYTES;
  #sealed: readonly Buffer[] | null = null;

  /** `timestampMs`, since 1970, is that of the first record. */
  constructor(memories: BatchMemories, pool: ValuePool, timestampMs: number, expectedBytes: number) {
    this.#memories = memories;
    this.#pool = pool;
    this.#baseTimestampMs = timestampMs;
    this.#maxTimestampMs = timestampMs;
    this.#memory = memories.take(expectedBytes);
  }

  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Of the first record, since 1970. */
  get baseTimestampMs(): number {
    return this.#baseTimestampMs;
  }

  /** The records as they are before they are compressed; valid until the next `append` or `release`. */
  get plainRecords(): Buffer {
    return this.#memory.bytes.subarray(BATCH_OVERHEAD_BYTES, this.#bytes);
  }

  /** By record, nanoseconds on the common clock; valid until `release`. */
  get dueNs(): Float64Array {
    return this.#memory.dueNs;
  }

  /** By record, when it was appended; the same. */
  get enteredNs(): Float64Array {
    return this.#memory.enteredNs;
  }

  /**
   * Adds a record, if it takes no more than `roomBytes`; returns whether it did.
   *
   * @param headers encoded, their number in front
   * @param value null: so many bytes of the pool
   */
  append(
    roomBytes: number,
    dueNs: number,
    enteredNs: number,
    timestampMs: number,
    key: Uint8Array | null,
    valueBytes: number,
    headers: Uint8Array,
    value: Buffer | null = null,
  ): boolean {
    const timestampDelta = Math.max(0, timestampMs - this.#baseTimestampMs);
    const body =
      1 +
      varintBytes(timestampDelta) +
      varintBytes(this.#records) +
      (key === null ? 1 : varintBytes(key.length) + key.length) +
      varintBytes(valueBytes) +
      valueBytes +
      headers.length;
    const recordBytes = varintBytes(body) + body;
    if (recordBytes > roomBytes) {
      return false;
    }
    const end = this.#bytes + recordBytes;
    if (end > this.#filled) {
      this.#fill(end);
    }
    const bytes = this.#memory.bytes;
    let at = writeVarint(bytes, this.#bytes, body);
    bytes[at++] = 0;
    at = writeVarint(bytes, at, timestampDelta);
    at = writeVarint(bytes, at, this.#records);
    if (key === null) {
      bytes[at++] = NO_KEY;
    } else {
      at = writeVarint(bytes, at, key.length);
      for (let index = 0; index < key.length; index++) {
        bytes[at++] = key[index];
      }
    }
    this.#lastValueAt = writeVarint(bytes, at, valueBytes);
    value?.copy(bytes, this.#lastValueAt);
    at = this.#lastValueAt + valueBytes;
    for (let index = 0; index < headers.length; index++) {
      bytes[at++] = headers[index];
    }
    roomForTimes(this.#memory, this.#records);
    this.#memory.dueNs[this.#records] = dueNs;
    this.#memory.enteredNs[this.#records] = enteredNs;
    this.#records++;
    this.#bytes = end;
    if (timestampMs > this.#maxTimestampMs) {
      this.#maxTimestampMs = timestampMs;
    }
    return true;
  }

  /** Where the value of the latest record begins in `target`. */
  get lastValueAt(): number {
    return this.#lastValueAt;
  }

  /** The batch's bytes, until the next `append`. */
  get target(): DataView {
    return this.#memory.view;
  }

  get isSealed(): boolean {
    return this.#sealed !== null;
  }

  /** The pieces of a sealed batch, to be sent one after the other. */
  get sealed(): readonly Buffer[] {
    return this.#sealed ?? [];
  }

  /** Bytes on the wire; known once the batch is sealed. */
  get sealedBytes(): number {
    return this.sealed.reduce((sum, { length }) => sum + length, 0);
  }

  /** Bytes of the sealed records by plain ones. */
  get compressionRatio(): number {
    return (this.sealedBytes - BATCH_OVERHEAD_BYTES) / (this.#bytes - BATCH_OVERHEAD_BYTES);
  }

  /** Ends the batch: compresses it and writes its head. Later calls only change the producer's state. */
  seal(codec: Codec, producer: ProducerState): void {
    if (this.#sealed === null) {
      const plain = this.#memory.bytes.subarray(0, this.#bytes);
      this.#writeHead(plain, codec.attributes);
      this.#sealed =
        codec.compress === null
          ? [plain]
          : [plain.subarray(0, BATCH_OVERHEAD_BYTES), codec.compress(plain.subarray(BATCH_OVERHEAD_BYTES))];
    }
    const [head, rest] = this.#sealed;
    head.writeInt32BE(this.sealedBytes - LEADER_EPOCH_AT, LENGTH_AT);
    head.writeBigInt64BE(producer.producerId, PRODUCER_ID_AT);
    head.writeInt16BE(producer.epoch, PRODUCER_EPOCH_AT);
    head.writeInt32BE(producer.baseSequence, BASE_SEQUENCE_AT);
    const ofHead = crc32c(head.subarray(ATTRIBUTES_AT));
    head.writeUInt32BE(rest === undefined ? ofHead : crc32c(rest, ofHead), CRC_AT);
  }

  /** Gives the memory back; nothing of the batch may be used after it. */
  release(): void {
    this.#memories.give(this.#memory);
  }

  /** Lays the pool down to `end` at least, in pieces that grow with the batch. */
  #fill(end: number): void {
    if (end > this.#memory.bytes.length) {
      this.#memory = this.#memories.grow(this.#memory, this.#bytes, Math.max(end, this.#bytes * 2));
      this.#filled = this.#bytes;
    }
    const to = Math.min(this.#memory.bytes.length, Math.max(end, this.#bytes * 2));
    this.#pool.copy(this.#memory.bytes, this.#bytes, to);
    this.#filled = to;
  }

  #writeHead(bytes: Buffer, attributes: number): void {
    bytes.writeInt32BE(0, 0);
    bytes.writeInt32BE(0, 4);
    bytes.writeInt32BE(-1, LEADER_EPOCH_AT);
    bytes[MAGIC_AT] = MAGIC;
    bytes.writeInt16BE(attributes, ATTRIBUTES_AT);
    bytes.writeInt32BE(this.#records - 1, LAST_OFFSET_DELTA_AT);
    writeTimestamp(bytes, BASE_TIMESTAMP_AT, this.#baseTimestampMs);
    writeTimestamp(bytes, MAX_TIMESTAMP_AT, this.#maxTimestampMs);
    bytes.writeInt32BE(this.#records, RECORDS_AT);
  }
}

/** The headers of a record as it has them: their number, then key and value of each. */
export function encodeHeaders(
  headers: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[],
): Uint8Array {
  const bytes = new Uint8Array(
    headers.reduce(
      (sum, { key, value }) =>
        sum + varintBytes(key.length) + key.length + varintBytes(value.length) + value.length,
      varintBytes(headers.length),
    ),
  );
  let at = writeUvarint(bytes, 0, headers.length * 2);
  for (const { key, value } of headers) {
    for (const part of [key, value]) {
      at = writeVarint(bytes, at, part.length);
      bytes.set(part, at);
      at += part.length;
    }
  }
  return bytes;
}

function writeTimestamp(bytes: Buffer, at: number, timestampMs: number): void {
  const high = Math.floor(timestampMs / TWO_TO_32);
  bytes.writeInt32BE(high, at);
  bytes.writeUInt32BE(timestampMs - high * TWO_TO_32, at + 4);
}
