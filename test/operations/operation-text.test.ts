import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperationBody } from '../../src/operations/operation.ts';
import { operationText } from '../../src/operations/operation-text.ts';

const TEXTS: readonly (readonly [OperationBody, string])[] = [
  [{ action: 'kill', brokers: [2] }, 'kill broker 2'],
  [{ action: 'stop', zone: 'a' }, 'stop zone a'],
  [{ action: 'restart', brokers: [1, 2], unclean: true }, 'restart brokers 1, 2 uncleanly'],
  [{ action: 'heal' }, 'heal'],
  [
    { action: 'isolate', brokers: [1], from: [2, 3], direction: 'out' },
    'isolate broker 1 from brokers 2, 3, out',
  ],
  [
    { action: 'isolate', brokers: [1], from: 'controllers', direction: 'both' },
    'isolate broker 1 from controllers',
  ],
  [
    { action: 'limit', brokers: [3], nicBytesPerSecond: 12_500_000, cores: 'none' },
    'limit broker 3 nic 100 Mbit/s, cores none',
  ],
  [
    { action: 'slowDisk', brokers: [1], writeDelayMs: 0, syncDelayMs: 20, writeBytesPerSecond: 'none' },
    'slowDisk broker 1 all log dirs: write 0 ms, sync 20 ms, rate none',
  ],
  [
    { action: 'set', topic: 'orders', config: { 'retention.ms': '1000', 'flush.ms': null } },
    'set topic orders retention.ms=1000, flush.ms=default',
  ],
  [
    { action: 'reassign', topic: 'o', partition: 1, replicas: [2, 3], throttleBytesPerSecond: 1024 ** 2 },
    'reassign o-1 to 2, 3 at 1 MiB/s',
  ],
  [{ action: 'elect', unclean: false }, 'elect all preferred'],
  [{ action: 'upgrade', kafka: '4.3.1', waitMs: 0 }, 'upgrade to 4.3.1'],
  [{ action: 'removeBroker', broker: 4 }, 'removeBroker broker 4'],
];

test('every operation is one line that names what it is done to', () => {
  for (const [operation, text] of TEXTS) assert.equal(operationText(operation), text);
});
