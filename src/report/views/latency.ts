import type { LatencySummary, PhaseResult } from '../../result/run-result.ts';

/** The two latencies of a phase, with their words and where a result holds them. */
export const LATENCIES = {
  publish: {
    words: 'publish latency',
    summaryOf: (phase: PhaseResult): LatencySummary | null => phase.publishLatencyMs,
    p50: 'publishP50Ms',
    p99: 'publishP99Ms',
  },
  endToEnd: {
    words: 'end-to-end latency',
    summaryOf: (phase: PhaseResult): LatencySummary | null => phase.endToEndLatencyMs,
    p50: 'endToEndP50Ms',
    p99: 'endToEndP99Ms',
  },
} as const;

export type LatencyKind = keyof typeof LATENCIES;

/** Ticks of a logarithmic axis, from a nanosecond to days, in milliseconds: 1, 2 and 5 of each decade. */
const STEPS_MS = Array.from({ length: 15 }, (_, index) => index - 6).flatMap((decade) =>
  [1, 2, 5].map((step) => Number(`${step}e${decade}`)),
);
const LABELS_MAX = 8;

/** What a vega-lite position channel takes beside its field. */
interface LatencyAxis {
  readonly title: string;
  readonly scale: { readonly type: 'log' | 'linear'; readonly domain?: number[]; readonly zero?: boolean };
  readonly axis: { readonly format: string; readonly values?: number[]; readonly tickCount?: number };
}

/**
 * The vertical axis of a latency chart. A logarithmic one shows body and tail at once, but has no place for zero:
 * values that hold one get a linear axis.
 */
export function latencyAxis(values: readonly (number | null)[]): LatencyAxis {
  const present = values.filter((value) => value !== null);
  const least = present.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = present.reduce((a, b) => Math.max(a, b), 0);
  const from = STEPS_MS.findLast((step) => step <= least);
  const to = STEPS_MS.find((step) => step >= most && step !== from);
  if (from === undefined || to === undefined) {
    return {
      title: 'latency (ms)',
      scale: { type: 'linear', zero: true },
      axis: { format: '~g', tickCount: 5 },
    };
  }
  const steps = STEPS_MS.filter((step) => step >= from && step <= to);
  const decades = steps.filter((step) => step.toExponential().startsWith('1e'));
  return {
    title: 'latency (ms, log scale)',
    scale: { type: 'log', domain: [from, to] },
    axis: { format: '~g', values: steps.length > LABELS_MAX ? decades : steps },
  };
}
