import type { ClassComparison, PhaseComparison } from '../../result/phase-comparison.ts';
import { type Block, type Cell, type Chart, type Section, type Table, words } from '../document.ts';
import {
  formatBytesPerSecond,
  formatCount,
  formatMs,
  formatPlural,
  formatRecordsPerSecond,
  formatSeconds,
  formatShare,
} from '../format.ts';
import { latencyCurve } from '../views/latency-curve.ts';
import { latencyOverTime } from '../views/latency-over-time.ts';
import { throughputOverTime } from '../views/throughput-over-time.ts';
import { invalidMeasurement } from './answer.ts';
import { figureCells, figureColumns, latencyRows, type ReportContext } from './context.ts';

/** Every phase: its figures with their errors, its series over time and its latency curves. */
export function predictedAgainstMeasuredSection({ comparison }: ReportContext): Section {
  const hasMeasured = comparison.measured !== null;
  const invalid = invalidMeasurement(comparison);
  return {
    id: 'comparison',
    title: hasMeasured ? 'Predicted against measured' : 'Predicted',
    blocks: [
      ...(invalid === null ? [] : [{ kind: 'warning', text: invalid } as const]),
      ...(hasMeasured
        ? []
        : [
            {
              kind: 'warning',
              text: `Nothing was measured: ${comparison.notMeasuredReason}. Every figure here is a prediction.`,
            } as const,
          ]),
      {
        kind: 'paragraph',
        text: hasMeasured
          ? 'Error is (predicted − measured) / measured. Latency counts from the time at which a record was due, so that a stall shows in full. Percentiles are taken over all records of a phase, never averaged over windows.'
          : 'Latency counts from the time at which a record was due. Percentiles are taken over all records of a phase, never averaged over windows.',
      },
      ...comparison.phases.flatMap((phase, index) => phaseBlocks(phase, index, hasMeasured)),
    ],
  };
}

function phaseBlocks(phase: PhaseComparison, index: number, hasMeasured: boolean): Block[] {
  return [
    { kind: 'heading', text: `Phase ${phase.name}` },
    { kind: 'paragraph', text: phaseSentence(phase) },
    { kind: 'table', table: figureTable(phase, hasMeasured) },
    { kind: 'charts', charts: phaseCharts(phase, `phase-${index + 1}`) },
    ...classBlocks(phase, hasMeasured),
  ];
}

function phaseSentence(phase: PhaseComparison): string {
  const either = phase.measured ?? phase.predicted;
  const load =
    phase.load === 'max'
      ? 'Every producer sends as fast as it is taken'
      : `Every producer keeps ${phase.load === 1 ? 'its stated rate' : `${formatShare(phase.load)} of its stated rate`}`;
  const lengths = `after a warm-up of ${formatSeconds(either?.warmupSeconds)}, ${formatSeconds(either?.durationSeconds)} are counted`;
  return `${load}; ${lengths}.${generatorSentence(phase)}${topicSentence(phase)}${latencyCaution(phase)}`;
}

function generatorSentence(phase: PhaseComparison): string {
  const generator = phase.measured?.generator;
  if (generator === undefined || generator === null) return '';
  const busiest = generator.workerUtilisation.reduce((most, share) => Math.max(most, share), 0);
  const lateness =
    generator.latenessMs === null
      ? ''
      : ` (lateness p99 ${formatMs(generator.latenessMs.p99)}, at most ${formatMs(generator.latenessMs.max)})`;
  const threads = formatPlural(generator.workerUtilisation.length, 'thread');
  const verb = generator.keptSchedule ? 'kept its schedule' : 'did not keep its schedule';
  return ` The load generator ${verb}${lateness}; the busiest of its ${threads} was busy ${formatShare(busiest)} of the time.`;
}

function topicSentence(phase: PhaseComparison): string {
  const check = phase.measured?.topicCheck;
  if (check === undefined || check === null) return '';
  const found = `Kafka's own ${check.tool} finds ${formatCount(check.recordsInTopics)} records in the topics`;
  return ` ${found}; the generator counts ${formatCount(check.recordsAcknowledged)} acknowledged, warm-up included.`;
}

