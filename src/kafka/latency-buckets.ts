/** Logarithmic latency buckets, 64 to a doubling, from 1 us to 2^31 us (36 minutes): each at most 1.6 % wide. */

const PER_DOUBLING = 64;
const DOUBLINGS = 31;
const FIRST_NS = 1_000;
const LATENCY_NS_MAX = FIRST_NS * 2_147_483_647;

export const BUCKETS = DOUBLINGS * PER_DOUBLING + 1;

/**
 * The bucket of a latency in ns; below 1 us is bucket 0.
 * @throws RangeError beyond 2^31 us
 */
export function bucketOf(latencyNs: number): number {
  if (latencyNs < FIRST_NS) return 0;
  if (!(latencyNs <= LATENCY_NS_MAX)) failLatency(latencyNs);
  const us = latencyNs / FIRST_NS;
  const doubling = 31 - Math.clz32(us);
  return 1 + doubling * PER_DOUBLING + Math.floor((us / (1 << doubling) - 1) * PER_DOUBLING);
}

/** The highest latency of a bucket, ns. */
export function bucketTopNs(bucket: number): number {
  return TOPS_NS[bucket];
}

const TOPS_NS = Float64Array.from({ length: BUCKETS }, (_, bucket) => topNs(bucket));

function topNs(bucket: number): number {
  if (bucket === 0) return FIRST_NS;
  const doubling = Math.floor((bucket - 1) / PER_DOUBLING);
  const step = (bucket - 1) % PER_DOUBLING;
  return FIRST_NS * (1 << doubling) * (1 + (step + 1) / PER_DOUBLING);
}

function failLatency(latencyNs: number): never {
  throw new RangeError(`a latency of ${latencyNs} ns is beyond the recorder's range of 2^31 us`);
}
