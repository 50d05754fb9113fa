/** One case: predicted first, then played on a cluster that is built for it, warmed up and removed. */
import { availableParallelism } from 'node:os';
import { openCluster } from '../../src/arms/local-arm.ts';
import { measure } from '../../src/arms/measure.ts';
import { predict } from '../../src/arms/predict.ts';
import { type Comparison, compareResults } from '../../src/result/comparison.ts';
import type { Case } from './cases.ts';

/** @throws UserError for what one of the arms refuses, or a cluster that cannot be had */
export async function runCase(
  { loaded }: Case,
  options: {
    /** Name or file of the profile; that of the case when not given. */
    readonly profile: string | null;
    readonly progress: (message: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<Comparison> {
  const { profile, progress, signal } = options;
  const { result: predicted } = await predict({
    loaded,
    workers: 1,
    sharedCores: availableParallelism(),
    signal,
    ...(profile === null ? {} : { profile }),
  });
  const cluster = await openCluster({ loaded, signal, progress });
  try {
    const measured = await measure({
      loaded,
      cluster,
      warmUp: true,
      signal,
      onProgress: ({ phase, fraction }) => progress(`${phase} ${Math.round(fraction * 100)} %`),
    });
    return compareResults({ predicted, measured });
  } finally {
    await cluster.close();
  }
}
