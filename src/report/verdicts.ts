/** What a measurement is judged by: that its generator kept the schedule, the delivery, the service levels. */
import type { LevelOutcome } from '../result/levels.ts';
import type { RunResult } from '../result/run-result.ts';
import { formatMs } from './format.ts';
import { levelFound } from './sections/levels.ts';

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
    ...result.phases.flatMap(({ name, generator, endedEarly, deliveries = [] }) => [
      ...(endedEarly === undefined
        ? []
        : [{ group: name, name: 'the phase was played to its end', isGood: false, found: endedEarly }]),
      ...(generator === null ? [] : [scheduleOf(name, generator)]),
      ...deliveries.map((proof) => ({
        group: name,
        name: `delivery to group ${proof.group}`,
        isGood: proof.verdict === 'not judged' ? null : proof.verdict === 'proven',
        found: [...proof.broken, ...proof.notJudged, ...proof.examples].join('; ') || proof.verdict,
      })),
    ]),
    ...levels.map((outcome) => ({
      group: 'levels',
      name: outcome.text,
      isGood: outcome.verdict === 'not evaluable' ? null : outcome.verdict === 'met',
      found: `${outcome.verdict}: ${levelFound(outcome)}`,
    })),
  ];
}

function scheduleOf(
  phase: string,
  { keptSchedule, reason, latenessMs }: NonNullable<RunResult['phases'][number]['generator']>,
): Verdict {
  return {
    group: phase,
    name: latenessMs === null ? 'the generator was not the limit' : 'the generator kept its schedule',
    isGood: keptSchedule,
    found:
      reason ?? (latenessMs === null ? 'it had requests ready' : `lateness p99 ${formatMs(latenessMs.p99)}`),
  };
}
