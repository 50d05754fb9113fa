/** How a real load gets on, as a user sees it. */
import type { DriveProgress } from '../arms/measure-phase.ts';
import { WARM_UP } from '../arms/warm-up.ts';
import type { Progress } from './progress.ts';

/** Shows the warm-up, whose length nobody knows, and the phases as stages of their own. */
export function loadProgress(progress: Progress, stage: string): (of: DriveProgress) => void {
  let shown: string | null = null;
  return ({ phase, fraction, recordsPerSecond }) => {
    const isWarmUp = phase === WARM_UP;
    const wanted = isWarmUp ? 'warming the brokers up' : stage;
    if (wanted !== shown) progress.stage(wanted);
    shown = wanted;
    const rate = `${Math.round(recordsPerSecond)} rec/s`;
    progress.update(isWarmUp ? null : fraction, isWarmUp ? rate : `${phase}: ${rate}`);
  };
}
