import type { PhaseComparison, ThreadCpuComparison } from '../../result/phase-comparison.ts';
import { type Chart, numbers, words } from '../document.ts';
import { formatCount, formatError, formatNumber } from '../format.ts';
import { ARM_COLOUR, barLegend } from './arms.ts';

/** Groups drawn, the busiest first; the table has all. */
const GROUPS_MAX = 12;
const GROUP_HEIGHT_PX = 40;

/** CPU of each group of threads, one bar per arm. */
export function threadCpuChart(phase: PhaseComparison, of: { readonly id: string }): Chart {
  const hasMeasured = phase.measured !== null;
  const arms = (['predicted', 'measured'] as const).filter((arm) => phase[arm] !== null);
  const busiest = [...phase.threadCpu].sort((a, b) => busyCores(b) - busyCores(a)).slice(0, GROUPS_MAX);
  const rows = busiest.flatMap((entry) =>
    arms.flatMap((arm) => {
      const cores = entry.cores[arm];
      return cores === null ? [] : [{ threads: `${entry.process} ${entry.group}`, arm, cores }];
    }),
  );
  return {
    id: of.id,
    title: 'CPU by group of threads',
    description: `Bars: cores used by each group of threads, phase ${phase.name}.`,
    legend: barLegend(phase),
    spec: {
      width: 'container',
      height: busiest.length * GROUP_HEIGHT_PX,
      data: { values: rows },
      mark: { type: 'bar' },
      encoding: {
        y: {
          field: 'threads',
          type: 'nominal',
          title: null,
          sort: busiest.map((entry) => `${entry.process} ${entry.group}`),
          axis: { labelLimit: 150 },
          scale: { paddingInner: 0.3, paddingOuter: 0.15 },
        },
        yOffset: { field: 'arm', type: 'nominal', sort: [...arms] },
        x: {
          field: 'cores',
          type: 'quantitative',
          title: 'CPU (cores)',
          axis: { format: '~g', tickCount: 5, grid: true },
        },
        color: ARM_COLOUR,
        tooltip: [
          { field: 'threads', type: 'nominal' },
          { field: 'arm', type: 'nominal' },
          { field: 'cores', type: 'quantitative', format: '.3~g' },
        ],
      },
    },
    table: {
      caption: `CPU by group of threads, phase ${phase.name}`,
      columns: [
        words('process'),
        words('threads'),
        numbers('predicted (cores)'),
        ...(hasMeasured ? [numbers('measured (cores)'), numbers('error')] : []),
        numbers('wake-ups/s, predicted'),
        ...(hasMeasured
          ? [numbers('wake-ups/s, measured'), numbers('waiting for a core, measured (cores)')]
          : []),
      ],
      rows: phase.threadCpu.map(({ process, group, cores, wakeUpsPerSecond, runQueueWaitCores }) => [
        process,
        group,
        formatNumber(cores.predicted),
        ...(hasMeasured ? [formatNumber(cores.measured), formatError(cores.relativeError)] : []),
        formatCount(wakeUpsPerSecond.predicted),
        ...(hasMeasured
          ? [formatCount(wakeUpsPerSecond.measured), formatNumber(runQueueWaitCores.measured)]
          : []),
      ]),
    },
  };
}

function busyCores(entry: ThreadCpuComparison): number {
  return Math.max(entry.cores.predicted ?? 0, entry.cores.measured ?? 0);
}
