/**
 * How Kafka's perf tool keeps its rate: ThroughputThrottler, which decides how many records come at once.
 *
 * What:    after each send the tool compares what it has sent with what the elapsed time allows, in whole milliseconds of
 *          the clock. Ahead of that, every record adds 1 / rate to a deficit; at 2 ms of it or more the tool sleeps so
 *          long, rounded up to whole milliseconds (Object.wait). So records come in bursts of about 2 ms of the rate, and
 *          after a sleep that took longer the tool catches up without a pause.
 * Formula: at elapsed time e, with i records sent: behind = floor(r floor(e)) - i + 1 records at once without a deficit
 *          (floor to ms), then ceil((2 ms - deficit) / step) with one, step = floor(1 / r) ns; sleep = ceil(deficit to ms).
 * Units:   ns; rates in records per ns.
 * Source:  ProducerPerformance.start, ThroughputThrottler.java, Kafka 4.3; Object.wait(ms, ns), JDK 17.
 * Range:   the clock stands still during a burst; the tool's first millisecond, in which nothing is held back, is not here.
 * Error:   unvalidated: wake-ups of the tool's main thread are counted in every measured phase.
 * Test:    test/kafka/throttler.test.ts (the tool's own loop, record by record, as oracle).
 */
import { NS_PER_MS } from '../../kernel/time.ts';

/** A gap is rounded: so much of a record short of a whole one is a whole one. */
const ROUNDING = 1e-6;
const SLEEP_NS_MIN = 2 * NS_PER_MS;

/** Records that the tool may send without a deficit, when `sent` have been: those that the time allows. */
export function recordsBehind(elapsedNs: number, sent: number, gapNs: number): number {
  const wholeNs = Math.floor(elapsedNs / NS_PER_MS) * NS_PER_MS;
  return Math.max(0, Math.floor(wholeNs / gapNs + ROUNDING) - sent + 1);
}

/** Records ahead of the time until the tool sleeps, at least one. */
export function recordsUntilSleep(deficitNs: number, gapNs: number): number {
  return Math.max(1, Math.ceil((SLEEP_NS_MIN - deficitNs) / Math.floor(gapNs)));
}

/** What so many records ahead of the time add to the deficit, ns. */
export function deficitOf(records: number, gapNs: number): number {
  return records * Math.floor(gapNs);
}

/** How long the tool sleeps, ns; 0 when the deficit is too small for it. */
export function sleepNs(deficitNs: number): number {
  return deficitNs < SLEEP_NS_MIN ? 0 : Math.ceil(deficitNs / NS_PER_MS) * NS_PER_MS;
}
