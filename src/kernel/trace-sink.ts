/** Receives every event of a shard as it is handled, for a trace that can be kept and compared. */
export interface TraceSink {
  /**
   * One event, in the total order's terms and with its payload.
   * @param scheduled how many events the target had scheduled before this one: those with a sequence from
   *   `scheduled + 1` on, up to the next event's `scheduled`, were scheduled while this one was handled
   */
  event(
    timeNs: number,
    microstep: number,
    priority: number,
    target: number,
    source: number,
    sequence: number,
    kind: number,
    a: number,
    b: number,
    c: number,
    d: number,
    scheduled: number,
  ): void;
}
