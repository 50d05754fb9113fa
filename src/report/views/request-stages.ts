import {
  type PhaseComparison,
  REQUEST_STAGES,
  type RequestStagesComparison,
} from '../../result/phase-comparison.ts';
import { type Chart, type LegendEntry, numbers, words } from '../document.ts';
import { formatError, formatMs, formatNumber } from '../format.ts';
import { STAGE_COLOURS } from '../theme.ts';
import type { Arm } from './arms.ts';

const BAR_HEIGHT_PX = 30;

/** One legend for all charts of stages. */
const STAGE_LEGEND: readonly LegendEntry[] = REQUEST_STAGES.map((stage, index) => ({
  label: stage,
  colour: STAGE_COLOURS[index],
  shape: 'box',
}));

/** Mean time in each stage of one kind of request, all brokers together: one stacked bar per arm. */
export function requestStagesChart(
  phase: PhaseComparison,
  of: { readonly id: string; readonly stages: RequestStagesComparison },
): Chart {
  const { stages } = of;
  const hasMeasured = phase.measured !== null;
  const arms = (['predicted', 'measured'] as const).filter((arm) => stages.meanMs.TotalTimeMs[arm] !== null);
  const labelOf = (arm: Arm) => `${arm}, ${formatMs(stages.meanMs.TotalTimeMs[arm])}`;
  const rows = arms.flatMap((arm) =>
    REQUEST_STAGES.map((stage, order) => ({
      bar: labelOf(arm),
      stage,
      order,
      ms: stages.meanMs[stage][arm] ?? 0,
    })),
  );
  return {
    id: of.id,
    title: `${stages.request} request, mean`,
    description: `Stacked bars: mean time of a ${stages.request} request in each stage, phase ${phase.name}.`,
    legend: STAGE_LEGEND,
    spec: {
      width: 'container',
      height: arms.length * BAR_HEIGHT_PX,
      data: { values: rows },
      mark: { type: 'bar', stroke: 'var(--surface)', strokeWidth: 1 },
      encoding: {
        y: {
          field: 'bar',
          type: 'nominal',
          title: null,
          sort: arms.map(labelOf),
          axis: { labelLimit: 170 },
          scale: { paddingInner: 0.25, paddingOuter: 0.15 },
        },
        x: {
          field: 'ms',
          type: 'quantitative',
          stack: 'zero',
          title: 'mean time (ms)',
          axis: { format: '~g', tickCount: 6, grid: true },
        },
        color: {
          field: 'stage',
          type: 'nominal',
          scale: { domain: [...REQUEST_STAGES], range: [...STAGE_COLOURS] },
        },
        order: { field: 'order', type: 'ordinal' },
        tooltip: [
          { field: 'bar', type: 'nominal', title: 'total' },
          { field: 'stage', type: 'nominal' },
          { field: 'ms', type: 'quantitative', format: '.3~g' },
        ],
      },
    },
    table: {
      caption: `Stages of a ${stages.request} request, mean over all brokers, phase ${phase.name}`,
      columns: [
        words('stage'),
        numbers('predicted (ms)'),
        ...(hasMeasured ? [numbers('measured (ms)'), numbers('difference (ms)'), numbers('error')] : []),
      ],
      rows: [...REQUEST_STAGES, 'TotalTimeMs' as const].map((stage) => {
        const { predicted, measured, absoluteError, relativeError } = stages.meanMs[stage];
        return [
          stage,
          formatNumber(predicted),
          ...(hasMeasured
            ? [formatNumber(measured), formatNumber(absoluteError), formatError(relativeError)]
            : []),
        ];
      }),
    },
  };
}
