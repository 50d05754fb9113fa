import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClusterModel } from '../../src/kafka/cluster-model.ts';
import { BUCKETS, bucketTopNs } from '../../src/kafka/latency-buckets.ts';
import { build, MS, SECOND, sum } from './support.ts';

const WARM_NS = SECOND;
const END_NS = 3 * SECOND;

const phase = { warmupMs: 1000, durationMs: 2000 };

function batchOf(model: ClusterModel, records: number, firstDueNs: number, lastDueNs: number): number {
  const { batches, recorder } = model;
  const gapNs = records > 1 ? (lastDueNs - firstDueNs) / (records - 1) : 0;
  const batch = batches.create(0, firstDueNs);
  batches.measured.data[batch] = recorder.measuredOf(records, firstDueNs, gapNs);
  batches.records.data[batch] = records;
  batches.bytes.data[batch] = 61 + records * 100;
  batches.firstDueNs.data[batch] = firstDueNs;
  batches.lastDueNs.data[batch] = lastDueNs;
  return batch;
}

/** The same, record by record. */
function countOneByOne(records: number, firstDueNs: number, gapNs: number, nowNs: number) {
  const buckets = new Float64Array(BUCKETS);
  /** Records that are as old as a bucket's top may count in it or in the next. */
  const onTop = new Float64Array(BUCKETS);
  const latencies: number[] = [];
  for (let record = 0; record < records; record += 1) {
    const dueNs = firstDueNs + record * gapNs;
    if (dueNs < WARM_NS || dueNs >= END_NS) continue;
    const latency = nowNs - dueNs;
    let bucket = 0;
    while (bucketTopNs(bucket) < latency) bucket += 1;
    buckets[bucket] += 1;
    if (bucketTopNs(bucket) === latency) onTop[bucket] += 1;
    latencies.push(latency);
  }
  return { buckets, onTop, latencies };
}

const recorded = fc.record({
  records: fc.integer({ min: 1, max: 200 }),
  firstDueNs: fc.integer({ min: 900 * MS, max: 3100 * MS }),
  gapNs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 20 * MS })),
  waitNs: fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: SECOND })),
});

test('the records of a batch count as if they were recorded one by one', () => {
  const model = build({ consumers: [{}], phase });
  const { recorder } = model;
  const atStart = model.sim.columns.checkpoint();
  fc.assert(
    fc.property(recorded, ({ records, firstDueNs, gapNs, waitNs }) => {
      const lastDueNs = firstDueNs + (records - 1) * gapNs;
      const nowNs = lastDueNs + waitNs;
      model.sim.columns.restore(atStart);
      model.sim.run(nowNs);
      recorder.batchDone(0, true, batchOf(model, records, firstDueNs, lastDueNs), nowNs, nowNs);
      recorder.recordsDue(0, records, firstDueNs, gapNs);
      const expected = countOneByOne(records, firstDueNs, gapNs, nowNs);
      assert.equal(recorder.done.data[0], expected.latencies.length);
      assert.equal(recorder.due.data[0], expected.latencies.length);
      const found = recorder.classBuckets.data.slice(0, BUCKETS);
      let carried = 0;
      for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
        const short = expected.buckets[bucket] + carried - found[bucket];
        assert.ok(short >= 0 && short <= expected.onTop[bucket], `bucket ${bucket} is ${short} short`);
        carried = short;
      }
      assert.equal(carried, 0);
      assert.equal(sum(recorder.windowBuckets.data), expected.latencies.length);
      if (expected.latencies.length > 0) {
        assert.equal(recorder.latencyMaxNs.data[0], Math.max(...expected.latencies));
        const off = recorder.latencySumNs.data[0] - sum(expected.latencies);
        assert.ok(Math.abs(off) <= 1e-9 * sum(expected.latencies));
      }
    }),
    { numRuns: 500 },
  );
});

test('throughput counts what is done inside the measured part, by window, whenever it was due', () => {
  for (const [nowNs, windows] of [
    [WARM_NS - 1, [0, 0]],
    [WARM_NS, [5, 0]],
    [2 * SECOND - 1, [5, 0]],
    [2 * SECOND, [0, 5]],
    [END_NS, [0, 0]],
  ] as const) {
    const model = build({ consumers: [{}], phase });
    const { recorder, sim } = model;
    sim.run(nowNs);
    recorder.batchDone(0, true, batchOf(model, 5, 0, 4), nowNs, nowNs);
    assert.deepEqual([...recorder.consumedInWindow.data], windows);
    assert.deepEqual([...recorder.producedInWindow.data], [0, 0]);
    assert.equal(recorder.doneInSpan.data[0], sum(windows));
    assert.equal(recorder.doneBytesInSpan.data[0], sum(windows) === 0 ? 0 : 61 + 5 * 100);
    assert.equal(recorder.done.data[0], 0);
  }
});
