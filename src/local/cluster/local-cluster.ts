/** A real Kafka cluster on this machine, made for one run and removed after it, or kept until it is taken down. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, UserError } from '../../errors/errors.ts';
import { requireCapabilities } from '../capabilities/capabilities.ts';
import type { CapabilityName } from '../capabilities/capability.ts';
import { makeFileSystems } from '../disk/file-system.ts';
import { buildSlowDiskShim } from '../disk/slow-disk.ts';
import { ourAddress } from '../hosts/addresses.ts';
import { makeGroup, setCores } from '../hosts/cgroups.ts';
import { commandOn } from '../hosts/command-on.ts';
import { makeNetwork } from '../hosts/network.ts';
import { startError } from '../kafka/broker-process.ts';
import { type KafkaJars, obtainKafkaJars } from '../kafka/jars.ts';
import { newestVersion } from '../kafka/kafka-version.ts';
import { writeToolScripts } from '../kafka/tool-scripts.ts';
import {
  type ClientPropertiesFile,
  clientPropertiesFiles,
  needsTokenIssuer,
  securityProperties,
  startTokenIssuer,
  writeSecurityFiles,
} from '../security/security.ts';
import { onExit } from '../system/on-exit.ts';
import { ClusterHandle } from './cluster-handle.ts';
import { brokerVersions, heapMiBOf, type LocalClusterOptions, requireBuildable } from './cluster-options.ts';
import { requireDiskSpace } from './disk-space.ts';
import { requireMemory } from './memory-space.ts';
import { planCluster } from './plan-cluster.ts';
import {
  bootstrapServersOf,
  brokersOf,
  type ClusterRecord,
  machineOf,
  managementServersOf,
} from './record.ts';
import {
  addressesOf,
  type FailedStart,
  formatNodes,
  nodeLogDirectory,
  nodeName,
  startNodes,
  untilReady,
} from './start-node.ts';
import {
  cleanStaleClusters,
  clusterDirectory,
  createCluster,
  removeCluster,
  removeClusterNow,
  stateRoot,
} from './state.ts';

export type { LocalClusterOptions } from './cluster-options.ts';

export interface LocalBroker {
  readonly id: number;
  readonly pid: number;
  readonly port: number;
  /** Null without a metrics agent. */
  readonly jolokiaUrl: string | null;
  readonly logDirectory: string;
  /** The name of this broker's process in results, `broker-<id>`. */
  readonly processName: string;
  /** Name of its machine. */
  readonly machine: string;
}

export interface LocalCluster {
  readonly name: string;
  /** For clients on the cluster's client machines; on loopback for everybody. */
  readonly bootstrapServers: string;
  /** For our own requests, from here, in plain. */
  readonly managementServers: string;
  /** For clients, with how they get in; those of `bootstrapServers` come first. */
  readonly clientProperties: readonly ClientPropertiesFile[];
  /** Those that run now. */
  readonly brokers: readonly LocalBroker[];
  /** The newest of its brokers' versions. */
  readonly version: string;
  readonly jars: KafkaJars;
  /** Holds all of its data; removed by `stop`. */
  readonly directory: string;
  /** For operations on it. */
  readonly handle: ClusterHandle;
  /** What is put before a program's command line to run it on a machine of the cluster. */
  commandOn(machine: string): string[];
  /** Stops the brokers and removes their data; logs stay. Calling it again does nothing. */
  stop(): Promise<void>;
}

const START_ATTEMPTS = 3;
const TOKEN_LIFETIME_SECONDS = 3600;

/**
 * Starts a cluster and waits until every broker answers and all are unfenced. Cleans up what crashed runs left first.
 *
 * @throws UserError for a property that is ours, a version that cannot be run or a configuration that Kafka refuses
 * (exit 2); for what this machine cannot do, missing Java or Maven, a full disk, too little memory, a broker
 * that dies or is not ready in time (exit 3). Whatever was already started is then stopped and removed.
 */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  requireBuildable(options);
  await requireAbilities(options);
  await cleanStaleClusters(options.progress);
  mkdirSync(stateRoot(), { recursive: true });
  if (options.directory !== undefined) mkdirSync(options.directory, { recursive: true });
  requireDiskSpace(options.directory ?? stateRoot(), options.dataBytes ?? 0);
  requireMemory({
    brokers: options.brokers,
    heapMiB: heapMiBOf(options),
    controllers: options.separateControllers ?? 0,
  });
  const versions = brokerVersions(options);
  for (let attempt = 1; ; attempt += 1) {
    const jars = await allJars(options, versions);
    const record = await planCluster(options, { withAgent: options.jmx && jars.jolokiaAgent !== null });
    await createCluster(record);
    const handle = new ClusterHandle(record, options.progress);
    const outcome = await launchCluster(options, handle, jars);
    if (!('retry' in outcome)) return outcome;
    if (attempt === START_ATTEMPTS) throw outcome.error;
    options.progress(`${outcome.retry}; trying others`);
  }
}

