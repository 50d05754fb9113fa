import assert from 'node:assert/strict';
import test from 'node:test';
import { RecordSource } from '../../../src/load/producer/record-source.ts';
import { keyRoom } from '../../../src/scenario/record-keys.ts';
import { exampleProducer } from '../example-scenario.ts';

test('constant sizes are constant, and there is no key without one in the scenario', () => {
  const source = new RecordSource(exampleProducer(), 's');
  for (let i = 0; i < 3; i++) {
    assert.deepEqual([source.valueBytes, source.key], [200, null]);
    source.next();
  }
});

test('lognormal sizes have the stated median and p99', () => {
  const value = { kind: 'lognormal', medianBytes: 300, p99Bytes: 4096 } as const;
  const source = new RecordSource(exampleProducer({ record: { value, key: null, headersBytes: 0 } }), 's');
  const drawn: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    drawn.push(source.valueBytes);
    source.next();
  }
  drawn.sort((a, b) => a - b);
  assert.ok(Math.abs(drawn[10_000] / 300 - 1) < 0.05, `median ${drawn[10_000]}`);
  assert.ok(Math.abs(drawn[19_800] / 4096 - 1) < 0.15, `p99 ${drawn[19_800]}`);
  assert.ok(drawn[0] >= 8);
});

test('keys have the stated size and cardinality, and the same stream draws the same ones', () => {
  const record = {
    value: { kind: 'constant', bytes: 10 },
    key: { cardinality: 20, bytes: 16, zipf: null },
    headersBytes: 0,
  } as const;
  const draw = (stream: string) => {
    const source = new RecordSource(exampleProducer({ record }), stream);
    return Array.from({ length: 500 }, () => {
      source.next();
      assert.equal(source.key?.length, 16);
      return source.key?.toString('hex');
    });
  };
  assert.equal(new Set(draw('a')).size, 20);
  assert.deepEqual(draw('a'), draw('a'));
  assert.notDeepEqual(draw('a'), draw('b'));
});

test('with zipf one key is drawn far more often than the others', () => {
  const record = {
    value: { kind: 'constant', bytes: 10 },
    key: { cardinality: 1_000_000, bytes: 8, zipf: 1.2 },
    headersBytes: 0,
  } as const;
  const source = new RecordSource(exampleProducer({ record }), 's');
  const counts = new Map<string, number>();
  for (let i = 0; i < 2000; i++) {
    source.next();
    const key = source.key?.toString('hex') ?? '';
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const [first, second] = [...counts.values()].sort((a, b) => b - a);
  assert.ok(first > 1.5 * second && first > 200, `${first}, ${second}`);
});

test('short keys have room for few values', () => {
  assert.deepEqual([0, 1, 2].map(keyRoom), [1, 256, 65_536]);
});
