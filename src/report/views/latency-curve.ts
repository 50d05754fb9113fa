import { figure } from '../../result/figure.ts';
import { CURVE_PERCENTILES } from '../../result/latency.ts';
import type { PhaseComparison } from '../../result/phase-comparison.ts';
import { type Chart, numbers, words } from '../document.ts';
import { formatError, formatNumber } from '../format.ts';
import { ARM_COLOUR, ARM_DASH, type Arm, armsInDrawingOrder, lineLegend } from './arms.ts';
import { LATENCIES, type LatencyKind, latencyAxis } from './latency.ts';

/** The maximum has no place on a scale of 1/(1-p); it stands one decade after p99.99. */
const MAXIMUM_AT = 1e5;
const AXIS_VALUES = [1, 2, 10, 100, 1000, 10_000, MAXIMUM_AT];
const AXIS_LABELS = `{'1': 'p0', '2': 'p50', '10': 'p90', '100': 'p99', '1000': 'p99.9', '10000': 'p99.99', '${MAXIMUM_AT}': 'max'}[toString(datum.value)]`;

/** Latency at each percentile, on an axis that gives every further nine of the percentile the same room. */
export function latencyCurve(
  phase: PhaseComparison,
  of: { readonly id: string; readonly kind: LatencyKind },
): Chart {
  const latency = LATENCIES[of.kind];
  const curveOf = (arm: Arm) => {
    const side = phase[arm];
    return (side === null ? null : latency.summaryOf(side))?.curve ?? [];
  };
  const rows = armsInDrawingOrder(phase).flatMap((arm) =>
    curveOf(arm).map(({ percentile, ms }) => ({
      place: percentile === 100 ? MAXIMUM_AT : 100 / (100 - percentile),
      percentile: percentileName(percentile),
      arm,
      ms,
    })),
  );
  return {
    id: of.id,
    title: `Percentiles of ${latency.words}`,
    description: `Lines: ${latency.words} at each percentile from p0 to the maximum, phase ${phase.name}.`,
    legend: lineLegend(phase),
    spec: {
      width: 'container',
      height: 240,
      data: { values: rows },
      mark: { type: 'line', point: { size: 18, filled: true } },
      encoding: {
        x: {
          field: 'place',
          type: 'quantitative',
          title: 'percentile (share of records at most this late)',
          scale: { type: 'log', domain: [1, MAXIMUM_AT], nice: false },
          axis: { values: AXIS_VALUES, labelExpr: AXIS_LABELS, grid: true },
        },
        y: { field: 'ms', type: 'quantitative', ...latencyAxis(rows.map((row) => row.ms)) },
        color: ARM_COLOUR,
        strokeDash: ARM_DASH,
        tooltip: [
          { field: 'arm', type: 'nominal' },
          { field: 'percentile', type: 'nominal' },
          { field: 'ms', type: 'quantitative', format: '.3~g' },
        ],
      },
    },
    table: curveTable(phase, of.kind, curveOf),
  };
}

function curveTable(
  phase: PhaseComparison,
  kind: LatencyKind,
  curveOf: (arm: Arm) => readonly { readonly percentile: number; readonly ms: number }[],
): Chart['table'] {
  const hasMeasured = phase.measured !== null;
  const at = (arm: Arm, percentile: number) =>
    curveOf(arm).find((point) => point.percentile === percentile)?.ms ?? null;
  return {
    caption: `Percentiles of ${LATENCIES[kind].words}, phase ${phase.name}`,
    columns: [
      words('percentile'),
      numbers('predicted (ms)'),
      ...(hasMeasured ? [numbers('measured (ms)'), numbers('error')] : []),
    ],
    rows: CURVE_PERCENTILES.map((percentile) => {
      const { predicted, measured, relativeError } = figure(
        at('predicted', percentile),
        at('measured', percentile),
      );
      return [
        percentileName(percentile),
        formatNumber(predicted),
        ...(hasMeasured ? [formatNumber(measured), formatError(relativeError)] : []),
      ];
    }),
  };
}

function percentileName(percentile: number): string {
  return percentile === 100 ? 'max' : `p${percentile}`;
}
