/** Whether a sample is of a distribution: its moments, and the greatest or the summed distance of its shape. */
import { Columns } from '../../../src/kernel/columns.ts';
import { Random } from '../../../src/kernel/random.ts';

/** Kolmogorov's distribution: sqrt(n) D is above this in 1 of 1000 samples of the right distribution. */
export const KOLMOGOROV_MAX = 1.95;
/** Standard errors that 1 of 1000 means is off by. */
const ERRORS_MAX = 3.29;
/** The normal distribution is above this once in 1000. */
const Z999 = 3.0902;

export function draws(
  seed: string,
  count: number,
  draw: (random: Random, stream: number) => number,
): number[] {
  const random = new Random(new Columns(), seed);
  const stream = random.stream('draws');
  return Array.from({ length: count }, () => draw(random, stream));
}

/** sqrt(n) times the greatest distance between the sample's distribution and `cdf`, which has no jumps. */
export function kolmogorov(sample: readonly number[], cdf: (x: number) => number): number {
  const sorted = sample.toSorted((x, y) => x - y);
  let distance = 0;
  sorted.forEach((x, index) => {
    const below = cdf(x);
    distance = Math.max(distance, below - index / sorted.length, (index + 1) / sorted.length - below);
  });
  return distance * Math.sqrt(sample.length);
}

/** Chi squared of counts against probabilities, over what it exceeds once in 1000 (Wilson and Hilferty, 1931): below 1 is good. */
export function chiSquared(counts: readonly number[], probabilities: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const found = counts.reduce((sum, count, cell) => {
    const expected = total * probabilities[cell];
    return sum + (count - expected) ** 2 / expected;
  }, 0);
  const freedom = counts.length - 1;
  const spread = 2 / (9 * freedom);
  return found / (freedom * (1 - spread + Z999 * Math.sqrt(spread)) ** 3);
}

/**
 * How far the sample's mean and variance are from those of the distribution, over what 1 in 1000 samples exceeds: below
 * 1 is good.
 * @param raw the distribution's moment E(X^k), for k from 1 to 4
 */
export function momentErrors(
  sample: readonly number[],
  raw: (k: number) => number,
): { readonly mean: number; readonly variance: number } {
  const [m1, m2, m3, m4] = [1, 2, 3, 4].map(raw);
  const variance = m2 - m1 ** 2;
  const fourth = m4 - 4 * m1 * m3 + 6 * m1 ** 2 * m2 - 3 * m1 ** 4;
  const off = (values: readonly number[], expected: number, standardDeviation: number) => {
    const found = values.reduce((sum, value) => sum + value, 0) / values.length;
    return (Math.abs(found - expected) * Math.sqrt(values.length)) / (ERRORS_MAX * standardDeviation);
  };
  return {
    mean: off(sample, m1, Math.sqrt(variance)),
    variance: off(
      sample.map((x) => (x - m1) ** 2),
      variance,
      Math.sqrt(fourth - variance ** 2),
    ),
  };
}

/** Standard normal distribution function by its series, to 1e-15 (Marsaglia, 2004). */
export function standardNormal(z: number): number {
  if (Math.abs(z) > 9) return z < 0 ? 0 : 1;
  let term = z;
  let sum = z;
  for (let k = 3; sum + term !== sum; k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
