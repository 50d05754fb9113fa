/**
 * Distributions that models draw from, each with a fixed number of draws, so that one draw never shifts the next.
 *
 * What:    uniform, exponential, lognormal, Pareto, Zipf, empirical, by the inverse of the distribution function at one
 *          53-bit uniform u (two 32-bit draws of the stream).
 * Formula: beside each class.
 * Units:   a value has the unit of the parameter that scales it.
 * Source:  Devroye, Non-Uniform Random Variate Generation (1986), II.2; sources of single ones beside them.
 * Range:   u is one of the 2^53 multiples of 2^-53 in [0, 1): tails end where 2^-53 does, said beside each class.
 * Error:   rounding, except where said.
 * Test:    test/kernel/distributions.test.ts (moments, Kolmogorov-Smirnov, chi square).
 */
import { exp, log } from './math.ts';
import { standardNormalQuantile } from './normal-quantile.ts';
import type { Random, Stream } from './random.ts';

/** 99th percentile of the standard normal distribution. */
const Z99 = 2.3263478740408408;
/** In place of u = 0, whose quantile would be infinite. */
const LEAST_U = 5.551115123125783e-17;

/** A distribution with its parameters; `draw` takes two 32-bit draws from the stream. */
export interface Distribution {
  draw(random: Random, stream: Stream): number;
}

/** low + (high - low) u: from low to below high. */
export class Uniform implements Distribution {
  readonly #low: number;
  readonly #width: number;

  /** @throws RangeError when the ends are not numbers, or high is not above low */
  constructor(low: number, high: number) {
    check('Uniform', 'low', low, 'a number', Number.isFinite(low));
    check('Uniform', 'high', high, `a number above low (${low})`, high > low && Number.isFinite(high));
    this.#low = low;
    this.#width = high - low;
  }

  draw(random: Random, stream: Stream): number {
    return this.#low + this.#width * random.uniform53(stream);
  }
}

/** -mean ln(1 - u): from 0 to 36.7 means. */
export class Exponential implements Distribution {
  readonly #mean: number;

  /** @throws RangeError when the mean is not above 0 */
  constructor(mean: number) {
    check('Exponential', 'mean', mean, 'a number above 0', mean > 0 && Number.isFinite(mean));
    this.#mean = mean;
  }

  draw(random: Random, stream: Stream): number {
    return random.exponential(stream, this.#mean);
  }
}

/** median exp(sigma z) with z standard normal, from -8.3 to 8.2. */
export class LogNormal implements Distribution {
  readonly #median: number;
  readonly #sigma: number;

  /**
   * @param sigma standard deviation of the logarithm; 0 gives the median always
   * @throws RangeError when the median is not above 0, or sigma is not 0 or more
   */
  constructor(median: number, sigma: number) {
    check('LogNormal', 'median', median, 'a number above 0', median > 0 && Number.isFinite(median));
    check('LogNormal', 'sigma', sigma, 'a number of 0 or more', sigma >= 0 && Number.isFinite(sigma));
    this.#median = median;
    this.#sigma = sigma;
  }

  /**
   * The one with this median and 99th percentile: sigma = ln(p99 / median) / 2.3263.
   * @throws RangeError when the median is not above 0, or p99 is below it
   */
  static ofPercentiles(median: number, p99: number): LogNormal {
    check(
      'LogNormal',
      'p99',
      p99,
      `a number from the median (${median})`,
      p99 >= median && Number.isFinite(p99),
    );
    return new LogNormal(median, log(p99 / median) / Z99);
  }

  /** median exp(sigma^2 / 2). */
  get mean(): number {
    return this.#median * exp((this.#sigma * this.#sigma) / 2);
  }

  draw(random: Random, stream: Stream): number {
    const z = standardNormalQuantile(Math.max(random.uniform53(stream), LEAST_U));
    return this.#median * exp(this.#sigma * z);
  }
}

/** minimum (1 - u)^(-1 / shape): from the minimum to 2^(53 / shape) minimums. */
export class Pareto implements Distribution {
  readonly #minimum: number;
  readonly #shape: number;

  /**
   * @param shape alpha; the mean is infinite up to 1, the variance up to 2 (drawn, both are cut off by the range above)
   * @throws RangeError when one is not above 0
   */
  constructor(minimum: number, shape: number) {
    check('Pareto', 'minimum', minimum, 'a number above 0', minimum > 0 && Number.isFinite(minimum));
    check('Pareto', 'shape', shape, 'a number above 0', shape > 0 && Number.isFinite(shape));
    this.#minimum = minimum;
    this.#shape = shape;
  }

  draw(random: Random, stream: Stream): number {
    return this.#minimum * exp(-log(1 - random.uniform53(stream)) / this.#shape);
  }
}

/**
 * Ranks 1 to count, rank k with probability k^-exponent / (1 + 2^-exponent + ... + count^-exponent), in constant time:
 * the whole part of count u picks a column of an alias table (Walker, 1977; Vose, 1991), the rest of it one of the
 * column's two ranks. Each rank's probability is exact to count 2^-53.
 */
export class Zipf implements Distribution {
  readonly #count: number;
  /** Per column: the part of it that its own rank has; the rank that has the rest. */
  readonly #own: Float64Array;
  readonly #other: Uint32Array;

