/**
 * Windows in which brokers were still compiling. A prediction is of warm brokers: what a cold window shows is another regime,
 * as after a restart in the middle of a run.
 */
import type { ResourceSeries, TimelineEvent } from '../result/run-result.ts';

/** Cores that the compilers of all brokers together may use of warm ones. */
export const COMPILER_CORES_MAX = 0.1;

/** An event for each row of cold windows, at its begin. `jit.time` of several brokers has the same windows. */
export function coldWindows(resources: readonly ResourceSeries[]): TimelineEvent[] {
  const compilers = resources.filter(({ resource }) => resource === 'jit.time');
  const [first] = compilers;
  if (first === undefined) return [];
  const seconds = first.windowSeconds ?? 1;
  const cores = first.values.map((_, window) =>
    compilers.reduce((sum, { values }) => sum + (values[window] ?? 0), 0),
  );
  return rowsAbove(cores, COMPILER_CORES_MAX).map(({ from, to }) => {
    const used = cores.slice(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
    const until = (to * seconds).toFixed(0);
    const what = `cold until ${until} s: compilers of the brokers took ${used.toFixed(2)} cores, and predictions are of warm ones`;
    return { atSeconds: from * seconds, what };
  });
}

/** Where values above the bound follow each other, the end not included. */
function rowsAbove(values: readonly number[], bound: number): { from: number; to: number }[] {
  const rows: { from: number; to: number }[] = [];
  values.forEach((value, index) => {
    if (value <= bound) return;
    const last = rows.at(-1);
    if (last?.to === index) last.to = index + 1;
    else rows.push({ from: index, to: index + 1 });
  });
  return rows;
}
