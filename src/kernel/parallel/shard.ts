/** What the parallel runner needs of a shard and of an observer, and what passes between it and its workers. */
import type { Checkpoint } from '../checkpoint.ts';
import type { Simulation } from '../simulation.ts';
import type { ShardFailure } from './failure.ts';
import type { WindowPlan } from './windows.ts';

/** A shard ready to run. */
export interface Shard {
  readonly name: string;
  readonly simulation: Simulation;
  /** Called once, at the end; what it returns goes to the caller of `runShards` and must be cloneable. */
  finish(): unknown;
}

/** A module that makes shards exports this function as `createShard`. `input` is plain data. */
export type CreateShard = (input: unknown, shard: number) => Shard;

/** Looks on while a shard runs. */
export interface ShardObserver {
  /** Called once, when the shard's run has ended well or badly; not when its worker had to be killed. */
  finish(): void;
}

/**
 * A module that observes shards exports this function as `observeShard`: called where the shard runs, when it has been
 * made and before it runs. `input` is plain data.
 */
export type ObserveShard = (
  simulation: Simulation,
  shard: number,
  name: string,
  input: unknown,
) => ShardObserver;

/** A module to import where the shards run, and plain data for it. */
export interface ShardModule {
  /** URL. */
  readonly module: string;
  readonly input: unknown;
}

/** Entities of shard s are numbered from s times this. */
export const ENTITIES_PER_SHARD = 1_048_576;

/** A shard's state between two events. Plain data; opaque to all but the runner. */
export interface ShardCheckpoint {
  /** The shard's name. */
  readonly name: string;
  /** Every event up to and including this time has been handled, in all shards. */
  readonly atNs: number;
  readonly columns: Checkpoint;
}

export interface ShardOutcome {
  readonly name: string;
  readonly events: number;
  readonly hashChains: Uint32Array;
  readonly result: unknown;
  /** Present when the run was to end at a checkpoint. */
  readonly checkpoint?: ShardCheckpoint;
}

/** Everything that a worker needs. */
export interface WorkerStart {
  readonly factory: ShardModule;
  readonly observer: ShardModule | null;
  readonly plan: WindowPlan;
  /** Numbers of the shards that are run here. */
  readonly shards: readonly number[];
  /** Number of all shards. */
  readonly shardsAll: number;
  /** What these shards go on from, in their order; null for a run from the beginning. */
  readonly from: readonly ShardCheckpoint[] | null;
  /** Whether the outcomes are to hold a checkpoint. */
  readonly checkpoint: boolean;
  readonly place: WorkerPlace;
}

/** A worker's place among the workers of a run, and the memory that they share. */
export interface WorkerPlace {
  readonly worker: number;
  readonly workers: number;
  /** Looks at a word of another worker before this one goes to sleep over it. */
  readonly spins: number;
  readonly barrier: SharedArrayBuffer;
  readonly mailboxes: readonly SharedArrayBuffer[];
  readonly heartbeats: SharedArrayBuffer;
}

/** The last word of a worker; `stopped` when it was told to, or another's shard failed. */
export type FromWorker =
  | { readonly kind: 'finished'; readonly outcomes: readonly ShardOutcome[] }
  | { readonly kind: 'failed'; readonly failure: ShardFailure }
  | { readonly kind: 'stopped' };