  /**
   * Takes time and 12 bytes for each rank.
   * @param exponent 0 gives all ranks the same probability
   * @throws RangeError when the count is not a whole number from 1 to 2^32 - 1, or the exponent not 0 or more
   */
  constructor(count: number, exponent: number) {
    const whole = Number.isInteger(count) && count >= 1 && count < 4_294_967_296;
    check('Zipf', 'count', count, 'a whole number from 1 to 2^32 - 1', whole);
    check('Zipf', 'exponent', exponent, 'a number of 0 or more', exponent >= 0 && Number.isFinite(exponent));
    const weights = new Float64Array(count);
    let sum = 0;
    for (let column = 0; column < count; column += 1) {
      weights[column] = exp(-exponent * log(column + 1));
      sum += weights[column];
    }
    for (let column = 0; column < count; column += 1) weights[column] *= count / sum;
    this.#count = count;
    this.#own = new Float64Array(count).fill(1);
    this.#other = new Uint32Array(count);
    this.#fill(weights);
  }

  draw(random: Random, stream: Stream): number {
    const place = random.uniform53(stream) * this.#count;
    const column = Math.floor(place);
    return place - column < this.#own[column] ? column + 1 : this.#other[column];
  }

  /** Fills each column that is too light from one that is too heavy. The weights fall, so the heavy ones come first. */
  #fill(weights: Float64Array): void {
    const light = new Uint32Array(this.#count);
    let lights = 0;
    for (let column = this.#count - 1; column >= 0 && weights[column] < 1; column -= 1) {
      light[lights] = column;
      lights += 1;
    }
    let heavy = 0;
    while (lights > 0 && weights[heavy] >= 1) {
      lights -= 1;
      const column = light[lights];
      this.#own[column] = weights[column];
      this.#other[column] = heavy + 1;
      weights[heavy] -= 1 - weights[column];
      if (weights[heavy] < 1) {
        light[lights] = heavy;
        lights += 1;
        heavy += 1;
      }
    }
  }
}

/**
 * What was measured: between two given quantiles (p, x) every value is as likely, so that the distribution function is
 * the line through the points. One draw looks its place up in O(log points).
 */
export class Empirical implements Distribution {
  readonly #probabilities: Float64Array;
  readonly #values: Float64Array;

  /**
   * @param quantiles from probability 0 to 1, neither part ever falling: equal values next to each other are a lump,
   *   equal probabilities a gap
   * @throws RangeError, naming the point, when they are not so
   */
  constructor(quantiles: readonly (readonly [probability: number, value: number])[]) {
    const last = quantiles.length - 1;
    check('Empirical', 'quantiles', quantiles.length, 'at least 2', last >= 1);
    check('Empirical', 'the first probability', quantiles[0][0], '0', quantiles[0][0] === 0);
    check('Empirical', 'the last probability', quantiles[last][0], '1', quantiles[last][0] === 1);
    quantiles.forEach(([probability, value], point) => {
      const [leastProbability, leastValue] = quantiles[Math.max(0, point - 1)];
      const rises = probability >= leastProbability;
      check('Empirical', `probability ${point}`, probability, `a number from ${leastProbability}`, rises);
      const good = value >= leastValue && Number.isFinite(value);
      check('Empirical', `value ${point}`, value, `a number from ${leastValue}`, good);
    });
    this.#probabilities = Float64Array.from(quantiles, ([probability]) => probability);
    this.#values = Float64Array.from(quantiles, ([, value]) => value);
  }

  /**
   * The one of a histogram.
   * @param edges of the buckets, rising: bucket i is from edge i to edge i + 1
   * @param counts of the values in each bucket
   * @throws RangeError when they don't fit, or all counts are 0
   */
  static ofHistogram(edges: readonly number[], counts: readonly number[]): Empirical {
    const wanted = `${counts.length + 1}, one more than counts`;
    check('Empirical', 'the number of edges', edges.length, wanted, edges.length === counts.length + 1);
    let total = 0;
    counts.forEach((count, bucket) => {
      const good = count >= 0 && Number.isFinite(count);
      check('Empirical', `count ${bucket}`, count, 'a number of 0 or more', good);
      total += count;
    });
    check('Empirical', 'the sum of counts', total, 'a number above 0', total > 0);
    let below = 0;
    return new Empirical(
      edges.map((edge, bucket) => {
        if (bucket > 0) below += counts[bucket - 1];
        return [below / total, edge];
      }),
    );
  }

  draw(random: Random, stream: Stream): number {
    const probabilities = this.#probabilities;
    const values = this.#values;
    const u = random.uniform53(stream);
    let low = 0;
    let high = probabilities.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (probabilities[middle] <= u) low = middle;
      else high = middle;
    }
    const part = (u - probabilities[low]) / (probabilities[high] - probabilities[low]);
    return values[low] + part * (values[high] - values[low]);
  }
}

function check(name: string, parameter: string, found: number, expected: string, good: boolean): void {
  if (!good) throw new RangeError(`${name}: expected ${parameter} to be ${expected}, found ${found}`);
}
