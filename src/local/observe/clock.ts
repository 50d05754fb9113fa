/** The clock of all that is observed: CLOCK_MONOTONIC, the same in every process of the machine and untouched by changes of the time of day. */

/** Milliseconds since the machine started, with fractions. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
