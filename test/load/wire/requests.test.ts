import assert from 'node:assert/strict';
import test from 'node:test';
import {
  createRecordsBatch,
  FetchIsolationLevels,
  fetchV15,
  fetchV16,
  fetchV17,
  produceV9,
  produceV10,
  produceV11,
  Reader,
} from '@platformatic/kafka';
import fc from 'fast-check';
import { encodeFetchRequest, readFetchResponse } from '../../../src/load/wire/fetch-request.ts';
import { FrameReader } from '../../../src/load/wire/frame-reader.ts';
import { encodeProduceRequest, readProduceResponse } from '../../../src/load/wire/produce-request.ts';
import { RequestWriter } from '../../../src/load/wire/request-writer.ts';
import { MalformedResponse, ResponseReader } from '../../../src/load/wire/response-reader.ts';
import { writeUvarint, writeVarint } from '../../../src/load/wire/varints.ts';
import { varintBytes } from '../../../src/scenario/record-format.ts';
import { produceResponse } from '../producer/produce-support.ts';

const CLIENT = Buffer.from('client');
const TOPIC_ID = '00112233445566778899aabbccddeeff';
const UUID = '00112233-4455-6677-8899-aabbccddeeff';

/** A whole frame's body, after checking its length and its head of version 2. */
function bodyOf(frame: Buffer, apiKey: number, version: number): Buffer {
  assert.equal(frame.readInt32BE(0), frame.length - 4);
  assert.deepEqual([frame.readInt16BE(4), frame.readInt16BE(6), frame.readInt32BE(8)], [apiKey, version, 99]);
  const at = 14 + frame.readInt16BE(12);
  assert.equal(frame.toString('utf8', 14, at), 'client');
  assert.equal(frame[at], 0);
  return frame.subarray(at + 1);
}

test('fetch requests are those of the library, byte for byte', () => {
  for (const [version, api] of [
    [15, fetchV15],
    [16, fetchV16],
    [17, fetchV17],
  ] as const) {
    const settings = { maxWaitMs: 500, minBytes: 1, maxBytes: 52_428_800, sessionId: 7, sessionEpoch: 3 };
    const frame = encodeFetchRequest(
      { version, correlationId: 99, clientId: CLIENT },
      { ...settings, readCommitted: true, partitionMaxBytes: 1_048_576, rack: Buffer.from('r1') },
      [0, 300].map((partition) => ({ topicId: TOPIC_ID, partition, offset: 2 ** 40 + 1, leaderEpoch: 5 })),
      [{ topicId: TOPIC_ID, partition: 4 }],
    );
    const expected = api.createRequest(
      500,
      1,
      52_428_800,
      FetchIsolationLevels.READ_COMMITTED,
      7,
      3,
      [
        {
          topicId: UUID,
          partitions: [0, 300].map((partition) => ({
            partition,
            currentLeaderEpoch: 5,
            fetchOffset: 2n ** 40n + 1n,
            lastFetchedEpoch: -1,
            partitionMaxBytes: 1_048_576,
          })),
        },
      ],
      [{ topicId: UUID, topic: UUID, partitions: [4] }],
      'r1',
    );
    assert.deepEqual(bodyOf(frame, 1, version).toString('hex'), expected.buffer.toString('hex'));
  }
});

test('produce requests are those of the library, byte for byte', () => {
  for (const [version, api] of [
    [9, produceV9],
    [10, produceV10],
    [11, produceV11],
  ] as const) {
    const message = (topic: string, partition: number) => ({
      topic,
      partition,
      key: Buffer.from('k'),
      value: Buffer.alloc(300, topic),
      timestamp: 1_700_000_000_000n,
    });
    const messages = [message('a', 0), message('a', 1), message('b', 0)];
    const batches = messages.map((one) => ({
      topic: one.topic,
      partition: one.partition,
      parts: [createRecordsBatch([{ ...one }]).buffer],
    }));
    const head = { version, correlationId: 99, clientId: CLIENT };
    const frame = Buffer.concat(
      encodeProduceRequest(head, { transactionalId: null, acks: -1, timeoutMs: 30_000 }, batches),
    );
    const expected = api.createRequest(-1, 30_000, messages);
    assert.deepEqual(bodyOf(frame, 0, version).toString('hex'), expected.buffer.toString('hex'));
  }
});

test('a produce response is read as the library reads it', () => {
  const bytes = produceResponse(
    [
      { topic: 'a', partition: 0, baseOffset: 2 ** 33 + 5 },
      { topic: 'a', partition: 7, baseOffset: 1 },
      { topic: 'b', partition: 2, baseOffset: 9 },
    ],
    250,
  );
  const ours = readProduceResponse(bytes, 0, bytes.length);
  const theirs =
    produceV11.api.version === 11 && produceV11.parseResponse(0, 0, 11, Reader.from(bytes.subarray(1)));
  assert.ok(theirs !== false);
  assert.deepEqual(
    ours.partitions.map(({ topic, partition, baseOffset }) => [topic, partition, BigInt(baseOffset)]),
    theirs.responses.flatMap(({ name, partitionResponses }) =>
      partitionResponses.map(({ index, baseOffset }) => [name, index, baseOffset]),
    ),
  );
  assert.equal(ours.throttleTimeMs, theirs.throttleTimeMs);
});

