import type { PhaseComparison } from '../../result/phase-comparison.ts';
import type { Chart, LegendEntry } from '../document.ts';
import { capitalised, formatNumber } from '../format.ts';
import { COLOURS } from '../theme.ts';
import {
  ARM_COLOUR,
  ARM_DASH,
  armsInDrawingOrder,
  eventLegend,
  eventRows,
  lineLegend,
  TIME_AXIS,
} from './arms.ts';
import { LATENCIES, type LatencyKind, latencyAxis } from './latency.ts';
import { windowTable } from './window-table.ts';

const THIN: LegendEntry = { label: 'p50 thin, p99 thick', colour: COLOURS.muted, shape: 'thin line' };

/** The p50 and p99 of each window of a phase, one pair of lines per arm, events marked. */
export function latencyOverTime(
  phase: PhaseComparison,
  of: { readonly id: string; readonly kind: LatencyKind },
): Chart {
  const latency = LATENCIES[of.kind];
  const rows = armsInDrawingOrder(phase).flatMap((arm) =>
    (['p50', 'p99'] as const).flatMap((statistic) =>
      phase.windows.map((window) => ({
        seconds: window.startSeconds,
        arm,
        statistic,
        ms: window[latency[statistic]][arm],
      })),
    ),
  );
  return {
    id: of.id,
    title: `${capitalised(latency.words)} over time`,
    description: `Lines over time: the p50 and p99 ${latency.words} in each window of phase ${phase.name}.`,
    legend: [...lineLegend(phase), THIN, ...eventLegend(phase)],
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
            y: { field: 'ms', type: 'quantitative', ...latencyAxis(rows.map((row) => row.ms)) },
            color: ARM_COLOUR,
            strokeDash: ARM_DASH,
            strokeWidth: {
              field: 'statistic',
              type: 'ordinal',
              scale: { domain: ['p50', 'p99'], range: [0.9, 2.2] },
            },
            tooltip: [
              { field: 'arm', type: 'nominal' },
              { field: 'statistic', type: 'nominal' },
              { field: 'seconds', type: 'quantitative', title: 'from (s)' },
              { field: 'ms', type: 'quantitative', format: '.3~g' },
            ],
          },
        },
      ],
    },
    table: windowTable({
      caption: `${capitalised(latency.words)} per window, phase ${phase.name}`,
      windows: phase.windows,
      columns: [
        { title: 'p50 (ms)', of: (window) => window[latency.p50], format: formatNumber },
        { title: 'p99 (ms)', of: (window) => window[latency.p99], format: formatNumber },
      ],
      hasMeasured: phase.measured !== null,
    }),
  };
}
