/**
 * Service levels against what an arm returned. Which phases count:
 *
 * - latency and lag: every phase with a stated load. A saturating phase ("max") fills every buffer by design and says
 *   nothing of service.
 * - throughput: the saturating phases, since it asks for capacity; without one, the phases with a stated load.
 * - lost: every phase.
 *
 * A level must hold in each of its phases; the phase shown is the one furthest on the wrong side, or else nearest to it.
 */
import type { Level, Scenario } from '../scenario/scenario.ts';
import { recordedPercentileMs } from './latency.ts';
import type { LatencySummary, PhaseResult, RunResult, TrafficClassResult } from './run-result.ts';

export interface LevelOutcome {
  /** As written in the scenario. */
  readonly text: string;
  readonly verdict: 'met' | 'missed' | 'not evaluable';
  /** In `unit`; null when not evaluable, or without bound. */
  readonly value: number | null;
  readonly unit: 'ms' | 'records/s' | 'records';
  readonly comparison: Level['comparison'];
  readonly bound: number;
  /** The phase that the value comes from. */
  readonly phase: string | null;
  /** What was taken as the level's value, in words. */
  readonly evaluated: string;
  /** Why there is no verdict, or no value; else null. */
  readonly reason: string | null;
}

/** A value may be infinite, as the latency of what never came to its end; `why` tells so. */
type Reading = { readonly value: number; readonly why?: string } | { readonly reason: string };

const UNITS: Record<Level['metric'], LevelOutcome['unit']> = {
  publishLatency: 'ms',
  endToEndLatency: 'ms',
  throughput: 'records/s',
  lost: 'records',
  lag: 'records',
};

/** One outcome per level, in the scenario's order. */
export function evaluateLevels(scenario: Scenario, result: RunResult): LevelOutcome[] {
  return scenario.levels.map((level) => evaluateLevel(level, scenario, result));
}

function evaluateLevel(level: Level, scenario: Scenario, result: RunResult): LevelOutcome {
  const stated = {
    text: level.text,
    unit: UNITS[level.metric],
    comparison: level.comparison,
    bound: level.bound,
    evaluated: describe(level),
  };
  const notEvaluable = (phase: string | null, reason: string): LevelOutcome => ({
    ...stated,
    verdict: 'not evaluable',
    value: null,
    phase,
    reason,
  });

  const phases = phasesOf(level, result);
  if (phases.length === 0) return notEvaluable(null, 'no phase with a stated load was run');

  const readings = phases.map((phase) => ({ phase: phase.name, ...read(level, scenario, phase) }));
  const values = readings.filter((reading) => 'value' in reading);
  const missed = values.filter(({ value }) => !holds(level, value));
  if (missed.length > 0) {
    const worst = missed.reduce((a, b) => (distance(level, b.value) > distance(level, a.value) ? b : a));
    const value = Number.isFinite(worst.value) ? worst.value : null;
    return { ...stated, verdict: 'missed', value, phase: worst.phase, reason: worst.why ?? null };
  }
  const unread = readings.find((reading) => 'reason' in reading);
  if (unread !== undefined) return notEvaluable(unread.phase, unread.reason);
  const nearest = values.reduce((a, b) => (distance(level, b.value) < distance(level, a.value) ? b : a));
  return { ...stated, verdict: 'met', value: nearest.value, phase: nearest.phase, reason: null };
}

function phasesOf(level: Level, result: RunResult): readonly PhaseResult[] {
  const paced = result.phases.filter((phase) => phase.load !== 'max');
  const saturating = result.phases.filter((phase) => phase.load === 'max');
  if (level.metric === 'lost') return result.phases;
  return level.metric === 'throughput' && saturating.length > 0 ? saturating : paced;
}

function holds(level: Level, value: number): boolean {
  switch (level.comparison) {
    case '<':
      return value < level.bound;
    case '<=':
      return value <= level.bound;
    case '==':
      return value === level.bound;
    case '>=':
      return value >= level.bound;
    case '>':
      return value > level.bound;
  }
}

function distance(level: Level, value: number): number {
  return Math.abs(value - level.bound);
}

function describe(level: Level): string {
  const subject = level.subject === null ? 'all classes' : `class ${level.subject}`;
  const { statistic } = level;
  const taken = statistic.kind === 'percentile' ? `p${statistic.percentile}` : statistic.kind;
  switch (level.metric) {
    case 'publishLatency':
      return `${taken} publish latency of ${subject}, from the due time, phases with a stated load`;
    case 'endToEndLatency':
      return `${taken} end-to-end latency of ${subject}, from the due time, phases with a stated load`;
    case 'throughput':
      return `mean throughput of ${subject} over the measured part, saturating phases if there are any`;
    case 'lost':
      return 'records that producers gave up on, all phases; not yet whether each acknowledged record can be read';
    case 'lag':
      return `largest lag of ${subject}, phases with a stated load`;
  }
}