/** Jars of all versions, those of the newest in hand. */
async function allJars(options: LocalClusterOptions, versions: readonly string[]): Promise<KafkaJars> {
  let newest: KafkaJars | null = null;
  for (const version of new Set(versions)) {
    const jars = await obtainKafkaJars({ ...options, version });
    if (version === newestVersion(versions)) newest = jars;
  }
  if (newest === null) throw new Error('a cluster without versions');
  return newest;
}

async function requireAbilities(options: LocalClusterOptions): Promise<void> {
  const machines = [
    ...(options.brokerMachines ?? []),
    ...(options.controllerMachines ?? []),
    ...(options.clientMachines ?? []),
  ];
  const any = (test: (machine: (typeof machines)[number]) => boolean): boolean => machines.some(test);
  const shaped = options.network === 'shaped';
  const needs: readonly (readonly [boolean, string, readonly CapabilityName[]])[] = [
    [shaped, '--network shaped', ['root', 'iproute2', 'nsenter', 'namespaces', 'CPU quota']],
    [any(({ limits }) => limits.nicBytesPerSecond !== null), 'a limited NIC', ['root', 'iproute2', 'tc tbf']],
    [any(({ limits }) => limits.latencyMs !== null), 'latency', ['root', 'iproute2', 'tc netem']],
    [any(({ limits }) => limits.cores !== null), 'a CPU quota', ['root', 'CPU quota']],
    [any(({ limits }) => limits.memoryBytes !== null), 'a memory limit', ['root', 'memory limit']],
    [any(({ logDirs }) => logDirs.bytes !== null), 'log dirs of a given size', ['root', 'loop mounts']],
    [options.diskShim === true, 'slow disks', ['gcc']],
  ];
  const outcomes = await Promise.allSettled(
    needs.flatMap(([needed, purpose, names]) => (needed ? [requireCapabilities(names, purpose)] : [])),
  );
  const lines = outcomes.flatMap((outcome): readonly string[] => {
    if (outcome.status === 'fulfilled') return [];
    if (!(outcome.reason instanceof UserError)) throw outcome.reason;
    return outcome.reason.lines;
  });
  if (lines.length > 0) throw new UserError(lines, EXIT.clusterUnreachable);
}

/** A cluster, or why it is worth another try with other ports or another subnet. */
type Launch = LocalCluster | { readonly retry: string; readonly error: Error };

async function launchCluster(
  options: LocalClusterOptions,
  handle: ClusterHandle,
  jars: KafkaJars,
): Promise<Launch> {
  const { name } = handle.record;
  const forget = onExit(() => removeClusterNow(handle.record));
  let clientProperties: readonly ClientPropertiesFile[] = [];
  const remove = async (): Promise<void> => {
    await removeCluster(name, handle.record);
    forget();
  };
  try {
    if (!(await makeMachines(handle, options.signal))) {
      await remove();
      return { retry: 'a subnet was taken meanwhile', error: new Error('subnets are taken again and again') };
    }
    makeLogDirs(handle);
    if (options.diskShim === true) {
      const library = await buildSlowDiskShim({ signal: options.signal });
      handle.change({ diskShim: { library } });
    }
    clientProperties = await secure(handle, options);
    writeToolScripts(join(clusterDirectory(name), 'bin'), jars, tokenOptions(handle.record));
    const failed = await startAll(handle, options);
    if (failed !== null) {
      await remove();
      const error = startError(failed.id, failed.failure, nodeLogDirectory(name, failed.id));
      if (failed.failure.kind !== 'port') throw error;
      return { retry: `node ${failed.id} met a port taken meanwhile`, error };
    }
    // Later than all else: a JVM that starts on half a core takes minutes.
    for (const machine of handle.record.machines) {
      if (machine.limits.cores !== null) setCores(machine, machine.limits.cores);
    }
  } catch (error) {
    await remove();
    throw error;
  }
  if (options.mode === 'detached') {
    handle.change({ mode: 'detached' });
    forget();
  }
  options.progress(`Kafka ${jars.version} is ready at ${bootstrapServersOf(handle.record)}`);
  let stopped: Promise<void> | null = null;
  return {
    name,
    get bootstrapServers() {
      return bootstrapServersOf(handle.record);
    },
    get managementServers() {
      return managementServersOf(handle.record);
    },
    get brokers() {
      return localBrokers(handle.record);
    },
    clientProperties,
    version: jars.version,
    jars,
    directory: handle.record.dataDirectory,
    handle,
    commandOn: (machine) => commandOn(machineOf(handle.record, { machine })),
    stop: () => {
      stopped ??= remove();
      return stopped;
    },
  };
}

