import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { BROKERS, type Fate, MS, PARTITIONS, World, type WorldOptions } from './idempotent-world.ts';

type Step =
  | { readonly kind: 'append'; readonly partition: number; readonly records: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'answer'; readonly broker: number; readonly fate: Fate }
  | { readonly kind: 'disconnect'; readonly broker: number; readonly written: number; readonly late: boolean }
  | { readonly kind: 'move'; readonly partition: number; readonly broker: number }
  | { readonly kind: 'late' }
  | { readonly kind: 'forget'; readonly partition: number };

const brokers = fc.constantFrom(...BROKERS);
const partitions = fc.integer({ min: 0, max: PARTITIONS - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      partition: partitions,
      records: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 5, 20, 60, 450) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('answer' as const),
      broker: brokers,
      fate: fc.constantFrom<Fate>(
        'write',
        'write',
        'refuse',
        'denied',
        'fenced',
        'timedOut',
        'timedOutUnwritten',
        'leaderLost',
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('disconnect' as const),
      broker: brokers,
      written: fc.integer({ min: 0, max: 5 }),
      late: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('move' as const), partition: partitions, broker: brokers }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('late' as const) }) },
);

function play(world: World, one: Step): void {
  switch (one.kind) {
    case 'append':
      world.append(one.partition, one.records);
      break;
    case 'pass':
      world.nowNs += one.ms * MS;
      break;
    case 'answer':
      world.answer(one.broker, one.fate);
      break;
    case 'disconnect':
      world.disconnect(one.broker, one.written, one.late);
      break;
    case 'move':
      world.move(one.partition, one.broker);
      break;
    case 'late':
      world.handleLate();
      break;
    case 'forget':
      world.logs[one.partition].forget();
      break;
  }
  world.work();
}

function assertAcknowledgedIsWritten(world: World): void {
  const inLog = new Set(world.logs.flatMap(({ records }) => records));
  for (const id of world.acknowledged) {
    assert.ok(inLog.has(id), `record ${id} is acknowledged and not in the log`);
  }
}

function assertInOrderOnce(world: World): void {
  const inLog = new Set<number>();
  for (const { records } of world.logs) {
    for (const [index, id] of records.entries()) {
      assert.ok(!inLog.has(id), `record ${id} is in the log twice`);
      assert.ok(index === 0 || id > records[index - 1], `record ${id} comes after ${records[index - 1]}`);
      inLog.add(id);
    }
  }
  for (const [id, mayBeWritten] of world.failed) {
    assert.ok(mayBeWritten || !inLog.has(id), `record ${id} is said not to be written and is in the log`);
  }
}

function assertAllFit(world: World): void {
  assert.equal(world.tooLarge, 0, 'records that stand alone do fit');
}

/** After all that happened, the partitions go on: what comes now is acknowledged. */
function assertGoesOn(world: World): void {
  world.heal();
  world.handleLate();
  assert.equal(world.acknowledged.size + world.failed.size, world.taken, 'records are neither nor');
  const before = world.failed.size;
  for (let partition = 0; partition < PARTITIONS; partition++) {
    world.append(partition, 6);
  }
  assert.equal(world.taken - world.acknowledged.size - before, PARTITIONS * 6, 'memory did not come back');
  world.heal();
  assert.equal(world.failed.size, before, 'records were given up though all was well');
  assert.equal(world.acknowledged.size + world.failed.size, world.taken);
}

function playAll(steps: readonly Step[], options: WorldOptions): World {
  const world = new World(options);
  for (const one of steps) {
    play(world, one);
  }
  assertGoesOn(world);
  return world;
}

function assertAlways(
  steps: fc.Arbitrary<Step>,
  options: WorldOptions,
  numRuns: number,
  ...checks: ((world: World) => void)[]
): void {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 80, size: 'max' }), (sequence) => {
      const world = playAll(sequence, options);
      for (const check of checks) check(world);
    }),
    { numRuns, seed: 7 },
  );
}

const inTime = step.filter((one) => one.kind !== 'disconnect' || !one.late);
const isGivenUp = (one: Step) => one.kind === 'answer' && (one.fate === 'denied' || one.fate === 'fenced');

test('whatever happens, nothing is lost or doubled, order is kept, and production goes on', () => {
  assertAlways(inTime, {}, 700, assertAcknowledgedIsWritten, assertInOrderOnce);
});

// After a batch was given up, nothing holds a broker back that comes to an old request late: neither here nor in Java.
test('so it is when requests of ended connections are handled late, if nothing is given up', () => {
  const withoutGivingUp = step.filter((one) => !isGivenUp(one));
  assertAlways(withoutGivingUp, { deliveryMs: 1e6 }, 400, assertAcknowledgedIsWritten, assertInOrderOnce);
});

