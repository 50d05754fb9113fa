import assert from 'node:assert/strict';
import test from 'node:test';
import { murmur2, partitionForKey } from '../../src/scenario/murmur2.ts';

test('murmur2 gives the hashes of the test in Kafka (UtilsTest.testMurmur2)', () => {
  const hashes: Readonly<Record<string, number>> = {
    '21': -973932308,
    foobar: -790332482,
    'a-little-bit-long-string': -985981536,
    'a-little-bit-longer-string': -1486304829,
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
    abc: 479470107,
  };
  for (const [key, hash] of Object.entries(hashes)) {
    assert.equal(murmur2(Buffer.from(key)), hash, key);
  }
});

test('a key always goes to one partition, and keys reach all of them', () => {
  const reached = new Set<number>();
  for (let i = 0; i < 200; i++) {
    const key = Buffer.from(`key-${i}`);
    assert.equal(partitionForKey(key, 6), partitionForKey(key, 6));
    reached.add(partitionForKey(key, 6));
  }
  assert.deepEqual([...reached].sort(), [0, 1, 2, 3, 4, 5]);
});
