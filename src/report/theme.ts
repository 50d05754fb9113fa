/**
 * Colours and the look of every chart. Charts name CSS variables, so that one drawing follows the reader's light or
 * dark setting and prints in the light one. Predicted and measured differ in hue, lightness and line style: blue and
 * orange stay apart in the common kinds of colour blindness, the dashes in print.
 */
import type { Config } from 'vega-lite';

export const COLOURS = {
  predicted: 'var(--predicted)',
  measured: 'var(--measured)',
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  rule: 'var(--rule)',
  grid: 'var(--grid)',
} as const;

/** One colour per request stage, in the order of REQUEST_STAGES. */
export const STAGE_COLOURS = [1, 2, 3, 4, 5, 6].map((stage) => `var(--stage-${stage})`);

export const PREDICTED_DASH = [5, 3];
export const MEASURED_DASH = [1, 0];

export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif';

export const CHART_CONFIG: Config = {
  background: 'transparent',
  font: FONT,
  // The figure around a chart says what it shows; every mark announcing itself would drown that.
  aria: false,
  padding: { left: 2, right: 6, top: 6, bottom: 2 },
  view: { stroke: null },
  axis: {
    labelColor: COLOURS.muted,
    titleColor: COLOURS.muted,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titlePadding: 8,
    labelPadding: 5,
    domainColor: COLOURS.rule,
    tickColor: COLOURS.rule,
    tickSize: 4,
    gridColor: COLOURS.grid,
    labelOverlap: 'greedy',
  },
  axisY: {
    domain: false,
    ticks: false,
    titleAnchor: 'end',
    titleAngle: 0,
    titleAlign: 'left',
    titleY: -8,
    titleX: 0,
  },
  axisX: { grid: false, labelFlush: true },
  line: { strokeCap: 'round', strokeJoin: 'round' },
  legend: { disable: true },
};
