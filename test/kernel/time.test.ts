import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { roundNs, TIME_NS_MAX } from '../../src/kernel/time.ts';

describe('rounding to simulated time', () => {
  test('goes to the nearest nanosecond, halves upward', () => {
    const cases = [
      [0, 0],
      [0.49999999999999994, 0],
      [0.5, 1],
      [1.4999, 1],
      [2.5, 3],
      [TIME_NS_MAX, TIME_NS_MAX],
    ];
    for (const [real, rounded] of cases) assert.equal(roundNs(real), rounded, `${real}`);
  });

  test('leaves every whole time as it is, up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (time) => {
        assert.equal(roundNs(time), time);
      }),
      { seed: 1 },
    );
    for (let time = TIME_NS_MAX - 10; time <= TIME_NS_MAX; time += 1) assert.equal(roundNs(time), time);
  });

  for (const bad of [-1, -Number.EPSILON, Number.NaN, Number.POSITIVE_INFINITY, 2 * TIME_NS_MAX]) {
    test(`refuses ${bad}`, () => {
      assert.throws(() => roundNs(bad), {
        name: 'RangeError',
        message: `a time must be between 0 and 2^53 - 1 ns, found ${bad}`,
      });
    });
  }
});
