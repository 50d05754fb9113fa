/** What `brokertwin cluster up | down | status` do; plain data in and out. */
import { EXIT, UserError } from '../../errors/errors.ts';
import { isAlive } from '../system/process-identity.ts';
import { bootstrapServersOf, type LocalClusterOptions, startLocalCluster } from './local-cluster.ts';
import { type ClusterRecord, logDirectory, readClusters, removeCluster } from './state.ts';

export interface ClusterStatus {
  readonly name: string;
  /** Kafka version. */
  readonly version: string;
  readonly mode: ClusterRecord['mode'];
  readonly createdAt: string;
  readonly bootstrapServers: string;
  readonly brokers: readonly {
    readonly id: number;
    readonly port: number;
    /** Null before its process was started. */
    readonly pid: number | null;
    readonly alive: boolean;
  }[];
  readonly dataDirectory: string;
  readonly logDirectory: string;
}

export type ClusterUpOptions = Pick<
  LocalClusterOptions,
  'version' | 'brokers' | 'config' | 'directory' | 'heapMiB' | 'firstPort' | 'signal' | 'progress'
> & {
  /** By default `local`. */
  readonly name?: string;
};

const DEFAULT_NAME = 'local';

/**
 * Starts a cluster that keeps running when this process ends.
 *
 * @throws UserError as `startLocalCluster`, and when a cluster of this name runs already.
 */
export async function clusterUp(options: ClusterUpOptions): Promise<ClusterStatus> {
  const cluster = await startLocalCluster({
    ...options,
    name: options.name ?? DEFAULT_NAME,
    jmx: true,
    mode: 'detached',
  });
  return requireCluster(cluster.name);
}

/**
 * Stops and removes one cluster, or all of them (also those that belong to a running command). Returns their names;
 * their logs stay.
 *
 * @throws UserError (exit 3) when there is no cluster of this name.
 */
export async function clusterDown(
  which: { readonly name?: string } | { readonly all: true },
): Promise<string[]> {
  const clusters = readClusters();
  const name = 'all' in which ? null : (which.name ?? DEFAULT_NAME);
  const chosen = name === null ? clusters : clusters.filter((cluster) => cluster.name === name);
  if (name !== null && chosen.length === 0) throw unknownCluster(name);
  for (const cluster of chosen) await removeCluster(cluster.name, cluster.record);
  return chosen.map((cluster) => cluster.name);
}

/** All clusters of this user's state root, running or dead, by name. */
export function clusterStatus(): ClusterStatus[] {
  return readClusters().flatMap(({ record }) => (record === null ? [] : [statusOf(record)]));
}

function requireCluster(name: string): ClusterStatus {
  const status = clusterStatus().find((cluster) => cluster.name === name);
  if (status === undefined) throw unknownCluster(name);
  return status;
}

function unknownCluster(name: string): UserError {
  const names = readClusters().map((cluster) => cluster.name);
  const found = names.length === 0 ? 'no clusters at all' : `only ${names.join(', ')}`;
  return new UserError(
    `expected a cluster named ${name}, found ${found}: see brokertwin cluster status`,
    EXIT.clusterUnreachable,
  );
}

function statusOf(record: ClusterRecord): ClusterStatus {
  return {
    name: record.name,
    version: record.version,
    mode: record.mode,
    createdAt: record.createdAt,
    bootstrapServers: bootstrapServersOf(record),
    brokers: record.brokers.map(({ id, port, process: identity }) => ({
      id,
      port,
      pid: identity?.pid ?? null,
      alive: identity !== null && isAlive(identity),
    })),
    dataDirectory: record.dataDirectory,
    logDirectory: logDirectory(record.name),
  };
}
