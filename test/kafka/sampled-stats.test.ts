import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SampledStats } from '../../src/kafka/broker/sampled-stats.ts';
import { Columns } from '../../src/kernel/columns.ts';

const SECOND = 1e9;

function stats(windows: number): SampledStats {
  return new SampledStats(new Columns(), 'test', [{ windows, windowNs: SECOND }]);
}

describe('sampled stats', () => {
  test('have the sum of what came, and the time since the first of it', () => {
    const of = stats(11);
    assert.equal(of.sum(0, 5 * SECOND), 0);
    assert.equal(of.spanNs(0, 5 * SECOND), 0);
    for (let second = 5; second < 9; second += 0.25) of.record(0, 1, second * SECOND);
    assert.equal(of.sum(0, 9 * SECOND), 16);
    assert.equal(of.spanNs(0, 9 * SECOND), 4 * SECOND);
  });

  test('forget a window when nothing has come to it for n windows, so that one more than n overlaps', () => {
    const of = stats(2);
    for (const second of [0, 0.5, 1, 1.5, 2, 2.25]) of.record(0, 1, second * SECOND);
    assert.equal(of.sum(0, 2.25 * SECOND), 6);
    assert.equal(of.spanNs(0, 2.25 * SECOND), 2.25 * SECOND);
    assert.equal(of.sum(0, 2.5 * SECOND), 4);
    assert.equal(of.spanNs(0, 2.5 * SECOND), 1.5 * SECOND);
    assert.equal(of.sum(0, 4.25 * SECOND), 0);
    // Emptied samples begin when they are.
    assert.equal(of.spanNs(0, 4.25 * SECOND), 1.75 * SECOND);
  });

  test('begin windows with amounts, not by the clock', () => {
    const of = stats(2);
    of.record(0, 1, 0.5 * SECOND);
    of.record(0, 1, 1.4 * SECOND);
    of.record(0, 1, 7 * SECOND);
    assert.equal(of.sum(0, 7 * SECOND), 1);
    assert.equal(of.spanNs(0, 7.5 * SECOND), 0.5 * SECOND);
  });

  test('are empty when cleared', () => {
    const of = stats(2);
    of.record(0, 3, SECOND);
    of.clear(0);
    assert.equal(of.sum(0, SECOND), 0);
    of.record(0, 2, 2 * SECOND);
    assert.equal(of.sum(0, 2 * SECOND), 2);
  });
});
