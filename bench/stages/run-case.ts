/** The two sides of a case: predicted, and played on a cluster that is built for it, warmed up and removed. */
import { openCluster } from '../../src/arms/local-arm.ts';
import { measure } from '../../src/arms/measure.ts';
import { predict } from '../../src/arms/predict.ts';
import type { Profile } from '../../src/profile/profile.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import type { Case } from './cases.ts';

/**
 * @param sharedCores of the machine that it is, or was, played on
 * @param profile itself, its name or file; null for that of the case
 * @throws UserError for what the simulator refuses
 */
export async function predictCase(
  { loaded }: Case,
  {
    profile,
    sharedCores,
    signal,
  }: {
    readonly profile: string | Profile | null;
    readonly sharedCores: number;
    readonly signal: AbortSignal;
  },
): Promise<RunResult> {
  const options = { loaded, workers: 1, sharedCores, signal, ...(profile === null ? {} : { profile }) };
  return (await predict(options)).result;
}

/** @throws UserError for what cannot be measured, or a cluster that cannot be had */
export async function measureCase(
  { loaded }: Case,
  { progress, signal }: { readonly progress: (message: string) => void; readonly signal: AbortSignal },
): Promise<RunResult> {
  const cluster = await openCluster({ loaded, signal, progress });
  try {
    return await measure({
      loaded,
      cluster,
      warmUp: true,
      signal,
      onProgress: ({ phase, fraction }) => progress(`${phase} ${Math.round(fraction * 100)} %`),
    });
  } finally {
    await cluster.close();
  }
}
