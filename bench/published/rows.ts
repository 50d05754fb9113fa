/** Figures of the published runs, predicted beside published. */
import type { LatencySummary, PhaseResult } from '../../src/result/run-result.ts';
import { FIGURES, type FigureName, type PublishedRun } from './runs.ts';

export interface Row {
  readonly run: string;
  readonly name: FigureName;
  readonly unit: string;
  readonly published: number;
  /** Null where the run is not predicted. */
  readonly predicted: number | null;
  /** Share of the published value. */
  readonly relativeError: number | null;
  /** Share that the error may be; null: no goal. */
  readonly goal: number | null;
}

/** Error beyond which the mechanism must be found. */
export const MISS_SHARE = 0.25;

/** @param phase null where the run is not predicted */
export function rowsOf(run: PublishedRun, phase: PhaseResult | null): Row[] {
  const names = Object.keys(FIGURES) as FigureName[];
  return names.flatMap((name): Row[] => {
    const published = run.published[name];
    if (published === undefined) return [];
    const predicted = phase === null ? null : predictedOf(phase, name);
    const relativeError = predicted === null ? null : errorOf(predicted, published, run.wholeMs);
    return [{ run: run.name, name, ...FIGURES[name], published, predicted, relativeError }];
  });
}

/** What was cut to whole milliseconds may have been up to one more: inside of that there is no error. */
function errorOf(predicted: number, published: number, wholeMs: boolean): number {
  const mostPublished = wholeMs ? published + 1 : published;
  const nearest = Math.min(Math.max(predicted, published), mostPublished);
  return (predicted - nearest) / published;
}

/** Null where nothing was recorded. */
export function predictedOf(phase: PhaseResult, name: FigureName): number | null {
  if (name === 'throughput') return phase.throughputRecordsPerSecond;
  if (name === 'consumed') {
    const consumers = phase.classes.filter(({ role }) => role === 'consumer');
    return consumers.reduce((sum, { recordsPerSecond }) => sum + recordsPerSecond, 0);
  }
  const [what, statistic] = name.split(' ');
  const latency = what === 'publish' ? phase.publishLatencyMs : phase.endToEndLatencyMs;
  if (latency === null) return null;
  return statistic === 'max' ? latency.max : percentileOf(latency, Number(statistic.slice(1)));
}

function percentileOf({ curve }: LatencySummary, percentile: number): number {
  const point = curve.find((at) => at.percentile === percentile);
  if (point === undefined) throw new Error(`the percentile curve has no p${percentile}`);
  return point.ms;
}
