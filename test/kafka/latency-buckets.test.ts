import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BUCKETS, bucketOf, bucketTopNs } from '../../src/kafka/latency-buckets.ts';

const LATENCY_NS_MAX = 1_000 * 2_147_483_647;
const latency = fc.oneof(
  fc.double({ min: 0, max: LATENCY_NS_MAX, noNaN: true }),
  // As many short ones as long ones.
  fc.double({ min: 0, max: 1, noNaN: true }).map((x) => Math.min(LATENCY_NS_MAX, LATENCY_NS_MAX ** x)),
);

test('a latency lies between the top of the bucket below and the top of its own', () => {
  fc.assert(
    fc.property(latency, (ns) => {
      const bucket = bucketOf(ns);
      assert.ok(Number.isInteger(bucket) && bucket >= 0 && bucket < BUCKETS);
      assert.ok(ns <= bucketTopNs(bucket));
      assert.ok(bucket === 0 || ns >= bucketTopNs(bucket - 1));
    }),
    { numRuns: 2000 },
  );
});

test('a longer latency never has a lower bucket', () => {
  fc.assert(
    fc.property(latency, latency, (one, other) => {
      assert.ok(bucketOf(Math.min(one, other)) <= bucketOf(Math.max(one, other)));
    }),
    { numRuns: 2000 },
  );
});

test('from 1 us on a bucket is at most 1.6 % wide', () => {
  for (let bucket = 1; bucket < BUCKETS; bucket += 1) {
    const width = bucketTopNs(bucket) / bucketTopNs(bucket - 1) - 1;
    assert.ok(width > 0 && width <= 0.016, `bucket ${bucket} is ${width} wide`);
  }
});

test('the ends of the range have the first and the last bucket', () => {
  assert.equal(bucketOf(0), 0);
  assert.equal(bucketOf(999.9), 0);
  assert.equal(bucketOf(1_000), 1);
  assert.equal(bucketOf(LATENCY_NS_MAX), BUCKETS - 1);
});

test('a latency beyond the range is an error that says so', () => {
  for (const ns of [LATENCY_NS_MAX * 1.01, Number.POSITIVE_INFINITY, Number.NaN]) {
    assert.throws(() => bucketOf(ns), /beyond the recorder's range of 2\^31 us/);
  }
});
