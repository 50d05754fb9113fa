/** A broker's side of Produce, for tests: reads the requests that a producer makes and writes the answers to them. */

import { readDueTime } from '../../../src/load/due-time.ts';
import type { BatchMakings } from '../../../src/load/producer/accumulator.ts';
import { randomStream } from '../../../src/load/random.ts';
import { BatchMemories } from '../../../src/load/wire/batch-memory.ts';
import { codecOf } from '../../../src/load/wire/codecs.ts';
import { type RecordVisitor, visitRecords } from '../../../src/load/wire/record-batch-reader.ts';
import { RequestWriter } from '../../../src/load/wire/request-writer.ts';
import { ResponseReader } from '../../../src/load/wire/response-reader.ts';
import { ValuePool } from '../../../src/load/wire/value-pool.ts';
import { type ProducerConfig, producerConfig } from '../../../src/scenario/kafka-defaults.ts';

const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const BASE_SEQUENCE_AT = 53;

export interface SentRecord {
  readonly key: string | null;
  readonly valueBytes: number;
  readonly dueNs: number | null;
  readonly timestampMs: number;
}

/** A batch of a request, read back from its bytes. */
export interface SentBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: number;
  readonly producerId: bigint;
  readonly epoch: number;
  readonly baseSequence: number;
  readonly records: readonly SentRecord[];
}

export interface SentRequest {
  readonly apiKey: number;
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: string;
  readonly acks: number;
  readonly timeoutMs: number;
  readonly batches: readonly SentBatch[];
}

export interface Answer {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode?: number;
  readonly baseOffset?: number;
  readonly logStartOffset?: number;
  readonly errorMessage?: string;
  readonly currentLeader?: { readonly broker: number; readonly epoch: number };
}

let pool: ValuePool | null = null;

/** What batches are made of; all tests of a file share the pool. */
export function makings(config: Partial<ProducerConfig> = {}): BatchMakings {
  pool ??= ValuePool.ofBytes(randomStream('pool'), 1);
  return { memories: new BatchMemories(), pool, codec: codecOf(producerConfig(config)), epochMs: 0 };
}

/** Reads a record batch that stands alone in `bytes`. Throws when its CRC is wrong. */
export function readBatch(bytes: Buffer): Omit<SentBatch, 'topic' | 'partition'> {
  const records: SentRecord[] = [];
  const visitor: RecordVisitor = {
    record: (of, keyAt, keyBytes, valueAt, valueBytes, _offset, timestampMs) =>
      records.push({
        key: keyBytes < 0 ? null : of.toString('latin1', keyAt, keyAt + keyBytes),
        valueBytes,
        dueNs: readDueTime(of, valueAt, valueBytes),
        timestampMs,
      }),
  };
  visitRecords(bytes, 0, bytes.length, { fromOffset: 0, checkCrcs: true }, visitor);
  return {
    bytes: bytes.length,
    producerId: bytes.readBigInt64BE(PRODUCER_ID_AT),
    epoch: bytes.readInt16BE(PRODUCER_EPOCH_AT),
    baseSequence: bytes.readInt32BE(BASE_SEQUENCE_AT),
    records,
  };
}

/** Reads a whole frame, its length included. */
export function readProduceRequest(parts: readonly Uint8Array[]): SentRequest {
  const frame = Buffer.concat(parts);
  const reader = new ResponseReader(frame, 0, frame.length);
  const length = reader.int32();
  if (length !== frame.length - 4) {
    throw new Error(`a frame of ${frame.length - 4} bytes says that it has ${length}`);
  }
  const head = { apiKey: reader.int16(), version: reader.int16(), correlationId: reader.int32() };
  const clientIdBytes = reader.int16();
  const clientId = frame.toString('utf8', reader.at, reader.at + clientIdBytes);
  reader.skip(clientIdBytes);
  reader.tags();
  reader.compactString();
  const settings = { acks: reader.int16(), timeoutMs: reader.int32() };
  const batches: SentBatch[] = [];
  for (let topics = reader.compactArray(); topics > 0; topics--) {
    const topic = reader.compactString() ?? '';
    for (let partitions = reader.compactArray(); partitions > 0; partitions--) {
      const partition = reader.int32();
      const bytes = reader.compactBytes();
      batches.push({ topic, partition, ...readBatch(frame.subarray(reader.at, reader.at + bytes)) });
      reader.skip(bytes);
      reader.tags();
    }
    reader.tags();
  }
  reader.tags();
  if (reader.at !== frame.length) {
    throw new Error(`a request of ${frame.length} bytes ends at ${reader.at}`);
  }
  return { ...head, clientId, ...settings, batches };
}

/** The answer as a client gets it, without the frame's length and the correlation id. */
export function produceResponse(answers: readonly Answer[], throttleTimeMs = 0): Buffer {
  const writer = new RequestWriter().noTags();
  const topics = [...Map.groupBy(answers, ({ topic }) => topic)];
  writer.compactArray(topics.length);
  for (const [topic, ofTopic] of topics) {
    writer.compactString(Buffer.from(topic)).compactArray(ofTopic.length);
    for (const answer of ofTopic) {
      writer
        .int32(answer.partition)
        .int16(answer.errorCode ?? 0)
        .int64(answer.baseOffset ?? (answer.errorCode ? -1 : 0))
        .int64(-1)
        .int64(answer.logStartOffset ?? 0)
        .compactArray(0);
      if (answer.errorMessage === undefined) {
        writer.compactNull();
      } else {
        writer.compactString(Buffer.from(answer.errorMessage));
      }
      if (answer.currentLeader === undefined) {
        writer.noTags();
      } else {
        writer.uvarint(1).uvarint(0).uvarint(9);
        writer.int32(answer.currentLeader.broker).int32(answer.currentLeader.epoch).noTags();
      }
    }
    writer.noTags();
  }
  return writer.int32(throttleTimeMs).noTags().bytes;
}
