/** `enable.auto.commit`: at the interval, before the group takes partitions away, and at the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerObserver } from './consumer-client.ts';
import type { FetchPosition, FetchTransport } from './fetch-transport.ts';
import { keyOf } from './position.ts';

/** How long the commit at the end may take. */
const LAST_COMMIT_MS = 5000;

export interface AutoCommitOptions {
  readonly transport: Pick<FetchTransport, 'commit'>;
  readonly observer: Pick<ConsumerObserver, 'committing' | 'failed'>;
  /** Where the application is in its partitions. */
  readonly consumed: () => readonly FetchPosition[];
}

export class AutoCommit {
  readonly #options: AutoCommitOptions;
  #committed = new Map<string, number>();
  #committing = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: AutoCommitOptions) {
    this.#options = options;
  }

  start(intervalMs: number): void {
    this.#timer = setInterval(() => this.commit(), Math.max(1, intervalMs));
  }

  /** Commits what has changed, unless a commit is under way. Never rejects: the observer is told what failed. */
  async commit(): Promise<void> {
    const { transport, observer, consumed } = this.#options;
    const changed = consumed().filter((position) => this.#committed.get(keyOf(position)) !== position.offset);
    if (this.#committing || changed.length === 0) {
      return;
    }
    this.#committing = true;
    for (const position of changed) {
      observer.committing(position);
    }
    try {
      await transport.commit(changed);
      for (const position of changed) {
        this.#committed.set(keyOf(position), position.offset);
      }
    } catch (error) {
      observer.failed(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#committing = false;
    }
  }

  /** Forgets partitions that the client does not have any more. */
  keep(keys: ReadonlyMap<string, unknown>): void {
    for (const key of this.#committed.keys()) {
      if (!keys.has(key)) this.#committed.delete(key);
    }
  }

  /** Commits once more, in so much time, and never again. */
  async close(): Promise<void> {
    if (this.#timer !== null) {
      clearInterval(this.#timer);
    }
    await Promise.race([this.commit(), sleep(LAST_COMMIT_MS, undefined, { ref: false })]);
  }
}
