/**
 * Shares of records: how many of them fall on each of a client's partitions, by weight.
 *
 * What:    one record is drawn by the weights. Of n records each partition gets the whole part of n w at once, and what is left
 *          over is drawn by the weights that are left: n w each in the mean, never off by more than what is left over.
 * Formula: P(p) = w_p / sum(w); of n: floor(n P(p)) + draws of n - sum(floor) by n P(p) - floor(n P(p))
 * Source:  residual sampling (Liu and Chen, 1998); single records exactly as a generator draws them.
 * Range:   up to 2^32 partitions, for those of equal weights; cumulative weights in float64 else.
 * Error:   less spread between spells of n records than n draws have; none in the mean.
 * Test:    test/kafka/shares.test.ts.
 */
import type { Random, Stream } from '../../kernel/random.ts';

export class Shares {
  /** Sums of the weights up to each, the last one 1. */
  readonly #cumulative: Float64Array;
  readonly #isEven: boolean;
  /** What `spread` works with, and what it has found last, by partition: nothing that lasts from one call to the next. */
  readonly #left: Float64Array;
  readonly counts: Float64Array;

  constructor(weights: ArrayLike<number>) {
    this.#cumulative = new Float64Array(weights.length);
    let sum = 0;
    let isEven = true;
    for (let index = 0; index < weights.length; index += 1) {
      sum += weights[index];
      this.#cumulative[index] = sum;
      isEven = isEven && weights[index] === weights[0];
    }
    for (let index = 0; index < weights.length; index += 1) this.#cumulative[index] /= sum;
    this.#isEven = isEven;
    this.#left = new Float64Array(weights.length);
    this.counts = new Float64Array(weights.length);
  }

  get length(): number {
    return this.#cumulative.length;
  }

  of(index: number): number {
    return this.#cumulative[index] - (index === 0 ? 0 : this.#cumulative[index - 1]);
  }

  draw(random: Random, stream: Stream): number {
    if (this.#isEven) return random.integer(stream, this.length);
    return search(this.#cumulative, random.uniform53(stream));
  }

  /** Sets `counts`, which add up to `records`. */
  spread(records: number, random: Random, stream: Stream): void {
    let whole = 0;
    let left = 0;
    for (let index = 0; index < this.length; index += 1) {
      const expected = records * this.of(index);
      const count = Math.floor(expected);
      this.counts[index] = count;
      whole += count;
      left += expected - count;
      this.#left[index] = left;
    }
    for (let rest = records - whole; rest > 0; rest -= 1) {
      this.counts[search(this.#left, random.uniform53(stream) * left)] += 1;
    }
  }
}

/** The first place whose sum is above the value; the last one for rounding's sake. */
function search(sums: Float64Array, value: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
