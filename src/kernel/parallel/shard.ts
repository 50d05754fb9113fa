/** What the parallel runner needs of a shard, and the messages between it and its workers. */
import type { Simulation } from '../simulation.ts';

/** A shard ready to run. */
export interface Shard {
  readonly name: string;
  readonly simulation: Simulation;
  /** Called once, at the end; what it returns goes to the caller of `runShards` and must be cloneable. */
  finish(): unknown;
}

/** A module that makes shards exports this function as `createShard`. `input` is plain data. */
export type CreateShard = (input: unknown, shard: number) => Shard;

/** Entities of shard s are numbered from s times this. */
export const ENTITIES_PER_SHARD = 1_048_576;

export interface ShardOutcome {
  readonly name: string;
  readonly events: number;
  readonly hashChains: Uint32Array;
  readonly result: unknown;
}

export interface WorkerStart {
  readonly factoryModule: string;
  readonly input: unknown;
  readonly shards: readonly number[];
  /** Least delay of an event between shards, a whole number of ns; null when they never send each other any. */
  readonly lookaheadNs: number | null;
}

/** To a worker: run your shards to `untilNs`, after taking in these events; or end. */
export type ToWorker =
  | { readonly kind: 'run'; readonly untilNs: number; readonly inbox: readonly Float64Array[] }
  | { readonly kind: 'finish' };

/** From a worker; arrays are in the order of its shards, `earliestNs` is the time of its first pending event. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'ran'; readonly outbox: readonly Float64Array[]; readonly earliestNs: number }
  | { readonly kind: 'finished'; readonly outcomes: readonly ShardOutcome[] }
  | { readonly kind: 'failed'; readonly error: Error };
