import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverageOf } from '../../src/result/coverage.ts';
import { predicted, profile, scenario } from '../report/fixture.ts';

test('each dimension of a scenario is set beside the calibrated range', () => {
  const coverage = coverageOf(scenario, profile, predicted) ?? [];
  assert.deepEqual(
    coverage.map(({ dimension, scenario: asked, inside }) => [dimension, asked, inside]),
    [
      ['recordBytes', [1024, 1024], true],
      ['recordsPerSecond', [8000, 41_200], false],
      ['partitions', [6, 6], true],
      ['brokers', [1, 1], true],
    ],
  );
});

test('a profile that states no range covers nothing that can be judged', () => {
  assert.equal(coverageOf(scenario, { ...profile, covered: null }, predicted), null);
});
