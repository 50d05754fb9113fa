/** The objects that `--json` and report.json give to other programs. Their names are a promise: add, never rename. */
import type { Scenario } from '../scenario/scenario.ts';
import { type Comparison, compareResults, type StageDifference } from './comparison.ts';
import type { Figure } from './figure.ts';
import { evaluateLevels, type LevelOutcome } from './levels.ts';
import type { LatencyFigures, LatencyStatistic, PhaseComparison } from './phase-comparison.ts';
import type {
  GeneratorHonesty,
  PhaseResult,
  RunFacts,
  RunResult,
  TimelineEvent,
  TopicCheck,
} from './run-result.ts';

type LatencyJson = Readonly<Record<LatencyStatistic, number | null>>;

/** Values, or relative errors, of a whole run (its headline) or of one phase. */
interface MetricsJson {
  readonly throughputRecordsPerSecond: number | null;
  readonly publishLatencyMs: LatencyJson;
  readonly endToEndLatencyMs: LatencyJson;
}

interface SimulationFactsJson {
  readonly traceHash: string;
  readonly seed: number;
  readonly scenarioHash: string;
  readonly events: number;
  readonly simulatedSeconds: number;
  readonly shards: readonly { readonly name: string; readonly events: number }[];
}

export interface SimulationJson extends SimulationFactsJson, MetricsJson {
  readonly phases: readonly PhaseResult[];
  readonly levels: readonly LevelOutcome[];
  /** Wall time and machine: outside every comparison. */
  readonly run: RunFacts;
}

export interface ComparisonJson {
  readonly format: Comparison['format'];
  readonly scenario: RunResult['scenario'];
  readonly profile: RunResult['profile'];
  readonly prediction: Comparison['prediction'];
  readonly headline: { readonly throughputPhase: string | null; readonly latencyPhase: string | null };
  readonly predicted: SimulationFactsJson & MetricsJson & { phases: NamedMetricsJson[]; run: RunFacts };
  readonly measured:
    | (MeasurementFactsJson & MetricsJson & { phases: NamedMetricsJson[]; run: RunFacts })
    | null;
  /** Relative errors, (predicted - measured) / measured; null when nothing was measured. */
  readonly error: (MetricsJson & { phases: NamedMetricsJson[] }) | null;
  readonly phases: readonly PhaseComparisonJson[];
  readonly furthestStage: StageDifference | null;
  readonly levels: {
    readonly predicted: readonly LevelOutcome[];
    readonly measured: readonly LevelOutcome[] | null;
  };
  readonly notMeasuredReason: string | null;
}

type NamedMetricsJson = { readonly name: string; readonly load: number | 'max' } & MetricsJson;

interface MeasurementFactsJson {
  readonly seed: number;
  readonly scenarioHash: string;
  /** False when a phase's generator, not the cluster, was the limit: the measurement is invalid. */
  readonly keptSchedule: boolean;
}

type PhaseComparisonJson = {
  readonly name: string;
  readonly load: number | 'max';
  readonly predicted: MetricsJson | null;
  readonly measured: MetricsJson | null;
  readonly error: MetricsJson | null;
  readonly events: {
    readonly predicted: readonly TimelineEvent[];
    readonly measured: readonly TimelineEvent[];
  };
  readonly generator: GeneratorHonesty | null;
  readonly topicCheck: TopicCheck | null;
} & Pick<
  PhaseComparison,
  'classes' | 'windows' | 'requestStages' | 'resources' | 'threadCpu' | 'counts' | 'throughputBytesPerSecond'
>;

/** What `simulate --json` prints. Throws an `Error` for a result that was not simulated. */
export function simulationJson(result: RunResult, scenario: Scenario): SimulationJson {
  const { headline } = compareResults({ predicted: result, measured: null });
  return {
    ...simulationFacts(result),
    ...metrics(headline, 'predicted'),
    phases: result.phases,
    levels: evaluateLevels(scenario, result),
    run: result.run,
  };
}

