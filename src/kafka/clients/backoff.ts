/**
 * How long a client waits before it tries again.
 *
 * Formula: our own: retry.backoff.ms each time; Kafka's: min(retry.backoff.max.ms, retry.backoff.ms * 2^n) * (1 + 0.2 u), u from -1 to 1
 * Units:   ns.
 * Source:  @platformatic/kafka (retryDelay), src/load/consumer-client.ts (100 ms); ExponentialBackoff.java, Kafka 4.3.
 * Range:   reconnect.backoff.ms (50 ms to 1 s), which Kafka's clients keep for a broker that refuses them, is shorter or as long, and is not counted beside it.
 * Error:   unvalidated.
 * Test:    test/kafka/failures.test.ts.
 */
import { NS_PER_MS } from '../../kernel/time.ts';

const JITTER = 0.2;

export interface Backoff {
  readonly isJava: boolean;
  readonly retryMs: number;
  readonly retryMaxMs: number;
}

/** @param draw from 0 to 1 */
export function backoffNs({ isJava, retryMs, retryMaxMs }: Backoff, attempt: number, draw: number): number {
  if (!isJava) return Math.max(1, retryMs) * NS_PER_MS;
  let ms = retryMs;
  for (let left = attempt; left > 0 && ms < retryMaxMs; left -= 1) ms *= 2;
  return Math.min(ms, Math.max(retryMs, retryMaxMs)) * (1 + JITTER * (2 * draw - 1)) * NS_PER_MS;
}
