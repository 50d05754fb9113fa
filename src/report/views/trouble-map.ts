import type { PhaseComparison, ResourceComparison } from '../../result/phase-comparison.ts';
import type { PhaseResult } from '../../result/run-result.ts';
import { type Chart, numbers, words } from '../document.ts';
import { formatCount, formatMoment, formatQuantity } from '../format.ts';
import { COLOURS } from '../theme.ts';
import { quantityName, resourceName, resourceOwner, resourceWindows } from './resource-use.ts';

const ROW_HEIGHT_PX = 17;
/** A shade that is still told from the background. */
const FAINTEST = 0.12;

/**
 * A heat map: one row for each quantity of each broker or machine, one column for each window. Each quantity is shaded by its
 * own largest value over all rows, so that rows of one quantity compare and a small quantity is seen beside a large one.
 */
export function troubleMap(
  phase: PhaseComparison,
  of: { readonly id: string; readonly rows: readonly ResourceComparison[] },
): Chart {
  const { rows } = of;
  const result = phase.measured ?? phase.predicted;
  const arm = phase.measured === null ? 'predicted' : 'measured';
  const largest = new Map<string, number>();
  for (const { resource, max } of rows) {
    largest.set(resource, Math.max(largest.get(resource) ?? 0, max[arm] ?? 0));
  }
  const names = rowNames(rows);
  const cellsOfRow = rows.map((row, index) =>
    cellsOf(result, row, { name: names[index], largest: largest.get(row.resource) ?? 0 }),
  );
  return {
    id: of.id,
    title: 'Signs of trouble over time',
    description: `Heat map: ${rows.length} quantities over the windows of phase ${phase.name}; the darker a window, the closer to the quantity's largest value.`,
    legend: [
      { label: '0', colour: COLOURS.grid, shape: 'box' },
      { label: "the quantity's largest", colour: COLOURS[arm], shape: 'box' },
    ],
    spec: {
      width: 'container',
      height: rows.length * ROW_HEIGHT_PX,
      data: { values: cellsOfRow.flat() },
      mark: { type: 'rect', stroke: 'var(--surface)', strokeWidth: 1 },
      encoding: {
        x: {
          field: 'from',
          type: 'quantitative',
          title: 'time after the warm-up (s)',
          scale: { nice: false, zero: false },
          axis: { format: '~g' },
        },
        x2: { field: 'to' },
        y: {
          field: 'row',
          type: 'nominal',
          title: null,
          sort: names,
          axis: { labelLimit: 260, ticks: false, domain: false },
        },
        fill: {
          condition: { test: 'datum.share > 0', value: COLOURS[arm] },
          value: COLOURS.grid,
        },
        fillOpacity: {
          field: 'opacity',
          type: 'quantitative',
          scale: { domain: [0, 1], range: [0, 1] },
        },
        tooltip: [
          { field: 'row', type: 'nominal', title: 'what' },
          { field: 'from', type: 'quantitative', title: 'from (s)' },
          { field: 'value', type: 'nominal' },
        ],
      },
    },
    table: {
      caption: `Signs of trouble, phase ${phase.name}, ${arm}`,
      columns: [
        words('what'),
        words('whose'),
        numbers('mean'),
        numbers('at most'),
        numbers('first above 0 (s)'),
        numbers('windows above 0'),
      ],
      rows: rows.map((row, index) => {
        const own = cellsOfRow[index].filter(({ share }) => share > 0);
        return [
          quantityName(row),
          resourceOwner(row),
          formatQuantity(row.mean[arm], row.unit),
          formatQuantity(row.max[arm], row.unit),
          formatMoment(own[0]?.from),
          formatCount(own.length),
        ];
      }),
    },
  };
}

interface TroubleCell {
  readonly row: string;
  readonly from: number;
  readonly to: number;
  readonly value: string;
  readonly share: number;
  readonly opacity: number;
}

function cellsOf(
  result: PhaseResult | null,
  row: ResourceComparison,
  { name, largest }: { readonly name: string; readonly largest: number },
): TroubleCell[] {
  return resourceWindows(result, row).flatMap(({ seconds, lengthSeconds, value }) => {
    if (value === null) return [];
    const share = largest === 0 ? 0 : value / largest;
    return [
      {
        row: name,
        from: seconds,
        to: seconds + lengthSeconds,
        value: formatQuantity(value, row.unit),
        share,
        opacity: share > 0 ? FAINTEST + (1 - FAINTEST) * share : 1,
      },
    ];
  });
}

/** A broker's host is named only where another host has a broker of the same id. */
function rowNames(rows: readonly ResourceComparison[]): string[] {
  const hosts = new Map<number, Set<string>>();
  for (const { broker, host } of rows) {
    if (broker !== null) hosts.set(broker, (hosts.get(broker) ?? new Set()).add(host));
  }
  return rows.map((row) =>
    row.broker === null || (hosts.get(row.broker)?.size ?? 0) > 1
      ? resourceName(row)
      : `${quantityName(row)}, broker ${row.broker}`,
  );
}
