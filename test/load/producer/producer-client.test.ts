import assert from 'node:assert/strict';
import test from 'node:test';
import { rig } from './client-rig.ts';

const MS = 1e6;
const INVALID_TIMESTAMP = 32;

test('latency counts from the due time, so a stall of the broker shows in full', async () => {
  const { start, tick, answer, latencies, lateness, client } = await rig({ 'linger.ms': 0 }, 1000);
  start(4 * MS);
  tick(0);
  tick(2.5);
  tick(5);
  assert.ok(!client.idle);
  answer(1000);
  answer(1000);
  answer(1000);
  assert.deepEqual(latencies, [1000 * MS, 999 * MS, 998 * MS, 997 * MS]);
  assert.deepEqual(lateness, [0, 1.5 * MS, 0.5 * MS, 2 * MS]);
  assert.ok(client.idle);
});

test('a slow broker makes latency, not lateness, when memory runs out', async () => {
  const { start, tick, answer, seen, lateness, offered, requests } = await rig(
    { 'linger.ms': 0, 'buffer.memory': 1000, 'batch.size': 1000, 'max.in.flight.requests.per.connection': 1 },
    1000,
  );
  start(100 * MS);
  for (let ms = 0; ms <= 100; ms++) {
    tick(ms);
  }
  assert.equal(offered.length, 100);
  assert.equal(Math.max(...lateness), 0);
  assert.equal(requests.length, 1);
  for (let ms = 200; requests.length > 0; ms++) {
    answer(ms);
  }
  assert.equal(seen.acknowledged, 100);
});

test('no more requests are in flight than allowed, and an acknowledgement sends the next', async () => {
  const { start, tick, answer, requests, seen } = await rig(
    { 'linger.ms': 0, 'max.in.flight.requests.per.connection': 2 },
    1000,
  );
  start(50 * MS);
  for (let ms = 0; ms < 50; ms++) {
    tick(ms);
  }
  assert.equal(requests.length, 2);
  answer(60);
  assert.equal(requests.length, 2);
  assert.equal(seen.sent, 3);
});

test('records linger until a tick comes after linger.ms', async () => {
  const { start, tick, requests } = await rig({ 'linger.ms': 5, 'batch.size': 1000 }, 1000);
  start(1 * MS);
  tick(0);
  tick(4.9);
  assert.equal(requests.length, 0);
  tick(5);
  assert.equal(requests.length, 1);
});

test('an error that no retry helps against counts its records as failed', async () => {
  const { start, tick, answer, seen, client, reasons } = await rig({ 'linger.ms': 0 }, 1000);
  start(2 * MS);
  tick(3);
  answer(10, { errorCode: INVALID_TIMESTAMP, errorMessage: 'too new' });
  assert.deepEqual([seen.failed, seen.mayBeWritten, seen.acknowledged], [2, 0, 0]);
  assert.deepEqual(reasons, ['INVALID_TIMESTAMP: too new']);
  assert.ok(client.idle);
});

test('values carry the times at which their records were due', async () => {
  const { start, tick, requests } = await rig({ 'linger.ms': 0 }, 1000);
  start(3 * MS);
  tick(3);
  const dueNs = requests.flatMap(({ batches }) =>
    batches.flatMap(({ records }) => records.map((one) => one.dueNs)),
  );
  assert.deepEqual(
    dueNs.sort((a, b) => Number(a) - Number(b)),
    [0, MS, 2 * MS],
  );
});

test('saturating, a client fills its memory and no more, refills it on each acknowledgement, and stops at the end', async () => {
  const { start, tick, answer, seen, client, requests } = await rig(
    { 'buffer.memory': 50_000, 'batch.size': 5000, 'max.in.flight.requests.per.connection': 3 },
    'max',
  );
  start(1000 * MS);
  tick(0);
  const filled = seen.made;
  // 10 batches of (5000 - 61) / 208 = 23 records; the first of the last batch waits for nothing.
  assert.equal(filled, 230);
  assert.equal(requests.length, 3);
  answer(1);
  assert.ok(seen.made > filled);
  for (let ms = 1000; requests.length > 0; ms++) {
    answer(ms);
  }
  assert.ok(client.idle);
  assert.equal(seen.acknowledged, seen.made);
});
