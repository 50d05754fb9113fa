import type { PhaseComparison, ResourceComparison } from '../../result/phase-comparison.ts';
import { resourceFacts } from '../../result/resources.ts';
import { type Block, numbers, type Section, type Table, words } from '../document.ts';
import { formatPlural, formatQuantity, formatShare } from '../format.ts';
import { resourceName, resourceUse } from '../views/resource-use.ts';
import { threadCpuChart } from '../views/thread-cpu.ts';
import { figureCells, figureColumns, type ReportContext } from './context.ts';

/** A fleet has thousands of series: the busiest are drawn, all are in the table. */
const CPU_CHARTS_MAX = 12;

/** What each phase used of the machines. */
export function resourcesSection({ comparison }: ReportContext): Section {
  const hasMeasured = comparison.measured !== null;
  const blocks = comparison.phases.flatMap((phase, index) => phaseBlocks(phase, index, hasMeasured));
  return {
    id: 'resources',
    title: 'Resource use',
    blocks: blocks.length > 0 ? blocks : [{ kind: 'paragraph', text: 'No resource use was recorded.' }],
  };
}

function phaseBlocks(phase: PhaseComparison, phaseIndex: number, hasMeasured: boolean): Block[] {
  const used = phase.resources.filter(({ resource }) => resourceFacts(resource).shown === 'use');
  if (used.length === 0 && phase.threadCpu.length === 0) return [];
  const id = `phase-${phaseIndex + 1}`;
  const cpu = used.filter((entry) => entry.resource === 'cpu');
  const busiest = [...cpu].sort((a, b) => meanUse(b) - meanUse(a)).slice(0, CPU_CHARTS_MAX);
  const charts = [
    ...busiest.map((resource, index) => resourceUse(phase, { id: `${id}-cpu-${index + 1}`, resource })),
    ...(phase.threadCpu.length > 0 ? [threadCpuChart(phase, { id: `${id}-thread-cpu` })] : []),
  ];
  return [
    { kind: 'heading', text: `Phase ${phase.name}` },
    ...(busiest.length < cpu.length
      ? [
          {
            kind: 'paragraph',
            text: `The ${busiest.length} busiest of ${formatPlural(cpu.length, 'CPU series')} are drawn; the table has all.`,
          } as const,
        ]
      : []),
    ...(charts.length > 0 ? [{ kind: 'charts', charts } as const] : []),
    ...(used.length > 0
      ? [{ kind: 'table', table: resourceTable(phase, { used, hasMeasured }) } as const]
      : []),
  ];
}

function meanUse({ mean }: ResourceComparison): number {
  return mean.measured ?? mean.predicted ?? 0;
}

function resourceTable(
  phase: PhaseComparison,
  of: { readonly used: readonly ResourceComparison[]; readonly hasMeasured: boolean },
): Table {
  const { used, hasMeasured } = of;
  return {
    caption: `Mean use over the measured part, phase ${phase.name}`,
    columns: [
      words('resource'),
      numbers('capacity'),
      ...figureColumns(hasMeasured),
      numbers('predicted share of capacity'),
      numbers('predicted at most'),
      ...(hasMeasured ? [numbers('measured at most')] : []),
    ],
    rows: used.map((entry) => {
      const format = (value: number | null): string => formatQuantity(value, entry.unit);
      const { predicted } = entry.mean;
      const share = entry.capacity === null || predicted === null ? null : predicted / entry.capacity;
      return [
        resourceName(entry),
        entry.capacity === null ? 'no limit stated' : format(entry.capacity),
        ...figureCells(entry.mean, format, hasMeasured),
        formatShare(share),
        format(entry.max.predicted),
        ...(hasMeasured ? [format(entry.max.measured)] : []),
      ];
    }),
  };
}
