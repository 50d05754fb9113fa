/** What `brokertwin cluster up | down | status` do; plain data in and out. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import { nicBufferBytes } from '../../scenario/nic-buffer.ts';
import { cutAddresses } from '../hosts/cuts.ts';
import type { MachineLimits } from '../hosts/machine.ts';
import { isAlive, isStopped } from '../system/process-identity.ts';
import { exclusively } from './exclusive.ts';
import { type LocalClusterOptions, startLocalCluster } from './local-cluster.ts';
import { bootstrapServersOf, type ClusterRecord, machineOf, type NodeRecord } from './record.ts';
import { clusterDirectory, type FoundCluster, logDirectory, readClusters, removeCluster } from './state.ts';

export interface ClusterStatus {
  readonly name: string;
  /** Kafka versions, one or several. */
  readonly versions: readonly string[];
  readonly mode: ClusterRecord['mode'];
  readonly createdAt: string;
  readonly network: 'loopback' | 'shaped';
  /** For clients: on loopback anywhere here, on a shaped network on a client's machine. */
  readonly bootstrapServers: string;
  readonly nodes: readonly NodeStatus[];
  readonly machines: readonly MachineStatus[];
  /** Files for the --command-config of clients, by listener and mechanism. */
  readonly clientProperties: readonly string[];
  readonly config: Readonly<Record<string, string>>;
  readonly dataDirectory: string;
  readonly logDirectory: string;
}

export interface NodeStatus {
  readonly id: number;
  readonly roles: NodeRecord['roles'];
  readonly version: string;
  readonly machine: string;
  readonly address: string;
  readonly port: number | null;
  readonly jolokiaPort: number | null;
  readonly heapMiB: number;
  /** Null before its process was started. */
  readonly pid: number | null;
  readonly state: 'running' | 'paused' | 'dead';
  readonly logDirs: readonly { readonly path: string; readonly sizeBytes: number | null }[];
}

export interface MachineStatus {
  readonly name: string;
  readonly zone: string | null;
  readonly address: string;
  readonly namespace: string | null;
  /** The NIC's buffer as it is in force. */
  readonly limits: MachineLimits;
  /** Addresses that its packets do not reach. */
  readonly cutFrom: readonly string[];
}

export type ClusterUpOptions = Omit<LocalClusterOptions, 'jmx' | 'mode' | 'choosePorts'>;

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
  return statusOf(requireCluster(cluster.name));
}

/**
 * Stops and removes one cluster, or all of them (also those that belong to a running command). Returns their names;
 * their logs stay.
 *
 * @throws UserError (exit 3) when there is no cluster of this name, somebody operates on it, or it is not ours; with all of
 * them a line for each of those, once the others are removed.
 */
export async function clusterDown(
  which: { readonly name?: string } | { readonly all: true },
): Promise<string[]> {
  const clusters = readClusters();
  const name = 'all' in which ? null : (which.name ?? DEFAULT_NAME);
  const chosen = name === null ? clusters : clusters.filter((cluster) => cluster.name === name);
  if (name !== null && chosen.length === 0) throw unknownCluster(name);
  const problems: string[] = [];
  for (const cluster of chosen) {
    try {
      await takeDown(cluster);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(...error.lines);
    }
  }
  if (problems.length > 0) throw new UserError(problems, EXIT.clusterUnreachable);
  return chosen.map((cluster) => cluster.name);
}

async function takeDown({ name, record, foreign }: FoundCluster): Promise<void> {
  if (foreign !== null) throw notOurs(name, foreign);
  // An operation would start again what is being stopped here.
  if (record?.mode === 'detached') {
    return exclusively(name, 'its removal', () => removeCluster(name, requireCluster(name)));
  }
  await removeCluster(name, record);
}

/**
 * One cluster of this user's state root, or all of them by name; running or dead.
 *
 * @throws UserError (exit 3) when there is no cluster of this name.
 */
export function clusterStatus(which: { readonly name?: string } = {}): Promise<ClusterStatus[]> {
  const records =
    which.name === undefined
      ? readClusters().flatMap(({ record }) => record ?? [])
      : [requireCluster(which.name)];
  return Promise.all(records.map(statusOf));
}

/**
 * The record of a cluster.
 *
 * @throws UserError (exit 3) when there is none of this name, or none that can be read
 */
export function requireCluster(name: string = DEFAULT_NAME): ClusterRecord {
  const found = readClusters().find((cluster) => cluster.name === name);
  if (found === undefined) throw unknownCluster(name);
  if (found.record !== null) return found.record;
  throw notOurs(
    name,
    found.foreign ?? `has a record that cannot be read: remove it (brokertwin cluster down --name ${name})`,
  );
}

function notOurs(name: string, foreign: string): UserError {
  return new UserError(`cluster ${name} ${foreign}`, EXIT.clusterUnreachable);
}

function unknownCluster(name: string): UserError {
  const names = readClusters().map((cluster) => cluster.name);
  const found = names.length === 0 ? 'no clusters at all' : `only ${names.join(', ')}`;
  return new UserError(
    `expected a cluster named ${name}, found ${found}: see brokertwin cluster status`,
    EXIT.clusterUnreachable,
  );
}

async function statusOf(record: ClusterRecord): Promise<ClusterStatus> {
  const clients = join(clusterDirectory(record.name), 'clients');
  return {
    name: record.name,
    versions: [...new Set(record.nodes.map(({ version }) => version))],
    mode: record.mode,
    createdAt: record.createdAt,
    network: record.network.kind,
    bootstrapServers: bootstrapServersOf(record),
    nodes: record.nodes.map((node) => nodeStatus(record, node)),
    machines: await Promise.all(
      record.machines.map(async (machine) => ({
        name: machine.name,
        zone: machine.zone,
        address: machine.address,
        namespace: machine.namespace,
        limits: { ...machine.limits, nicBufferBytes: nicBufferBytes(machine.limits) },
        cutFrom: await cutAddresses(machine),
      })),
    ),
    clientProperties: existsSync(clients)
      ? readdirSync(clients)
          .sort()
          .map((file) => join(clients, file))
      : [],
    config: record.config,
    dataDirectory: record.dataDirectory,
    logDirectory: logDirectory(record.name),
  };
}

function nodeStatus(record: ClusterRecord, node: NodeRecord): NodeStatus {
  const { id, roles, version, machine, jolokiaPort, heapMiB, process: identity } = node;
  const alive = identity !== null && isAlive(identity);
  return {
    id,
    roles,
    version,
    machine,
    address: machineOf(record, node).address,
    port: node.listeners[0]?.port ?? node.controller?.port ?? null,
    jolokiaPort,
    heapMiB,
    pid: identity?.pid ?? null,
    state: alive ? (isStopped(identity) ? 'paused' : 'running') : 'dead',
    logDirs: node.logDirs.map(({ path, fileSystem }) => ({ path, sizeBytes: fileSystem?.sizeBytes ?? null })),
  };
}
