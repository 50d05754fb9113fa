/**
 * How far batches of a topic are expected to be compressed: Kafka's CompressionRatioEstimator. It rises at once by up to
 * a twentieth and falls by a two-hundredth a batch, so that batches rarely come out larger than expected.
 */
const RISE = 0.05;
const FALL = 0.005;

export class CompressionRatios {
  readonly #ratios: Float64Array;

  constructor(topics: number) {
    this.#ratios = new Float64Array(topics).fill(1);
  }

  /** Compressed bytes by plain ones. */
  ratio(topic: number): number {
    return this.#ratios[topic];
  }

  /** A batch was refused for its size, and came out so: the next are not expected to be compressed at all. */
  reset(topic: number, ratio: number): void {
    this.#ratios[topic] = Math.max(1, ratio);
  }

  /** A batch came out so. */
  observed(topic: number, ratio: number): void {
    const expected = this.#ratios[topic];
    if (ratio > expected) {
      this.#ratios[topic] = Math.max(expected + RISE, ratio);
    } else if (ratio < expected) {
      this.#ratios[topic] = Math.max(expected - FALL, ratio);
    }
  }
}
