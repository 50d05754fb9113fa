import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Columns } from '../../src/kernel/columns.ts';
import { ROW_WORDS, Rows } from '../../src/kernel/rows.ts';

describe('rows', () => {
  test('give each part fields of its own, with what they are at first', () => {
    const rows = new Rows(new Columns(), 'cores', 3);
    const [sum, last] = [rows.field(), rows.field(-1)];
    assert.equal(rows.take(2, 7), 2);
    sum.set(1, 5);
    sum.add(1, 3);
    last.set(2, 4);
    assert.deepEqual(
      [0, 1, 2].map((row) => [
        sum.get(row),
        last.get(row),
        ...rows.data.slice(row * ROW_WORDS + 2, row * ROW_WORDS + 5),
      ]),
      [
        [0, -1, 7, 7, 0],
        [8, -1, 7, 7, 0],
        [0, 4, 7, 7, 0],
      ],
    );
  });

  test('have room for sixteen fields', () => {
    const rows = new Rows(new Columns(), 'cores', 1);
    rows.take(15);
    assert.throws(() => rows.take(2), /rows of "cores" have room for 16 fields, not for 17/);
  });

  test('are in checkpoints', () => {
    const columns = new Columns();
    const rows = new Rows(columns, 'cores', 2);
    const field = rows.field();
    field.set(1, 5);
    const checkpoint = columns.checkpoint();
    field.set(1, 6);
    columns.restore(checkpoint);
    assert.equal(field.get(1), 5);
  });
});
