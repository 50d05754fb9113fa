import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNLIMITED } from '../../../src/local/hosts/machine.ts';
import { nicBufferBytes, shapingCommands } from '../../../src/local/hosts/shaping.ts';

const MBIT = 1e6 / 8;

test('a bucket holds 128 KiB, or a millisecond of a fast NIC, or what was asked for', () => {
  const of = (nicBytesPerSecond: number | null, stated: number | null = null): number | null =>
    nicBufferBytes({ nicBytesPerSecond, nicBufferBytes: stated });
  assert.equal(of(null), null);
  assert.equal(of(80 * MBIT), 128 * 1024);
  assert.equal(of(1000 * MBIT), 128 * 1024);
  assert.equal(of(10_000 * MBIT), 1_250_000);
  assert.equal(of(80 * MBIT, 20_000), 20_000);
});

test('a rate is a token bucket in bits, and latency is behind it', () => {
  const limits = { ...UNLIMITED, nicBytesPerSecond: 10e6 };
  const bucket = 'qdisc replace dev eth0 root handle 1: tbf rate 80000000bit burst 131072 latency 50ms';
  assert.deepEqual(shapingCommands('eth0', limits, null), [bucket]);
  assert.deepEqual(shapingCommands('eth0', limits, 2.5), [
    bucket,
    'qdisc replace dev eth0 parent 1:1 handle 10: netem delay 2.5ms limit 100000',
  ]);
});

test('without a rate there is latency alone, or nothing', () => {
  assert.deepEqual(shapingCommands('d-1', UNLIMITED, 3), [
    'qdisc replace dev d-1 root handle 1: netem delay 3ms limit 100000',
  ]);
  assert.deepEqual(shapingCommands('d-1', UNLIMITED, null), ['qdisc del dev d-1 root']);
});
