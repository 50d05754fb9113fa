import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Columns } from '../../src/kernel/columns.ts';
import { Fifos } from '../../src/kernel/fifo.ts';

const QUEUES = 4;
const operation = fc.record({
  queue: fc.nat({ max: QUEUES - 1 }),
  value: fc.oneof({ weight: 3, arbitrary: fc.integer() }, { weight: 2, arbitrary: fc.constant(null) }),
});

describe('first-in-first-out queues', () => {
  test('behave as plain arrays', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 400 }), (operations) => {
        const fifos = new Fifos(new Columns(), 'waiting', QUEUES, 1000);
        const arrays: number[][] = Array.from({ length: QUEUES }, () => []);
        for (const { queue, value } of operations) {
          if (value !== null) {
            fifos.push(queue, value);
            arrays[queue].push(value);
          } else if (arrays[queue].length > 0) {
            assert.equal(fifos.peek(queue), arrays[queue][0]);
            assert.equal(fifos.shift(queue), arrays[queue].shift());
          }
          arrays.forEach((array, index) => {
            assert.equal(fifos.length(index), array.length);
          });
        }
        arrays.forEach((array, index) => {
          for (const value of array) assert.equal(fifos.shift(index), value);
        });
      }),
      { seed: 1 },
    );
  });

  test('share one limit, which names them', () => {
    const fifos = new Fifos(new Columns(), 'waiting', 2, 3);
    for (const queue of [0, 1, 0]) fifos.push(queue, 1);
    assert.throws(() => fifos.push(1, 1), { message: 'table "waiting/nodes" is full: 3 rows are its limit' });
  });

  test('refuse to give what they do not have, by name', () => {
    const fifos = new Fifos(new Columns(), 'waiting', 2, 3);
    fifos.push(0, 1);
    fifos.shift(0);
    assert.throws(() => fifos.shift(0), { message: 'queue 0 of "waiting" is empty' });
    assert.throws(() => fifos.peek(1), { message: 'queue 1 of "waiting" is empty' });
  });
});
