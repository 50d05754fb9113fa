/**
 * Moving partitions to other brokers, as kafka-reassign-partitions does. A reassignment that is aborted, fails or takes too long
 * is cancelled: the partitions keep the replicas that they had.
 */
import { alterPartitionReassignmentsV0, listPartitionReassignmentsV0 } from '@platformatic/kafka';
import { UserError } from '../../errors/errors.ts';
import { describeBrokers, describePartitions } from './describe-cluster.ts';
import { clusterTrouble, KAFKA_ERROR, kafkaWords } from './kafka-error.ts';
import { ReplicationThrottle, type ThrottledMove } from './replication-throttle.ts';
import { type AdminSession, type AdminTarget, withSession } from './session.ts';

export interface Reassignment {
  readonly topic: string;
  readonly partition: number;
  /** Broker ids, preferred leader first. Kafka moves the leader only when the old one is not among them. */
  readonly replicas: readonly number[];
}

export interface ReassignOptions extends AdminTarget {
  readonly reassignments: readonly Reassignment[];
  /** The most that each broker sends, and that each receives, for it; no limit by default. */
  readonly throttleBytesPerSecond?: number | undefined;
  /** By default ten minutes. */
  readonly timeoutMs?: number | undefined;
  readonly progress?: ((message: string) => void) | undefined;
}

export interface ReassignResult {
  readonly tookMs: number;
  /** Throttles that could not be taken away again, as their broker is down; a line each. */
  readonly leftInForce: readonly string[];
}

interface Place {
  readonly topic: string;
  readonly partition: number;
}

const TIMEOUT_MS = 600_000;
const CONTROLLER_TIMEOUT_MS = 5_000;
const POLL_MS = 250;
const HEARD_TIMEOUT_MS = 5_000;
const HEARD_POLL_MS = 50;

/**
 * Gives partitions new replicas and waits until all have them. Throttles are gone when it ends, however it ends.
 *
 * @throws UserError for a partition or broker that is not there (exit 2), with Kafka's words when it refuses, or when the time is
 * up (exit 3); the signal's reason when it aborts.
 */
export async function reassignPartitions(options: ReassignOptions): Promise<ReassignResult> {
  const startedAt = performance.now();
  const { reassignments, throttleBytesPerSecond } = options;
  const plan = await withSession(options, (session) => planMoves(session, reassignments));
  const throttle =
    throttleBytesPerSecond === undefined
      ? null
      : new ReplicationThrottle(plan.clusterId, plan.moves, throttleBytesPerSecond);
  let requested = false;
  let leftInForce: readonly string[] = [];
  try {
    await withSession(options, async (session) => {
      await throttle?.set(session, plan.running);
      requested = true;
      await requestReassignments(session, reassignments);
      await waitWith(session, reassignments, options);
      await untilHeard(session, reassignments);
    });
  } catch (error) {
    if (requested) await cancelReassignments(options, reassignments);
    throw error;
  } finally {
    if (throttle !== null) leftInForce = await removeThrottle(options, throttle);
  }
  return { tookMs: performance.now() - startedAt, leftInForce };
}

/** Not ended by the signal, as it undoes what was begun. */
async function removeThrottle(
  { bootstrapServers, progress }: ReassignOptions,
  throttle: ReplicationThrottle,
): Promise<readonly string[]> {
  const left = await withSession({ bootstrapServers }, (session) => throttle.remove(session));
  for (const line of left) progress?.(line);
  return left;
}

/** Not ended by the signal either. That it fails is told but not thrown, as the reason to cancel is what the caller is to see. */
async function cancelReassignments(
  { bootstrapServers, progress }: ReassignOptions,
  places: readonly Place[],
): Promise<void> {
  const cancelled = places.map((place) => ({ ...place, replicas: null }));
  try {
    const refusals = await withSession({ bootstrapServers }, (session) =>
      alterReassignments(session, cancelled),
    );
    for (const { place, code, words } of refusals) {
      if (code !== KAFKA_ERROR.noReassignmentInProgress) {
        progress?.(`${place}: its reassignment goes on, Kafka refused to cancel it: ${words}`);
      }
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    progress?.(`reassignments that may go on, as they could not be cancelled: ${error.message}`);
  }
}

/** Waits until a broker lists the new replicas too, which the controllers know first. */
async function untilHeard(session: AdminSession, reassignments: readonly Reassignment[]): Promise<void> {
  const topics = [...new Set(reassignments.map(({ topic }) => topic))];
  const deadline = performance.now() + HEARD_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const { partitions } = await describePartitions(session, topics);
    const now = new Map(partitions.map((one) => [`${one.topic}-${one.partition}`, one.replicas.join()]));
    const heard = reassignments.every(
      ({ topic, partition, replicas }) => now.get(`${topic}-${partition}`) === replicas.join(),
    );
    if (heard) return;
    await session.pause(HEARD_POLL_MS);
  }
}

