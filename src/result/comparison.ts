/** A prediction beside the measurement of the same scenario. */
import { figure, pairBy } from './figure.ts';
import {
  comparePhase,
  type LatencyFigures,
  latencyFigures,
  type PhaseComparison,
  REQUEST_STAGES,
  type RequestStage,
} from './phase-comparison.ts';
import type { RequestType, RunResult } from './run-result.ts';

export interface Comparison {
  readonly format: 'brokertwin.comparison/1';
  readonly predicted: RunResult;
  readonly measured: RunResult | null;
  /** Why there is no measurement; null when there is one. */
  readonly notMeasuredReason: string | null;
  /** When (ISO date and time) the prediction was written, before the cluster was driven, and its hash. */
  readonly prediction: { readonly writtenAt: string | null; readonly hash: string | null };
  readonly headline: Headline;
  readonly phases: readonly PhaseComparison[];
  /** The stage of a produce request whose predicted mean is furthest from the measured one, in the latency phase. */
  readonly furthestStage: StageDifference | null;
}

/** Capacity comes from a saturating phase, latency from a paced one; names of the phases, null when there is none. */
export interface Headline {
  readonly throughputPhase: string | null;
  readonly latencyPhase: string | null;
  readonly throughputRecordsPerSecond: PhaseComparison['throughputRecordsPerSecond'];
  readonly publishLatencyMs: LatencyFigures;
  readonly endToEndLatencyMs: LatencyFigures;
}

export interface StageDifference {
  readonly phase: string;
  readonly request: RequestType;
  readonly stage: RequestStage;
  readonly predictedMs: number;
  readonly measuredMs: number;
}

export interface CompareInput {
  readonly predicted: RunResult;
  readonly measured: RunResult | null;
  /** Needed when `measured` is null: one sentence for the report. */
  readonly notMeasuredReason?: string;
  readonly predictionWrittenAt?: string;
  readonly predictionHash?: string;
}

/**
 * Compares a prediction with a measurement of the same scenario, phase by phase (paired by name). Errors are
 * (predicted - measured) / measured; a value that an arm lacks is null, never zero.
 */
export function compareResults(input: CompareInput): Comparison {
  const { predicted, measured } = input;
  const phases = pairBy(predicted.phases, measured?.phases ?? [], (phase) => phase.name).map(comparePhase);
  const throughputPhase = phases.find((phase) => phase.load === 'max') ?? phases[0];
  const latencyPhase = phases.find((phase) => phase.load !== 'max') ?? phases[0];
  return {
    format: 'brokertwin.comparison/1',
    predicted,
    measured,
    notMeasuredReason:
      measured === null ? (input.notMeasuredReason ?? 'only the simulator was asked for') : null,
    prediction: { writtenAt: input.predictionWrittenAt ?? null, hash: input.predictionHash ?? null },
    headline: {
      throughputPhase: throughputPhase?.name ?? null,
      latencyPhase: latencyPhase?.name ?? null,
      throughputRecordsPerSecond: throughputPhase?.throughputRecordsPerSecond ?? figure(null, null),
      publishLatencyMs: latencyPhase?.publishLatencyMs ?? latencyFigures(null, null),
      endToEndLatencyMs: latencyPhase?.endToEndLatencyMs ?? latencyFigures(null, null),
    },
    phases,
    furthestStage: latencyPhase === undefined ? null : furthestStage(latencyPhase),
  };
}

/** Produce alone: in a fetch the remote time is a long poll that waits for records by design. */
function furthestStage(phase: PhaseComparison): StageDifference | null {
  const produce = phase.requestStages.find((entry) => entry.request === 'Produce' && entry.broker === null);
  if (produce === undefined) return null;
  return REQUEST_STAGES.reduce<StageDifference | null>((furthest, stage) => {
    const { predicted, measured } = produce.meanMs[stage];
    if (predicted === null || measured === null) return furthest;
    const found = {
      phase: phase.name,
      request: produce.request,
      stage,
      predictedMs: predicted,
      measuredMs: measured,
    };
    return furthest === null || distanceMs(found) > distanceMs(furthest) ? found : furthest;
  }, null);
}

function distanceMs(difference: StageDifference): number {
  return Math.abs(difference.predictedMs - difference.measuredMs);
}
