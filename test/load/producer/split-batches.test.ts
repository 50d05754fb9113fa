import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { writeDueTime } from '../../../src/load/due-time.ts';
import { Accumulator } from '../../../src/load/producer/accumulator.ts';
import { newLeader, PartitionQueue } from '../../../src/load/producer/partition-queue.ts';
import { ProducerBatch } from '../../../src/load/producer/producer-batch.ts';
import { splitBatch } from '../../../src/load/producer/split-batch.ts';
import { randomStream } from '../../../src/load/random.ts';
import { plainRecords } from '../../../src/load/wire/plain-records.ts';
import { encodeHeaders, RecordBatchWriter } from '../../../src/load/wire/record-batch-writer.ts';
import { batchBytesUpperBound } from '../../../src/scenario/record-format.ts';
import { rig } from './client-rig.ts';
import { makings, readBatch } from './produce-support.ts';

const MS = 1e6;
const MESSAGE_TOO_LARGE = 10;
const NOT_ENOUGH_REPLICAS = 19;
const NO_PRODUCER = { producerId: -1n, epoch: -1, baseSequence: -1 };
const NO_HEADERS = encodeHeaders([]);

interface Made {
  readonly keyBytes: number | null;
  readonly valueBytes: number;
  readonly headerBytes: number;
  readonly afterMs: number;
}

const made: fc.Arbitrary<Made> = fc.record({
  keyBytes: fc.option(fc.integer({ min: 0, max: 80 })),
  valueBytes: fc.oneof(fc.integer({ min: 8, max: 100 }), fc.integer({ min: 8, max: 2000 })),
  headerBytes: fc.integer({ min: 0, max: 20 }),
  afterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 })),
});

/** A batch of these records, as it was sent. */
function sentBatch(records: readonly Made[], codecs: ReturnType<typeof makings>): ProducerBatch {
  const queue = new PartitionQueue('t', 0, 0, newLeader(1));
  const writer = new RecordBatchWriter(codecs.memories, codecs.pool, 1000, 100);
  const batch = new ProducerBatch(queue, 5, 1e6, writer, null);
  let timestampMs = 1000;
  for (const [index, { keyBytes, valueBytes, headerBytes, afterMs }] of records.entries()) {
    timestampMs += index === 0 ? 0 : afterMs;
    const key = keyBytes === null ? null : Buffer.alloc(keyBytes, 'k');
    const headers = encodeHeaders([{ key: Buffer.from('h'), value: Buffer.alloc(headerBytes, 'v') }]);
    writer.append(Number.POSITIVE_INFINITY, index, index + 0.5, timestampMs, key, valueBytes, headers);
    writeDueTime(writer.target, writer.lastValueAt, valueBytes, index);
    batch.payloadBytes += valueBytes + (keyBytes ?? 0);
  }
  batch.stream = 3;
  batch.firstStamp = 70;
  batch.sentNs = 9;
  writer.seal(codecs.codec, NO_PRODUCER);
  return batch;
}

function boundOf({ keyBytes, valueBytes, headerBytes }: Made): number {
  const headersBytes = encodeHeaders([{ key: Buffer.from('h'), value: Buffer.alloc(headerBytes) }]).length;
  return batchBytesUpperBound({ keyBytes, valueBytes, headersBytes });
}

