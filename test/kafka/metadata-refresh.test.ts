import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { REQUEST } from '../../src/kafka/requests.ts';
import { build, runOut, type Small, sum } from './support.ts';

const small: Small = {
  hasUpkeep: true,
  brokers: 2,
  topics: [{ partitions: 100, replicationFactor: 2 }],
  producers: [
    {
      count: 30,
      rate: { kind: 'constant', recordsPerSecond: 30 },
      config: { 'metadata.max.age.ms': 10_000 },
    },
  ],
  phase: { durationMs: 20_000 },
};

describe('clients', () => {
  test('refresh their metadata every metadata.max.age.ms, one after the other', () => {
    const read = runOut(build(small), 0);
    const refreshes = read.brokers.map(({ requests }) => requests[REQUEST.metadata].count);
    assert.equal(sum(refreshes), 2 * 30);
    assert.deepEqual(refreshes, [30, 30]);
  });

  test('are told of every partition and its replicas: 11 kB/s more from the brokers of this cluster', () => {
    const outBytes = (changes: Small): number => {
      const { hosts } = runOut(build({ ...small, ...changes }), 0);
      return sum(
        hosts.filter(({ name }) => name.startsWith('brokers')).flatMap((host) => [...host.outBytes]),
      );
    };
    const response = 44 + 2 * ('brokers-1'.length + 11) + ('orders'.length + 27) + 100 * (18 + 2 * 8);
    const headers = 66 * Math.ceil(response / 1448);
    assert.equal(outBytes({}) - outBytes({ hasUpkeep: false }), 2 * 30 * (response + headers));
    assert.equal(Math.round((2 * 30 * (response + headers)) / 20 / 1000), 11);
  });
});
