/** The lines that a job prints for people. */
import type { Comparison } from '../result/comparison.ts';
import type { DeliveryProof } from '../result/delivery-proof.ts';
import type { LevelOutcome } from '../result/levels.ts';
import type { GeneratorHonesty, LatencySummary, PhaseCounts, RunResult } from '../result/run-result.ts';

/** A few lines per phase: rate, latencies, counts. */
export function resultLines(result: RunResult): string[] {
  return result.phases.flatMap((phase) => [
    `${phase.name}: ${records(phase.throughputRecordsPerSecond)}`,
    ...(phase.endedEarly === undefined
      ? []
      : [
          `  ended early after ${phase.durationSeconds.toFixed(1)} s of the measured part: ${phase.endedEarly}`,
        ]),
    `  publish     ${latency(phase.publishLatencyMs)}`,
    `  end-to-end  ${latency(phase.endToEndLatencyMs)}`,
    ...generatorLine(phase.generator),
    ...unfinished(phase.counts),
    ...phase.events.map(({ atSeconds, what }) => `  ${atSeconds.toFixed(1).padStart(6)} s  ${what}`),
  ]);
}

/** What the generator says of itself. */
function generatorLine(generator: GeneratorHonesty | null): string[] {
  if (generator === null || generator.workerUtilisation.length === 0) return [];
  const { latenessMs, stalls, starvedShare, workerUtilisation } = generator;
  const parts = [
    ...(latenessMs === null ? [] : [`lateness p99 ${latenessMs.p99.toFixed(2)} ms`]),
    `busiest thread ${Math.round(Math.max(...workerUtilisation) * 100)} %`,
    ...(stalls === undefined || stalls.count === 0
      ? []
      : [`${stalls.count} stalls of up to ${stalls.maxMs.toFixed(0)} ms`]),
    ...(starvedShare === undefined
      ? []
      : [`no request ready after ${Math.round(starvedShare * 100)} % of answers`]),
  ];
  return [`  generator   ${parts.join('  ')}`];
}

/** An overload shows here: latencies are of records that came to their end. */
function unfinished({ recordsDue, recordsAcknowledged }: PhaseCounts): string[] {
  const count = recordsDue - recordsAcknowledged;
  if (count <= 0) return [];
  const [open, due] = [count, recordsDue].map((records) => records.toLocaleString('en-US'));
  return [`  unfinished  ${open} of ${due} records due were not acknowledged, and are in no latency`];
}

/** What became of the records of verified phases: the verdict of each group, and what it hangs on. */
export function deliveryLines(result: RunResult): string[] {
  return result.phases.flatMap(({ name, deliveries = [] }) =>
    deliveries.flatMap((proof) => [
      `${name}: delivery to group ${proof.group} ${proof.verdict}: ${deliveryCounts(proof)}`,
      ...[...proof.broken, ...proof.notJudged, ...proof.permitted].map((clause) => `  ${clause}`),
      ...proof.examples.map((example) => `    ${example}`),
    ]),
  );
}

function deliveryCounts({ total, log }: DeliveryProof): string {
  const counts = [
    [total.acknowledged, 'acknowledged'],
    [total.lost, 'lost'],
    [total.duplicated, 'duplicated'],
    [total.reordered, 'reordered'],
    [log.corrupt, 'corrupt'],
    [total.indeterminate, 'indeterminate'],
  ] as const;
  return counts.map(([count, what]) => `${count.toLocaleString('en-US')} ${what}`).join(', ');
}

/** Predicted beside measured, one line a figure. */
export function comparisonLines(comparison: Comparison): string[] {
  const { headline, measured } = comparison;
  if (measured === null) {
    return [`nothing was measured: ${comparison.notMeasuredReason}`, ...resultLines(comparison.predicted)];
  }
  const rows: string[][] = [['', 'predicted', 'measured', 'error']];
  const add = (
    name: string,
    unit: string,
    digits: number,
    of: { predicted: number | null; measured: number | null; relativeError: number | null },
  ): void => {
    rows.push([
      name,
      value(of.predicted, unit, digits),
      value(of.measured, unit, digits),
      percent(of.relativeError),
    ]);
  };
  add(`throughput (${headline.throughputPhase})`, 'rec/s', 0, headline.throughputRecordsPerSecond);
  for (const [name, figures] of [
    ['publish', headline.publishLatencyMs],
    ['end-to-end', headline.endToEndLatencyMs],
  ] as const) {
    for (const statistic of ['p50', 'p95', 'p99'] as const) {
      add(`${name} ${statistic} (${headline.latencyPhase})`, 'ms', 2, figures[statistic]);
    }
  }
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  '),
  );
  const furthest = comparison.furthestStage;
  if (furthest !== null) {
    lines.push(
      `furthest stage: ${furthest.request} ${furthest.stage}, ${furthest.predictedMs.toFixed(3)} ms predicted, ${furthest.measuredMs.toFixed(3)} ms measured`,
    );
  }
  return lines;
}

/** One line with every level; empty without levels. */
export function levelLines(levels: readonly LevelOutcome[]): string[] {
  if (levels.length === 0) return [];
  const marks = { met: '✓', missed: '✗', 'not evaluable': '?' } as const;
  return [`levels  ${levels.map((level) => `${marks[level.verdict]} ${level.text}`).join('   ')}`];
}

/** "seed 7  trace 7f3a..." */
export function identityLine(result: RunResult): string {
  const { simulation } = result;
  const ties = simulation === null || simulation.tieSeed === 0 ? '' : `  tie seed ${simulation.tieSeed}`;
  const trace = simulation === null ? '' : `${ties}  trace ${simulation.traceHash}`;
  const profile = result.profile === null ? '' : `  profile ${result.profile.name} (${result.profile.kind})`;
  return `${result.scenario.name}  seed ${result.scenario.seed}${profile}${trace}`;
}

function latency(summary: LatencySummary | null): string {
  if (summary === null) return 'nothing recorded';
  const ms = (milliseconds: number): string => `${milliseconds.toFixed(2)} ms`;
  return `p50 ${ms(summary.p50)}  p95 ${ms(summary.p95)}  p99 ${ms(summary.p99)}  p99.9 ${ms(summary.p999)}  max ${ms(summary.max)}`;
}

function records(perSecond: number): string {
  return `${Math.round(perSecond).toLocaleString('en-US')} rec/s`;
}

function value(figure: number | null, unit: string, digits: number): string {
  if (figure === null) return '-';
  const text = figure.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${text} ${unit}`;
}

function percent(error: number | null): string {
  if (error === null) return '-';
  return `${error >= 0 ? '+' : ''}${(error * 100).toFixed(1)} %`;
}
