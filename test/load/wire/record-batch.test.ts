import assert from 'node:assert/strict';
import test from 'node:test';
import { createRecordsBatch, Reader, readRecordsBatch } from '@platformatic/kafka';
import fc from 'fast-check';
import { randomStream } from '../../../src/load/random.ts';
import { BatchMemories } from '../../../src/load/wire/batch-memory.ts';
import { type CodecName, codecOf } from '../../../src/load/wire/codecs.ts';
import { CorruptBatch, nextOffsetOf, visitRecords } from '../../../src/load/wire/record-batch-reader.ts';
import { encodeHeaders, RecordBatchWriter } from '../../../src/load/wire/record-batch-writer.ts';
import { ValuePool } from '../../../src/load/wire/value-pool.ts';
import { producerConfig } from '../../../src/scenario/kafka-defaults.ts';
import { varintBytes } from '../../../src/scenario/record-format.ts';

const CODECS: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const LENGTH_AT = 8;
const ATTRIBUTES_AT = 21;
const CRC_AT = 17;
const BASE_MS = 1_700_000_000_000;
const PRODUCER = { producerId: 77n, epoch: 3, baseSequence: 12 };
const memories = new BatchMemories();
const pool = ValuePool.ofBytes(randomStream('records'), 0.5);

interface RecordIn {
  readonly key: string | null;
  readonly valueBytes: number;
  readonly afterMs: number;
  readonly header: string | null;
}

interface RecordOut {
  readonly key: string | null;
  readonly value: string | null;
  readonly offset: number;
  readonly timestampMs: number;
}

const records = fc.array(
  fc.record<RecordIn>({
    key: fc.option(fc.string({ unit: 'binary-ascii', maxLength: 200 })),
    valueBytes: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 9000 })),
    afterMs: fc.constantFrom(0, 0, 1, 63, 64, 9000),
    header: fc.option(fc.string({ unit: 'binary-ascii', maxLength: 100 })),
  }),
  { minLength: 1, maxLength: 150, size: 'max' },
);

const headersOf = (header: string | null) =>
  encodeHeaders(header === null ? [] : [{ key: Buffer.from('h'), value: Buffer.from(header) }]);

/** Size of a record, by the format. */
function recordBytesAt(
  timestampDelta: number,
  offsetDelta: number,
  keyBytes: number | null,
  valueBytes: number,
  headersBytes: number,
): number {
  const key = keyBytes === null ? 1 : varintBytes(keyBytes) + keyBytes;
  const value = varintBytes(valueBytes) + valueBytes;
  const body = 1 + varintBytes(timestampDelta) + varintBytes(offsetDelta) + key + value + headersBytes;
  return varintBytes(body) + body;
}

/** A sealed batch, and what is in it. */
function write(codec: CodecName, list: readonly RecordIn[]): { bytes: Buffer; expected: RecordOut[] } {
  const writer = new RecordBatchWriter(memories, pool, BASE_MS, 100);
  const expected: RecordOut[] = [];
  const values: [number, number][] = [];
  let timestampMs = BASE_MS;
  for (const [offset, { key, valueBytes, afterMs, header }] of list.entries()) {
    timestampMs += afterMs;
    const encoded = headersOf(header);
    const keyBytes = key === null ? null : Buffer.from(key);
    const before = writer.bytes;
    const append = (roomBytes: number) =>
      writer.append(roomBytes, offset * 3, offset * 3, timestampMs, keyBytes, valueBytes, encoded);
    const bytes = recordBytesAt(
      timestampMs - BASE_MS,
      offset,
      keyBytes?.length ?? null,
      valueBytes,
      encoded.length,
    );
    assert.equal(append(bytes - 1), false, 'one byte too little');
    assert.equal(append(bytes), true);
    assert.equal(writer.bytes - before, bytes);
    values.push([writer.lastValueAt, valueBytes]);
    expected.push({ key, value: null, offset, timestampMs });
  }
  const { buffer, byteOffset } = writer.target;
  const written = values.map(([at, length]) =>
    Buffer.from(buffer, byteOffset + at, length).toString('latin1'),
  );
  assert.deepEqual(
    [...writer.dueNs.subarray(0, writer.records)],
    list.map((_, index) => index * 3),
  );
  writer.seal(codecOf(producerConfig({ 'compression.type': codec })), PRODUCER);
  const bytes = Buffer.concat(writer.sealed);
  assert.equal(bytes.length, writer.sealedBytes);
  writer.release();
  return { bytes, expected: expected.map((one, index) => ({ ...one, value: written[index] })) };
}

function read(bytes: Buffer, fromOffset = 0, checkCrcs = true): RecordOut[] {
  const seen: RecordOut[] = [];
  visitRecords(
    bytes,
    0,
    bytes.length,
    { fromOffset, checkCrcs },
    {
      record: (of, keyAt, keyBytes, valueAt, valueBytes, offset, timestampMs) =>
        seen.push({
          key: keyBytes < 0 ? null : of.toString('utf8', keyAt, keyAt + keyBytes),
          value: valueBytes < 0 ? null : of.toString('latin1', valueAt, valueAt + valueBytes),
          offset,
          timestampMs,
        }),
    },
  );
  return seen;
}

const five = (codec: CodecName = 'none') =>
  write(
    codec,
    Array.from({ length: 5 }, () => ({ key: 'k', valueBytes: 50, afterMs: 1, header: null })),
  );

