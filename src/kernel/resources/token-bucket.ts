/**
 * Token buckets: a message waits until the bucket holds a token for each of its bytes. Computed through, without events.
 *
 * What:    buckets in one object, each filled at its rate up to its burst, full at the start. Messages are served in the
 *          order of the calls. One larger than the burst empties the bucket and goes on as tokens come in; a bucket
 *          with a burst of 0 is a line that sends one byte after the other.
 * Formula: with F the time at which the bucket would be full again, a message of s bytes that comes at t sets
 *          F <- max(t, F) + s / r and goes out at max(t, F - b / r).
 * Units:   bytes, ns; rate r in bytes per second (null = no limit), burst b in bytes.
 * Source:  virtual scheduling of ITU-T I.371 (generic cell rate algorithm), with T = s / r and tau = (b - s) / r.
 * Range:   F is a float64 in ns: below 2^52 ns, 52 days, its rounding is under 1 ns.
 * Error:   none but that rounding: times are not rounded to whole ns here.
 * Test:    test/kernel/resources/token-bucket.test.ts (exact cases, a plain oracle, the tail of M/D/1's workload).
 */
import type { Columns } from '../columns.ts';
import { NS_PER_SECOND } from '../time.ts';

export interface TokenBucket {
  /** Above 0; null = no limit. */
  readonly bytesPerSecond: number | null;
  readonly burstBytes: number;
}

export class TokenBuckets {
  readonly #name: string;
  readonly #buckets: readonly TokenBucket[];
  readonly #fullNs: Float64Array;

  /**
   * @param name of the columns; unique in the registry
   * @throws RangeError when a rate is not above 0, or a burst is not 0 or more
   */
  constructor(columns: Columns, name: string, buckets: readonly TokenBucket[]) {
    this.#name = name;
    buckets.forEach(({ bytesPerSecond, burstBytes }, bucket) => {
      if (bytesPerSecond !== null && !(bytesPerSecond > 0)) {
        throw new RangeError(
          `bucket ${bucket} of "${name}": expected bytesPerSecond above 0, found ${bytesPerSecond}`,
        );
      }
      if (!(burstBytes >= 0)) {
        throw new RangeError(
          `bucket ${bucket} of "${name}": expected burstBytes of 0 or more, found ${burstBytes}`,
        );
      }
    });
    this.#buckets = buckets;
    this.#fullNs = columns.float64(`${name}/full`, buckets.length).data;
  }

  /**
   * Takes a message's tokens.
   * @param atNs when the message comes, ns
   * @returns when it has all of them, ns: `atNs` or later, not rounded
   * @throws RangeError, naming the bucket, when the bytes or the time are not 0 or more
   */
  take(bucket: number, bytes: number, atNs: number): number {
    if (!(bytes >= 0 && atNs >= 0)) this.#failTake(bucket, bytes, atNs);
    const { bytesPerSecond, burstBytes } = this.#buckets[bucket];
    if (bytesPerSecond === null) return atNs;
    const fullNs = Math.max(atNs, this.#fullNs[bucket]) + (bytes / bytesPerSecond) * NS_PER_SECOND;
    this.#fullNs[bucket] = fullNs;
    return Math.max(atNs, fullNs - (burstBytes / bytesPerSecond) * NS_PER_SECOND);
  }

  /** For how long a message without bytes that comes now would wait, ns. */
  waitNs(bucket: number, nowNs: number): number {
    const { bytesPerSecond, burstBytes } = this.#buckets[bucket];
    if (bytesPerSecond === null) return 0;
    return Math.max(0, this.#fullNs[bucket] - (burstBytes / bytesPerSecond) * NS_PER_SECOND - nowNs);
  }

  #failTake(bucket: number, bytes: number, atNs: number): never {
    throw new RangeError(
      `take from bucket ${bucket} of "${this.#name}": expected bytes and a time of 0 or more, found ${bytes} bytes at ${atNs} ns`,
    );
  }
}
