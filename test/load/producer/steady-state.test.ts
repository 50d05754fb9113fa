import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { mergeHistograms, summarise } from '../../../src/load/histograms.ts';
import type { ProducerBatch } from '../../../src/load/producer/producer-batch.ts';
import { SteadyState } from '../../../src/load/producer/steady-state.ts';

const MS = 1e6;

function batchOf(dueMs: readonly number[]): ProducerBatch {
  const dueNs = Float64Array.from(dueMs, (ms) => ms * MS);
  // Of a batch it reads these alone.
  return { dueNs, records: dueMs.length, payloadBytes: dueMs.length * 10 } as unknown as ProducerBatch;
}

test('records that were due before the steady state are not of it, whatever batch they are in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat(40), { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 10 }),
      fc.nat(40),
      (batches, startMs) => {
        const steady = new SteadyState(startMs * MS);
        for (const due of batches) steady.acknowledged(batchOf(due.toSorted((a, b) => a - b)), 50 * MS);
        const expected = batches.flat().filter((ms) => ms >= startMs);
        const interval = steady.takeInterval(60 * MS);
        const { records, bytes, latencies } = steady.recording();
        assert.equal(records, expected.length);
        assert.ok(Math.abs(bytes - expected.length * 10) < 1e-6);
        assert.equal(summarise(mergeHistograms([latencies]))?.count ?? 0, expected.length);
        assert.equal(interval.records, expected.length);
        assert.equal(interval.steadyMs, 60 - startMs);
        const sumMs = expected.reduce((sum, ms) => sum + 50 - ms, 0);
        assert.ok(Math.abs(interval.latencyMsSum - sumMs) < 1e-6);
        assert.equal(steady.takeInterval(61 * MS).records, 0);
      },
    ),
  );
});

test('it lasts from its first record to the last acknowledgement', () => {
  const steady = new SteadyState(1000 * MS);
  steady.acknowledged(batchOf([900, 1000, 1200]), 3500 * MS);
  assert.equal(steady.recording().durationSeconds, 2.5);
});