function fetchResponse(): Buffer {
  const writer = new RequestWriter().noTags().int32(12).int16(0).int32(44).compactArray(1);
  writer.raw(Buffer.from(TOPIC_ID, 'hex')).compactArray(2);
  for (const partition of [0, 1]) {
    writer
      .int32(partition)
      .int16(partition === 0 ? 0 : 6)
      .int64(2 ** 40)
      .int64(2 ** 40)
      .int64(1);
    writer.compactArray(1).int64(5).int64(6).noTags().int32(-1);
    writer.uvarint(4).raw(Buffer.from([1, 2, 3]));
    if (partition === 0) {
      writer.noTags();
    } else {
      writer
        .uvarint(2)
        .uvarint(0)
        .uvarint(1)
        .raw(Buffer.from([9]));
      writer.uvarint(1).uvarint(9).int32(3).int32(8).noTags();
    }
  }
  return writer.noTags().noTags().bytes;
}

test('a fetch response is read with its aborted transactions, records, unknown tags and new leader', () => {
  const bytes = fetchResponse();
  const { throttleTimeMs, sessionId, partitions } = readFetchResponse(bytes, 0, bytes.length);
  assert.deepEqual([throttleTimeMs, sessionId], [12, 44]);
  assert.deepEqual(
    partitions.map((one) => [
      one.topicId,
      one.partition,
      one.errorCode,
      one.highWatermark,
      one.currentLeader,
    ]),
    [
      [TOPIC_ID, 0, 0, 2 ** 40, null],
      [TOPIC_ID, 1, 6, 2 ** 40, { broker: 3, epoch: 8 }],
    ],
  );
  for (const { recordsAt, recordsEnd } of partitions) {
    assert.deepEqual([...bytes.subarray(recordsAt, recordsEnd)], [1, 2, 3]);
  }
});

test('responses that are cut off, or any bytes at all, are malformed or read, and never read forever', () => {
  const produced = produceResponse([{ topic: 'a', partition: 0, errorCode: 6, errorMessage: 'no' }], 1);
  for (const [bytes, read] of [
    [produced, readProduceResponse],
    [fetchResponse(), readFetchResponse],
  ] as const) {
    for (let end = 0; end < bytes.length; end++) {
      assert.throws(() => read(bytes, 0, end), MalformedResponse, `${end}`);
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
      const bytes = Buffer.from(random);
      for (const read of [readProduceResponse, readFetchResponse]) {
        try {
          read(bytes, 0, bytes.length);
        } catch (error) {
          assert.ok(error instanceof MalformedResponse, `${error}`);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('what is written of the primitive types is read again', () => {
  const uint31 = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  const int64 = fc.maxSafeInteger();
  fc.assert(
    fc.property(uint31, int64, fc.string({ unit: 'grapheme' }), (number, long, text) => {
      const writer = new RequestWriter().uvarint(number).int64(long).compactString(Buffer.from(text));
      const { bytes } = writer.int32(-number).int16(-5).compactNull();
      const reader = new ResponseReader(bytes, 0, bytes.length);
      assert.deepEqual([reader.uvarint(), reader.int64(), reader.compactString()], [number, long, text]);
      assert.deepEqual([reader.int32(), reader.int16(), reader.compactString()], [-number + 0, -5, null]);
      assert.equal(reader.at, bytes.length);
    }),
  );
});

test('varints take the bytes that they say, up to their largest numbers', () => {
  const bytes = new Uint8Array(8);
  for (const value of [
    0,
    63,
    64,
    127,
    128,
    8191,
    8192,
    16_383,
    16_384,
    2 ** 20,
    2 ** 28 - 1,
    2 ** 28,
    2 ** 30 - 1,
  ]) {
    assert.equal(
      writeUvarint(bytes, 0, value),
      Math.max(1, Math.ceil(value.toString(2).length / 7)),
      `${value}`,
    );
    const end = writeVarint(bytes, 0, value);
    assert.equal(end, varintBytes(value), `${value}`);
    assert.equal(Reader.from(Buffer.from(bytes.subarray(0, end))).readVarInt(), value);
  }
  assert.equal(writeUvarint(bytes, 0, 2 ** 31 - 1), 5);
});

test('frames come out whole, however they are cut into chunks', () => {
  const frames = fc.array(fc.uint8Array({ maxLength: 40_000, size: 'max' }), { maxLength: 6 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1 }), (sent, cuts) => {
      const stream = Buffer.concat(
        sent.flatMap((frame) => [new RequestWriter().int32(frame.length).bytes, Buffer.from(frame)]),
      );
      const got: string[] = [];
      const reader = new FrameReader((bytes, start, end) => got.push(bytes.toString('latin1', start, end)));
      for (let at = 0, cut = 0; at < stream.length; cut++) {
        const chunk = stream.subarray(at, at + cuts[cut % cuts.length]);
        at += chunk.length;
        reader.push(chunk);
        assert.ok(reader.space().length > 0);
      }
      assert.deepEqual(
        got,
        sent.map((frame) => Buffer.from(frame).toString('latin1')),
      );
    }),
    { numRuns: 60 },
  );
});

test('a length that no broker sends is refused', () => {
  for (const length of [-1, 2 ** 30]) {
    const reader = new FrameReader(() => assert.fail());
    assert.throws(() => reader.push(Buffer.from(new RequestWriter().int32(length).bytes)), /no Kafka broker/);
  }
});
