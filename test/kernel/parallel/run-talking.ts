/** Runs the talking shards, and reads their outcomes. */
import { type RunShardsOptions, runShards } from '../../../src/kernel/parallel/run-shards.ts';
import type { ShardOutcome } from '../../../src/kernel/parallel/shard.ts';
import { foldChains } from '../../../src/kernel/trace-hash.ts';
import {
  LOOKAHEAD_NS,
  type Mischief,
  type TalkingInput,
  type TalkingResult,
} from '../support/talking-shards.ts';

export const END_NS = 200_000;
export const FACTORY = new URL('../support/talking-shards.ts', import.meta.url).href;
/** For a test that runs shards. */
export const LIMIT = { timeout: 20_000 };

export const talking: TalkingInput = { seed: '7', shards: 4, stepNs: 2000 };

export function runTalking(
  options: Partial<RunShardsOptions> & { readonly input?: TalkingInput } = {},
): Promise<ShardOutcome[]> {
  return runShards({
    factoryModule: FACTORY,
    input: talking,
    shards: options.input?.shards ?? talking.shards,
    workers: 1,
    untilNs: END_NS,
    lookaheadNs: LOOKAHEAD_NS,
    ...options,
  });
}

/** Four shards of which the third does something at 50.05 us. */
export function wrong(kind: Mischief['kind']): TalkingInput {
  return { ...talking, mischief: [{ shard: 2, atNs: 50_050, kind }] };
}

export const results = (outcomes: readonly ShardOutcome[]): TalkingResult[] =>
  outcomes.map(({ result }) => result as TalkingResult);

export const hashOf = (outcomes: readonly ShardOutcome[]): string =>
  foldChains(outcomes.map(({ hashChains }) => hashChains));
