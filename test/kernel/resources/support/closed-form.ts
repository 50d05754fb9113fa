/** Thirty runs of one model against a closed form: is the exact value in the 99 % interval, and is that narrow? */
import assert from 'node:assert/strict';

const SEEDS = Array.from({ length: 30 }, (_, index) => `${index + 1}`);
/** Student's t with 29 degrees of freedom is outside of -t to t once in 100. */
const T99 = 2.7564;

/** What one run saw of a quantity, after its warm-up. */
export interface Sums {
  readonly count: number;
  readonly sum: number;
  readonly squareSum: number;
}

export interface ClosedForm {
  readonly mean: number;
  readonly variance: number;
}

/** A 99 % interval about the mean of the runs, beside the exact value. */
export interface Comparison {
  /** Distance of the exact value from the interval's middle, in halves of its width: up to 1 is inside. */
  readonly error: number;
  /** Half of the interval's width over the exact value. */
  readonly halfWidth: number;
}

/** Each run gives its mean and its mean squared deviation from the exact mean, whose expectation is the exact variance. */
export function compare(
  run: (seed: string) => Sums,
  exact: ClosedForm,
): { readonly mean: Comparison; readonly variance: Comparison } {
  const runs = SEEDS.map(run);
  const means = runs.map(({ count, sum }) => sum / count);
  const variances = runs.map(
    ({ count, sum, squareSum }) => (squareSum - 2 * exact.mean * sum) / count + exact.mean ** 2,
  );
  return { mean: comparison(exact.mean, means), variance: comparison(exact.variance, variances) };
}

/** Asserts that the interval holds the exact value and is narrow enough to mean something. */
export function assertInside({ error, halfWidth }: Comparison, halfWidthMax: number): void {
  assert.ok(halfWidth <= halfWidthMax, `the interval is wide: ${halfWidth} to either side`);
  assert.ok(error <= 1, `the exact value is outside of the interval, ${error} halves from its middle`);
}

function comparison(exact: number, samples: readonly number[]): Comparison {
  const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
  const variance = samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (samples.length - 1);
  const halfWidth = T99 * Math.sqrt(variance / samples.length);
  return { error: Math.abs(exact - mean) / halfWidth, halfWidth: halfWidth / exact };
}
