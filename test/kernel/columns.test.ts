import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Columns, growColumn } from '../../src/kernel/columns.ts';

function registry(change: (columns: Columns) => void = (columns) => columns.float64('time', 2)): Columns {
  const columns = new Columns();
  columns.uint32('kind', 3);
  columns.int32('row', 1, 'grows');
  change(columns);
  return columns;
}

const OTHER = 'restore: the checkpoint is of another model or version: it ';

describe('the column registry', () => {
  test('copies every column into a checkpoint', () => {
    const columns = new Columns();
    const time = columns.float64('time', 2);
    time.data.set([1.5, 2.5]);
    const checkpoint = columns.checkpoint();
    time.data[0] = 9;
    assert.deepEqual(checkpoint.columns, new Map([['time', Float64Array.of(1.5, 2.5)]]));
  });

  test('copies a checkpoint back, so that one checkpoint starts many runs', () => {
    const columns = new Columns();
    const time = columns.float64('time', 2);
    const kind = columns.uint16('kind', 1);
    time.data.set([1.5, 2.5]);
    kind.data[0] = 7;
    const checkpoint = columns.checkpoint();
    for (let fork = 0; fork < 2; fork += 1) {
      time.data.fill(99);
      kind.data[0] = 0;
      columns.restore(checkpoint);
      assert.deepEqual(time.data, Float64Array.of(1.5, 2.5));
      assert.deepEqual(kind.data, Uint16Array.of(7));
    }
  });

  test('brings a column that grows to the length it had', () => {
    const columns = new Columns();
    const row = columns.int32('row', 2, 'grows');
    growColumn(row, 4);
    row.data.set([1, 2, 3, 4]);
    const checkpoint = columns.checkpoint();
    const fresh = new Columns();
    const freshRow = fresh.int32('row', 2, 'grows');
    fresh.restore(checkpoint);
    assert.deepEqual(freshRow.data, Int32Array.of(1, 2, 3, 4));
  });

  test('refuses a name that is taken', () => {
    assert.throws(() => registry().uint8('kind', 1), { message: 'a column named "kind" exists already' });
  });

  const others: readonly (readonly [title: string, other: Columns, found: string])[] = [
    [
      'with a column too many',
      registry((columns) => {
        columns.float64('time', 2);
        columns.uint8('newer', 1);
      }),
      'has "newer", which this model does not have',
    ],
    ['with a column too few', registry(() => undefined), 'lacks "time"'],
    [
      'with a column of another type',
      registry((columns) => columns.uint8('time', 2)),
      'has "time" as Uint8Array, this model as Float64Array',
    ],
    [
      'with a column of another length',
      registry((columns) => columns.float64('time', 5)),
      'has 5 values in "time", this model 2',
    ],
    [
      'with its columns in another order',
      (() => {
        const columns = new Columns();
        columns.float64('time', 2);
        columns.uint32('kind', 3);
        columns.int32('row', 1, 'grows');
        return columns;
      })(),
      'has "time" where this model has "kind"',
    ],
    [
      'with a label too many',
      registry((columns) => {
        columns.float64('time', 2);
        columns.label('stream/gc');
      }),
      'has "stream/gc", which this model does not have',
    ],
  ];
  for (const [title, other, found] of others) {
    test(`refuses a checkpoint ${title}, and stays as it was`, () => {
      const columns = new Columns();
      const kind = columns.uint32('kind', 3);
      columns.int32('row', 1, 'grows');
      columns.float64('time', 2);
      kind.data.set([1, 2, 3]);
      assert.throws(() => columns.restore(other.checkpoint()), { message: OTHER + found });
      assert.deepEqual(kind.data, Uint32Array.of(1, 2, 3));
    });
  }

  test('refuses a label that is taken', () => {
    const columns = new Columns();
    columns.label('entity/broker-1');
    assert.throws(() => columns.label('entity/broker-1'), { message: '"entity/broker-1" exists already' });
  });

  test('refuses a checkpoint with its labels in another order', () => {
    const [columns, other] = [new Columns(), new Columns()];
    for (const label of ['a', 'b']) columns.label(label);
    for (const label of ['b', 'a']) other.label(label);
    assert.throws(() => columns.restore(other.checkpoint()), {
      message: `${OTHER}has "b" where this model has "a"`,
    });
  });

  test('refuses a checkpoint of another version', () => {
    const columns = registry();
    const checkpoint = { ...columns.checkpoint(), format: 'brokertwin.checkpoint/0' };
    assert.throws(() => columns.restore(checkpoint), {
      message: `${OTHER}is "brokertwin.checkpoint/0", this version reads "brokertwin.checkpoint/1"`,
    });
  });
});

describe('a column of records', () => {
  test('shows the same bytes as numbers of 64 and of 32 bits, also when it has grown and was restored', () => {
    const columns = new Columns();
    const records = columns.records('rows', 2, 1);
    records.data[0] = 1.5;
    records.halves[3] = 7;
    const checkpoint = columns.checkpoint();
    growColumn(records, 4);
    assert.deepEqual([records.data.length, records.halves.length], [4, 8]);
    assert.deepEqual([records.data[0], records.halves[3]], [1.5, 7]);
    columns.restore(checkpoint);
    assert.deepEqual([records.data.length, records.halves.length], [2, 4]);
    records.halves[1] = 0;
    assert.notEqual(records.data[0], 1.5);
    assert.equal(records.halves[3], 7);
  });
});
