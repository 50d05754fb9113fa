/** What a measurement is judged by: that its generator kept the schedule, the delivery, the service levels. */
import type { LevelOutcome } from '../result/levels.ts';
import type { RunResult } from '../result/run-result.ts';

export interface Verdict {
  /** What it is about: a phase, or the whole run. */
  readonly group: string;
  readonly name: string;
  /** Null when it could not be judged. */
  readonly isGood: boolean | null;
  /** What was found. */
  readonly found: string;
}

export function verdictsOf(result: RunResult, levels: readonly LevelOutcome[]): Verdict[] {
  return [
    ...result.phases.flatMap(({ name, generator, deliveries = [] }) => [
      ...(generator === null ? [] : [scheduleOf(name, generator)]),
      ...deliveries.map((proof) => ({
        group: name,
        name: `delivery to group ${proof.group}`,
        isGood: proof.verdict === 'not judged' ? null : proof.verdict === 'proven',
        found: [...proof.broken, ...proof.notJudged, ...proof.examples].join('; ') || proof.verdict,
      })),
    ]),
    ...levels.map(({ text, verdict }) => ({
      group: 'levels',
      name: text,
      isGood: verdict === 'not evaluable' ? null : verdict === 'met',
      found: verdict,
    })),
  ];
}

function scheduleOf(
  phase: string,
  { keptSchedule, reason, latenessMs }: NonNullable<RunResult['phases'][number]['generator']>,
): Verdict {
  const lateness = latenessMs === null ? 'no schedule' : `lateness p99 ${latenessMs.p99.toFixed(1)} ms`;
  return {
    group: phase,
    name: 'the generator kept its schedule',
    isGood: keptSchedule,
    found: reason ?? lateness,
  };
}
