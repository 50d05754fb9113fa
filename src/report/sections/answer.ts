import type { Comparison } from '../../result/comparison.ts';
import type { Figure } from '../../result/figure.ts';
import { evaluateLevels, type LevelOutcome } from '../../result/levels.ts';
import type { PhaseComparison } from '../../result/phase-comparison.ts';
import type { HeadlineFigure } from '../document.ts';
import { capitalised, formatError, formatMs, formatPlural, formatRecordsPerSecond } from '../format.ts';
import type { ReportContext } from './context.ts';

/** The answer to the scenario's question, as one sentence. */
export function answerSentence(context: ReportContext): string {
  const { comparison, scenario } = context;
  const answering = comparison.measured ?? comparison.predicted;
  const levels = evaluateLevels(scenario, answering);
  const parts = [throughputPart(comparison), latencyPart(comparison), levelsPart(levels)];
  const caution =
    invalidMeasurement(comparison) === null
      ? null
      : 'the measurement is not valid, the load generator was late';
  const figures = [...parts, caution].filter((part) => part !== null).join('; ');
  const answer = comparison.phases.length === 0 ? 'no phase was completed' : figures;
  const sentence =
    comparison.measured === null
      ? `By prediction, ${answer}; nothing was measured: ${comparison.notMeasuredReason}`
      : capitalised(answer);
  return sentence.replace(/[.\s]*$/, '.');
}

/** Whether the measurement counts at all; null when every phase kept its schedule. */
export function invalidMeasurement(comparison: Comparison): string | null {
  const late = (comparison.measured?.phases ?? []).filter((phase) => phase.generator?.keptSchedule === false);
  if (late.length === 0) return null;
  const reasons = late.map(
    (phase) => `${phase.name}: ${phase.generator?.reason ?? 'no reason was recorded'}`,
  );
  return `The measurement is not valid: the load generator, not the cluster, was the limit (${reasons.join('; ')}).`;
}

/** The few figures that sum the comparison up. */
export function headlineFigures({ comparison }: ReportContext): HeadlineFigure[] {
  const { headline } = comparison;
  const tiles: [string, Figure, (value: number | null) => string][] = [
    [`Throughput, ${headline.throughputPhase}`, headline.throughputRecordsPerSecond, formatRecordsPerSecond],
    [`Publish p50, ${headline.latencyPhase}`, headline.publishLatencyMs.p50, formatMs],
    [`Publish p99, ${headline.latencyPhase}`, headline.publishLatencyMs.p99, formatMs],
    [`End-to-end p99, ${headline.latencyPhase}`, headline.endToEndLatencyMs.p99, formatMs],
  ];
  return tiles
    .filter(([, figure]) => figure.predicted !== null || figure.measured !== null)
    .map(([label, figure, format]) => ({
      label,
      predicted: format(figure.predicted),
      measured: format(figure.measured),
      error: formatError(figure.relativeError),
    }));
}

function throughputPart(comparison: Comparison): string | null {
  const { headline } = comparison;
  const phase = comparison.phases.find(({ name }) => name === headline.throughputPhase);
  if (phase === undefined) return null;
  const figure = headline.throughputRecordsPerSecond;
  const saturating = phase.load === 'max' ? 'at saturation' : `in phase ${phase.name}`;
  return `${saturating} ${stated(figure, formatRecordsPerSecond, 'are acknowledged')}`;
}

function latencyPart(comparison: Comparison): string | null {
  const { headline } = comparison;
  const phase = comparison.phases.find(({ name }) => name === headline.latencyPhase);
  const p99 = headline.publishLatencyMs.p99;
  if (phase === undefined || (p99.predicted === null && p99.measured === null)) return null;
  return `publish p99 ${atLoad(phase)} is ${stated(p99, formatMs, '')}`;
}

/** "at 8,000 records/s": what was asked of the phase is what it acknowledged, as long as it kept up. */
function atLoad(phase: PhaseComparison): string {
  const { predicted, measured } = phase.throughputRecordsPerSecond;
  return phase.load === 'max' ? 'at saturation' : `at ${formatRecordsPerSecond(measured ?? predicted)}`;
}

/** "43,100 records/s measured (41,200 predicted, error -4.4 %)", or what there is of it. */
function stated(figure: Figure, format: (value: number | null) => string, verb: string): string {
  const separator = verb === '' ? '' : ` ${verb}`;
  if (figure.measured === null) return `${format(figure.predicted)}${separator}`;
  if (figure.predicted === null) return `${format(figure.measured)}${separator}, measured`;
  return `${format(figure.measured)}${separator} (predicted ${format(figure.predicted)}, error ${formatError(figure.relativeError)})`;
}

function levelsPart(levels: readonly LevelOutcome[]): string | null {
  if (levels.length === 0) return null;
  const missed = levels.filter((level) => level.verdict === 'missed');
  const open = levels.filter((level) => level.verdict === 'not evaluable');
  const judged = levels.length - open.length;
  const rest = open.length === 0 ? '' : `, ${open.length} could not be evaluated`;
  if (missed.length > 0) {
    const texts = missed.map(({ text }) => text).join('; ');
    return `${missed.length} of ${formatPlural(levels.length, 'level')} ${missed.length === 1 ? 'is' : 'are'} missed (${texts})${rest}`;
  }
  if (judged === 0) return `none of ${formatPlural(levels.length, 'level')} could be evaluated`;
  return open.length === 0
    ? 'every level is met'
    : `${judged} of ${formatPlural(levels.length, 'level')} ${judged === 1 ? 'is' : 'are'} met${rest}`;
}
