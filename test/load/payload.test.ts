import assert from 'node:assert/strict';
import test from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import type { Batch } from '../../src/load/accumulator.ts';
import { nowNs } from '../../src/load/clock.ts';
import { createPool, dueTimeOf, makeValues } from '../../src/load/payload.ts';
import { randomStream } from '../../src/load/random.ts';

function batch(valueBytes: number[], dueNs: number[]): Batch {
  return { topic: 't', partition: 0, createdNs: 0, dueNs, valueBytes, keys: [], bytes: 0, payloadBytes: 0 };
}

test('every value carries its due time to the nanosecond', () => {
  const pool = createPool(randomStream('pool'));
  const due = [0, 1, 2 ** 32 - 1, 2 ** 32, nowNs(), 2 ** 53 - 1];
  const values = makeValues(batch([8, 9, 100, 5_000_000, 8, 20], due), pool, randomStream('values'));
  assert.deepEqual(
    values.map((value) => value.length),
    [8, 9, 100, 5_000_000, 8, 20],
  );
  assert.deepEqual(values.map(dueTimeOf), due);
});

test('values too short for a due time have none', () => {
  const pool = createPool(randomStream('pool'));
  const values = makeValues(batch([0, 7], [1, 2]), pool, randomStream('values'));
  assert.deepEqual(
    values.map((value) => value.length),
    [0, 7],
  );
  assert.deepEqual(values.map(dueTimeOf), [null, null]);
  assert.equal(dueTimeOf(null), null);
});

test('values differ from each other', () => {
  const pool = createPool(randomStream('pool'));
  const random = randomStream('values');
  const seen = new Set<string>();
  for (let i = 0; i < 100; i++) {
    for (const value of makeValues(batch([64, 64], [0, 0]), pool, random)) {
      seen.add(value.toString('hex'));
    }
  }
  assert.equal(seen.size, 200);
});

test('values compress about as far as they should', () => {
  const rateOf = (randomPart: number): number => {
    const pool = createPool(randomStream('pool'), randomPart);
    const values = Buffer.concat(makeValues(batch([16_384], [0]), pool, randomStream('values')));
    return zstdCompressSync(values).length / values.length;
  };
  for (const rate of [1, 0.75, 0.5, 0.25]) assert.ok(Math.abs(rateOf(rate) - rate) < 0.05, `${rateOf(rate)}`);
});
