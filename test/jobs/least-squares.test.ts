import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Equation, fitNonNegative } from '../../src/jobs/calibration/least-squares.ts';

const ERROR = 1e-4;

/** Equations that the coefficients meet exactly, each believed to `error`. */
function exact(
  rows: readonly (readonly number[])[],
  coefficients: readonly number[],
  error = ERROR,
): Equation[] {
  return rows.map((counts) => ({
    counts,
    measured: counts.reduce((sum, count, index) => sum + count * coefficients[index], 0),
    error,
  }));
}

/** Three rows that tell three unknowns apart, whatever the small changes to them. */
const rowsOfThree = fc
  .array(fc.array(fc.double({ min: 0, max: 0.2, noNaN: true }), { minLength: 3, maxLength: 3 }), {
    minLength: 3,
    maxLength: 3,
  })
  .map((changes) => changes.map((row, i) => row.map((change, j) => change + (i === j ? 1 : 0))));

const coefficient = fc.oneof(fc.constant(0), fc.double({ min: 0.1, max: 10, noNaN: true }));
const prior = fc.double({ min: 0.1, max: 10, noNaN: true });
const three = (of: fc.Arbitrary<number>): fc.Arbitrary<number[]> =>
  fc.array(of, { minLength: 3, maxLength: 3 });

describe('non-negative least squares', () => {
  test('gives back the coefficients that exact equations were made with, zeros among them', () => {
    fc.assert(
      fc.property(rowsOfThree, three(coefficient), three(prior), (rows, coefficients, priors) => {
        const { values, determined } = fitNonNegative(exact(rows, coefficients), priors);
        values.forEach((value, index) => {
          assert.ok(
            Math.abs(value - coefficients[index]) <= 1e-3,
            `${value} in place of ${coefficients[index]}`,
          );
        });
        assert.ok(determined.every((share) => share > 0.99));
      }),
      { numRuns: 30 },
    );
  });

  test('never gives a negative or an undefined value, whatever was measured', () => {
    const equation = fc.record({
      counts: three(fc.double({ min: 0, max: 100, noNaN: true })),
      measured: fc.double({ min: -50, max: 50, noNaN: true }),
      error: fc.double({ min: 0.01, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(equation, { maxLength: 6 }), three(prior), (equations, priors) => {
        const { values, standardErrors, determined } = fitNonNegative(equations, priors);
        assert.ok(
          values.every((value) => value >= 0),
          values.join(' '),
        );
        assert.ok(
          standardErrors.every((error) => error >= 0),
          standardErrors.join(' '),
        );
        assert.ok(
          determined.every((share) => share >= 0 && share <= 1),
          determined.join(' '),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('holds a value that would be negative at zero and fits the others without it', () => {
    // Without the bound: 3 and -1.
    const { values } = fitNonNegative(
      [
        { counts: [1, 0], measured: 3, error: ERROR },
        { counts: [1, 1], measured: 2, error: ERROR },
      ],
      [1, 1],
    );
    assert.equal(values[1], 0);
    assert.ok(Math.abs(values[0] - 2.5) < 1e-3, String(values[0]));
  });

  test('falls back on the prior where the data say nothing, and says that it did', () => {
    const { values, determined } = fitNonNegative(exact([[4, 0]], [2.5, 99]), [1, 7]);
    assert.ok(Math.abs(values[0] - 2.5) < 1e-3);
    assert.ok(determined[0] > 0.99);
    assert.ok(Math.abs(values[1] - 7) < 1e-9, String(values[1]));
    assert.ok(determined[1] < 1e-9, String(determined[1]));
  });

  test('calls neither of two unknowns determined that only ever come together, and keeps their sum', () => {
    const { values, determined } = fitNonNegative(exact([[1, 1]], [4, 4], 0.1), [2, 2]);
    assert.ok(Math.abs(values[0] + values[1] - 8) < 0.01);
    assert.ok(Math.abs(values[0] - values[1]) < 0.05, 'equal priors share it equally');
    assert.ok(
      determined.every((share) => share <= 0.51),
      determined.join(' '),
    );
  });

  test('has standard errors that shrink with the root of the number of equations', () => {
    const errorOf = (count: number): number =>
      fitNonNegative(
        exact(
          Array.from({ length: count }, () => [10]),
          [3],
          0.5,
        ),
        [3],
      ).standardErrors[0];
    assert.ok(Math.abs(errorOf(1) / 0.05 - 1) < 0.01, `${errorOf(1)}: an error of 0.5 over a count of 10`);
    assert.ok(Math.abs(errorOf(1) / errorOf(16) - 4) < 0.05);
  });

  test('gives the prior and no information without any equation', () => {
    const { values, determined } = fitNonNegative([], [2, 5]);
    assert.deepEqual(values, [2, 5]);
    assert.ok(determined.every((share) => share < 1e-9));
  });
});
