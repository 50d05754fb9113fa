import type { Random } from '../random.ts';

/**
 * Draws numbers from 0 with probabilities in proportion to their weights, in constant time: alias tables (Vose, 1991, "A linear
 * algorithm for generating random numbers with a given distribution"). One draw of `random` for each number.
 */
export class WeightedDraw {
  /** Each number's column holds itself up to its share, and its alias above. */
  readonly #shares: Float64Array;
  readonly #aliases: Uint32Array;

  /** Weights of 0 or more, at least one of them above 0. */
  constructor(weights: readonly number[]) {
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const shares = Float64Array.from(weights, (weight) => (weight * weights.length) / sum);
    this.#shares = shares;
    this.#aliases = new Uint32Array(weights.length);
    const small: number[] = [];
    const large: number[] = [];
    for (const [index, share] of shares.entries()) {
      (share < 1 ? small : large).push(index);
    }
    let low = small.pop();
    let high = large.pop();
    while (low !== undefined && high !== undefined) {
      this.#aliases[low] = high;
      shares[high] -= 1 - shares[low];
      if (shares[high] < 1) {
        small.push(high);
        high = large.pop();
      }
      low = small.pop();
    }
    // What is left is 1 but for rounding.
    for (const index of [low, high, ...small, ...large]) {
      if (index !== undefined) {
        shares[index] = 1;
      }
    }
  }

  draw(random: Random): number {
    const at = random() * this.#shares.length;
    const index = Math.floor(at);
    return at - index < this.#shares[index] ? index : this.#aliases[index];
  }
}