test('a split keeps every record, its times and its stamp, in order, in batches of batch.size or of a record', () => {
  fc.assert(
    fc.property(
      fc.array(made, { minLength: 2, maxLength: 40 }),
      fc.constantFrom('none', 'zstd'),
      fc.boolean(),
      (records, compression, isPart) => {
        const codecs = makings({ 'compression.type': compression });
        const batch = sentBatch(records, codecs);
        batch.isPart = isPart;
        const before = readBatch(Buffer.concat(batch.writer.sealed)).records;
        const batchBytes = 1500;
        const limitBytes = isPart ? Math.floor(batch.writer.sealedBytes / 2) : batchBytes;
        const parts = splitBatch(batch, batchBytes, codecs, compression === 'none' ? null : 1);
        let at = 0;
        for (const part of parts) {
          assert.deepEqual(
            [part.full, part.isPart, part.createdNs, part.sentNs, part.stream, part.firstStamp],
            [true, true, 5, 9, 3, 70 + at],
          );
          const largest = Math.max(...records.map(boundOf));
          assert.ok(part.writer.bytes <= Math.max(limitBytes, largest), `${part.writer.bytes}`);
          for (let index = 0; index < part.records; index++) {
            assert.deepEqual([part.dueNs[index], part.enteredNs[index]], [at + index, at + index + 0.5]);
          }
          at += part.records;
          part.writer.seal(codecs.codec, NO_PRODUCER);
        }
        assert.deepEqual(
          parts.flatMap(({ writer }) => readBatch(Buffer.concat(writer.sealed)).records),
          before,
        );
        const bytesOf = ({ writer }: ProducerBatch) =>
          plainRecords(writer.plainRecords, writer.baseTimestampMs);
        assert.deepEqual(
          parts.flatMap(bytesOf),
          bytesOf(batch),
          'keys, values and headers are the same bytes',
        );
        assert.equal(
          parts.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0),
          batch.payloadBytes,
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('what came of a split is split into two at least, however small some of its records are', () => {
  const sizes = fc.array(fc.constantFrom(1, 3000), { minLength: 2, maxLength: 9 });
  fc.assert(
    fc.property(sizes, (valueBytes) => {
      const codecs = makings({});
      const plain = { keyBytes: null, headerBytes: 0, afterMs: 0 };
      const records = valueBytes.map((bytes) => ({ ...plain, valueBytes: bytes }));
      const batch = sentBatch(records, codecs);
      batch.isPart = true;
      const parts = splitBatch(batch, 16_384, codecs, null);
      assert.ok(parts.length >= 2, `${valueBytes}`);
      assert.equal(
        parts.reduce((sum, part) => sum + part.records, 0),
        valueBytes.length,
      );
    }),
  );
});

test('a batch that is too large is sent again at once in halves, until the broker takes them', async () => {
  const { start, tick, answer, requests, seen, reasons, latencies, client } = await rig(
    { 'linger.ms': 10, 'batch.size': 2000, 'max.in.flight.requests.per.connection': 1 },
    1000,
    { leaders: [1] },
  );
  start(8 * MS);
  tick(8);
  tick(18);
  assert.equal(requests[0].batches[0].records.length, 8);
  const sent: (number | null)[][] = [];
  for (let ms = 19; !client.idle && ms < 40; ms++) {
    const [{ batches }] = requests;
    const tooLarge = batches[0].records.length > 2;
    if (!tooLarge) {
      sent.push(batches[0].records.map(({ dueNs }) => dueNs));
    }
    answer(ms, tooLarge ? { errorCode: MESSAGE_TOO_LARGE, errorMessage: 'too much' } : {});
  }
  assert.deepEqual(
    sent.flat(),
    [0, 1, 2, 3, 4, 5, 6, 7].map((ms) => ms * MS),
  );
  assert.deepEqual([seen.acknowledged, seen.failed], [8, 0]);
  assert.ok(reasons.length >= 2 && reasons.every((reason) => reason === 'MESSAGE_TOO_LARGE (split)'));
  assert.ok(Math.min(...latencies) >= 12 * MS, 'latencies begin when the records were due');
});

test('a record that is too large alone is given up with the words of the broker', async () => {
  const { start, tick, answer, seen, reasons } = await rig({ 'linger.ms': 0 }, 1000);
  start(MS);
  tick(0);
  answer(1, { errorCode: MESSAGE_TOO_LARGE, errorMessage: 'more than 20 bytes' });
  assert.deepEqual([seen.failed, seen.mayBeWritten], [1, 0]);
  assert.deepEqual(reasons, ['MESSAGE_TOO_LARGE: more than 20 bytes']);
});

function fill(
  bufferBytes: number,
  oneInFlight = false,
): { accumulator: Accumulator; put: (id: number) => boolean } {
  const accumulator = new Accumulator(
    {
      batchBytes: 1000,
      lingerNs: 0,
      bufferBytes,
      maxRequestBytes: 10_000,
      deliveryTimeoutNs: 100 * MS,
      oneInFlight,
      adaptive: true,
    },
    [{ name: 't', partitions: 1 }],
    makings(),
    randomStream('split'),
    null,
  );
  accumulator.setLeaders([[1]]);
  const record = { valueBytes: 300, key: null, headers: NO_HEADERS, value: null };
  return { accumulator, put: (id) => accumulator.append(0, record, id, 0) !== null };
}

const idsOf = (batches: readonly ProducerBatch[] | null) =>
  (batches ?? []).flatMap(({ dueNs, records }) => [...dueNs.subarray(0, records)]);

test('memory of a split batch comes back at once, and its parts hold none', () => {
  const { accumulator, put } = fill(1000);
  assert.ok(put(1) && put(2) && put(3));
  assert.ok(!put(4));
  const [batch] = accumulator.drain(1, 0) ?? [];
  accumulator.split(batch);
  assert.ok(put(4));
  const [part] = accumulator.drain(1, 0) ?? [];
  assert.deepEqual(idsOf([part]), [1, 2, 3]);
  accumulator.acknowledged(part);
  assert.ok(put(5) && put(6) && !put(7), 'there is room for one batch, and no more');
});

test('parts wait for no back-off, in order, before all others of their partition', () => {
  const { accumulator, put } = fill(100_000);
  for (let id = 1; id <= 9; id++) put(id);
  const [[first], [second]] = [accumulator.drain(1, 0) ?? [], accumulator.drain(1, 0) ?? []];
  accumulator.requeue(first, 0, 0);
  second.isPart = true;
  accumulator.split(second);
  const sent: number[][] = [];
  for (let next = accumulator.drain(1, 0); next !== null; next = accumulator.drain(1, 0)) {
    sent.push(idsOf(next));
  }
  assert.deepEqual(sent, [[4], [5], [6], [1, 2, 3], [7, 8, 9]]);
});

test('with one request in flight, what follows a batch that is split does not overtake its parts', () => {
  const { accumulator, put } = fill(100_000, true);
  for (let id = 1; id <= 6; id++) put(id);
  const [first] = accumulator.drain(1, 0) ?? [];
  assert.equal(accumulator.drain(1, 0), null);
  first.isPart = true;
  accumulator.split(first);
  const sent: number[][] = [];
  for (let next = accumulator.drain(1, 0); next !== null; next = accumulator.drain(1, 0)) {
    sent.push(idsOf(next));
    assert.equal(accumulator.drain(1, 0), null);
    accumulator.acknowledged(next[0]);
  }
  assert.deepEqual(sent, [[1], [2], [3], [4, 5, 6]]);
});

test('parts expire when the batch would have', () => {
  const { accumulator, put } = fill(100_000);
  put(1);
  put(2);
  const [batch] = accumulator.drain(1, 0) ?? [];
  accumulator.split(batch);
  assert.deepEqual(accumulator.expired(99 * MS), []);
  assert.deepEqual(idsOf(accumulator.expired(100 * MS)), [1, 2]);
});

test('a part that the broker refuses for now is sent again as any other batch', async () => {
  const { start, tick, answer, requests, seen, reasons } = await rig(
    { 'linger.ms': 5, 'batch.size': 2000, 'retry.backoff.ms': 10 },
    1000,
    { leaders: [1] },
  );
  start(4 * MS);
  tick(4);
  tick(9);
  answer(9, { errorCode: MESSAGE_TOO_LARGE });
  answer(9, { errorCode: NOT_ENOUGH_REPLICAS });
  assert.equal(requests.length, 0);
  tick(21);
  answer(21);
  assert.deepEqual([seen.acknowledged, seen.failed], [4, 0]);
  assert.deepEqual(reasons, ['MESSAGE_TOO_LARGE (split)', 'NOT_ENOUGH_REPLICAS']);
});
