/**
 * Produce, versions 9 to 11 (flexible; topics by name):
 *
 *     Produce Request => transactional_id acks timeout_ms [topic_data] TAG_BUFFER
 *       topic_data => name [partition_data] TAG_BUFFER
 *         partition_data => index records TAG_BUFFER
 *
 *     Produce Response => [responses] throttle_time_ms TAG_BUFFER
 *       responses => name [partition_responses] TAG_BUFFER
 *         partition_responses => index error_code base_offset log_append_time_ms log_start_offset [record_errors]
 *           error_message <tag 0: current_leader>
 *       <tag 0: node_endpoints>
 */
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';

export const PRODUCE_KEY = 0;
/** The newest version spoken here; brokers from 2.4 on know the oldest. */
export const PRODUCE_VERSIONS = { oldest: 9, newest: 11 } as const;

const CURRENT_LEADER_TAG = 0;

export interface RequestHead {
  readonly version: number;
  readonly correlationId: number;
  readonly clientId: Uint8Array;
}

export interface ProduceSettings {
  /** Null without transactions. */
  readonly transactionalId: Uint8Array | null;
  /** -1 for all. */
  readonly acks: number;
  /** How long the broker may wait for replicas. */
  readonly timeoutMs: number;
}

/** A sealed batch on its way. */
export interface SealedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly parts: readonly Buffer[];
}

/** A broker's answer for one partition. */
export interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** -1 when nothing was written. */
  readonly baseOffset: number;
  /** -1 when the broker does not know it. */
  readonly logStartOffset: number;
  readonly errorMessage: string | null;
  /** Told with errors of a wrong leader by Kafka 3.7 and newer. */
  readonly currentLeader: { readonly broker: number; readonly epoch: number } | null;
}

/** The frame of a request, as pieces to be written one after the other. Batches of one topic must follow each other. */
export function encodeProduceRequest(
  head: RequestHead,
  settings: ProduceSettings,
  batches: readonly SealedBatch[],
): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let writer = new RequestWriter().int32(0);
  writeRequestHead(writer, PRODUCE_KEY, head);
  const { transactionalId } = settings;
  if (transactionalId === null) writer.compactNull();
  else writer.compactString(transactionalId);
  writer.int16(settings.acks).int32(settings.timeoutMs).compactArray(countTopics(batches));
  let total = 0;
  for (const [index, batch] of batches.entries()) {
    if (batches[index - 1]?.topic !== batch.topic) {
      writer.compactString(nameOf(batch.topic)).compactArray(countOfTopic(batches, index));
    }
    const bytes = batch.parts.reduce((sum, { length }) => sum + length, 0);
    writer.int32(batch.partition).uvarint(bytes + 1);
    total += writer.length + bytes;
    pieces.push(writer.bytes, ...batch.parts);
    writer = new RequestWriter().noTags();
    if (batches[index + 1]?.topic !== batch.topic) {
      writer.noTags();
    }
  }
  writer.noTags();
  pieces.push(writer.bytes);
  Buffer.from(pieces[0].buffer, pieces[0].byteOffset, 4).writeInt32BE(total + writer.length - 4);
  return pieces;
}

/** The answer's partitions, with the time that the broker holds back this client's requests. */
export function readProduceResponse(
  bytes: Buffer,
  start: number,
  end: number,
): { readonly partitions: ProducedPartition[]; readonly throttleTimeMs: number } {
  const reader = new ResponseReader(bytes, start, end);
  reader.tags();
  const partitions: ProducedPartition[] = [];
  const topics = reader.compactArray();
  for (let index = 0; index < topics; index++) {
    const topic = reader.compactString() ?? '';
    const count = reader.compactArray();
    for (let of = 0; of < count; of++) {
      partitions.push(readPartition(reader, topic));
    }
    reader.tags();
  }
  const throttleTimeMs = reader.int32();
  reader.tags();
  return { partitions, throttleTimeMs };
}

/** Request header, version 2. */
export function writeRequestHead(writer: RequestWriter, apiKey: number, head: RequestHead): void {
  writer.int16(apiKey).int16(head.version).int32(head.correlationId).string(head.clientId).noTags();
}

function readPartition(reader: ResponseReader, topic: string): ProducedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const baseOffset = reader.int64();
  reader.int64();
  const logStartOffset = reader.int64();
  const recordErrors = reader.compactArray();
  let recordError: string | null = null;
  for (let index = 0; index < recordErrors; index++) {
    reader.int32();
    recordError = reader.compactString() ?? recordError;
    reader.tags();
  }
  const errorMessage = reader.compactString() ?? recordError;
  let currentLeader: ProducedPartition['currentLeader'] = null;
  reader.tags((tag) => {
    if (tag === CURRENT_LEADER_TAG) {
      currentLeader = { broker: reader.int32(), epoch: reader.int32() };
    }
  });
  return { topic, partition, errorCode, baseOffset, logStartOffset, errorMessage, currentLeader };
}

function countTopics(batches: readonly SealedBatch[]): number {
  return batches.filter((batch, index) => batches[index - 1]?.topic !== batch.topic).length;
}

function countOfTopic(batches: readonly SealedBatch[], from: number): number {
  let to = from;
  while (batches[to]?.topic === batches[from].topic) {
    to++;
  }
  return to - from;
}

const names = new Map<string, Buffer>();

function nameOf(topic: string): Buffer {
  const known = names.get(topic);
  if (known !== undefined) {
    return known;
  }
  const name = Buffer.from(topic);
  names.set(topic, name);
  return name;
}
