import type { Profile } from '../../profile/profile.ts';
import type { Comparison } from '../../result/comparison.ts';
import type { Figure } from '../../result/figure.ts';
import type { LatencyFigures } from '../../result/phase-comparison.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { type Cell, type Column, numbers } from '../document.ts';
import { formatError, formatMs } from '../format.ts';

/** All that a section may draw on. */
export interface ReportContext {
  readonly comparison: Comparison;
  readonly scenario: Scenario;
  readonly profile: Profile;
  /** Command lines that give this report again. */
  readonly commands: readonly string[];
}

/** Columns for `figureCells`: without a measurement there is only what was predicted. */
export function figureColumns(hasMeasured: boolean): Column[] {
  return hasMeasured
    ? [numbers('predicted'), numbers('measured'), numbers('difference'), numbers('error')]
    : [numbers('predicted')];
}

export function figureCells(
  { predicted, measured, absoluteError, relativeError }: Figure,
  format: (value: number | null) => string,
  hasMeasured: boolean,
): Cell[] {
  return hasMeasured
    ? [format(predicted), format(measured), format(absoluteError), formatError(relativeError)]
    : [format(predicted)];
}

/** One row per statistic of a latency. */
export function latencyRows(name: string, of: LatencyFigures, hasMeasured: boolean): Cell[][] {
  const statistics = [
    ['p50', of.p50],
    ['p95', of.p95],
    ['p99', of.p99],
    ['p99.9', of.p999],
    ['max', of.max],
  ] as const;
  return statistics
    .filter(([, figure]) => figure.predicted !== null || figure.measured !== null)
    .map(([statistic, figure]) => [`${name} ${statistic}`, ...figureCells(figure, formatMs, hasMeasured)]);
}
