import { figure } from '../../result/figure.ts';
import type { PhaseComparison, ResourceComparison } from '../../result/phase-comparison.ts';
import { resourceFacts } from '../../result/resources.ts';
import type { PhaseResult } from '../../result/run-result.ts';
import { type Chart, numbers } from '../document.ts';
import { formatMoment, formatNumber } from '../format.ts';
import { COLOURS } from '../theme.ts';
import { ARM_COLOUR, ARM_DASH, type Arm, armsInDrawingOrder, lineLegend, TIME_AXIS } from './arms.ts';

const BYTES_PER_MIB = 1024 * 1024;
/** A capacity line far above the lines would press them flat. */
const CAPACITY_SHOWN_BELOW_TIMES_MAX = 3;
const ROWS_MAX = 240;

/** Use of one resource of one host or broker over a phase, one line per arm, its capacity as a rule. */
export function resourceUse(
  phase: PhaseComparison,
  of: { readonly id: string; readonly resource: ResourceComparison },
): Chart {
  const { resource } = of;
  const scale = resource.unit === 'B/s' ? BYTES_PER_MIB : 1;
  const unit = resource.unit === 'B/s' ? 'MiB/s' : resource.unit;
  const rows = armsInDrawingOrder(phase).flatMap((arm) =>
    samples(phase[arm], resource).map(({ seconds, value }) => ({ seconds, arm, value: value / scale })),
  );
  const capacity = resource.capacity === null ? null : resource.capacity / scale;
  const largest = rows.reduce((found, row) => Math.max(found, row.value), 0);
  const showCapacity = capacity !== null && capacity <= largest * CAPACITY_SHOWN_BELOW_TIMES_MAX;
  const name = resourceName(resource);
  return {
    id: of.id,
    title: name,
    description: `Lines over time: ${name} in ${unit} in each window of phase ${phase.name}.`,
    legend: [
      ...lineLegend(phase),
      ...(showCapacity
        ? [
            {
              label: `capacity ${formatNumber(capacity)} ${unit}`,
              colour: COLOURS.muted,
              shape: 'thin line',
            } as const,
          ]
        : []),
    ],
    spec: {
      width: 'container',
      height: 150,
      layer: [
        {
          data: { values: showCapacity ? [{ value: capacity }] : [] },
          mark: { type: 'rule', color: COLOURS.muted, strokeWidth: 1 },
          encoding: { y: { field: 'value', type: 'quantitative' } },
        },
        {
          data: { values: rows },
          mark: { type: 'line', point: 'transparent' },
          encoding: {
            x: TIME_AXIS,
            y: {
              field: 'value',
              type: 'quantitative',
              title: unit,
              scale: { zero: true },
              axis: { format: '~g', tickCount: 4 },
            },
            color: ARM_COLOUR,
            strokeDash: ARM_DASH,
            tooltip: [
              { field: 'arm', type: 'nominal' },
              { field: 'seconds', type: 'quantitative', title: 'from (s)' },
              { field: 'value', type: 'quantitative', title: unit, format: '.3~g' },
            ],
          },
        },
      ],
    },
    table: resourceTable(phase, resource, { name, unit, scale }),
  };
}

/** "CPU, broker 1 on local". */
export function resourceName(of: Pick<ResourceComparison, 'resource' | 'of' | 'broker' | 'host'>): string {
  return `${quantityName(of)}, ${resourceOwner(of)}`;
}

/** "CPU", "garbage collection (G1 Young Generation)". */
export function quantityName({ resource, of }: Pick<ResourceComparison, 'resource' | 'of'>): string {
  const { label } = resourceFacts(resource);
  return of === null ? label : `${label} (${of})`;
}

/** "local", "broker 1 on local"; of a machine that is named after its broker, "machine broker-1" and "broker 1". */
export function resourceOwner({ broker, host }: Pick<ResourceComparison, 'broker' | 'host'>): string {
  if (broker === null) return /^broker-\d+$/.test(host) ? `machine ${host}` : host;
  return host === `broker-${broker}` ? `broker ${broker}` : `broker ${broker} on ${host}`;
}

/** The windows of one resource as an arm saw them; none where it did not. */
export function resourceWindows(
  phase: PhaseResult | null,
  resource: ResourceComparison,
): { readonly seconds: number; readonly lengthSeconds: number; readonly value: number | null }[] {
  const series = phase?.resources.find(
    (entry) =>
      entry.host === resource.host &&
      entry.broker === resource.broker &&
      entry.resource === resource.resource &&
      (entry.of ?? null) === resource.of,
  );
  if (phase === null || series === undefined) return [];
  const { windowSeconds, startSeconds } = phase.windows;
  const lengthSeconds = series.windowSeconds ?? windowSeconds;
  return series.values.map((value, index) => ({
    seconds: (lengthSeconds === windowSeconds ? startSeconds[index] : undefined) ?? index * lengthSeconds,
    lengthSeconds,
    value,
  }));
}

function samples(
  phase: PhaseResult | null,
  resource: ResourceComparison,
): { readonly seconds: number; readonly value: number }[] {
  return resourceWindows(phase, resource).flatMap(({ seconds, value }) =>
    value === null ? [] : [{ seconds, value }],
  );
}

function resourceTable(
  phase: PhaseComparison,
  resource: ResourceComparison,
  of: { readonly name: string; readonly unit: string; readonly scale: number },
): Chart['table'] {
  const hasMeasured = phase.measured !== null;
  const byTime = (arm: Arm) =>
    new Map(samples(phase[arm], resource).map(({ seconds, value }) => [seconds, value / of.scale]));
  const predicted = byTime('predicted');
  const measured = byTime('measured');
  const times = [...new Set([...predicted.keys(), ...measured.keys()])].sort((a, b) => a - b);
  const cut = times.length > ROWS_MAX ? ` (the first ${ROWS_MAX} of ${times.length} windows)` : '';
  return {
    caption: `${of.name}, phase ${phase.name}${cut}`,
    columns: [
      numbers('window from (s)'),
      numbers(`predicted (${of.unit})`),
      ...(hasMeasured ? [numbers(`measured (${of.unit})`)] : []),
    ],
    rows: times.slice(0, ROWS_MAX).map((seconds) => {
      const value = figure(predicted.get(seconds), measured.get(seconds));
      return [
        formatMoment(seconds),
        formatNumber(value.predicted),
        ...(hasMeasured ? [formatNumber(value.measured)] : []),
      ];
    }),
  };
}
