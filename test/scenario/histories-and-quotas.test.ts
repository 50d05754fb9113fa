import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './scratch.ts';

test('histories of topics and quotas of clients are read by their names', () => {
  const { scenario } = load(`apiVersion: brokertwin/v1
topics:
  orders: { partitions: 3, history: { size: 1GiB, record: 100B, batch: 64KiB } }
  clicks: { history: { size: 1MB } }
producers:
  checkout: { topics: orders, rate: 1/s, quota: { producer_byte_rate: 1MB/s } }
consumers:
  billing: { topics: orders, quota: { consumer_byte_rate: 2MB/s, request_percentage: 50 } }
`);
  assert.deepEqual(
    scenario.topics.map(({ history }) => history),
    [
      { bytes: 2 ** 30, valueBytes: 100, batchBytes: 65_536 },
      { bytes: 1_000_000, valueBytes: 1024, batchBytes: 16_384 },
    ],
  );
  assert.deepEqual(scenario.producers[0].quota, { bytesPerSecond: 1_000_000, requestPercentage: null });
  assert.deepEqual(scenario.consumers[0].quota, { bytesPerSecond: 2_000_000, requestPercentage: 50 });
});
