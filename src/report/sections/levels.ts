import { evaluateLevels, type LevelOutcome } from '../../result/levels.ts';
import { type Block, type Cell, type Section, words } from '../document.ts';
import { formatNumber } from '../format.ts';
import type { ReportContext } from './context.ts';

/** The scenario's service levels, met or missed in each arm. */
export function levelsSection({ comparison, scenario }: ReportContext): Section {
  const predicted = evaluateLevels(scenario, comparison.predicted);
  const measured = comparison.measured === null ? null : evaluateLevels(scenario, comparison.measured);
  return {
    id: 'levels',
    title: 'Service levels',
    blocks:
      predicted.length === 0
        ? [{ kind: 'paragraph', text: 'The scenario states no service level.' }]
        : levelBlocks(predicted, measured),
  };
}

function levelBlocks(predicted: readonly LevelOutcome[], measured: readonly LevelOutcome[] | null): Block[] {
  return [
    {
      kind: 'table',
      table: {
        caption: 'Levels, met or missed',
        columns: [
          words('level'),
          words('predicted'),
          ...(measured === null ? [] : [words('measured')]),
          words('what was evaluated'),
        ],
        rows: predicted.map((outcome, index) => [
          outcome.text,
          verdictCell(outcome),
          ...(measured === null ? [] : [verdictCell(measured[index])]),
          outcome.evaluated,
        ]),
      },
    },
  ];
}

function verdictCell(outcome: LevelOutcome): Cell {
  if (outcome.verdict === 'not evaluable') {
    return { text: `not evaluable: ${outcome.reason}`, tone: 'muted' };
  }
  const value = levelFound(outcome);
  return outcome.verdict === 'met'
    ? { text: `✓ met (${value})`, tone: 'good' }
    : { text: `✗ missed (${value})`, tone: 'bad' };
}

/** The value that a level was held against and its phase, or why there is none. */
export function levelFound({ verdict, reason, value, unit, phase }: LevelOutcome): string {
  if (verdict === 'not evaluable') return reason ?? verdict;
  return `${reason ?? `${formatNumber(value)} ${unit}`}, phase ${phase}`;
}
