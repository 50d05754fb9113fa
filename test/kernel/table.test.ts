import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Columns } from '../../src/kernel/columns.ts';
import { Table } from '../../src/kernel/table.ts';

describe('a table', () => {
  test('gives each row to one user at a time and keeps what is written there', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(), { nil: null }), { maxLength: 200 }), (steps) => {
        const table = new Table(new Columns(), 'things', 2, 1000);
        const wide = table.float64('wide');
        const narrow = table.uint8('narrow');
        const rows = new Map<number, number>();
        steps.forEach((which, step) => {
          if (which === null) {
            const row = table.take();
            assert.ok(!rows.has(row), `row ${row} is taken twice`);
            rows.set(row, step);
            wide.data[row] = step + 0.5;
            narrow.data[row] = step;
          } else if (rows.size > 0) {
            const row = [...rows.keys()][which % rows.size];
            rows.delete(row);
            table.give(row);
          }
          assert.equal(table.used, rows.size);
        });
        for (const [row, step] of rows) {
          assert.equal(wide.data[row], step + 0.5);
          assert.equal(narrow.data[row], step);
        }
      }),
      { seed: 1 },
    );
  });

  test('takes the row given back last', () => {
    const table = new Table(new Columns(), 'things', 4, 4);
    const [first, second] = [table.take(), table.take(), table.take()];
    table.give(first);
    table.give(second);
    assert.deepEqual([table.take(), table.take()], [second, first]);
  });

  test('doubles all its columns together, up to its limit', () => {
    const columns = new Columns();
    const table = new Table(columns, 'things', 4, 10);
    const made = [
      table.float64('a'),
      table.int32('b'),
      table.uint32('c'),
      table.uint16('d'),
      table.uint8('e'),
    ];
    const lengths = Array.from({ length: 10 }, () => {
      table.take();
      return new Set(made.map((column) => column.data.length));
    });
    assert.deepEqual(
      lengths.map((found) => [...found]),
      [[4], [4], [4], [4], [8], [8], [8], [8], [10], [10]],
    );
  });

  for (const rows of [0, 4, 100]) {
    test(`made with ${rows} rows refuses the one beyond its limit, by its name, and counts on`, () => {
      const table = new Table(new Columns(), 'requests', rows, 6);
      const taken = Array.from({ length: 6 }, () => table.take());
      assert.throws(() => table.take(), {
        name: 'RangeError',
        message: 'table "requests" is full: 6 rows are its limit',
      });
      assert.equal(table.used, 6);
      table.give(taken[3]);
      assert.equal(table.take(), taken[3]);
    });
  }
});
