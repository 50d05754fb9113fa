/** The shards that one worker (or the only thread) runs, window by window. */
import {
  type CreateShard,
  ENTITIES_PER_SHARD,
  type Shard,
  type ShardOutcome,
  type WorkerStart,
} from './shard.ts';

export class ShardGroup {
  readonly #shards: readonly Shard[];

  /** @throws Error when a shard cannot be made, or its entities are not numbered as a shard's must be */
  constructor(createShard: CreateShard, { input, shards, lookaheadNs }: WorkerStart) {
    this.#shards = shards.map((number) => {
      const shard = naming(
        () => `shard ${number}`,
        () => createShard(input, number),
      );
      const { entityBase, entityNames } = shard.simulation;
      if (entityBase !== number * ENTITIES_PER_SHARD || entityNames.length > ENTITIES_PER_SHARD) {
        throw new Error(
          `shard ${number} (${shard.name}) numbers ${entityNames.length} entities from ${entityBase}: ` +
            `expected at most ${ENTITIES_PER_SHARD} from ${number * ENTITIES_PER_SHARD}`,
        );
      }
      if (lookaheadNs !== null) shard.simulation.joinShards(lookaheadNs);
      return shard;
    });
  }

  /**
   * Runs every shard to `untilNs` after taking in its events; returns the events for other shards, and the next time.
   * @throws Error naming the shard that failed and its time
   */
  run(untilNs: number, inbox: readonly Float64Array[]): { outbox: Float64Array[]; earliestNs: number } {
    const outbox = this.#shards.map(({ name, simulation }, index) =>
      naming(
        () => `${name} at ${simulation.nowNs} ns`,
        () => {
          simulation.deliver(inbox[index]);
          simulation.run(untilNs);
          return simulation.takeOutbox();
        },
      ),
    );
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

/** Puts who failed in front of an error's message; the error keeps its type and stack. */
function naming<T>(who: () => string, act: () => T): T {
  try {
    return act();
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    error.message = `${who()}: ${error.message}`;
    throw error;
  }
}
