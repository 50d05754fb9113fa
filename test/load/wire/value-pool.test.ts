import assert from 'node:assert/strict';
import test from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { nowNs } from '../../../src/load/clock.ts';
import { readDueTime, writeDueTime } from '../../../src/load/due-time.ts';
import { randomStream } from '../../../src/load/random.ts';
import { ValuePool } from '../../../src/load/wire/value-pool.ts';
import { viewOf } from '../../support/view-of.ts';

const POOL_BYTES = 8 * 1024 * 1024;

test('every value carries its due time to the nanosecond', () => {
  const bytes = Buffer.alloc(40);
  for (const dueNs of [0, 1, 2 ** 32 - 1, 2 ** 32, nowNs(), 2 ** 53 - 1]) {
    writeDueTime(viewOf(bytes), 3, 8, dueNs);
    assert.equal(readDueTime(bytes, 3, 8), dueNs);
  }
});

test('values too short for a due time have none, and are left as they are', () => {
  const bytes = Buffer.alloc(16, 7);
  for (const valueBytes of [0, 7]) {
    writeDueTime(viewOf(bytes), 0, valueBytes, 1);
    assert.deepEqual(bytes, Buffer.alloc(16, 7));
    assert.equal(readDueTime(bytes, 0, valueBytes), null);
  }
});

test('no bytes come again before the whole pool was used, and the next round is cut at another place', () => {
  const pool = ValuePool.ofBytes(randomStream('pool'), 1);
  const seen = new Set<string>();
  const bytes = Buffer.alloc(1000);
  const cuts = Math.floor((2 * POOL_BYTES) / bytes.length);
  for (let cut = 0; cut < cuts; cut++) {
    pool.copy(bytes, 0, bytes.length);
    seen.add(bytes.toString('latin1', 0, 64));
  }
  assert.equal(seen.size, cuts);
});

test('only the stretch that was asked for is written', () => {
  const bytes = Buffer.alloc(100);
  ValuePool.ofBytes(randomStream('pool'), 1).copy(bytes, 10, 90);
  assert.deepEqual(bytes.subarray(0, 10), Buffer.alloc(10));
  assert.deepEqual(bytes.subarray(90), Buffer.alloc(10));
});

test('values compress about as far as they should', () => {
  const rateOf = (randomPart: number): number => {
    const values = Buffer.alloc(16_384);
    ValuePool.ofBytes(randomStream('pool'), randomPart).copy(values, 0, values.length);
    return zstdCompressSync(values).length / values.length;
  };
  for (const rate of [1, 0.75, 0.5, 0.25]) assert.ok(Math.abs(rateOf(rate) - rate) < 0.05, `${rateOf(rate)}`);
});
