/** Formatting and starting nodes of a cluster from its record, at its first start and at every later one. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, UserError } from '../../errors/errors.ts';
import { shimEnvironment } from '../disk/slow-disk.ts';
import {
  formatNode,
  type NodeLaunch,
  type StartedNode,
  spawnNode,
  startError,
  writeNodeFiles,
} from '../kafka/broker-process.ts';
import { waitUntilReady } from '../kafka/readiness.ts';
import type { StartFailure } from '../kafka/start-failure.ts';
import { securityProperties } from '../security/security.ts';
import type { ClusterHandle } from './cluster-handle.ts';
import { machineOf, type NodeRecord } from './record.ts';
import { clusterDirectory, logDirectory } from './state.ts';

export interface FailedStart {
  readonly id: number;
  readonly failure: StartFailure;
}

const READY_TIMEOUT_MS = 90_000;
const READY_TIMEOUT_MS_PER_BROKER = 10_000;
const STARTED_POLL_MS = 200;
/** JVMs that format at the same time. */
const FORMATTING_MAX = 4;

/** Formats the storage of nodes; a failure is only thrown when none is at work any more, so that nothing writes after a removal. */
export async function formatNodes(
  handle: ClusterHandle,
  ids: readonly number[],
  signal?: AbortSignal,
): Promise<void> {
  for (let first = 0; first < ids.length; first += FORMATTING_MAX) {
    const outcomes = await Promise.allSettled(
      ids
        .slice(first, first + FORMATTING_MAX)
        .map(async (id) => formatNode(await launchOf(handle, id), signal)),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
}

/** Starts formatted nodes; each begins when its process is recorded. */
export async function startNodes(handle: ClusterHandle, ids: readonly number[]): Promise<StartedNode[]> {
  const started: StartedNode[] = [];
  for (const id of ids) {
    const launch = await launchOf(handle, id);
    writeNodeFiles(launch);
    const node = spawnNode(launch);
    handle.changeNode(id, { process: node.process });
    node.go();
    started.push(node);
  }
  return started;
}

/**
 * Waits until each of the started brokers answers and is unfenced. Null when all are; else the first node that failed.
 *
 * @param listing brokers that each of them must know to be unfenced
 * @throws UserError (exit 3) when they are not ready in time
 */
export async function untilReady(
  handle: ClusterHandle,
  started: readonly StartedNode[],
  listing: readonly number[],
  signal?: AbortSignal,
): Promise<FailedStart | null> {
  const brokers = started.map(({ id }) => handle.node(id)).filter(({ roles }) => roles.includes('broker'));
  const timeoutMs = READY_TIMEOUT_MS + READY_TIMEOUT_MS_PER_BROKER * started.length;
  const servers = brokers.map((node) => `${handle.machine(node).managementAddress}:${node.managementPort}`);
  const outcome = await waitUntilReady(servers, {
    listing,
    timeoutMs,
    signal,
    failure: () => firstFailure(started),
  });
  if (outcome === null) return untilControllersStarted(handle, started, timeoutMs, signal);
  if ('failure' in outcome) return outcome;
  throw new UserError(
    `brokers at ${outcome.notReady.join(', ')} were not ready within ${timeoutMs / 1000} s: see ${logDirectory(handle.record.name)}, and check that the machine is not overloaded`,
    EXIT.clusterUnreachable,
  );
}

/** Controllers that are not brokers listen where we cannot ask them: their logs tell. */
async function untilControllersStarted(
  handle: ClusterHandle,
  started: readonly StartedNode[],
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<FailedStart | null> {
  const deadline = performance.now() + timeoutMs;
  const alone = started.filter(({ id }) => !handle.node(id).roles.includes('broker'));
  for (;;) {
    const failed = firstFailure(alone);
    const waiting = alone.filter((node) => !node.hasStarted());
    if (failed !== null || waiting.length === 0) return failed;
    if (performance.now() > deadline) {
      throw new UserError(
        `controllers ${waiting.map(({ id }) => id).join(', ')} were not ready within ${timeoutMs / 1000} s: see ${logDirectory(handle.record.name)}, and check that the machine is not overloaded`,
        EXIT.clusterUnreachable,
      );
    }
    await sleep(STARTED_POLL_MS, undefined, { signal });
  }
}

/** @throws UserError when a node does not come up; its process is left as it is */
export async function startAndAwait(
  handle: ClusterHandle,
  ids: readonly number[],
  signal?: AbortSignal,
): Promise<void> {
  const started = await startNodes(handle, ids);
  const failed = await untilReady(
    handle,
    started,
    ids.filter((id) => handle.node(id).roles.includes('broker')),
    signal,
  );
  if (failed !== null)
    throw startError(failed.id, failed.failure, nodeLogDirectory(handle.record.name, failed.id));
}

export function nodeLogDirectory(name: string, id: number): string {
  return join(logDirectory(name), `node-${id}`);
}

/** Where a node's disks are told to be slow. */
export function slowDiskControlFile(node: Pick<NodeRecord, 'directory'>): string {
  return join(node.directory, 'slow-disk');
}

/** Name of a node's files and certificates. */
export function nodeName(node: Pick<NodeRecord, 'id'>): string {
  return `node-${node.id}`;
}

async function launchOf(handle: ClusterHandle, id: number): Promise<NodeLaunch> {
  const { record } = handle;
  const node = handle.node(id);
  return {
    record,
    node,
    jars: await handle.jars(node.version),
    security: securityProperties(
      {
        plan: record.security,
        directory: clusterDirectory(record.name),
        tokenIssuerUrl: record.tokenIssuer?.url ?? null,
      },
      nodeName(node),
    ),
    logDirectory: nodeLogDirectory(record.name, id),
    environment:
      record.diskShim === null
        ? {}
        : shimEnvironment({
            library: record.diskShim.library,
            controlFile: slowDiskControlFile(node),
            directories: node.logDirs.map(({ path }) => path),
          }),
  };
}

function firstFailure(started: readonly StartedNode[]): FailedStart | null {
  for (const node of started) {
    const failure = node.failure();
    if (failure !== null) return { id: node.id, failure };
  }
  return null;
}

/** Where a certificate of the node is to be valid. */
export function addressesOf(handle: ClusterHandle, node: NodeRecord): string[] {
  const { address, managementAddress } = machineOf(handle.record, node);
  return [
    ...new Set([address, managementAddress, ...(node.controller === null ? [] : [node.controller.address])]),
  ];
}
