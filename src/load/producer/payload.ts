/** What values are made of. Plain data. */

export type Payload =
  /** Random bytes, as far as the class's compression rate lets them be. */
  | { readonly kind: 'random' }
  /** Random letters, as kafka-producer-perf-test makes them. */
  | { readonly kind: 'letters' }
  /** One of these at a time, drawn at random; without a due time in it. */
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  /** The record's number from 0, in decimal digits; without a due time in it. */
  | { readonly kind: 'monotonic' };

export const RANDOM_PAYLOAD: Payload = { kind: 'random' };