/** What `compare --json` prints and report.json holds. Throws an `Error` when `predicted` was not simulated. */
export function comparisonJson(comparison: Comparison, scenario: Scenario): ComparisonJson {
  const { predicted, measured, headline, phases } = comparison;
  return {
    format: comparison.format,
    scenario: predicted.scenario,
    profile: predicted.profile,
    prediction: comparison.prediction,
    headline: { throughputPhase: headline.throughputPhase, latencyPhase: headline.latencyPhase },
    predicted: {
      ...simulationFacts(predicted),
      ...metrics(headline, 'predicted'),
      phases: phases.map((phase) => namedMetrics(phase, 'predicted')),
      run: predicted.run,
    },
    measured:
      measured === null
        ? null
        : {
            seed: measured.scenario.seed,
            scenarioHash: measured.scenario.hash,
            keptSchedule: measured.phases.every((phase) => phase.generator?.keptSchedule !== false),
            ...metrics(headline, 'measured'),
            phases: phases.map((phase) => namedMetrics(phase, 'measured')),
            run: measured.run,
          },
    error:
      measured === null
        ? null
        : {
            ...metrics(headline, 'relativeError'),
            phases: phases.map((phase) => namedMetrics(phase, 'relativeError')),
          },
    phases: phases.map(phaseJson),
    furthestStage: comparison.furthestStage,
    levels: {
      predicted: evaluateLevels(scenario, predicted),
      measured: measured === null ? null : evaluateLevels(scenario, measured),
    },
    notMeasuredReason: comparison.notMeasuredReason,
  };
}

function simulationFacts(result: RunResult): SimulationFactsJson {
  const { simulation, scenario } = result;
  if (simulation === null) {
    throw new Error(`expected a simulated result of "${scenario.name}", found a ${result.arm} one`);
  }
  return {
    traceHash: simulation.traceHash,
    seed: scenario.seed,
    scenarioHash: scenario.hash,
    events: simulation.events,
    simulatedSeconds: simulation.simulatedSeconds,
    shards: simulation.shards,
  };
}

function phaseJson(phase: PhaseComparison): PhaseComparisonJson {
  const both = phase.predicted !== null && phase.measured !== null;
  return {
    name: phase.name,
    load: phase.load,
    predicted: phase.predicted === null ? null : metrics(phase, 'predicted'),
    measured: phase.measured === null ? null : metrics(phase, 'measured'),
    error: both ? metrics(phase, 'relativeError') : null,
    throughputBytesPerSecond: phase.throughputBytesPerSecond,
    classes: phase.classes,
    windows: phase.windows,
    requestStages: phase.requestStages,
    resources: phase.resources,
    threadCpu: phase.threadCpu,
    counts: phase.counts,
    events: { predicted: phase.predicted?.events ?? [], measured: phase.measured?.events ?? [] },
    generator: phase.measured?.generator ?? null,
    topicCheck: phase.measured?.topicCheck ?? null,
  };
}

type Side = Exclude<keyof Figure, 'absoluteError'>;
type Metrics = Pick<PhaseComparison, 'throughputRecordsPerSecond' | 'publishLatencyMs' | 'endToEndLatencyMs'>;

function namedMetrics(phase: PhaseComparison, side: Side): NamedMetricsJson {
  return { name: phase.name, load: phase.load, ...metrics(phase, side) };
}

function metrics(of: Metrics, side: Side): MetricsJson {
  return {
    throughputRecordsPerSecond: of.throughputRecordsPerSecond[side],
    publishLatencyMs: latency(of.publishLatencyMs, side),
    endToEndLatencyMs: latency(of.endToEndLatencyMs, side),
  };
}

function latency(figures: LatencyFigures, side: Side): LatencyJson {
  return {
    p50: figures.p50[side],
    p95: figures.p95[side],
    p99: figures.p99[side],
    p999: figures.p999[side],
    max: figures.max[side],
  };
}
