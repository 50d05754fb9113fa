/** Processes of nodes: killed, paused, stopped as Kafka wants it, started again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, UserError } from '../../errors/errors.ts';
import type { ClusterHandle } from '../cluster/cluster-handle.ts';
import { startAndAwait } from '../cluster/start-node.ts';
import { isAlive, isStopped, killNow, signalProcess, waitUntilGone } from '../system/process-identity.ts';

const PAUSE_TIMEOUT_MS = 5_000;
const PAUSE_POLL_MS = 5;
const KILL_TIMEOUT_MS = 10_000;
/** Kafka's own controlled shutdown gives up after about so long (controlled.shutdown.max.retries and its back-off, log flushes). */
const STOP_TIMEOUT_MS = 60_000;

/** SIGKILL; what was written stays in the page cache. */
export async function killNodes(handle: ClusterHandle, ids: readonly number[]): Promise<void> {
  const running = processesOf(handle, ids);
  for (const identity of running) killNow(identity);
  if (!(await waitUntilGone(running, KILL_TIMEOUT_MS))) {
    throw new Error(`nodes ${ids.join(', ')} still run ${KILL_TIMEOUT_MS / 1000} s after SIGKILL`);
  }
  for (const id of ids) handle.changeNode(id, { process: null });
}

/** SIGSTOP: connections stay open, nothing answers. */
export async function pauseNodes(handle: ClusterHandle, ids: readonly number[]): Promise<void> {
  const running = runningProcessesOf(handle, ids);
  for (const identity of running) signalProcess(identity, 'SIGSTOP');
  const deadline = performance.now() + PAUSE_TIMEOUT_MS;
  while (running.some((identity) => isAlive(identity) && !isStopped(identity))) {
    if (performance.now() > deadline) throw new Error(`nodes ${ids.join(', ')} do not pause`);
    await sleep(PAUSE_POLL_MS);
  }
}

/** SIGCONT. */
export function continueNodes(handle: ClusterHandle, ids: readonly number[]): void {
  for (const identity of runningProcessesOf(handle, ids)) signalProcess(identity, 'SIGCONT');
}

/**
 * Controlled shutdown (SIGTERM), as Kafka's scripts do it: leaders move first.
 *
 * @throws UserError (exit 3) when a node still runs after a minute
 */
export async function stopNodes(handle: ClusterHandle, ids: readonly number[]): Promise<void> {
  const running = runningProcessesOf(handle, ids);
  for (const identity of running) {
    signalProcess(identity, 'SIGTERM');
    // A process that stands still would keep the signal for later.
    signalProcess(identity, 'SIGCONT');
  }
  if (!(await waitUntilGone(running, STOP_TIMEOUT_MS))) {
    throw new UserError(
      `node ${ids.join(', ')}: expected its controlled shutdown within ${STOP_TIMEOUT_MS / 1000} s, found it running: kill it, or see its logs`,
      EXIT.clusterUnreachable,
    );
  }
  for (const id of ids) handle.changeNode(id, { process: null });
}

/** Starts nodes that do not run and waits until they are back. */
export async function startNodesAgain(
  handle: ClusterHandle,
  ids: readonly number[],
  signal?: AbortSignal,
): Promise<void> {
  const running = ids.filter((id) => isRunning(handle, id));
  if (running.length > 0) {
    throw new UserError(`node ${running.join(', ')}: expected it stopped or killed, found it running`);
  }
  await startAndAwait(handle, ids, signal);
}

/** Stops (or kills) nodes and starts them again. */
export async function restartNodes(
  handle: ClusterHandle,
  ids: readonly number[],
  how: { readonly unclean: boolean; readonly beforeStart?: () => void },
  signal?: AbortSignal,
): Promise<void> {
  await (how.unclean ? killNodes(handle, ids) : stopNodes(handle, ids));
  how.beforeStart?.();
  await startAndAwait(handle, ids, signal);
}

export function isRunning(handle: ClusterHandle, id: number): boolean {
  const { process: identity } = handle.node(id);
  return identity !== null && isAlive(identity);
}

function processesOf(handle: ClusterHandle, ids: readonly number[]) {
  return ids.flatMap((id) => handle.node(id).process ?? []);
}

/** @throws UserError naming those that do not run */
function runningProcessesOf(handle: ClusterHandle, ids: readonly number[]) {
  const dead = ids.filter((id) => !isRunning(handle, id));
  if (dead.length > 0) {
    throw new UserError(
      `node ${dead.join(', ')}: expected it running, found it stopped or killed: start it first`,
    );
  }
  return processesOf(handle, ids);
}
