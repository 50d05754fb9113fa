import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UNLIMITED } from '../../../src/local/hosts/machine.ts';
import { shapingCommands } from '../../../src/local/hosts/shaping.ts';
import { nicBufferBytes } from '../../../src/scenario/nic-buffer.ts';

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

const LIMITED = { ...UNLIMITED, nicBytesPerSecond: 10e6 };
const DELAY = 'qdisc replace dev eth0 root handle 2: netem delay 2.5ms limit 100000';

test('a rate is a token bucket in bits, also in place of another rate', () => {
  const bucket = 'qdisc replace dev eth0 root handle 1: tbf rate 80000000bit burst 131072 latency 50ms';
  assert.deepEqual(shapingCommands('eth0', LIMITED, null, false), [bucket]);
  assert.deepEqual(shapingCommands('eth0', LIMITED, null, true), [bucket]);
});

test('latency is around the bucket, which keeps the queue that it loses packets from', () => {
  const bucket = 'qdisc replace dev eth0 parent 2:1 handle 1: tbf rate 80000000bit burst 131072 latency 50ms';
  assert.deepEqual(shapingCommands('eth0', LIMITED, 2.5, false), [DELAY, bucket]);
});

test('a NIC that is freed of its rate keeps its latency; one that has no limits is left alone', () => {
  assert.deepEqual(shapingCommands('eth0', UNLIMITED, 2.5, true), [DELAY, 'qdisc del dev eth0 parent 2:1']);
  assert.deepEqual(shapingCommands('eth0', UNLIMITED, 2.5, false), [DELAY]);
  assert.deepEqual(shapingCommands('d-1', UNLIMITED, null, true), ['qdisc del dev d-1 root']);
  assert.deepEqual(shapingCommands('d-1', UNLIMITED, null, false), []);
});
