import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Allowance } from '../../../src/load/producer/allowance.ts';
import { rig } from './client-rig.ts';

const MS = 1e6;
const SECOND = 1e9;

test('whatever a client is held up by, it makes no more records than its rate allows', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1, max: 1e5, noNaN: true }),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 }),
      (recordsPerSecond, pausesMs) => {
        const allowance = new Allowance({ recordsPerSecond, bytes: null });
        allowance.start(0);
        let nowNs = 0;
        const made: number[] = [];
        for (const pauseMs of pausesMs) {
          nowNs += pauseMs * MS;
          while (allowance.allows(100, nowNs)) {
            allowance.took(100, nowNs);
            made.push(nowNs);
          }
        }
        // Since any moment at most the rate's, and what is caught up on: 20 ms.
        for (const [index, fromNs] of made.entries()) {
          const since = made.length - index;
          const allowed = ((nowNs - fromNs) / SECOND + 0.02) * recordsPerSecond + 1.001;
          assert.ok(since <= allowed, `${since} records, allowed ${allowed}`);
        }
        assert.ok(made.length <= (nowNs / SECOND) * recordsPerSecond + 1.001);
      },
    ),
  );
});

test('a saturating client under a cap keeps its rate, is woken for the next record and never counts as starved', async () => {
  const { start, tick, answer, seen, requests, client } = await rig({ 'linger.ms': 0 }, 'max', {
    caps: { recordsPerSecond: 1000, bytes: null },
  });
  start(SECOND);
  for (let ms = 0; ms < 500; ms++) {
    tick(ms);
    if (client.wakeNs(ms * MS) !== Number.POSITIVE_INFINITY) {
      assert.ok(client.wakeNs(ms * MS) <= (ms + 1) * MS, `woken at ${client.wakeNs(ms * MS)}`);
    }
    while (requests.length > 0) {
      answer(ms);
    }
  }
  assert.ok(seen.made >= 499 && seen.made <= 501, `${seen.made} records`);
  assert.equal(seen.starved, 0);
});

test('a client that has made its bytes makes no more, and what was offered beyond them is not counted as due', async () => {
  const { start, tick, answer, seen, requests, client, offered } = await rig({ 'linger.ms': 0 }, 1000, {
    valueBytes: 200,
    caps: { recordsPerSecond: null, bytes: 2000 },
  });
  start(SECOND);
  tick(5);
  assert.ok(!client.spent);
  tick(50);
  assert.ok(client.spent && client.exhausted);
  while (requests.length > 0) {
    answer(60);
  }
  tick(100);
  assert.equal(requests.length, 0);
  assert.equal(seen.acknowledged, 10);
  assert.equal(offered.length - seen.withdrawn, 10);
  assert.ok(client.idle);
  assert.ok(client.wakeNs(100 * MS) > SECOND);
});
