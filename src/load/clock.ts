/**
 * The one clock of the generator: CLOCK_MONOTONIC, shared by every thread and process of this machine, so that a due
 * time written by a producer thread can be read by a consumer thread. Nanoseconds in a float64: exact for 104 days of
 * uptime, to 2 ns for the next 104.
 */
export function nowNs(): number {
  return Number(process.hrtime.bigint());
}

export const NS_PER_MS = 1e6;
export const NS_PER_SECOND = 1e9;

/** Milliseconds since 1970 at this clock's 0, as the wall clock had it when the process began to load. */
export const epochMs = Date.now() - Number(process.hrtime.bigint()) / NS_PER_MS;