function latencyCaution(phase: PhaseComparison): string {
  return phase.load === 'max'
    ? ' Latency here is mostly time spent waiting for buffer space: read it as a sign of saturation, not of service.'
    : '';
}

function figureTable(phase: PhaseComparison, hasMeasured: boolean): Table {
  const failed = phase.counts.recordsFailed;
  const rows: Cell[][] = [
    ['throughput', ...figureCells(phase.throughputRecordsPerSecond, formatRecordsPerSecond, hasMeasured)],
    ['throughput, bytes', ...figureCells(phase.throughputBytesPerSecond, formatBytesPerSecond, hasMeasured)],
    ...latencyRows('publish', phase.publishLatencyMs, hasMeasured),
    ...latencyRows('end-to-end', phase.endToEndLatencyMs, hasMeasured),
    ['records due', ...figureCells(phase.counts.recordsDue, formatCount, hasMeasured)],
    ['records acknowledged', ...figureCells(phase.counts.recordsAcknowledged, formatCount, hasMeasured)],
    ['records failed', ...figureCells(failed, formatCount, hasMeasured)],
    ['records consumed', ...figureCells(phase.counts.recordsConsumed, formatCount, hasMeasured)],
    ['produce requests', ...figureCells(phase.counts.produceRequests, formatCount, hasMeasured)],
    ['record batches', ...figureCells(phase.counts.produceBatches, formatCount, hasMeasured)],
  ];
  return {
    caption: `Figures of phase ${phase.name}`,
    columns: [words('figure'), ...figureColumns(hasMeasured)],
    rows,
  };
}

function classBlocks(phase: PhaseComparison, hasMeasured: boolean): Block[] {
  const table = classTable(phase, hasMeasured);
  return table.rows.length === 0 ? [] : [{ kind: 'table', table }];
}

/** The only class of its role says no more than the phase does; its lag alone is new. */
function classTable(phase: PhaseComparison, hasMeasured: boolean): Table {
  const isOnly = (role: ClassComparison['role']) =>
    phase.classes.filter((entry) => entry.role === role).length === 1;
  return {
    caption: `Traffic classes of phase ${phase.name}`,
    columns: [words('class'), words('figure'), ...figureColumns(hasMeasured)],
    rows: phase.classes.flatMap((entry) => {
      const latency = entry.role === 'producer' ? 'publish' : 'end-to-end';
      const rows: Cell[][] = [
        ...(isOnly(entry.role)
          ? []
          : [
              ['throughput', ...figureCells(entry.recordsPerSecond, formatRecordsPerSecond, hasMeasured)],
              ...latencyRows(latency, entry.latencyMs, hasMeasured),
            ]),
        ...(entry.lag === null
          ? []
          : [
              ['lag at the end', ...figureCells(entry.lag.end, formatRecords, hasMeasured)],
              ['lag at most', ...figureCells(entry.lag.max, formatRecords, hasMeasured)],
            ]),
      ];
      return rows.map((row) => [`${entry.name} (${entry.role})`, ...row]);
    }),
  };
}

function formatRecords(value: number | null): string {
  return value === null ? formatCount(value) : `${formatCount(value)} records`;
}

function phaseCharts(phase: PhaseComparison, id: string): Chart[] {
  const hasConsumers = phase.classes.some((entry) => entry.role === 'consumer');
  return [
    throughputOverTime(phase, { id: `${id}-produced`, side: 'produced' }),
    ...(hasConsumers ? [throughputOverTime(phase, { id: `${id}-consumed`, side: 'consumed' })] : []),
    latencyCurve(phase, { id: `${id}-publish-curve`, kind: 'publish' }),
    ...(hasConsumers ? [latencyCurve(phase, { id: `${id}-end-to-end-curve`, kind: 'endToEnd' })] : []),
    latencyOverTime(phase, { id: `${id}-publish-over-time`, kind: 'publish' }),
    ...(hasConsumers ? [latencyOverTime(phase, { id: `${id}-end-to-end-over-time`, kind: 'endToEnd' })] : []),
  ];
}
