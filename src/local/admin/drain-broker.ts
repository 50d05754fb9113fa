/** Taking all partitions off a broker, a batch after the other, so that it can be stopped for good. */
import { describeBrokers, describePartitions } from './describe-cluster.ts';
import { planDrain } from './drain-plan.ts';
import { type Reassignment, reassignPartitions } from './reassign.ts';
import { type AdminTarget, withSession } from './session.ts';

export interface DrainBrokerOptions extends AdminTarget {
  readonly broker: number;
  /** Partitions that move at the same time; 10 by default. */
  readonly batchPartitions?: number;
  /** As for a reassignment. */
  readonly throttleBytesPerSecond?: number | undefined;
  /** Of each batch; by default ten minutes. */
  readonly batchTimeoutMs?: number | undefined;
  readonly progress?: ((message: string) => void) | undefined;
}

export interface DrainResult {
  readonly movedPartitions: number;
  readonly tookMs: number;
  /** Throttles that could not be taken away again; a line each. */
  readonly leftInForce: readonly string[];
}

const BATCH_PARTITIONS = 10;

/**
 * Moves every partition of a broker, Kafka's own too, to running brokers. The broker may be down, or forgotten. When it fails or aborts,
 * finished batches stay moved and the running one is cancelled.
 *
 * @throws UserError for too few others for a topic's replicas (exit 2); as
 * `reassignPartitions` does (exit 3).
 */
export async function drainBroker(options: DrainBrokerOptions): Promise<DrainResult> {
  const startedAt = performance.now();
  const { broker, progress, batchPartitions = BATCH_PARTITIONS } = options;
  const plan = await withSession(options, async (session) => {
    const brokers = await describeBrokers(session);
    const { partitions } = await describePartitions(session);
    return planDrain({ broker, brokers: brokers.filter(({ fenced }) => !fenced), partitions });
  });
  const leftInForce: string[] = [];
  let moved = 0;
  for (const batch of batches(plan, batchPartitions)) {
    const result = await reassignPartitions({
      bootstrapServers: options.bootstrapServers,
      signal: options.signal,
      reassignments: batch,
      throttleBytesPerSecond: options.throttleBytesPerSecond,
      timeoutMs: options.batchTimeoutMs,
      progress,
    });
    leftInForce.push(...result.leftInForce);
    moved += batch.length;
    progress?.(`${moved} of ${plan.length} partitions of broker ${broker} are moved`);
  }
  return { movedPartitions: moved, tookMs: performance.now() - startedAt, leftInForce };
}

function batches(plan: readonly Reassignment[], size: number): Reassignment[][] {
  return Array.from({ length: Math.ceil(plan.length / size) }, (_, index) =>
    plan.slice(index * size, (index + 1) * size),
  );
}
