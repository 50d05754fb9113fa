import assert from 'node:assert/strict';
import test from 'node:test';
import { randomStream } from '../../src/load/random.ts';
import { zipfRanks } from '../../src/load/zipf.ts';

for (const exponent of [0.8, 1, 1.5]) {
  test(`ranks of exponent ${exponent} come as often as rank^-${exponent} says`, () => {
    const count = 50;
    const draws = 100_000;
    const draw = zipfRanks(count, exponent, randomStream(`zipf-${exponent}`));
    const seen = new Array<number>(count + 1).fill(0);
    for (let i = 0; i < draws; i++) {
      seen[draw()]++;
    }
    const weights = Array.from({ length: count }, (_, index) => (index + 1) ** -exponent);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const rank of [1, 2, 3, 10, 50]) {
      const expected = (draws * weights[rank - 1]) / total;
      const deviation = Math.abs(seen[rank] - expected) / Math.sqrt(expected);
      assert.ok(deviation < 4.5, `rank ${rank}: ${seen[rank]}, expected ${expected.toFixed(0)}`);
    }
    assert.equal(seen[0], 0);
  });
}

test('one rank is always drawn when there is only one', () => {
  const draw = zipfRanks(1, 1.1, randomStream('one'));
  assert.deepEqual([draw(), draw()], [1, 1]);
});
