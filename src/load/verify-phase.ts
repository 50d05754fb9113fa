/** Proof of delivery of one phase, seen from the main thread: where its logs begin and end, and what came of it. */
import type { DeliveryProof } from '../result/delivery-proof.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { type ClusterAccess, PLAINTEXT_ACCESS } from './access/cluster-access.ts';
import type { TargetCluster } from './cluster.ts';
import type { WorkerResult } from './messages.ts';
import { logEnds } from './topics.ts';
import { judgeDelivery, type LogBounds } from './verify/judge.ts';
import { promisesOf, streamPlanOf } from './verify/verification.ts';
import type { Workers } from './workers.ts';

/** How long consumers may take to read what is in the logs when the producers are done. */
const DRAINED_MS = 120_000;

export interface VerificationOptions {
  readonly scenario: Scenario;
  readonly bootstrapServers: string;
  readonly access?: ClusterAccess;
  readonly management?: TargetCluster;
  /** Topics that were there before, in which others may write as well. */
  readonly existingTopics?: readonly string[];
  readonly signal?: AbortSignal;
}

export class Verification {
  readonly #options: VerificationOptions;
  #starts: readonly number[] = [];
  #ends: readonly number[] | null = null;
  readonly #missing: string[] = [];

  constructor(options: VerificationOptions) {
    this.#options = options;
  }

  /** Before the first record is made. */
  async begin(): Promise<void> {
    this.#starts = await this.#logEnds();
  }

  /** After the last record was acknowledged or given up: the consumers read to the ends of the logs. */
  async readToTheEnd(workers: Workers): Promise<void> {
    const { signal } = this.#options;
    this.#ends = await this.#logEnds();
    workers.tell('consumers', { kind: 'drain', ends: this.#ends });
    const outcome = await workers.until(() => workers.drained || signal?.aborted === true, DRAINED_MS);
    if (outcome === 'late') {
      this.#missing.push(
        `the consumers had not read the logs to their ends ${DRAINED_MS / 1000} s after the last record`,
      );
    }
  }

  /** One proof for each consumer group. */
  judge(results: readonly WorkerResult[]): DeliveryProof[] {
    const { scenario } = this.#options;
    const plan = streamPlanOf(scenario);
    const ends = this.#ends;
    const bounds: (LogBounds | null)[] = this.#starts.map((start, partition) =>
      ends === null ? null : { start, end: ends[partition] },
    );
    const groups = new Set(scenario.consumers.map(({ group }) => group));
    return [...groups].map((group) =>
      judgeDelivery({
        group,
        plan,
        classes: scenario.producers.map((producer) => ({
          name: producer.name,
          promises: promisesOf(producer),
        })),
        producers: results.flatMap(({ produced }) => produced ?? []),
        consumers: results.flatMap(({ consumed }) => consumed[group] ?? []),
        bounds,
        otherWriters: (this.#options.existingTopics ?? []).length > 0,
        missing: this.#missing,
      }),
    );
  }

  #logEnds(): Promise<number[]> {
    const { scenario, bootstrapServers, access = PLAINTEXT_ACCESS, management } = this.#options;
    return logEnds({ scenario, ...(management ?? { bootstrapServers, access }) });
  }
}