function read(level: Level, scenario: Scenario, phase: PhaseResult): Reading {
  switch (level.metric) {
    case 'publishLatency':
      return readLatency(level, scenario, phase, 'producer');
    case 'endToEndLatency':
      return readLatency(level, scenario, phase, 'consumer');
    case 'throughput':
      return readThroughput(level, phase);
    case 'lost':
      return readLost(level, scenario, phase);
    case 'lag':
      return readLag(level, phase);
  }
}

function readLatency(
  level: Level,
  scenario: Scenario,
  phase: PhaseResult,
  role: TrafficClassResult['role'],
): Reading {
  const unfinished = readUnfinished(level, scenario, phase);
  if (unfinished !== null) return unfinished;
  if (level.subject === null) {
    const overall = role === 'producer' ? phase.publishLatencyMs : phase.endToEndLatencyMs;
    return latencyStatistic(level, overall);
  }
  const found = phase.classes.find((entry) => entry.name === level.subject && entry.role === role);
  if (found === undefined) return { reason: `no ${role} class "${level.subject}" in the result` };
  return latencyStatistic(level, found.latencyMs);
}

/**
 * Records that came due and were never acknowledged are in no latency, and longer than all that are: null where the statistic
 * does not reach them. They are counted for a whole phase, so that one class of several is read without them.
 */
function readUnfinished(
  { statistic, subject }: Level,
  scenario: Scenario,
  phase: PhaseResult,
): Reading | null {
  const { recordsDue, recordsAcknowledged } = phase.counts;
  const unfinished = recordsDue - recordsAcknowledged;
  if (unfinished <= 0 || (subject !== null && scenario.producers.length > 1)) return null;
  const reached = statistic.kind === 'percentile' ? statistic.percentile / 100 : 1;
  if (reached * recordsDue <= recordsAcknowledged) return null;
  const [open, due] = [unfinished, recordsDue].map((count) => count.toLocaleString('en-US'));
  return { value: Number.POSITIVE_INFINITY, why: `${open} of ${due} records due were not acknowledged` };
}

function latencyStatistic({ statistic }: Level, summary: LatencySummary | null): Reading {
  if (summary === null) return { reason: 'no latency sample was taken' };
  switch (statistic.kind) {
    case 'mean':
      return { value: summary.mean };
    case 'max':
      return { value: summary.max };
    case 'total':
      return { reason: 'a latency has no total; ask for p(99), mean or max' };
    case 'percentile': {
      const value = recordedPercentileMs(summary, statistic.percentile);
      if (value !== null) return { value };
      const recorded = summary.curve
        .filter(({ percentile }) => percentile > 0 && percentile < 100)
        .map(({ percentile }) => `p(${percentile})`);
      return { reason: `p${statistic.percentile} is not recorded; ask for one of ${recorded.join(', ')}` };
    }
  }
}

function readThroughput(level: Level, phase: PhaseResult): Reading {
  const { kind } = level.statistic;
  if (kind === 'percentile' || kind === 'max') {
    return { reason: `throughput is recorded as a mean over the measured part, not as ${kind}` };
  }
  if (level.subject === null) return { value: phase.throughputRecordsPerSecond };
  const found = phase.classes.find((entry) => entry.name === level.subject);
  if (found === undefined) return { reason: `no class "${level.subject}" in the result` };
  return { value: found.recordsPerSecond };
}

/** Failures are counted for a whole phase: a part of its producers can be judged only when nothing failed, or is all of them. */
function readLost(level: Level, scenario: Scenario, phase: PhaseResult): Reading {
  const asked = scenario.producers.filter(
    (producer) =>
      (level.subject === null || producer.name === level.subject) &&
      Object.entries(level.filter).every(([key, value]) => hasSetting(producer.config, key, value)),
  );
  if (asked.length === 0) return { reason: 'no producer class is meant by this level' };
  const failed = phase.counts.recordsFailed;
  if (failed === 0 || asked.length === scenario.producers.length) return { value: failed };
  return {
    reason: `${failed} records failed, but failures are not counted by class and only some classes are meant`,
  };
}

function hasSetting(config: object, key: string, value: string): boolean {
  return Object.entries(config).some(([name, found]) => name === key && String(found) === value);
}

function readLag(level: Level, phase: PhaseResult): Reading {
  if (level.statistic.kind !== 'max') {
    return { reason: 'lag is recorded at its maximum; write "lag max"' };
  }
  const consumers = phase.classes.filter(
    (entry) => entry.role === 'consumer' && (level.subject === null || entry.name === level.subject),
  );
  const lags = consumers.flatMap(({ lag }) => (lag === null ? [] : [lag.max]));
  if (consumers.length === 0) return { reason: `no consumer class${named(level)} in the result` };
  if (lags.length < consumers.length) return { reason: 'the lag was not recorded' };
  return { value: lags.reduce((a, b) => Math.max(a, b)) };
}

function named(level: Level): string {
  return level.subject === null ? '' : ` "${level.subject}"`;
}
