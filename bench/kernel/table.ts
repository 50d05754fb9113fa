/** The lines of the benchmark as a table for people. */
import type { Line } from './lines.ts';

const HEAD = ['figure', 'value', 'unit', 'against', 'ratio', 'spread', 'goal', ''];
const MILLION = 1_000_000;
const NUMBER_COLUMNS = new Set([1, 4, 5, 6]);

export function tableOf(lines: readonly Line[]): string {
  const rows = [HEAD, ...lines.map(rowOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          NUMBER_COLUMNS.has(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function rowOf({ name, value, unit, goal, goalMet, ratio, spread, against, skipped }: Line): string[] {
  return [
    name,
    readable(value),
    unit,
    against ?? '',
    ratio === null ? '' : `${readable(ratio)}x`,
    spread === null ? '' : `${readable(spread[0])} to ${readable(spread[1])}`,
    goal === null ? '' : against === null ? readable(goal) : `${goal}x`,
    skipped === undefined ? verdict(goalMet) : `skipped: ${skipped}`,
  ];
}

function verdict(goalMet: boolean | null): string {
  if (goalMet === null) return '';
  return goalMet ? 'met' : 'MISSED';
}

/** Three figures, and millions as such. */
export function readable(value: number): string {
  const size = Math.abs(value);
  if (size >= MILLION) return `${(value / MILLION).toPrecision(3)} M`;
  return size >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
