/**
 * What runs where: every cluster has a directory of its own under the state root, with a record of its processes, so
 * that whatever happens to us, the next start finds what was left behind and removes it.
 *
 *     <state root>/clusters/<name>/cluster.json   the record
 *     <state root>/clusters/<name>/...            configuration and data, removed with the cluster
 *     <state root>/logs/<name>/broker-<id>/       logs, kept
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import { removeFileSystemsUnder, removeFileSystemsUnderNow } from '../disk/remove.ts';
import { groupProcesses, removeGroups } from '../hosts/cgroups.ts';
import { removeNetwork } from '../hosts/network.ts';
import {
  identify,
  isAlive,
  isOfThisBoot,
  killNow,
  type ProcessIdentity,
  waitUntilGone,
  waitUntilGoneNow,
} from '../system/process-identity.ts';
import { makeStagingDirectory, removeDirectory } from '../system/staging.ts';
import { hasCode, readIfThere } from '../system/system-files.ts';
import { type ClusterRecord, clusterRecord } from './record.ts';

const RECORD = 'cluster.json';
const LOGS_KEPT = 10;
const KILL_TIMEOUT_MS = 10_000;

export interface StaleCluster {
  readonly name: string;
  /** Why it is stale, for the user. */
  readonly reason: string;
  readonly record: ClusterRecord | null;
}

/** `$BROKERTWIN_STATE`, by default `$XDG_STATE_HOME/brokertwin` (`~/.local/state/brokertwin`). */
export function stateRoot(env: NodeJS.ProcessEnv = process.env): string {
  if (env.BROKERTWIN_STATE !== undefined && env.BROKERTWIN_STATE !== '') return env.BROKERTWIN_STATE;
  const base = env.XDG_STATE_HOME;
  return join(base === undefined || base === '' ? join(homedir(), '.local', 'state') : base, 'brokertwin');
}

export function clusterDirectory(name: string, root: string = stateRoot()): string {
  return join(root, 'clusters', name);
}

export function logDirectory(name: string, root: string = stateRoot()): string {
  return join(root, 'logs', name);
}

/**
 * Makes the directory of a new cluster, its record in it from the first moment.
 *
 * @throws UserError when there is a cluster of this name already (exit 3), or the name is not fit for a directory (exit 2).
 */
export function createCluster(record: ClusterRecord, root: string = stateRoot()): void {
  if (!/^[a-z0-9][a-z0-9._-]{0,60}$/i.test(record.name)) {
    throw new UserError(
      `cluster name: expected letters, digits, dots, dashes or underscores (at most 61), found "${record.name}"`,
    );
  }
  const staging = makeStagingDirectory(join(root, 'clusters'));
  writeRecord(staging, record);
  try {
    renameSync(staging, clusterDirectory(record.name, root));
  } catch (error) {
    removeDirectory(staging);
    if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'EEXIST')) throw error;
    throw new UserError(
      `there is a cluster named ${record.name} already: take it down first (brokertwin cluster down --name ${record.name}), or choose another --name`,
      EXIT.clusterUnreachable,
    );
  }
  freshLogs(record.name, root);
}

/** Replaces the record of an existing cluster at once; a reader sees the old or the new one. */
export function saveCluster(record: ClusterRecord, root: string = stateRoot()): void {
  writeRecord(clusterDirectory(record.name, root), record);
}

/** Records of all clusters, by name; null for one whose record cannot be read (a power loss while it was written). */
export function readClusters(
  root: string = stateRoot(),
): { readonly name: string; readonly record: ClusterRecord | null }[] {
  const clusters = join(root, 'clusters');
  if (!existsSync(clusters)) return [];
  return readdirSync(clusters)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map((name) => ({ name, record: readRecord(join(clusters, name)) }));
}

/**
 * Clusters that nobody will stop any more: attached ones whose command is gone, and those of which no broker runs
 * and which nobody is just starting.
 */
export function findStaleClusters(root: string = stateRoot()): StaleCluster[] {
  return readClusters(root).flatMap(({ name, record }) => {
    const reason = whyStale(record);
    return reason === null ? [] : [{ name, reason, record }];
  });
}

function whyStale(record: ClusterRecord | null): string | null {
  if (record === null) return 'its record cannot be read';
  const ownerAlive = isAlive(record.owner);
  if (record.mode === 'attached' && ownerAlive) return null;
  if (record.mode === 'attached') return `the command that ran it (pid ${record.owner.pid}) is gone`;
  const started = record.nodes.flatMap((node) => node.process ?? []);
  // Without any, all were stopped on purpose.
  if (started.length === 0 && isOfThisBoot(record.owner)) return null;
  return started.some(isAlive) ? null : 'none of its brokers runs any more';
}