/** Waits until no reassignment of these partitions is under way. */
async function waitWith(
  session: AdminSession,
  places: readonly Place[],
  { timeoutMs = TIMEOUT_MS, progress }: Pick<ReassignOptions, 'timeoutMs' | 'progress'>,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let waitingBefore = places.length;
  for (;;) {
    const running = await listReassignments(session, places);
    if (running.length === 0) return;
    if (running.length < waitingBefore) {
      progress?.(`${places.length - running.length} of ${places.length} partitions are reassigned`);
      waitingBefore = running.length;
    }
    if (performance.now() > deadline) {
      throw clusterTrouble(
        running.map(
          ({ topic, partition, adding }) =>
            `${topic}-${partition}: expected its new replicas to have caught up within ${timeoutMs / 1000} s, found ${adding.join(', ') || 'none'} still copying: give it more time or a higher throttle, and check that these brokers run`,
        ),
      );
    }
    await session.pause(POLL_MS);
  }
}

interface RunningReassignment extends Place {
  readonly replicas: readonly number[];
  readonly adding: readonly number[];
}

async function listReassignments(
  session: AdminSession,
  places: readonly Place[],
): Promise<RunningReassignment[]> {
  const topics = [...Map.groupBy(places, ({ topic }) => topic)].map(([name, all]) => ({
    name,
    partitionIndexes: all.map(({ partition }) => partition),
  }));
  const answer = await session.call((connection) =>
    listPartitionReassignmentsV0.api.async(connection, CONTROLLER_TIMEOUT_MS, topics),
  );
  if (answer.errorCode !== KAFKA_ERROR.none) {
    throw clusterTrouble(
      `listing reassignments: Kafka refused: ${kafkaWords(answer.errorCode, answer.errorMessage ?? null)}`,
    );
  }
  return answer.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, replicas, addingReplicas }) => ({
      topic: name,
      partition: partitionIndex,
      replicas,
      adding: addingReplicas,
    })),
  );
}

interface MovePlan {
  readonly clusterId: string;
  readonly running: ReadonlySet<number>;
  readonly moves: readonly ThrottledMove[];
}

/** Checks the reassignments against the cluster; all that is wrong is told at once. */
async function planMoves(session: AdminSession, reassignments: readonly Reassignment[]): Promise<MovePlan> {
  const topics = [...new Set(reassignments.map(({ topic }) => topic))];
  const { clusterId, partitions } = await describePartitions(session, topics);
  const brokers = (await describeBrokers(session)).filter(({ fenced }) => !fenced);
  const running = new Set(brokers.map(({ id }) => id));
  const underWay = await listReassignments(session, reassignments);
  const lines: string[] = [];
  const moves = reassignments.map(({ topic, partition, replicas }): ThrottledMove => {
    const place = `${topic}-${partition}`;
    const now = partitions.find((one) => one.topic === topic && one.partition === partition);
    if (now === undefined)
      lines.push(`${place}: expected a partition of the cluster, found none of that name`);
    if (replicas.length === 0) lines.push(`${place}: expected at least one new replica, found none`);
    if (new Set(replicas).size < replicas.length) {
      lines.push(`${place}: expected each broker once among its replicas, found ${replicas.join(', ')}`);
    }
    const absent = replicas.filter((id) => !running.has(id));
    if (absent.length > 0) {
      lines.push(
        `${place}: expected new replicas on running brokers (${[...running].join(', ')}), found ${absent.join(', ')}`,
      );
    }
    const adding = underWay.find((one) => one.topic === topic && one.partition === partition)?.adding ?? [];
    const sources = (now?.replicas ?? []).filter((id) => !adding.includes(id));
    return { topic, partition, sources, destinations: replicas.filter((id) => !sources.includes(id)) };
  });
  if (lines.length > 0) throw new UserError(lines);
  return { clusterId: clusterId ?? '', running, moves };
}

async function requestReassignments(
  session: AdminSession,
  reassignments: readonly Reassignment[],
): Promise<void> {
  const refusals = await alterReassignments(session, reassignments);
  if (refusals.length === 0) return;
  throw clusterTrouble(
    refusals.map(({ place, words }) => `${place}: Kafka refused to reassign it: ${words}`),
  );
}

/** Null instead of replicas cancels a reassignment. Returns what was refused. */
async function alterReassignments(
  session: AdminSession,
  changes: readonly (Place & { readonly replicas: readonly number[] | null })[],
): Promise<{ readonly place: string; readonly code: number; readonly words: string }[]> {
  const topics = [...Map.groupBy(changes, ({ topic }) => topic)].map(([name, all]) => ({
    name,
    partitions: all.map(({ partition, replicas }) => ({
      partitionIndex: partition,
      replicas: replicas === null ? null : [...replicas],
    })),
  }));
  const answer = await session.call((connection) =>
    alterPartitionReassignmentsV0.api.async(connection, CONTROLLER_TIMEOUT_MS, true, topics),
  );
  if (answer.errorCode !== KAFKA_ERROR.none) {
    throw clusterTrouble(
      `reassigning partitions: Kafka refused: ${kafkaWords(answer.errorCode, answer.errorMessage ?? null)}`,
    );
  }
  return answer.responses.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ errorCode }) => errorCode !== KAFKA_ERROR.none)
      .map(({ partitionIndex, errorCode, errorMessage }) => ({
        place: `${name}-${partitionIndex}`,
        code: errorCode,
        words: kafkaWords(errorCode, errorMessage ?? null),
      })),
  );
}