test('so it is when epochs are used up and a new id is taken', () => {
  assertAlways(inTime, { firstEpoch: 32_766 }, 300, assertAcknowledgedIsWritten, assertInOrderOnce);
});

// Kafka's own gap: the second batch of a new producer is taken though its first was refused. Nobody can tell then.
test('with a log that takes any first sequence of a producer nothing is lost, and production goes on', () => {
  assertAlways(step, { acceptsAnyFirst: true }, 400, assertAcknowledgedIsWritten);
});

for (const compression of ['none', 'lz4'] as const) {
  // A log with a limit of two records, of one with one, and batches of ten: most are split more than once.
  test(`so it is when batches are too large for the log and are split, with ${compression}`, () => {
    const options = { compression, batchBytes: 900, maxBatchBytes: 250 };
    assertAlways(inTime, options, 400, assertAcknowledgedIsWritten, assertInOrderOnce, assertAllFit);
  });
}

// What Kafka's own gap cannot touch: each partition has a batch of the producer before anything is refused.
test('so it is with a log that takes any first sequence, once it has one, when batches are split or given up', () => {
  fc.assert(
    fc.property(fc.array(inTime, { maxLength: 80, size: 'max' }), (sequence) => {
      const world = new World({ acceptsAnyFirst: true, batchBytes: 900, maxBatchBytes: 250 });
      for (let partition = 0; partition < PARTITIONS; partition++) {
        world.append(partition, 1);
      }
      world.heal();
      for (const one of sequence) {
        play(world, one);
      }
      assertGoesOn(world);
      assertAcknowledgedIsWritten(world);
      assertInOrderOnce(world);
    }),
    { numRuns: 400, seed: 7 },
  );
});

test('so it is when logs forget their producers and say so, if no answer is lost', () => {
  const forget = partitions.map((partition) => ({ kind: 'forget' as const, partition }));
  const answered = step.filter(
    (one) =>
      one.kind === 'append' ||
      (one.kind === 'pass' && one.ms < 100) ||
      (one.kind === 'answer' && ['write', 'refuse'].includes(one.fate)),
  );
  const steps = fc.oneof({ weight: 8, arbitrary: answered }, { weight: 1, arbitrary: forget });
  const check = (world: World) => assert.equal(world.failed.size, 0);
  assertAlways(steps, { deliveryMs: 1e6 }, 400, assertAcknowledgedIsWritten, assertInOrderOnce, check);
});

test('parts take the sequences of the batch, before those of the batches that were in flight after it', () => {
  const world = new World({ deliveryMs: 1e6, batchBytes: 900, maxBatchBytes: 250 });
  world.append(0, 50);
  world.work();
  world.heal();
  assert.deepEqual(
    world.logs[0].records,
    Array.from({ length: 50 }, (_, id) => id),
  );
  assert.equal(world.acknowledged.size, 50);
  assert.deepEqual([...world.epochs], [0], 'nothing was missing');
});

test('a given-up batch raises the epoch, and sequences begin at 0 again', () => {
  const world = new World();
  world.append(0, 3);
  world.work();
  world.answer(1, 'denied');
  world.append(0, 3);
  world.work();
  world.answer(1, 'write');
  assert.deepEqual([...world.epochs], [0, 1]);
  assert.deepEqual([...world.acknowledged], [3, 4, 5]);
  assert.deepEqual([...world.failed.keys()], [0, 1, 2]);
});

test('a partition goes on when a lost batch is given up and those after it are found out of order', () => {
  const world = new World();
  world.append(0, 6);
  world.work();
  world.nowNs = 450 * MS;
  world.disconnect(1, 0, false);
  world.append(0, 3);
  world.heal();
  assert.deepEqual([...world.acknowledged], [6, 7, 8]);
  assert.deepEqual(world.logs[0].records, [6, 7, 8]);
});

test('what is before a batch that was given up keeps its sequence, since the broker may have it', () => {
  const world = new World();
  world.append(0, 6);
  world.work();
  world.answer(1, 'leaderLost');
  world.answer(1, 'denied');
  world.append(0, 3);
  world.heal();
  assert.deepEqual([...world.acknowledged], [0, 1, 2, 6, 7, 8]);
  assert.deepEqual(world.logs[0].records, [0, 1, 2, 6, 7, 8]);
});

test('no more than five batches are drained from the oldest that is not done: the broker would forget it', () => {
  const world = new World({ deliveryMs: 1e6 });
  world.append(1, 9);
  world.work();
  world.answer(2, 'timedOut');
  world.nowNs += 100 * MS;
  world.append(1, 30);
  // The first is under way again behind the second and third, whose answers make room for more.
  for (const fate of ['write', 'write', 'timedOut', 'write', 'write', 'write', 'write'] as const) {
    world.work();
    world.answer(2, fate);
  }
  world.heal();
  assert.deepEqual(
    world.logs[1].records,
    Array.from({ length: world.taken }, (_, id) => id),
  );
});
