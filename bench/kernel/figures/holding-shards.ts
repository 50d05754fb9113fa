/**
 * Shards of hold models that send each other events: a twentieth of the events are followed by one in the next shard, at
 * least the lookahead later, the others by one of the same entity.
 */
import { type CreateShard, ENTITIES_PER_SHARD } from '../../../src/kernel/parallel/shard.ts';
import { type Model, Simulation } from '../../../src/kernel/simulation.ts';
import { NS_PER_SECOND } from '../../../src/kernel/time.ts';

export interface HoldingInput {
  readonly shards: number;
  readonly entitiesPerShard: number;
  /** A whole number. */
  readonly lookaheadNs: number;
}

const WORK = 0;
const VISIT = 1;
const CROSSING_SHARE = 0.05;
const GAP_MEAN_NS = NS_PER_SECOND;

/** The lookahead, and so the window, in which all shards together handle `eventsPerWindow`. */
export function lookaheadFor({
  shards,
  entitiesPerShard,
  eventsPerWindow,
}: {
  readonly shards: number;
  readonly entitiesPerShard: number;
  readonly eventsPerWindow: number;
}): number {
  // Every event is on its way for the mean gap, and one that crosses for the lookahead besides.
  const pending = shards * entitiesPerShard;
  return Math.ceil((eventsPerWindow * GAP_MEAN_NS) / (pending - CROSSING_SHARE * eventsPerWindow));
}

class HoldingShard implements Model {
  readonly kindNames = ['work', 'visit'];
  readonly sim: Simulation;
  readonly #base: number;
  readonly #nextShardBase: number;
  readonly #entities: number;
  readonly #lookaheadNs: number;
  readonly #streams: Int32Array;

  constructor({ shards, entitiesPerShard, lookaheadNs }: HoldingInput, shard: number) {
    this.#base = shard * ENTITIES_PER_SHARD;
    this.#nextShardBase = ((shard + 1) % shards) * ENTITIES_PER_SHARD;
    this.#entities = entitiesPerShard;
    this.#lookaheadNs = lookaheadNs;
    this.sim = new Simulation({
      seed: `bench/${shard}`,
      entityBase: this.#base,
      limits: { eventsPending: 2 * shards * entitiesPerShard, eventsPerInstant: 1_000_000 },
    });
    this.#streams = new Int32Array(entitiesPerShard);
    for (let local = 0; local < entitiesPerShard; local += 1) {
      this.sim.entity(`holder ${local}`);
      this.#streams[local] = this.sim.random.stream(`holder ${local}`);
    }
    this.sim.setModel(this);
    for (let local = 0; local < entitiesPerShard; local += 1) {
      this.sim.schedule(this.#gapNs(local), this.#base + local, WORK);
    }
  }

  handle(kind: number, target: number): void {
    const local = target - this.#base;
    switch (kind) {
      case WORK:
      case VISIT:
        if (this.sim.random.uniform(this.#streams[local]) < CROSSING_SHARE) this.#visit(local);
        else this.sim.schedule(this.#gapNs(local), target, WORK);
        break;
    }
  }

  #visit(local: number): void {
    const host = this.#nextShardBase + this.sim.random.integer(this.#streams[local], this.#entities);
    this.sim.schedule(this.#lookaheadNs + this.#gapNs(local), host, VISIT);
  }

  #gapNs(local: number): number {
    return this.sim.random.exponential(this.#streams[local], GAP_MEAN_NS);
  }
}

export const createShard: CreateShard = (input, shard) => ({
  name: `shard ${shard}`,
  simulation: new HoldingShard(input as HoldingInput, shard).sim,
  finish: () => null,
});
