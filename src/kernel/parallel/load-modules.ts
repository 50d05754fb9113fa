/** Imports, where the shards run, what makes and what observes them. */
import type { CreateShard, ObserveShard, WorkerStart } from './shard.ts';
import type { Modules } from './shard-group.ts';

/** The modules, or the error with which one could not be loaded. */
export async function loadModules({ factory, observer }: WorkerStart): Promise<Modules | Error> {
  try {
    const { createShard } = (await import(factory.module)) as { createShard: CreateShard };
    if (observer === null) return { createShard, observeShard: null };
    const { observeShard } = (await import(observer.module)) as { observeShard: ObserveShard };
    return { createShard, observeShard };
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}