for (const codec of CODECS) {
  test(`${codec}: what is written is read again, by our reader and by the library's`, () => {
    fc.assert(
      fc.property(records, (list) => {
        const { bytes, expected } = write(codec, list);
        assert.deepEqual(read(bytes), expected);
        assert.equal(nextOffsetOf(bytes, 0, bytes.length, -1), list.length);
        const batch = readRecordsBatch(Reader.from(bytes));
        const { producerId, producerEpoch, firstSequence, firstTimestamp, maxTimestamp } = batch;
        assert.deepEqual([producerId, producerEpoch, firstSequence], [77n, 3, 12]);
        assert.equal(Number(maxTimestamp), expected[expected.length - 1].timestampMs);
        assert.deepEqual(
          batch.records.map(({ key, value, timestampDelta, offsetDelta }) => ({
            key: (key as Buffer | null)?.toString() ?? null,
            value: (value as Buffer | null)?.toString('latin1') ?? null,
            offset: offsetDelta,
            timestampMs: Number(firstTimestamp + timestampDelta),
          })),
          expected,
        );
        assert.deepEqual(
          batch.records.map(({ headers }) => headers.map(([key, value]) => [`${key}`, `${value}`])),
          list.map(({ header }) => (header === null ? [] : [['h', header]])),
        );
      }),
      { numRuns: 25 },
    );
  });

  test(`${codec}: what the library writes is read by ours`, () => {
    fc.assert(
      fc.property(records, (list) => {
        const batch = createRecordsBatch(
          list.map(({ key, valueBytes, afterMs }) => ({
            topic: 't',
            ...(key === null ? {} : { key: Buffer.from(key) }),
            value: Buffer.alloc(valueBytes, 'v'),
            timestamp: BigInt(BASE_MS + afterMs),
          })),
          { compression: codec },
        );
        const [{ afterMs: firstMs }] = list;
        assert.deepEqual(
          read(batch.buffer),
          list.map(({ key, valueBytes, afterMs }, offset) => ({
            key,
            value: 'v'.repeat(valueBytes),
            offset,
            timestampMs: BASE_MS + (afterMs - firstMs) + firstMs,
          })),
        );
      }),
      { numRuns: 15 },
    );
  });
}

test('any flipped byte that the CRC covers is detected', () => {
  const { bytes } = five();
  for (let at = CRC_AT; at < bytes.length; at++) {
    bytes[at] ^= 1;
    assert.throws(() => read(bytes), CorruptBatch, `byte ${at}`);
    bytes[at] ^= 1;
  }
});

test('a batch sealed again has the new producer state and a right CRC', () => {
  for (const codec of CODECS) {
    const writer = new RecordBatchWriter(memories, pool, 0, 0);
    writer.append(1000, 0, 0, 0, null, 500, headersOf(null));
    writer.seal(codecOf(producerConfig({ 'compression.type': codec })), PRODUCER);
    writer.seal(codecOf(producerConfig({ 'compression.type': codec })), { ...PRODUCER, epoch: 4 });
    const bytes = Buffer.concat(writer.sealed);
    assert.equal(read(bytes).length, 1);
    assert.equal(readRecordsBatch(Reader.from(bytes)).producerEpoch, 4);
  }
});

test('a last batch that is cut off is left out, wherever it is cut', () => {
  const { bytes } = five();
  const second = Buffer.from(bytes);
  second.writeBigInt64BE(5n, 0);
  const both = Buffer.concat([bytes, second]);
  for (let end = bytes.length; end < both.length; end++) {
    assert.equal(read(both.subarray(0, end)).length, 5);
    assert.equal(nextOffsetOf(both, 0, end, -1), 5);
  }
  assert.equal(read(both).length, 10);
  assert.equal(nextOffsetOf(both, 0, 20, 42), 42);
});

test('records before the offset asked for are left out', () => {
  const { bytes } = five('zstd');
  assert.deepEqual(
    read(bytes, 3).map(({ offset }) => offset),
    [3, 4],
  );
});

test('control batches have no records, but move the position', () => {
  const { bytes } = five();
  bytes.writeInt16BE(0x20, ATTRIBUTES_AT);
  assert.deepEqual(read(bytes, 0, false), []);
  assert.equal(nextOffsetOf(bytes, 0, bytes.length, 0), 5);
});

test("a batch whose length is no batch's is corrupt, and never read forever", () => {
  for (const length of [-100, -12, -1, 0, 48]) {
    const { bytes } = five();
    bytes.writeInt32BE(length, LENGTH_AT);
    assert.throws(() => read(bytes, 0, false), CorruptBatch, `${length}`);
    assert.equal(nextOffsetOf(bytes, 0, bytes.length, 7), 7);
  }
});

test('values of a batch differ from each other and from those of the last one', () => {
  const values = [five(), five()].flatMap(({ expected }) => expected.map(({ value }) => value));
  assert.equal(new Set(values).size, 10);
});

test('memory is used again, grows with the batch, and is bounded', () => {
  const own = new BatchMemories();
  const first = own.take(1000);
  own.give(first);
  assert.equal(own.take(900), first);
  assert.equal(own.take(1025).bytes.length, 2048);
  const big = Array.from({ length: 3 }, () => own.take(32 * 1024 * 1024));
  for (const memory of big) own.give(memory);
  const again = Array.from({ length: 3 }, () => own.take(32 * 1024 * 1024));
  assert.equal(again.filter((memory) => big.includes(memory)).length, 2);
});
