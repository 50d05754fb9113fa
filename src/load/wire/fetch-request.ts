/**
 * Fetch, versions 13 to 17 (flexible; topics by id, KIP-516), in incremental sessions (KIP-227):
 *
 *     Fetch Request => replica_id (to 14) max_wait_ms min_bytes max_bytes isolation_level session_id session_epoch
 *                      [topics] [forgotten_topics_data] rack_id TAG_BUFFER
 *       topics => topic_id [partitions] TAG_BUFFER
 *         partitions => partition current_leader_epoch fetch_offset last_fetched_epoch log_start_offset
 *                       partition_max_bytes TAG_BUFFER
 *       forgotten_topics_data => topic_id [partitions] TAG_BUFFER
 *
 *     Fetch Response => throttle_time_ms error_code session_id [responses] TAG_BUFFER
 *       responses => topic_id [partitions] TAG_BUFFER
 *         partitions => partition_index error_code high_watermark last_stable_offset log_start_offset
 *                       [aborted_transactions] preferred_read_replica records <tag 1: current_leader>
 */
import { type RequestHead, writeRequestHead } from './produce-request.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';

export const FETCH_KEY = 1;
/** The newest version spoken here; brokers from 3.1 on know the oldest. */
export const FETCH_VERSIONS = { oldest: 13, newest: 17 } as const;

const FIRST_WITHOUT_REPLICA_ID = 15;
const CURRENT_LEADER_TAG = 1;
const ABORTED_TRANSACTION_BYTES = 16;

export interface FetchSettings {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly readCommitted: boolean;
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly partitionMaxBytes: number;
  readonly rack: Uint8Array;
}

export interface PartitionOfId {
  /** 32 hexadecimal digits. */
  readonly topicId: string;
  readonly partition: number;
}

export interface FetchFrom extends PartitionOfId {
  readonly offset: number;
  readonly leaderEpoch: number;
}

/** A broker's answer for one partition; its records are bytes[recordsAt, recordsEnd) of the response's buffer. */
export interface FetchedFrom extends PartitionOfId {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** -1 for none. */
  readonly preferredReadReplica: number;
  readonly currentLeader: { readonly broker: number; readonly epoch: number } | null;
  readonly recordsAt: number;
  readonly recordsEnd: number;
}

export interface FetchResponse {
  readonly throttleTimeMs: number;
  /** Of the whole request, such as a session that is gone. */
  readonly errorCode: number;
  readonly sessionId: number;
  readonly partitions: readonly FetchedFrom[];
}

/** The frame of a request. */
export function encodeFetchRequest(
  head: RequestHead,
  settings: FetchSettings,
  partitions: readonly FetchFrom[],
  forgotten: readonly PartitionOfId[],
): Buffer {
  const writer = new RequestWriter().int32(0);
  writeRequestHead(writer, FETCH_KEY, head);
  if (head.version < FIRST_WITHOUT_REPLICA_ID) {
    writer.int32(-1);
  }
  writer
    .int32(settings.maxWaitMs)
    .int32(settings.minBytes)
    .int32(settings.maxBytes)
    .int8(settings.readCommitted ? 1 : 0)
    .int32(settings.sessionId)
    .int32(settings.sessionEpoch);
  writeByTopic(writer, partitions, ({ partition, leaderEpoch, offset }) => {
    writer
      .int32(partition)
      .int32(leaderEpoch)
      .int64(offset)
      .int32(-1)
      .int64(-1)
      .int32(settings.partitionMaxBytes)
      .noTags();
  });
  writeByTopic(writer, forgotten, ({ partition }) => {
    writer.int32(partition);
  });
  writer.compactString(settings.rack).noTags();
  writer.patchInt32(0, writer.length - 4);
  return writer.bytes;
}

export function readFetchResponse(bytes: Buffer, start: number, end: number): FetchResponse {
  const reader = new ResponseReader(bytes, start, end);
  reader.tags();
  const throttleTimeMs = reader.int32();
  const errorCode = reader.int16();
  const sessionId = reader.int32();
  const partitions: FetchedFrom[] = [];
  const topics = reader.compactArray();
  for (let index = 0; index < topics; index++) {
    const topicId = reader.uuid();
    const count = reader.compactArray();
    for (let of = 0; of < count; of++) {
      partitions.push(readPartition(reader, topicId));
    }
    reader.tags();
  }
  reader.tags();
  return { throttleTimeMs, errorCode, sessionId, partitions };
}

function readPartition(reader: ResponseReader, topicId: string): FetchedFrom {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  const logStartOffset = reader.int64();
  const aborted = reader.compactArray();
  for (let index = 0; index < aborted; index++) {
    reader.skip(ABORTED_TRANSACTION_BYTES);
    reader.tags();
  }
  const preferredReadReplica = reader.int32();
  const recordsBytes = reader.compactBytes();
  const recordsAt = reader.at;
  reader.skip(recordsBytes);
  let currentLeader: FetchedFrom['currentLeader'] = null;
  reader.tags((tag) => {
    if (tag === CURRENT_LEADER_TAG) {
      currentLeader = { broker: reader.int32(), epoch: reader.int32() };
    }
  });
  return {
    topicId,
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    preferredReadReplica,
    currentLeader,
    recordsAt,
    recordsEnd: recordsAt + recordsBytes,
  };
}

function writeByTopic<Item extends PartitionOfId>(
  writer: RequestWriter,
  items: readonly Item[],
  write: (item: Item) => void,
): void {
  const groups = [...Map.groupBy(items, ({ topicId }) => topicId)];
  writer.compactArray(groups.length);
  for (const [topicId, ofTopic] of groups) {
    writer.raw(Buffer.from(topicId, 'hex')).compactArray(ofTopic.length);
    for (const item of ofTopic) {
      write(item);
    }
    writer.noTags();
  }
}
