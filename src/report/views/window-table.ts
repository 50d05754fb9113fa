import type { Figure } from '../../result/figure.ts';
import type { WindowComparison } from '../../result/phase-comparison.ts';
import { type Column, numbers, type Table } from '../document.ts';
import { formatMoment } from '../format.ts';

/** A longer table helps no reader; report.json holds every window. */
const ROWS_MAX = 240;

export interface WindowColumn {
  readonly title: string;
  readonly of: (window: WindowComparison) => Figure;
  readonly format: (value: number | null) => string;
}

/** One row per window; each column once per arm, or once when nothing was measured. */
export function windowTable(of: {
  readonly caption: string;
  readonly windows: readonly WindowComparison[];
  readonly columns: readonly WindowColumn[];
  readonly hasMeasured: boolean;
}): Table {
  const { caption, windows, columns, hasMeasured } = of;
  const perArm = (column: WindowColumn): Column[] => [
    numbers(`${column.title}, predicted`),
    ...(hasMeasured ? [numbers(`${column.title}, measured`)] : []),
  ];
  const cut = windows.length > ROWS_MAX ? ` (the first ${ROWS_MAX} of ${windows.length} windows)` : '';
  return {
    caption: caption + cut,
    columns: [numbers('window from (s)'), ...columns.flatMap(perArm)],
    rows: windows.slice(0, ROWS_MAX).map((window) => [
      formatMoment(window.startSeconds),
      ...columns.flatMap((column) => {
        const { predicted, measured } = column.of(window);
        return [column.format(predicted), ...(hasMeasured ? [column.format(measured)] : [])];
      }),
    ]),
  };
}
