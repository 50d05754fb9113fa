/** The Markdown that GitHub shows below a workflow's step (the file that GITHUB_STEP_SUMMARY names). */
import type { LatencySummary, RunResult } from '../result/run-result.ts';
import type { Verdict } from './verdicts.ts';

export function stepSummary({ scenario, phases }: RunResult, verdicts: readonly Verdict[]): string {
  const rows = phases.map(({ name, throughputRecordsPerSecond, publishLatencyMs, endToEndLatencyMs }) => [
    name,
    `${Math.round(throughputRecordsPerSecond).toLocaleString('en-US')} records/s`,
    latencies(publishLatencyMs),
    latencies(endToEndLatencyMs),
  ]);
  return [
    `### ${scenario.name}`,
    '',
    ...table(['phase', 'throughput', 'publish p50 / p99 / max', 'end-to-end p50 / p99 / max'], rows),
    '',
    ...table(
      ['', 'verdict', 'found'],
      verdicts.map(({ group, name, isGood, found }) => [
        isGood === null ? '?' : isGood ? '✓' : '✗',
        `${group}: ${name}`,
        found,
      ]),
    ),
    '',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

function latencies(summary: LatencySummary | null): string {
  if (summary === null) return '-';
  return `${[summary.p50, summary.p99, summary.max].map((ms) => ms.toFixed(1)).join(' / ')} ms`;
}
