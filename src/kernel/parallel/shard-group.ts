/** The shards that one worker (or the only thread) runs, window by window. */
import type { CreateShard, Shard, ShardOutcome } from './shard.ts';

export class ShardGroup {
  readonly #shards: readonly Shard[];

  constructor(createShard: CreateShard, input: unknown, shards: readonly number[]) {
    this.#shards = shards.map((shard) => createShard(input, shard));
  }

  /** Runs every shard to `untilNs` after taking in its events; returns the events for other shards, and the next time. */
  run(untilNs: number, inbox: readonly Float64Array[]): { outbox: Float64Array[]; earliestNs: number } {
    const outbox = this.#shards.map(({ simulation }, index) => {
      simulation.deliver(inbox[index]);
      simulation.run(untilNs);
      return simulation.takeOutbox();
    });
    const earliestNs = Math.min(...this.#shards.map(({ simulation }) => simulation.earliestNs));
    return { outbox, earliestNs };
  }

  finish(): ShardOutcome[] {
    return this.#shards.map((shard) => ({
      name: shard.name,
      events: shard.simulation.events,
      hashChains: shard.simulation.hashChains(),
      result: shard.finish(),
    }));
  }
}
