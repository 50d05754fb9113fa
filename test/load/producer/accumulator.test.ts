import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { writeDueTime } from '../../../src/load/due-time.ts';
import { Accumulator, type AccumulatorSettings } from '../../../src/load/producer/accumulator.ts';
import type { ProducerBatch } from '../../../src/load/producer/producer-batch.ts';
import { randomStream } from '../../../src/load/random.ts';
import { encodeHeaders } from '../../../src/load/wire/record-batch-writer.ts';
import { partitionForKey } from '../../../src/scenario/murmur2.ts';
import { BATCH_OVERHEAD_BYTES, batchBytesUpperBound } from '../../../src/scenario/record-format.ts';
import { makings, readBatch } from './produce-support.ts';

const MS = 1e6;
const NO_HEADERS = encodeHeaders([]);
const ANY_ROOM = { hasRoomInFlight: () => true };
const settings: AccumulatorSettings = {
  batchBytes: 1000,
  lingerNs: 5 * MS,
  bufferBytes: 100_000,
  maxRequestBytes: 10_000,
  deliveryTimeoutNs: 120_000 * MS,
  oneInFlight: false,
  adaptive: true,
};

function create(
  changes: Partial<AccumulatorSettings> = {},
  leaders: readonly number[] = [1, 1, 1],
): Accumulator {
  const accumulator = new Accumulator(
    { ...settings, ...changes },
    [{ name: 't', partitions: leaders.length }],
    makings(),
    randomStream('accumulator'),
    null,
  );
  accumulator.setLeaders([leaders]);
  return accumulator;
}

interface Appended {
  readonly valueBytes: number;
  readonly key?: Buffer | null;
  readonly dueNs: number;
  readonly nowNs: number;
}

/** Appends a record and stamps it, as a client does; null when it was refused. */
function append(accumulator: Accumulator, { valueBytes, key = null, dueNs, nowNs }: Appended) {
  const batch = accumulator.append(0, { valueBytes, key, headers: NO_HEADERS, value: null }, dueNs, nowNs);
  if (batch !== null) {
    writeDueTime(batch.writer.target, batch.writer.lastValueAt, valueBytes, dueNs);
  }
  return batch;
}

/** A key that goes to the partition. */
function keyFor(partition: number, partitions: number): Buffer {
  for (let i = 0; ; i++) {
    const key = Buffer.from(`k${i}`.padEnd(8));
    if (partitionForKey(key, partitions) === partition) {
      return key;
    }
  }
}

function lengthsOfRuns(values: readonly number[]): number[] {
  const runs: number[] = [];
  values.forEach((value, index) => {
    if (index > 0 && values[index - 1] === value) {
      runs[runs.length - 1]++;
    } else {
      runs.push(1);
    }
  });
  return runs;
}

const dueTimes = ({ dueNs, records }: ProducerBatch): number[] => [...dueNs.subarray(0, records)];
const recordsOf = (batches: readonly ProducerBatch[] | null) => (batches ?? []).flatMap(dueTimes);
/** The records that a broker gets. */
const written = ({ writer }: ProducerBatch) => readBatch(Buffer.concat(writer.sealed)).records;

test('a batch is sent when linger.ms have passed since its first record, not before', () => {
  const accumulator = create();
  append(accumulator, { valueBytes: 100, dueNs: 1, nowNs: 10 * MS });
  append(accumulator, { valueBytes: 100, dueNs: 2, nowNs: 14 * MS });
  assert.equal(accumulator.drain(1, 15 * MS - 1), null);
  assert.deepEqual(recordsOf(accumulator.drain(1, 15 * MS)), [1, 2]);
  assert.equal(accumulator.drain(1, 100 * MS), null);
});

