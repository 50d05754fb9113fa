/** Records/s over the second half of a topic, from how many were read at which time: the first half warms the reader up. */

export interface ReadMark {
  readonly atSeconds: number;
  /** Read until then. */
  readonly records: number;
}

/** @throws Error when the marks do not reach the end of the topic */
export function rateOverSecondHalf(marks: readonly ReadMark[], total: number): number {
  const seconds = timeOf(marks, total) - timeOf(marks, total / 2);
  return total / 2 / seconds;
}

function timeOf(marks: readonly ReadMark[], records: number): number {
  const after = marks.findIndex((mark) => mark.records >= records);
  if (after < 0) throw new Error(`${marks.at(-1)?.records ?? 0} records were read, expected ${records}`);
  const [from, to] = [marks[after - 1] ?? { atSeconds: 0, records: 0 }, marks[after]];
  return (
    from.atSeconds +
    ((records - from.records) / (to.records - from.records)) * (to.atSeconds - from.atSeconds)
  );
}