/** False when the subnet was taken meanwhile. */
async function makeMachines({ record, progress }: ClusterHandle, signal?: AbortSignal): Promise<boolean> {
  const { machines, network } = record;
  for (const machine of machines) makeGroup(machine);
  if (network.kind === 'loopback') return true;
  progress(`laying the network of ${machines.length} machines`);
  return makeNetwork(
    {
      id: record.id,
      subnet: network.subnet,
      machines,
      controllers: record.nodes.flatMap(({ machine, controller }) =>
        controller === null ? [] : [{ machine, address: controller.address }],
      ),
    },
    signal,
  );
}

function makeLogDirs(handle: ClusterHandle): void {
  const wanted = handle.record.nodes.flatMap(({ logDirs }) =>
    logDirs.flatMap(({ fileSystem }) => fileSystem ?? []),
  );
  if (wanted.length > 0) makeFileSystems(wanted);
}

async function secure(handle: ClusterHandle, options: LocalClusterOptions): Promise<ClientPropertiesFile[]> {
  const { record } = handle;
  const directory = clusterDirectory(record.name);
  await writeSecurityFiles(
    record.security,
    directory,
    record.nodes.map((node) => ({ name: nodeName(node), addresses: addressesOf(handle, node) })),
  );
  if (needsTokenIssuer(record.security)) {
    handle.change({
      tokenIssuer: await startTokenIssuer({
        address: record.network.kind === 'shaped' ? ourAddress(record.network.subnet) : '127.0.0.1',
        port: 0,
        directory,
        lifetimeSeconds: options.tokenLifetimeSeconds ?? TOKEN_LIFETIME_SECONDS,
      }),
    });
  }
  return clientPropertiesFiles(
    { plan: record.security, directory, tokenIssuerUrl: handle.record.tokenIssuer?.url ?? null },
    bootstrapServersByListener(record),
  );
}

function bootstrapServersByListener(record: ClusterRecord): Record<string, string> {
  const brokers = brokersOf(record);
  return Object.fromEntries(
    brokers[0].listeners.map(({ name }, index) => [
      name,
      brokers.map((node) => `${machineOf(record, node).address}:${node.listeners[index].port}`).join(','),
    ]),
  );
}

async function startAll(handle: ClusterHandle, options: LocalClusterOptions): Promise<FailedStart | null> {
  const { record } = handle;
  const ids = record.nodes.map(({ id }) => id);
  options.progress(`formatting ${ids.length === 1 ? 'a broker' : `${ids.length} nodes`}`);
  await formatNodes(handle, ids, options.signal);
  options.progress(`starting Kafka ${[...new Set(record.nodes.map(({ version }) => version))].join(', ')}`);
  const started = await startNodes(handle, ids);
  return untilReady(
    handle,
    started,
    brokersOf(record).map(({ id }) => id),
    options.signal,
  );
}

/** What Kafka's tools need to be allowed to ask the token issuer. */
function tokenOptions({ name, security, tokenIssuer, nodes }: ClusterRecord): readonly string[] {
  const tokenIssuerUrl = tokenIssuer?.url ?? null;
  return securityProperties(
    { plan: security, directory: clusterDirectory(name), tokenIssuerUrl },
    nodeName(nodes[0]),
  ).jvmOptions;
}

/** The brokers of a recorded cluster whose processes were started. */
function localBrokers(record: ClusterRecord): LocalBroker[] {
  return brokersOf(record).flatMap((node) =>
    node.process === null
      ? []
      : [
          {
            id: node.id,
            pid: node.process.pid,
            port: node.listeners[0].port,
            jolokiaUrl:
              node.jolokiaPort === null
                ? null
                : `http://${machineOf(record, node).managementAddress}:${node.jolokiaPort}/jolokia`,
            logDirectory: nodeLogDirectory(record.name, node.id),
            processName: `broker-${node.id}`,
            machine: node.machine,
          },
        ],
  );
}