test('a batch that has no room for the next record is sent at once', () => {
  const accumulator = create({}, [1]);
  for (let i = 0; i < 8; i++) {
    append(accumulator, { valueBytes: 100, dueNs: i, nowNs: 0 });
    assert.equal(accumulator.drain(1, 0), null);
  }
  // 61 + 8 x 107 = 917 bytes; a ninth of 107 does not fit into 1000.
  append(accumulator, { valueBytes: 100, dueNs: 8, nowNs: 0 });
  assert.deepEqual(recordsOf(accumulator.drain(1, 0)), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.equal(accumulator.drain(1, 0), null);
});

test('a record larger than batch.size travels alone', () => {
  const accumulator = create({}, [1]);
  append(accumulator, { valueBytes: 3000, dueNs: 1, nowNs: 0 });
  append(accumulator, { valueBytes: 3000, dueNs: 2, nowNs: 0 });
  assert.deepEqual(recordsOf(accumulator.drain(1, 0)), [1]);
});

test('a request takes one batch of every partition of the broker, those that still linger too', () => {
  const accumulator = create({}, [1, 1, 2]);
  const [zero, one, two] = [0, 1, 2].map((partition) => keyFor(partition, 3));
  const put = (key: Buffer, dueNs: number) =>
    append(accumulator, { valueBytes: 100, key, dueNs, nowNs: dueNs * MS });
  put(zero, 0);
  put(one, 3);
  put(two, 3);
  const batches = accumulator.drain(1, 5 * MS) ?? [];
  assert.deepEqual(batches.map(({ partition }) => partition).sort(), [0, 1]);
  assert.equal(accumulator.drain(2, 5 * MS), null);
  assert.deepEqual(recordsOf(accumulator.drain(2, 8 * MS)), [3]);
});

test('a request stays within max.request.size, and the next begins where it stopped', () => {
  const accumulator = create({ maxRequestBytes: 500, lingerNs: 0 }, [1, 1, 1]);
  for (const partition of [0, 1, 2]) {
    append(accumulator, { valueBytes: 200, key: keyFor(partition, 3), dueNs: partition, nowNs: 0 });
  }
  const partitions = (batches: ProducerBatch[] | null) => batches?.map(({ partition }) => partition);
  assert.deepEqual(partitions(accumulator.drain(1, 0)), [0]);
  assert.deepEqual(partitions(accumulator.drain(1, 0)), [1]);
  assert.deepEqual(partitions(accumulator.drain(1, 0)), [2]);
});

test('keyless records stay on a partition for batch.size bytes and then leave it', () => {
  const accumulator = create({ lingerNs: 0 }, [1, 1, 1, 1, 1, 1, 1, 1]);
  const visits: number[] = [];
  for (let i = 0; i < 1000; i++) {
    append(accumulator, { valueBytes: 100, dueNs: i, nowNs: i });
    // Drained each time, so that no batch is ever filling when the partition may be left.
    for (const batch of accumulator.drain(1, i) ?? []) {
      visits.push(batch.partition);
      accumulator.acknowledged(batch);
    }
  }
  const runs = lengthsOfRuns(visits);
  // 168 bytes a batch of one record: the partition is left after the sixth (1008 bytes), or kept when drawn again.
  assert.deepEqual(
    runs.slice(0, -1).filter((run) => run % 6 !== 0),
    [],
  );
  assert.equal(new Set(visits).size, 8);
});

test('a partition is kept beyond batch.size while its batch is filling', () => {
  const accumulator = create({ bufferBytes: 1e6, maxRequestBytes: 1e6 }, [1, 1, 1, 1, 1, 1, 1, 1]);
  for (let i = 0; i < 600; i++) {
    append(accumulator, { valueBytes: 300, dueNs: i, nowNs: 0 });
  }
  const partitionOf: number[] = [];
  for (let batches = accumulator.drain(1, 5 * MS); batches !== null; batches = accumulator.drain(1, 5 * MS)) {
    for (const batch of batches) {
      for (const record of dueTimes(batch)) {
        partitionOf[record] = batch.partition;
      }
    }
  }
  // Three records fill a batch with 988 bytes: less than batch.size, so the partition is kept for a second batch, and
  // left (or drawn again) when that one is full.
  assert.deepEqual(
    lengthsOfRuns(partitionOf).filter((run) => run % 6 !== 0),
    [],
  );
});

test('without memory a record is refused, everything waiting is sendable, and memory comes back on release', () => {
  const accumulator = create({ bufferBytes: 2000 }, [1, 1]);
  const [zero, one] = [keyFor(0, 2), keyFor(1, 2)];
  const put = (key: Buffer, dueNs: number, valueBytes: number) =>
    append(accumulator, { valueBytes, key, dueNs, nowNs: 0 });
  assert.ok(put(zero, 1, 500));
  assert.ok(put(one, 2, 500));
  assert.ok(!put(zero, 3, 900));
  assert.ok(accumulator.waitingForMemory);
  const batches = accumulator.drain(1, 0) ?? [];
  assert.deepEqual(recordsOf(batches).sort(), [1, 2]);
  assert.ok(!put(zero, 3, 900));
  accumulator.acknowledged(batches[0]);
  assert.ok(put(zero, 3, 900));
  assert.ok(!accumulator.waitingForMemory);
});

test('batches follow their partitions to new leaders', () => {
  const accumulator = create({ lingerNs: 0 }, [1, 1]);
  append(accumulator, { valueBytes: 100, key: keyFor(0, 2), dueNs: 1, nowNs: 0 });
  append(accumulator, { valueBytes: 100, key: keyFor(1, 2), dueNs: 2, nowNs: 0 });
  accumulator.setLeaders([[1, 2]]);
  assert.deepEqual(recordsOf(accumulator.drain(1, 0)), [1]);
  assert.deepEqual(recordsOf(accumulator.drain(2, 0)), [2]);
  assert.equal(accumulator.drain(1, 0), null);
});

test('a batch that was sent takes no more records, even when it comes back', () => {
  const accumulator = create({ lingerNs: 0 }, [1]);
  append(accumulator, { valueBytes: 100, dueNs: 1, nowNs: 0 });
  const [batch] = accumulator.drain(1, 0) ?? [];
  accumulator.requeue(batch, 0, 0);
  append(accumulator, { valueBytes: 100, dueNs: 2, nowNs: 0 });
  assert.deepEqual(recordsOf([batch]), [1]);
  const again = accumulator.drain(1, 0) ?? [];
  assert.deepEqual(again, [batch]);
  assert.equal(written(batch).length, batch.records);
  assert.deepEqual(recordsOf(accumulator.drain(1, 0)), [2]);
});

test('a batch that comes back waits out its back-off in front of the others of its partition', () => {
  const accumulator = create({ lingerNs: 0 }, [1]);
  append(accumulator, { valueBytes: 900, dueNs: 1, nowNs: 0 });
  const first = accumulator.drain(1, 0) ?? [];
  accumulator.requeue(first[0], 0, 100 * MS);
  assert.equal(accumulator.sendableNs(MS, ANY_ROOM), 100 * MS);
  append(accumulator, { valueBytes: 900, dueNs: 2, nowNs: 0 });
  assert.equal(accumulator.drain(1, 100 * MS - 1), null);
  assert.deepEqual(recordsOf(accumulator.drain(1, 100 * MS)), [1]);
  assert.deepEqual(recordsOf(accumulator.drain(1, 100 * MS)), [2]);
  accumulator.requeue(first[0], 100 * MS, 100 * MS);
  accumulator.setLeaders([[2]]);
  assert.deepEqual(recordsOf(accumulator.drain(2, 100 * MS)), [1], 'a new leader is asked at once');
});

test('with one request in flight a partition sends nothing until its batch is done', () => {
  const accumulator = create({ lingerNs: 0, oneInFlight: true }, [1]);
  append(accumulator, { valueBytes: 900, dueNs: 1, nowNs: 0 });
  append(accumulator, { valueBytes: 900, dueNs: 2, nowNs: 0 });
  const [first] = accumulator.drain(1, 0) ?? [];
  assert.equal(accumulator.drain(1, 0), null);
  accumulator.requeue(first, 0, 0);
  assert.deepEqual(recordsOf(accumulator.drain(1, 0)), [1]);
  assert.equal(accumulator.drain(1, 0), null);
  accumulator.acknowledged(first);
  assert.deepEqual(recordsOf(accumulator.drain(1, 0)), [2]);
});

test('with one request in flight, a batch that expires in its queue does not let the next overtake', () => {
  const accumulator = create({ lingerNs: 0, oneInFlight: true, deliveryTimeoutNs: 100 * MS }, [1]);
  append(accumulator, { valueBytes: 900, dueNs: 1, nowNs: 0 });
  const [first] = accumulator.drain(1, 0) ?? [];
  append(accumulator, { valueBytes: 900, dueNs: 2, nowNs: 0 });
  append(accumulator, { valueBytes: 900, dueNs: 3, nowNs: 50 * MS });
  for (const batch of accumulator.expired(100 * MS)) {
    assert.deepEqual(recordsOf([batch]), [2]);
    accumulator.failed(batch, false);
  }
  assert.equal(accumulator.drain(1, 100 * MS), null, 'the first is on its way still');
  accumulator.acknowledged(first);
  assert.deepEqual(recordsOf(accumulator.drain(1, 100 * MS)), [3]);
});

test('batches that were not sent within delivery.timeout.ms are taken out, and their memory comes back', () => {
  const accumulator = create({ bufferBytes: 2000, deliveryTimeoutNs: 100 * MS }, [-1, -1]);
  for (const partition of [0, 1]) {
    append(accumulator, {
      valueBytes: 500,
      key: keyFor(partition, 2),
      dueNs: partition,
      nowNs: partition * MS,
    });
  }
  assert.deepEqual(accumulator.expired(100 * MS - 1), []);
  assert.equal(accumulator.sendableNs(2 * MS, ANY_ROOM), 5 * MS);
  const expired = accumulator.expired(100 * MS);
  assert.deepEqual(recordsOf(expired), [0]);
  const big = { valueBytes: 900, key: keyFor(0, 2), dueNs: 2, nowNs: 100 * MS };
  assert.equal(append(accumulator, big), null);
  accumulator.failed(expired[0], false);
  assert.ok(append(accumulator, big));
  assert.deepEqual(recordsOf(accumulator.expired(101 * MS)), [1]);
});

test('what waits for a request to end wakes nobody', () => {
  const accumulator = create({ lingerNs: 0 }, [1, 2]);
  append(accumulator, { valueBytes: 500, key: keyFor(0, 2), dueNs: 0, nowNs: 0 });
  const roomAt = (...brokers: number[]) => ({
    hasRoomInFlight: (broker: number) => brokers.includes(broker),
  });
  const expiryNs = settings.deliveryTimeoutNs;
  assert.equal(accumulator.sendableNs(0, roomAt(1)), 0);
  assert.equal(accumulator.sendableNs(0, roomAt(2)), expiryNs);
  append(accumulator, { valueBytes: 950, key: keyFor(1, 2), dueNs: 0, nowNs: 0 });
  assert.equal(accumulator.sendableNs(0, roomAt()), expiryNs);
  assert.equal(accumulator.sendableNs(0, roomAt(2)), 0);
});

test('a batch that is given up on its way keeps its bytes, its memory and its turn until its request has ended', () => {
  const accumulator = create({ lingerNs: 0, oneInFlight: true, bufferBytes: 2000 }, [1]);
  append(accumulator, { valueBytes: 900, dueNs: 1, nowNs: 0 });
  const [first] = accumulator.drain(1, 0) ?? [];
  first.inFlight = true;
  accumulator.failed(first, true);
  assert.ok(append(accumulator, { valueBytes: 900, dueNs: 2, nowNs: 0 }));
  assert.equal(append(accumulator, { valueBytes: 900, dueNs: 3, nowNs: 0 }), null);
  assert.equal(accumulator.drain(1, 0), null);
  assert.deepEqual(
    written(first).map(({ dueNs }) => dueNs),
    [1],
  );
  accumulator.release(first);
  assert.ok(append(accumulator, { valueBytes: 900, dueNs: 3, nowNs: 0 }));
  assert.deepEqual(recordsOf(accumulator.drain(1, 0)), [2]);
});

test('adaptive: partitions with longer queues are drawn less often', () => {
  const share = (adaptive: boolean): number => {
    const accumulator = create({ adaptive, bufferBytes: 1e9, batchBytes: 500 }, [1, 2]);
    let toSlow = 0;
    for (let i = 0; i < 4000; i++) {
      const batch = append(accumulator, { valueBytes: 400, dueNs: i, nowNs: i });
      toSlow += batch?.partition === 1 ? 1 : 0;
      // Broker 2 never answers; what is sent to broker 1 is acknowledged at once.
      for (const sent of accumulator.drain(1, i) ?? []) {
        accumulator.acknowledged(sent);
      }
    }
    return toSlow / 4000;
  };
  assert.ok(Math.abs(share(false) - 0.5) < 0.05, `${share(false)}`);
  assert.ok(share(true) < 0.1, `${share(true)}`);
});

interface Step {
  readonly kind: 'append' | 'drain' | 'release' | 'requeue' | 'leaders';
  readonly valueBytes: number;
  readonly keyed: boolean;
  readonly waitMs: number;
  readonly broker: number;
}

const steps = (kinds: readonly Step['kind'][]) =>
  fc.array(
    fc.record<Step>({
      kind: fc.constantFrom(...kinds),
      valueBytes: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 1500 })),
      keyed: fc.boolean(),
      waitMs: fc.integer({ min: 0, max: 3 }),
      broker: fc.integer({ min: 1, max: 3 }),
    }),
    { maxLength: 300 },
  );

