/**
 * What runs where: every cluster has a directory of its own under the state root, with a record of its processes, so
 * that whatever happens to us, the next start finds what was left behind and removes it.
 *
 *     <state root>/clusters/<name>/cluster.json   the record
 *     <state root>/clusters/<name>/...            configuration and data, removed with the cluster
 *     <state root>/logs/<name>/broker-<id>/       logs, kept
 */
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { EXIT, UserError } from '../../errors/errors.ts';
import { identifySelf, isAlive, killNow, waitUntilGone } from '../system/process-identity.ts';
import { makeStagingDirectory, removeDirectory } from '../system/staging.ts';
import { hasCode, readIfThere } from '../system/system-files.ts';

const RECORD = 'cluster.json';
const LOGS_KEPT = 10;
const KILL_TIMEOUT_MS = 10_000;

const processIdentity = z.object({ pid: z.number().int().positive(), startedAt: z.string() });

const clusterRecord = z.object({
  format: z.literal('brokertwin.cluster/1'),
  name: z.string(),
  version: z.string(),
  /** `attached` belongs to the command that runs it and ends with it; `detached` stays until it is taken down. */
  mode: z.enum(['attached', 'detached']),
  createdAt: z.string(),
  owner: processIdentity,
  dataDirectory: z.string(),
  brokers: z.array(
    z.object({
      id: z.number().int(),
      port: z.number().int(),
      jolokiaPort: z.number().int().nullable(),
      /** Null before its process was started. */
      process: processIdentity.nullable(),
    }),
  ),
});

export type ClusterRecord = z.infer<typeof clusterRecord>;

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
  const alive = record.brokers.some((broker) => broker.process !== null && isAlive(broker.process));
  return alive ? null : 'none of its brokers runs any more';
}

/** Stops the brokers that stale clusters left behind and removes their data; their logs stay. Returns what was cleaned. */
export async function cleanStaleClusters(root: string = stateRoot()): Promise<StaleCluster[]> {
  const stale = findStaleClusters(root);
  for (const cluster of stale) await removeCluster(cluster.name, cluster.record, root);
  return stale;
}

/**
 * Stops the brokers of a cluster (exactly those recorded, by pid and start time), then removes its data and record.
 * No orderly shutdown: nothing of its data is kept.
 *
 * @throws Error when a broker survives SIGKILL for 10 s (a hung disk); the record then stays.
 */
export async function removeCluster(
  name: string,
  record: ClusterRecord | null,
  root: string = stateRoot(),
): Promise<void> {
  const processes = (record?.brokers ?? []).flatMap((broker) => broker.process ?? []);
  for (const identity of processes) killNow(identity);
  if (!(await waitUntilGone(processes, KILL_TIMEOUT_MS))) {
    throw new Error(`brokers of cluster ${name} still run ${KILL_TIMEOUT_MS / 1000} s after SIGKILL`);
  }
  removeFiles(name, record, root);
}

/** The same at once and without waiting, for a process that is ending. */
export function removeClusterNow(record: ClusterRecord, root: string = stateRoot()): void {
  for (const broker of record.brokers) if (broker.process !== null) killNow(broker.process);
  removeFiles(record.name, record, root);
}

/** The record goes last, so that an interrupted removal is found again. */
function removeFiles(name: string, record: ClusterRecord | null, root: string): void {
  if (record !== null) removeDirectory(record.dataDirectory);
  removeDirectory(clusterDirectory(name, root));
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

/** A record of a cluster that this process is about to start. */
export function newClusterRecord(
  facts: Pick<ClusterRecord, 'name' | 'version' | 'dataDirectory' | 'brokers'>,
): ClusterRecord {
  return {
    format: 'brokertwin.cluster/1',
    mode: 'attached',
    createdAt: new Date().toISOString(),
    owner: identifySelf(),
    ...facts,
  };
}
