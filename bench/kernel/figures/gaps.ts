/**
 * The gaps of the hold model on the bare queue and on the peers: a table of exponential gaps with a mean of one second,
 * in whole nanoseconds, taken round and round, so that the queue is measured and not a generator. The program that pops
 * an event gives the next gap of the table to the event that follows, whichever it was: so the times that are popped are
 * the same for every kernel, in whatever order it puts events of one instant.
 */
import { Columns } from '../../../src/kernel/columns.ts';
import { Random } from '../../../src/kernel/random.ts';
import { NS_PER_SECOND, roundNs } from '../../../src/kernel/time.ts';

const GAPS = 65_536;

/** Place of the n-th gap: n & GAP_MASK. */
export const GAP_MASK = GAPS - 1;

/** The table, in ns; no gap is below 1 ns. */
export function makeGaps(): Float64Array {
  const random = new Random(new Columns(), 'bench');
  const stream = random.stream('gaps');
  return Float64Array.from({ length: GAPS }, () =>
    Math.max(1, roundNs(random.exponential(stream, NS_PER_SECOND))),
  );
}
