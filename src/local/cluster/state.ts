/**
 * What runs where: every cluster has a directory of its own under the state root, with a record of its processes, so
 * that whatever happens to us, the next start finds what was left behind and removes it.
 *
 *     <state root>/clusters/<name>/cluster.json   the record
 *     <state root>/clusters/<name>/...            configuration and data, removed with the cluster
 *     <state root>/logs/<name>/node-<id>/         logs, kept
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import { removeFileSystemsUnder, removeFileSystemsUnderNow } from '../disk/remove.ts';
import { groupProcesses, removeGroups } from '../hosts/cgroups.ts';
import { removeNetwork } from '../hosts/network.ts';
import { whileLocked } from '../system/lock.ts';
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
import { type ClusterRecord, clusterRecord, otherFormatOf } from './record.ts';

const RECORD = 'cluster.json';
const LOGS_KEPT = 10;
const KILL_TIMEOUT_MS = 10_000;
/** For another process that cleans up: processes to kill, mounts to wait for. */
const OTHERS_TIMEOUT_MS = 60_000;

export interface FoundCluster {
  readonly name: string;
  /** Null for one whose record cannot be read. */
  readonly record: ClusterRecord | null;
  /** Why it is not ours to touch, and what to do; null for all others. */
  readonly foreign: string | null;
}

export interface StaleCluster {
  readonly name: string;
  /** Why it is stale, for the user. */
  readonly reason: string;
  readonly record: ClusterRecord | null;
}

/** `$BROKERTWIN_STATE`, by default `$XDG_STATE_HOME/brokertwin` (`~/.local/state/brokertwin`); absolute, since brokers run in directories of their own. */
export function stateRoot(env: NodeJS.ProcessEnv = process.env): string {
  if (env.BROKERTWIN_STATE !== undefined && env.BROKERTWIN_STATE !== '') return resolve(env.BROKERTWIN_STATE);
  const base = env.XDG_STATE_HOME;
  return resolve(base === undefined || base === '' ? join(homedir(), '.local', 'state') : base, 'brokertwin');
}

export function clusterDirectory(name: string, root: string = stateRoot()): string {
  return join(root, 'clusters', name);
}

export function logDirectory(name: string, root: string = stateRoot()): string {
  return join(root, 'logs', name);
}

/**
 * Makes the directory of a new cluster, its record in it from the first moment. Waits while another process cleans up, which
 * would not know the new cluster from an old one of its name.
 *
 * @throws UserError when there is a cluster of this name already (exit 3), or the name is not fit for a directory (exit 2).
 */
export async function createCluster(record: ClusterRecord, root: string = stateRoot()): Promise<void> {
  if (!/^[a-z0-9][a-z0-9._-]{0,60}$/i.test(record.name)) {
    throw new UserError(
      `cluster name: expected letters, digits, dots, dashes or underscores (at most 61), found "${record.name}"`,
    );
  }
  await whileAlone(root, 'making a cluster', () => putInPlace(record, root));
  freshLogs(record.name, root);
}

function putInPlace(record: ClusterRecord, root: string): void {
  const staging = makeStagingDirectory(join(root, 'clusters'));
  writeRecord(staging, record);
  try {
    renameSync(staging, clusterDirectory(record.name, root));
  } catch (error) {
    removeDirectory(staging);
    if (!hasCode(error, 'ENOTEMPTY') && !hasCode(error, 'EEXIST')) throw error;
    throw nameTaken(readCluster(record.name, root));
  }
}

/** One that runs, one that only needs a start, one that is not ours. */
function nameTaken({ name, record, foreign }: FoundCluster): UserError {
  const rests =
    record !== null && record.mode === 'detached' && !record.nodes.some((node) => isRunning(node.process));
  const found =
    foreign !== null
      ? `, which ${foreign}`
      : rests
        ? `, of which nothing runs: start it (brokertwin cluster do 'start: {broker: ...}' --name ${name}), take it down first (brokertwin cluster down --name ${name})`
        : `: take it down first (brokertwin cluster down --name ${name})`;
  return new UserError(
    `there is a cluster named ${name} already${found}, or choose another --name`,
    EXIT.clusterUnreachable,
  );
}

function isRunning(identity: ProcessIdentity | null): boolean {
  return identity !== null && isAlive(identity);
}

/** No two processes clean or make clusters of one state root at the same time. */
async function whileAlone<Result>(
  root: string,
  what: string,
  use: () => Result | Promise<Result>,
): Promise<Result> {
  mkdirSync(root, { recursive: true });
  return whileLocked(
    { directory: root, name: 'clusters', what, waitMs: OTHERS_TIMEOUT_MS },
    (holder) =>
      new UserError(
        `clusters in ${root}: expected nobody at work on them, found "${holder.what}" under way (pid ${holder.pid}): wait for its end`,
        EXIT.clusterUnreachable,
      ),
    use,
  );
}

