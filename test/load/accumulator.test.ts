import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Accumulator, type AccumulatorSettings, type Batch } from '../../src/load/accumulator.ts';
import { randomStream } from '../../src/load/random.ts';
import { partitionForKey } from '../../src/scenario/murmur2.ts';
import {
  BATCH_OVERHEAD_BYTES,
  batchBytesUpperBound,
  type RecordShape,
} from '../../src/scenario/record-format.ts';

const MS = 1e6;
const settings: AccumulatorSettings = {
  batchBytes: 1000,
  lingerNs: 5 * MS,
  bufferBytes: 100_000,
  maxRequestBytes: 10_000,
};
const shape = (valueBytes: number, keyBytes: number | null = null): RecordShape => ({
  keyBytes,
  valueBytes,
  headersBytes: 1,
});

function create(
  changes: Partial<AccumulatorSettings> = {},
  leaders: readonly number[] = [1, 1, 1],
): Accumulator {
  const accumulator = new Accumulator(
    { ...settings, ...changes },
    [{ name: 't', partitions: leaders.length }],
    randomStream('accumulator'),
  );
  accumulator.setLeaders([leaders]);
  return accumulator;
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

const recordsOf = (batches: readonly Batch[] | null) => (batches ?? []).flatMap((batch) => batch.dueNs);

test('a batch is sent when linger.ms have passed since its first record, not before', () => {
  const accumulator = create();
  accumulator.append(0, shape(100), null, { dueNs: 1, nowNs: 10 * MS });
  accumulator.append(0, shape(100), null, { dueNs: 2, nowNs: 14 * MS });
  assert.equal(accumulator.drain(1, 15 * MS - 1), null);
  assert.deepEqual(recordsOf(accumulator.drain(1, 15 * MS)), [1, 2]);
  assert.equal(accumulator.drain(1, 100 * MS), null);
});

test('a batch that has no room for the next record is sent at once', () => {
  const accumulator = create({}, [1]);
  for (let i = 0; i < 8; i++) {
    accumulator.append(0, shape(100), null, { dueNs: i, nowNs: 0 });
    assert.equal(accumulator.drain(1, 0), null);
  }
  // 61 + 8 x 107 = 917 bytes; a ninth of 107 does not fit into 1000.
  accumulator.append(0, shape(100), null, { dueNs: 8, nowNs: 0 });
  assert.deepEqual(recordsOf(accumulator.drain(1, 0)), [0, 1, 2, 3, 4, 5, 6, 7]);
  assert.equal(accumulator.drain(1, 0), null);
});

test('a record larger than batch.size travels alone', () => {
  const accumulator = create({}, [1]);
  accumulator.append(0, shape(3000), null, { dueNs: 1, nowNs: 0 });
  accumulator.append(0, shape(3000), null, { dueNs: 2, nowNs: 0 });
  assert.deepEqual(recordsOf(accumulator.drain(1, 0)), [1]);
});

test('a request takes one batch of every partition of the broker, those that still linger too', () => {
  const accumulator = create({}, [1, 1, 2]);
  const [zero, one, two] = [0, 1, 2].map((partition) => keyFor(partition, 3));
  const append = (key: Buffer, dueNs: number) =>
    accumulator.append(0, shape(100, 8), key, { dueNs, nowNs: dueNs * MS });
  append(zero, 0);
  append(one, 3);
  append(two, 3);
  const batches = accumulator.drain(1, 5 * MS) ?? [];
  assert.deepEqual(batches.map(({ partition }) => partition).sort(), [0, 1]);
  assert.equal(accumulator.drain(2, 5 * MS), null);
  assert.deepEqual(recordsOf(accumulator.drain(2, 8 * MS)), [3]);
});

test('a request stays within max.request.size, and the next begins where it stopped', () => {
  const accumulator = create({ maxRequestBytes: 500, lingerNs: 0 }, [1, 1, 1]);
  for (const partition of [0, 1, 2]) {
    accumulator.append(0, shape(200, 8), keyFor(partition, 3), { dueNs: partition, nowNs: 0 });
  }
  const partitions = (batches: Batch[] | null) => batches?.map(({ partition }) => partition);
  assert.deepEqual(partitions(accumulator.drain(1, 0)), [0]);
  assert.deepEqual(partitions(accumulator.drain(1, 0)), [1]);
  assert.deepEqual(partitions(accumulator.drain(1, 0)), [2]);
});

test('keyless records stay on a partition for batch.size bytes and then leave it', () => {
  const accumulator = create({ lingerNs: 0 }, [1, 1, 1, 1, 1, 1, 1, 1]);
  const visits: number[] = [];
  for (let i = 0; i < 1000; i++) {
    accumulator.append(0, shape(100), null, { dueNs: i, nowNs: i });
    // Drained each time, so that no batch is ever filling when the partition may be left.
    for (const batch of accumulator.drain(1, i) ?? []) {
      visits.push(batch.partition);
      accumulator.release([batch]);
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
    accumulator.append(0, shape(300), null, { dueNs: i, nowNs: 0 });
  }
  const partitionOf: number[] = [];
  for (let batches = accumulator.drain(1, 5 * MS); batches !== null; batches = accumulator.drain(1, 5 * MS)) {
    for (const batch of batches) {
      for (const record of batch.dueNs) {
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
  const append = (key: Buffer, dueNs: number, valueBytes: number) =>
    accumulator.append(0, shape(valueBytes, 8), key, { dueNs, nowNs: 0 });
  assert.ok(append(zero, 1, 500));
  assert.ok(append(one, 2, 500));
  assert.ok(!append(zero, 3, 900));
  assert.ok(accumulator.waitingForMemory);
  const batches = accumulator.drain(1, 0) ?? [];
  assert.deepEqual(recordsOf(batches).sort(), [1, 2]);
  assert.ok(!append(zero, 3, 900));
  accumulator.release(batches.slice(0, 1));
  assert.ok(append(zero, 3, 900));
  assert.ok(!accumulator.waitingForMemory);
});

test('batches follow their partitions to new leaders', () => {
  const accumulator = create({ lingerNs: 0 }, [1, 1]);
  accumulator.append(0, shape(100, 8), keyFor(0, 2), { dueNs: 1, nowNs: 0 });
  accumulator.append(0, shape(100, 8), keyFor(1, 2), { dueNs: 2, nowNs: 0 });
  accumulator.setLeaders([[1, 2]]);
  assert.deepEqual(recordsOf(accumulator.drain(1, 0)), [1]);
  assert.deepEqual(recordsOf(accumulator.drain(2, 0)), [2]);
  assert.equal(accumulator.drain(1, 0), null);
});

interface Step {
  readonly kind: 'append' | 'drain' | 'release' | 'leaders';
  readonly valueBytes: number;
  readonly keyed: boolean;
  readonly waitMs: number;
  readonly broker: number;
}

const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom('append', 'append', 'append', 'append', 'drain', 'release', 'leaders'),
    valueBytes: fc.integer({ min: 0, max: 1500 }),
    keyed: fc.boolean(),
    waitMs: fc.integer({ min: 0, max: 3 }),
    broker: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 300 },
);

test('whatever happens, every record taken is sent exactly once, in order in its partition, within all bounds', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const partitions = 5;
      const bounds = { ...settings, bufferBytes: 8000, maxRequestBytes: 2500 };
      const accumulator = new Accumulator(bounds, [{ name: 't', partitions }], randomStream('property'));
      const leaders = (shift: number) => Array.from({ length: partitions }, (_, p) => 1 + ((p + shift) % 3));
      accumulator.setLeaders([leaders(0)]);
      let nowNs = 0;
      let taken = 0;
      const unreleased: Batch[] = [];
      const sent: Batch[] = [];
      const check = (batches: Batch[]) => {
        assert.equal(new Set(batches.map(({ partition }) => partition)).size, batches.length);
        const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0);
        assert.ok(batches.length === 1 || bytes <= bounds.maxRequestBytes);
        for (const batch of batches) {
          const keyBytes = batch.keys[0]?.length ?? null;
          const first = batchBytesUpperBound(shape(batch.valueBytes[0], keyBytes));
          assert.ok(batch.bytes <= Math.max(bounds.batchBytes, first));
          assert.ok(batch.bytes > BATCH_OVERHEAD_BYTES);
          assert.equal(batch.valueBytes.length, batch.dueNs.length);
          assert.ok(batch.keys.length === 0 || batch.keys.length <= batch.dueNs.length);
        }
        sent.push(...batches);
        unreleased.push(...batches);
        const memory = unreleased.reduce((sum, batch) => sum + Math.max(bounds.batchBytes, batch.bytes), 0);
        assert.ok(memory <= bounds.bufferBytes, `${memory} bytes reserved`);
      };
      for (const step of sequence) {
        nowNs += step.waitMs * MS;
        if (step.kind === 'append') {
          const key = step.keyed ? Buffer.from(`key-${step.valueBytes % 20}`) : null;
          const wanted = shape(step.valueBytes, key === null ? null : key.length);
          taken += accumulator.append(0, wanted, key, { dueNs: taken, nowNs }) ? 1 : 0;
        } else if (step.kind === 'drain') {
          check(accumulator.drain(step.broker, nowNs) ?? []);
        } else if (step.kind === 'release') {
          accumulator.release(unreleased.splice(0, step.broker));
        } else {
          accumulator.setLeaders([leaders(step.broker)]);
        }
      }
      nowNs += bounds.lingerNs;
      for (const broker of [1, 2, 3]) {
        for (let batches = accumulator.drain(broker, nowNs); batches !== null; ) {
          check(batches);
          batches = accumulator.drain(broker, nowNs);
        }
      }
      assert.deepEqual(
        recordsOf(sent).sort((a, b) => a - b),
        Array.from({ length: taken }, (_, record) => record),
      );
      for (let partition = 0; partition < partitions; partition++) {
        const order = recordsOf(sent.filter((batch) => batch.partition === partition));
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
        );
      }
    }),
    { numRuns: 300 },
  );
});