const APPENDS = Array<Step['kind']>(4).fill('append');

/** Plays steps, checks each request, and returns every batch sent in the order of sending, and how many records were taken. */
function play(sequence: readonly Step[]): { readonly sent: readonly number[][]; readonly taken: number } {
  const partitions = 5;
  const bounds = { ...settings, bufferBytes: 8000, maxRequestBytes: 2500 };
  const topics = [{ name: 't', partitions }];
  const accumulator = new Accumulator(bounds, topics, makings(), randomStream('property'), null);
  const leaders = (shift: number) => Array.from({ length: partitions }, (_, p) => 1 + ((p + shift) % 3));
  accumulator.setLeaders([leaders(0)]);
  let nowNs = 0;
  let taken = 0;
  const unfinished: ProducerBatch[] = [];
  const byPartition: number[][] = Array.from({ length: partitions }, () => []);
  const check = (batches: ProducerBatch[]) => {
    assert.equal(new Set(batches.map(({ partition }) => partition)).size, batches.length);
    const bytes = batches.reduce((sum, batch) => sum + batch.writer.sealedBytes, 0);
    assert.ok(batches.length === 1 || bytes <= bounds.maxRequestBytes);
    for (const batch of batches) {
      const [first, ...others] = written(batch);
      const shape = { keyBytes: first.key?.length ?? null, valueBytes: first.valueBytes, headersBytes: 1 };
      assert.ok(batch.writer.sealedBytes <= Math.max(bounds.batchBytes, batchBytesUpperBound(shape)));
      assert.ok(batch.bytes > BATCH_OVERHEAD_BYTES);
      assert.equal(others.length + 1, batch.records);
      for (const [index, { dueNs }] of [first, ...others].entries()) {
        assert.ok(dueNs === null || dueNs === batch.dueNs[index]);
      }
    }
    unfinished.push(...batches);
    const memory = unfinished.reduce((sum, batch) => sum + Math.max(bounds.batchBytes, batch.limitBytes), 0);
    assert.ok(memory <= bounds.bufferBytes, `${memory} bytes reserved`);
  };
  const finish = (batches: ProducerBatch[]) => {
    for (const batch of batches) {
      byPartition[batch.partition].push(...dueTimes(batch));
      accumulator.acknowledged(batch);
    }
  };
  for (const step of sequence) {
    nowNs += step.waitMs * MS;
    if (step.kind === 'append') {
      const key = step.keyed ? Buffer.from(`key-${step.valueBytes % 20}`) : null;
      taken +=
        append(accumulator, { valueBytes: step.valueBytes, key, dueNs: taken, nowNs }) === null ? 0 : 1;
    } else if (step.kind === 'drain') {
      check(accumulator.drain(step.broker, nowNs) ?? []);
    } else if (step.kind === 'release') {
      finish(unfinished.splice(0, step.broker));
    } else if (step.kind === 'requeue') {
      for (const batch of unfinished.splice(0, step.broker)) {
        accumulator.requeue(batch, nowNs, step.waitMs * MS);
      }
    } else {
      accumulator.setLeaders([leaders(step.broker)]);
    }
  }
  nowNs += bounds.lingerNs;
  finish(unfinished.splice(0));
  for (const broker of [1, 2, 3]) {
    for (let batches = accumulator.drain(broker, nowNs); batches !== null; ) {
      check(batches);
      batches = accumulator.drain(broker, nowNs);
    }
  }
  finish(unfinished.splice(0));
  return { sent: byPartition, taken };
}

function assertEachOnce(sent: readonly number[][], taken: number): void {
  assert.deepEqual(
    sent.flat().sort((a, b) => a - b),
    Array.from({ length: taken }, (_, record) => record),
  );
}

test('whatever happens, every record taken is sent exactly once, in order in its partition, within all bounds', () => {
  fc.assert(
    fc.property(steps([...APPENDS, 'drain', 'release', 'leaders']), (sequence) => {
      const { sent, taken } = play(sequence);
      assertEachOnce(sent, taken);
      for (const order of sent) {
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
        );
      }
    }),
    { numRuns: 300 },
  );
});

test('whatever happens with batches that come back, every record taken is acknowledged exactly once', () => {
  fc.assert(
    fc.property(steps([...APPENDS, 'drain', 'drain', 'release', 'requeue', 'leaders']), (sequence) => {
      const { sent, taken } = play(sequence);
      assertEachOnce(sent, taken);
    }),
    { numRuns: 300 },
  );
});
