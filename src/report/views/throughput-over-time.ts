import type { PhaseComparison } from '../../result/phase-comparison.ts';
import type { Chart } from '../document.ts';
import { formatCount } from '../format.ts';
import {
  ARM_COLOUR,
  ARM_DASH,
  armsInDrawingOrder,
  eventLegend,
  eventRows,
  lineLegend,
  TIME_AXIS,
} from './arms.ts';
import { windowTable } from './window-table.ts';

const COLUMNS = {
  produced: { field: 'producedRecordsPerSecond', words: 'acknowledged to producers' },
  consumed: { field: 'consumedRecordsPerSecond', words: 'delivered to consumers' },
} as const;

/** Records per second in each window of a phase, one line per arm, events marked. */
export function throughputOverTime(
  phase: PhaseComparison,
  of: { readonly id: string; readonly side: keyof typeof COLUMNS },
): Chart {
  const column = COLUMNS[of.side];
  const rows = armsInDrawingOrder(phase).flatMap((arm) =>
    phase.windows.map((window) => ({
      seconds: window.startSeconds,
      arm,
      recordsPerSecond: window[column.field][arm],
    })),
  );
  return {
    id: of.id,
    title: `Records ${column.words}`,
    description: `Lines over time: records per second ${column.words} in each window of phase ${phase.name}.`,
    legend: [...lineLegend(phase), ...eventLegend(phase)],
    spec: {
      width: 'container',
      height: 210,
      layer: [
        {
          data: { values: eventRows(phase) },
          mark: { type: 'rule', strokeWidth: 1, opacity: 0.6 },
          encoding: {
            x: TIME_AXIS,
            color: ARM_COLOUR,
            strokeDash: ARM_DASH,
            tooltip: [{ field: 'what', type: 'nominal', title: 'event' }],
          },
        },
        {
          data: { values: rows },
          mark: { type: 'line', point: 'transparent' },
          encoding: {
            x: TIME_AXIS,
            y: {
              field: 'recordsPerSecond',
              type: 'quantitative',
              title: 'records/s',
              scale: { zero: true },
              axis: { format: ',.0f', tickCount: 5 },
            },
            color: ARM_COLOUR,
            strokeDash: ARM_DASH,
            tooltip: [
              { field: 'arm', type: 'nominal' },
              { field: 'seconds', type: 'quantitative', title: 'from (s)' },
              { field: 'recordsPerSecond', type: 'quantitative', title: 'records/s', format: ',.0f' },
            ],
          },
        },
      ],
    },
    table: windowTable({
      caption: `Records per second ${column.words}, phase ${phase.name}`,
      windows: phase.windows,
      columns: [{ title: 'records/s', of: (window) => window[column.field], format: formatCount }],
      hasMeasured: phase.measured !== null,
    }),
  };
}
