/** What every chart of predicted beside measured shares: the two arms, their encodings, the time axis, the legend. */
import type { Paired } from '../../result/figure.ts';
import type { PhaseComparison } from '../../result/phase-comparison.ts';
import type { LegendEntry } from '../document.ts';
import { COLOURS, MEASURED_DASH, PREDICTED_DASH } from '../theme.ts';

export type Arm = 'predicted' | 'measured';
const ARMS: readonly Arm[] = ['predicted', 'measured'];

export const ARM_COLOUR = {
  field: 'arm',
  type: 'nominal',
  scale: { domain: [...ARMS], range: [COLOURS.predicted, COLOURS.measured] },
} as const;

export const ARM_DASH = {
  field: 'arm',
  type: 'nominal',
  scale: { domain: [...ARMS], range: [PREDICTED_DASH, MEASURED_DASH] },
} as const;

export const TIME_AXIS = {
  field: 'seconds',
  type: 'quantitative',
  title: 'time after the warm-up (s)',
  scale: { nice: false },
  axis: { tickCount: 6 },
} as const;

/** The arms that have something to show; measured first, so that the dashed prediction is drawn over it. */
export function armsInDrawingOrder(phase: Pick<PhaseComparison, 'predicted' | 'measured'>): Arm[] {
  return (['measured', 'predicted'] as const).filter((arm) => phase[arm] !== null);
}

/** Legend of lines; an arm without a line is left out. */
export function lineLegend(of: Pick<Paired<unknown>, Arm>): LegendEntry[] {
  return ARMS.filter((arm) => of[arm] !== null).map((arm) => ({
    label: arm,
    colour: COLOURS[arm],
    shape: arm === 'predicted' ? 'dashed line' : 'line',
  }));
}

/** Legend of bars; an arm without bars is left out. */
export function barLegend(of: Pick<Paired<unknown>, Arm>): LegendEntry[] {
  return ARMS.filter((arm) => of[arm] !== null).map((arm) => ({
    label: arm,
    colour: COLOURS[arm],
    shape: 'box',
  }));
}

/** Legend of the event marks, if there are any. */
export function eventLegend(phase: PhaseComparison): LegendEntry[] {
  return eventRows(phase).length === 0
    ? []
    : [{ label: 'event, see the timeline', colour: COLOURS.muted, shape: 'upright line' }];
}

/** Rows of the event marks: a thin vertical line at each thing that happened, its words on hover. */
export function eventRows(phase: PhaseComparison): { seconds: number; arm: Arm; what: string }[] {
  return armsInDrawingOrder(phase).flatMap((arm) =>
    (phase[arm]?.events ?? []).map((event) => ({ seconds: event.atSeconds, arm, what: event.what })),
  );
}