/** Replaces the record of an existing cluster at once; a reader sees the old or the new one. */
export function saveCluster(record: ClusterRecord, root: string = stateRoot()): void {
  writeRecord(clusterDirectory(record.name, root), record);
}

/** All clusters, by name. */
export function readClusters(root: string = stateRoot()): FoundCluster[] {
  const clusters = join(root, 'clusters');
  if (!existsSync(clusters)) return [];
  return readdirSync(clusters)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map((name) => readCluster(name, root));
}

/**
 * Clusters that nobody will stop any more: attached ones whose command is gone, and detached ones that a restart of this
 * machine has ended. As long as it runs, a detached one stays even when nothing of it does: a fault may have ended the
 * last broker, and whoever keeps the cluster may still mend it.
 */
export function findStaleClusters(root: string = stateRoot()): StaleCluster[] {
  return readClusters(root).flatMap(({ name, record, foreign }) => {
    const reason = foreign === null ? whyStale(record) : null;
    return reason === null ? [] : [{ name, reason, record }];
  });
}

function whyStale(record: ClusterRecord | null): string | null {
  if (record === null) return 'its record cannot be read';
  const ownerAlive = isAlive(record.owner);
  if (record.mode === 'attached' && ownerAlive) return null;
  if (record.mode === 'attached') return `the command that ran it (pid ${record.owner.pid}) is gone`;
  if (isOfThisBoot(record.owner) || record.nodes.some((node) => isRunning(node.process))) return null;
  return 'none of its brokers runs since this machine was started';
}

/**
 * Stops the brokers that stale clusters left behind and removes their data; their logs stay. One that cannot be removed keeps
 * nobody from going on: that is told, and the next command tries again.
 *
 * @returns what was cleaned
 */
export async function cleanStaleClusters(
  progress: (message: string) => void,
  root: string = stateRoot(),
): Promise<StaleCluster[]> {
  if (findStaleClusters(root).length === 0) return [];
  return whileAlone(root, 'removing what was left behind', async () => {
    const cleaned: StaleCluster[] = [];
    // Looked for again, now that nobody else removes them or makes others of their names.
    for (const cluster of findStaleClusters(root)) {
      const { name, reason, record } = cluster;
      try {
        await removeCluster(name, record, root);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        progress(`cluster ${name}, left behind (${reason}), could not be removed: ${why}`);
        continue;
      }
      progress(`removed cluster ${name}, left behind: ${reason}`);
      cleaned.push(cluster);
    }
    return cleaned;
  });
}

/**
 * Stops the processes of a cluster (those recorded, by pid and start time, and those in its control groups), then removes its
 * mounts, network, control groups, data and record. No orderly shutdown: nothing of its data is kept.
 *
 * @throws UserError (exit 3) when a process survives SIGKILL for 10 s (a hung disk); the record then stays.
 */
export async function removeCluster(
  name: string,
  record: ClusterRecord | null,
  root: string = stateRoot(),
): Promise<void> {
  const processes = killProcesses(name, record, root);
  if (!(await waitUntilGone(processes, KILL_TIMEOUT_MS))) {
    throw survived(name);
  }
  // It has the time to wait for a mount that is still busy.
  for (const directory of directoriesOf(name, record, root)) await removeFileSystemsUnder(directory);
  removeWhatWasMade(name, record, root);
}

/** The same without giving way to anything else, for a process that is ending. */
export function removeClusterNow(record: ClusterRecord, root: string = stateRoot()): void {
  if (!waitUntilGoneNow(killProcesses(record.name, record, root), KILL_TIMEOUT_MS)) {
    throw survived(record.name);
  }
  removeWhatWasMade(record.name, record, root);
}

function survived(name: string): UserError {
  return new UserError(
    `processes of cluster ${name} still run ${KILL_TIMEOUT_MS / 1000} s after SIGKILL, as with a disk that does not answer; the next start, or brokertwin cluster down --name ${name}, removes them`,
    EXIT.clusterUnreachable,
  );
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

/** A record that is there and cannot be read was cut short by a power loss, unless somebody else wrote it. */
function readCluster(name: string, root: string): FoundCluster {
  let text: string | null;
  try {
    text = readIfThere(join(clusterDirectory(name, root), RECORD));
  } catch (error) {
    if (!hasCode(error, 'EACCES')) throw error;
    return { name, record: null, foreign: 'belongs to another user: take it down as that one' };
  }
  const content = text === null ? null : parseJson(text);
  const parsed = clusterRecord.safeParse(content);
  if (parsed.success) return { name, record: parsed.data, foreign: null };
  const format = otherFormatOf(content);
  const foreign =
    format === null
      ? null
      : `was made by another version of brokertwin (format ${format}): take it down with that one`;
  return { name, record: null, foreign };
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
