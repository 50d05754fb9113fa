import type { PhaseComparison, ResourceComparison } from '../../result/phase-comparison.ts';
import { resourceFacts } from '../../result/resources.ts';
import { type Block, numbers, type Section, type Table, words } from '../document.ts';
import { formatPlural, formatQuantity, NO_VALUE } from '../format.ts';
import { quantityName, resourceOwner } from '../views/resource-use.ts';
import { troubleMap } from '../views/trouble-map.ts';
import type { ReportContext } from './context.ts';

/** A fleet has thousands of rows: of each quantity the worst are drawn. */
const ROWS_PER_QUANTITY_MAX = 6;

/** What brokers and machines told of themselves beyond what they used: what went wrong, and the state behind it. */
export function brokersSection({ comparison }: ReportContext): Section {
  const blocks = comparison.phases.flatMap((phase, index) => phaseBlocks(phase, `phase-${index + 1}`));
  return {
    id: 'brokers',
    title: 'Brokers',
    blocks:
      blocks.length > 0
        ? blocks
        : [{ kind: 'paragraph', text: 'Nothing was observed of brokers beyond their use of resources.' }],
  };
}

function phaseBlocks(phase: PhaseComparison, id: string): Block[] {
  const trouble = phase.resources.filter(({ resource }) => resourceFacts(resource).shown === 'trouble');
  const state = phase.resources.filter(({ resource }) => resourceFacts(resource).shown === 'table');
  if (trouble.length === 0 && state.length === 0) return [];
  const seen = trouble.filter(isEverAboveZero);
  const rows = worst(seen);
  const quiet = labelsOf(trouble).filter((label) => !labelsOf(seen).includes(label));
  return [
    { kind: 'heading', text: `Phase ${phase.name}` },
    ...(quiet.length === 0
      ? []
      : [{ kind: 'paragraph', text: `Always zero: ${quiet.join(', ')}.` } as const]),
    ...(rows.length < seen.length
      ? [
          {
            kind: 'paragraph',
            text: `Of each quantity the ${ROWS_PER_QUANTITY_MAX} worst are drawn, ${rows.length} of ${formatPlural(seen.length, 'row')} in all.`,
          } as const,
        ]
      : []),
    ...(rows.length === 0
      ? []
      : [{ kind: 'charts', charts: [troubleMap(phase, { id: `${id}-trouble`, rows })] } as const]),
    ...stateTable(phase, state),
  ];
}

function isEverAboveZero({ max }: ResourceComparison): boolean {
  return (max.predicted ?? 0) > 0 || (max.measured ?? 0) > 0;
}

/** Rows of one quantity together, each quantity's worst first. */
function worst(found: readonly ResourceComparison[]): ResourceComparison[] {
  const largest = ({ max }: ResourceComparison): number => max.measured ?? max.predicted ?? 0;
  const quantities = [...new Set(found.map(({ resource }) => resource))];
  return quantities.flatMap((name) =>
    found
      .filter(({ resource }) => resource === name)
      .sort((a, b) => largest(b) - largest(a))
      .slice(0, ROWS_PER_QUANTITY_MAX),
  );
}

function labelsOf(found: readonly ResourceComparison[]): string[] {
  return [...new Set(found.map(({ resource }) => resourceFacts(resource).label))];
}

/** One row for each quantity, whatever the number of brokers. */
function stateTable(phase: PhaseComparison, state: readonly ResourceComparison[]): Block[] {
  const arm = phase.measured === null ? 'predicted' : 'measured';
  const names = [...new Set(state.filter(isEverAboveZero).map(quantityName))];
  if (names.length === 0) return [];
  const table: Table = {
    caption: `State of brokers and machines, phase ${phase.name}, ${arm}: means over the measured part`,
    columns: [
      words('what'),
      numbers('smallest'),
      numbers('largest'),
      words('largest of'),
      numbers('at most in a window'),
      words('meaning'),
    ],
    rows: names.map((name) => {
      const entries = state
        .filter((entry) => quantityName(entry) === name && entry.mean[arm] !== null)
        .sort((a, b) => (a.mean[arm] ?? 0) - (b.mean[arm] ?? 0));
      const [smallest] = entries;
      const largest = entries[entries.length - 1];
      const { unit, resource } = state.find((entry) => quantityName(entry) === name) ?? largest;
      return [
        name,
        formatQuantity(smallest?.mean[arm], unit),
        formatQuantity(largest?.mean[arm], unit),
        largest === undefined ? NO_VALUE : resourceOwner(largest),
        formatQuantity(Math.max(...entries.map((entry) => entry.max[arm] ?? 0)), unit),
        resourceFacts(resource).meaning,
      ];
    }),
  };
  return [{ kind: 'table', table }];
}