/** Stops the brokers that stale clusters left behind and removes their data; their logs stay. Returns what was cleaned. */
export async function cleanStaleClusters(root: string = stateRoot()): Promise<StaleCluster[]> {
  const stale = findStaleClusters(root);
  for (const cluster of stale) await removeCluster(cluster.name, cluster.record, root);
  return stale;
}

/**
 * Stops the processes of a cluster (those recorded, by pid and start time, and those in its control groups), then removes its
 * mounts, network, control groups, data and record. No orderly shutdown: nothing of its data is kept.
 *
 * @throws Error when a process survives SIGKILL for 10 s (a hung disk); the record then stays.
 */
export async function removeCluster(
  name: string,
  record: ClusterRecord | null,
  root: string = stateRoot(),
): Promise<void> {
  const processes = killProcesses(name, record, root);
  if (!(await waitUntilGone(processes, KILL_TIMEOUT_MS))) {
    throw new Error(`processes of cluster ${name} still run ${KILL_TIMEOUT_MS / 1000} s after SIGKILL`);
  }
  // It has the time to wait for a mount that is still busy.
  for (const directory of directoriesOf(name, record, root)) await removeFileSystemsUnder(directory);
  removeWhatWasMade(name, record, root);
}

/** The same without giving way to anything else, for a process that is ending. */
export function removeClusterNow(record: ClusterRecord, root: string = stateRoot()): void {
  waitUntilGoneNow(killProcesses(record.name, record, root), KILL_TIMEOUT_MS);
  removeWhatWasMade(record.name, record, root);
}

/** Kills and returns them. Those in the control groups are the cluster's whatever the record says. */
function killProcesses(name: string, record: ClusterRecord | null, root: string): ProcessIdentity[] {
  const recorded = [...(record?.nodes ?? []), ...(record?.tokenIssuer ? [record.tokenIssuer] : [])].flatMap(
    (owner) => owner.process ?? [],
  );
  for (const identity of recorded) killNow(identity);
  const grouped = groupProcesses(clusterIdOf(name, root))
    .flatMap((pid) => identify(pid) ?? [])
    .filter(({ pid }) => pid !== process.pid && !recorded.some((known) => known.pid === pid));
  for (const identity of grouped) killNow(identity);
  return [...recorded, ...grouped];
}

/** The record goes last, so that an interrupted removal is found again. */
function removeWhatWasMade(name: string, record: ClusterRecord | null, root: string): void {
  const id = clusterIdOf(name, root);
  const directories = directoriesOf(name, record, root);
  for (const directory of directories) removeFileSystemsUnderNow(directory);
  removeNetwork(id);
  removeGroups(id);
  for (const directory of directories) removeDirectory(directory);
}

/** Data first, the cluster's own directory with the record in it last. */
function directoriesOf(name: string, record: ClusterRecord | null, root: string): string[] {
  return [...(record === null ? [] : [record.dataDirectory]), clusterDirectory(name, root)];
}

function readRecord(directory: string): ClusterRecord | null {
  const text = readIfThere(join(directory, RECORD));
  if (text === null) return null;
  const parsed = clusterRecord.safeParse(parseJson(text));
  return parsed.success ? parsed.data : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function writeRecord(directory: string, record: ClusterRecord): void {
  const path = join(directory, RECORD);
  writeFileSync(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** An empty log directory for a new cluster; of clusters that are gone only the last few keep their logs. */
function freshLogs(name: string, root: string): void {
  removeDirectory(logDirectory(name, root));
  mkdirSync(logDirectory(name, root), { recursive: true });
  const present = new Set(readClusters(root).map((cluster) => cluster.name));
  const old = readdirSync(join(root, 'logs'))
    .filter((entry) => !present.has(entry))
    .map((entry) => ({ entry, modifiedMs: statSync(join(root, 'logs', entry)).mtimeMs }))
    .sort((left, right) => right.modifiedMs - left.modifiedMs);
  for (const { entry } of old.slice(LOGS_KEPT)) removeDirectory(logDirectory(entry, root));
}

/** Different for every cluster directory of this machine, and the same for the same one. */
export function clusterIdOf(name: string, root: string = stateRoot()): string {
  return createHash('sha256')
    .update(resolve(clusterDirectory(name, root)))
    .digest('hex')
    .slice(0, 8);
}
