import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  below,
  IntervalRoom,
  IntervalSet,
  type Intervals,
  includes,
  intersect,
  sizeOf,
  subtract,
  union,
} from '../../../src/load/verify/intervals.ts';

const NUMBERS = 60;

const operation = fc.record({
  add: fc.boolean(),
  from: fc.nat(NUMBERS),
  length: fc.nat(9),
});
const set = fc.uniqueArray(fc.nat(NUMBERS)).map((numbers) => new Set(numbers));

function intervalsOf(numbers: ReadonlySet<number>): Intervals {
  const room = new IntervalRoom(NUMBERS);
  const grown = new IntervalSet(NUMBERS, room);
  for (const number of numbers) {
    grown.add(number, number + 1);
  }
  return grown.intervals();
}

function numbersOf(intervals: Intervals): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < intervals.length; at += 2) {
    assert.ok(intervals[at] < intervals[at + 1], 'an interval is not empty');
    assert.ok(at === 0 || intervals[at - 1] < intervals[at], 'intervals neither touch nor overlap');
    for (let number = intervals[at]; number < intervals[at + 1]; number++) {
      numbers.push(number);
    }
  }
  return numbers;
}

const sorted = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);

for (const [name, limit, shared] of [
  ['with room for all', NUMBERS, NUMBERS],
  ['of at most three intervals', 3, NUMBERS],
  ['in a room for five intervals', NUMBERS, 5],
] as const) {
  test(`a set ${name} holds what a plain set holds, below its horizon`, () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const room = new IntervalRoom(shared);
        const intervals = new IntervalSet(limit, room);
        const plain = new Set<number>();
        for (const { add, from, length } of operations) {
          const before = intervals.horizon;
          if (add) intervals.add(from, from + length);
          else intervals.remove(from, from + length);
          for (let number = from; number < from + length; number++) {
            if (add) plain.add(number);
            else plain.delete(number);
          }
          const { horizon } = intervals;
          assert.ok(horizon <= before);
          assert.deepEqual(
            numbersOf(intervals.intervals()),
            sorted(plain).filter((number) => number < horizon),
          );
          for (let number = 0; number < NUMBERS + 10; number++) {
            assert.equal(intervals.has(number), plain.has(number) && number < horizon);
          }
          assert.ok(intervals.count <= limit);
          assert.equal(room.free, shared - intervals.capacity);
        }
        if (limit === NUMBERS && shared === NUMBERS)
          assert.equal(intervals.horizon, Number.POSITIVE_INFINITY);
      }),
    );
  });
}

test('finished sets are joined, subtracted, intersected and cut like plain ones', () => {
  fc.assert(
    fc.property(set, set, fc.nat(NUMBERS), (a, b, limit) => {
      const [x, y] = [intervalsOf(a), intervalsOf(b)];
      assert.deepEqual(numbersOf(union(x, y)), sorted(new Set([...a, ...b])));
      assert.deepEqual(numbersOf(subtract(x, y)), sorted([...a].filter((number) => !b.has(number))));
      assert.deepEqual(numbersOf(intersect(x, y)), sorted([...a].filter((number) => b.has(number))));
      assert.deepEqual(
        numbersOf(below(x, limit)),
        sorted(a).filter((number) => number < limit),
      );
      assert.equal(sizeOf(x), a.size);
      assert.equal(includes(x, limit), a.has(limit));
    }),
  );
});

test('a set gives its room back when it has grown together', () => {
  const room = new IntervalRoom(1000);
  const intervals = new IntervalSet(1000, room);
  for (let number = 0; number < 1000; number += 2) {
    intervals.add(number, number + 1);
  }
  assert.equal(intervals.count, 500);
  intervals.add(0, 1000);
  assert.equal(intervals.count, 1);
  assert.ok(room.free >= 996, `${room.free}`);
  intervals.remove(0, 1000);
  assert.equal(room.free, 1000);
});
