import assert from 'node:assert/strict';
import test from 'node:test';
import { CompressionRatios } from '../../../src/load/producer/compression-ratios.ts';

test('what is expected falls slowly, rises at once, and is of its topic only', () => {
  const ratios = new CompressionRatios(2);
  ratios.observed(0, 0.5);
  assert.equal(ratios.ratio(0), 0.995);
  for (let batch = 0; batch < 200; batch++) ratios.observed(0, 0.5);
  assert.equal(ratios.ratio(0), 0.5);
  ratios.observed(0, 0.51);
  assert.equal(ratios.ratio(0), 0.55);
  ratios.observed(0, 0.9);
  assert.equal(ratios.ratio(0), 0.9);
  assert.equal(ratios.ratio(1), 1);
});

test('after a split nothing is expected to become smaller, or as much larger as the batch did', () => {
  const ratios = new CompressionRatios(1);
  ratios.observed(0, 0.5);
  ratios.reset(0, 0.5);
  assert.equal(ratios.ratio(0), 1);
  ratios.reset(0, 1.2);
  assert.equal(ratios.ratio(0), 1.2);
});
