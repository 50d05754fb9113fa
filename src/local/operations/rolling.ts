/** Restarts of one node after the other, in the same version or into another one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, UserError } from '../../errors/errors.ts';
import { type ClusterDescription, describeCluster } from '../admin/describe-cluster.ts';
import type { ClusterHandle } from '../cluster/cluster-handle.ts';
import { compareVersions } from '../kafka/kafka-version.ts';
import { informedServers } from './informed-servers.ts';
import { isRunning, restartNodes } from './processes.ts';

const IN_SYNC_TIMEOUT_MS = 300_000;
const POLL_MS = 500;
/** The active controller writes two records a second even when nothing happens. */
const QUORUM_LAG_RECORDS_MAX = 2;

/**
 * Restarts every running node by a controlled shutdown. The next one waits until all replicas and controllers that run are in
 * sync again, and `waitMs` more.
 *
 * @throws UserError (exit 3) when a node does not come back, or replicas do not within five minutes
 */
export async function rollingRestart(
  handle: ClusterHandle,
  { waitMs }: { readonly waitMs: number },
  signal?: AbortSignal,
): Promise<void> {
  await roll(handle, running(handle), waitMs, () => undefined, signal);
}

/**
 * A rolling restart into another version of Kafka of all nodes that are not of it; controllers of their own go first upwards and
 * last downwards.
 */
export async function upgrade(
  handle: ClusterHandle,
  { kafka, waitMs }: { readonly kafka: string; readonly waitMs: number },
  signal?: AbortSignal,
): Promise<void> {
  // Before anything is stopped for it.
  await handle.jars(kafka, signal);
  const ids = running(handle).filter((id) => handle.node(id).version !== kafka);
  const isDown = ids.some((id) => compareVersions(kafka, handle.node(id).version) < 0);
  const alone = ids.filter((id) => !handle.node(id).roles.includes('broker'));
  const brokers = ids.filter((id) => !alone.includes(id));
  const order = isDown ? [...brokers, ...alone] : [...alone, ...brokers];
  await roll(handle, order, waitMs, (id) => handle.changeNode(id, { version: kafka }), signal);
}

async function roll(
  handle: ClusterHandle,
  ids: readonly number[],
  waitMs: number,
  beforeStart: (id: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const [index, id] of ids.entries()) {
    if (index > 0) {
      await untilInSync(handle, signal);
      await sleep(waitMs, undefined, { signal });
    }
    handle.progress(`restarting node ${id}, ${index + 1} of ${ids.length}`);
    await restartNodes(handle, [id], { unclean: false, beforeStart: () => beforeStart(id) }, signal);
  }
}

async function untilInSync(handle: ClusterHandle, signal: AbortSignal | undefined): Promise<void> {
  const deadline = performance.now() + IN_SYNC_TIMEOUT_MS;
  for (;;) {
    const bootstrapServers = await informedServers(handle);
    const behind = whoIsBehind(await describeCluster({ bootstrapServers, signal }), running(handle));
    if (behind === null) return;
    if (performance.now() > deadline) {
      throw new UserError(
        `rolling restart: expected all replicas and controllers in sync within ${IN_SYNC_TIMEOUT_MS / 1000} s, found ${behind}: see the brokers' logs`,
        EXIT.clusterUnreachable,
      );
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** What is not in sync, in words; null when all of the running nodes is. */
function whoIsBehind(
  { partitions, quorum }: ClusterDescription,
  runningIds: readonly number[],
): string | null {
  const lags = partitions.filter(({ replicas, isr }) =>
    replicas.some((id) => runningIds.includes(id) && !isr.includes(id)),
  );
  if (lags.length > 0) {
    return `${lags.length} partitions behind, ${lags[0].topic}-${lags[0].partition} first`;
  }
  if (quorum === null) return 'no active controller';
  const voter = quorum.voters.find(
    ({ id, lagRecords }) => runningIds.includes(id) && lagRecords > QUORUM_LAG_RECORDS_MAX,
  );
  return voter === undefined ? null : `controller ${voter.id} ${voter.lagRecords} records behind`;
}

function running(handle: ClusterHandle): number[] {
  return handle.record.nodes.map(({ id }) => id).filter((id) => isRunning(handle, id));
}
