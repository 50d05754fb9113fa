/** From what is wanted to a record of every machine, node, address, port and directory, before anything is made. */
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { planFileSystem } from '../disk/file-system.ts';
import {
  controllerAddress,
  FIRST_CLIENT,
  FIRST_CONTROLLER,
  loadAddress,
  managementAddress,
  namespacePrefix,
  switchNamespace,
} from '../hosts/addresses.ts';
import { clusterGroup } from '../hosts/cgroups.ts';
import { type Machine, UNLIMITED } from '../hosts/machine.ts';
import { freeSubnet } from '../hosts/network.ts';
import { CONTROLLER_LISTENER, MANAGEMENT_LISTENER } from '../kafka/broker-files.ts';
import { newestVersion, oldestVersion, releaseOf } from '../kafka/kafka-version.ts';
import { planSecurity } from '../security/security.ts';
import { identifySelf } from '../system/process-identity.ts';
import {
  brokerVersions,
  DEFAULT_LISTENERS,
  heapMiBOf,
  type ListenerProtocol,
  type LocalClusterOptions,
  type LogDirsSpec,
  type MachineSpec,
  ONE_PLAIN_LOG_DIR,
  unlimitedMachine,
} from './cluster-options.ts';
import { CONTROLLER_HEAP_MIB } from './memory-space.ts';
import { freePorts } from './ports.ts';
import type { ClusterRecord, NodeRecord } from './record.ts';
import { clusterDirectory, clusterIdOf } from './state.ts';

const LOOPBACK = '127.0.0.1';
const COMBINED_CONTROLLERS_MAX = 3;
/** Ports on a machine of its own; several nodes on one machine are ten apart. */
const PORTS = { listener: 9092, controller: 9096, management: 9097, jolokia: 9098 };
const PORTS_APART = 10;
/** Ports that a node needs beside those of its listeners: the controller's, ours, and the metrics agent's. */
const MORE_PORTS = 3;

/** A placed node before its ports are known. */
interface NodePlan {
  readonly id: number;
  readonly roles: NodeRecord['roles'];
  readonly version: string;
  readonly machine: Machine;
  /** How many nodes before it are on the same machine. */
  readonly slot: number;
  readonly logDirs: LogDirsSpec;
}

/** @throws UserError (exit 3) when no subnet is free */
export async function planCluster(
  options: LocalClusterOptions,
  facts: { readonly withAgent: boolean },
): Promise<ClusterRecord> {
  const name = options.name ?? `run-${process.pid}-${randomBytes(3).toString('hex')}`;
  const id = clusterIdOf(name);
  const network: ClusterRecord['network'] =
    options.network === 'shaped'
      ? { kind: 'shaped', subnet: freeSubnet(), switch: switchNamespace(id) }
      : { kind: 'loopback' };
  const { machines, nodes } = place(options, id, network);
  const dataDirectory =
    options.directory === undefined
      ? join(clusterDirectory(name), 'data')
      : // Clusters of other users, or other state roots, may have the same name there.
        join(resolve(options.directory), `brokertwin-${name}-${id}`);
  const listeners = options.listeners ?? DEFAULT_LISTENERS;
  const ports = await (network.kind === 'shaped'
    ? machinePorts(nodes, listeners)
    : loopbackPorts(options, nodes, listeners));
  return {
    format: 'brokertwin.cluster/2',
    name,
    id,
    mode: 'attached',
    createdAt: new Date().toISOString(),
    owner: identifySelf(),
    dataDirectory,
    kafkaClusterId: newKafkaClusterId(),
    releaseVersion: releaseOf(oldestVersion(brokerVersions(options))),
    network,
    machines,
    nodes: nodes.map((node, index) =>
      nodeRecord(node, {
        ports: ports[index],
        listeners,
        network,
        withAgent: facts.withAgent,
        heapMiB: node.roles.includes('broker') ? heapMiBOf(options) : CONTROLLER_HEAP_MIB,
        directory: join(clusterDirectory(name), `node-${node.id}`),
        dataDirectory,
      }),
    ),
    interBrokerListener: options.interBrokerListener ?? listeners[0],
    config: { ...options.config },
    security: planSecurity({
      listeners: [
        ...listeners.map((listener) => ({ name: listener, protocol: listener })),
        { name: MANAGEMENT_LISTENER, protocol: 'PLAINTEXT' },
        { name: CONTROLLER_LISTENER, protocol: 'PLAINTEXT' },
      ],
      mechanisms: options.saslMechanisms ?? [],
      interBrokerListener: options.interBrokerListener ?? listeners[0],
      controllerListener: CONTROLLER_LISTENER,
      config: options.config ?? {},
    }),
    tokenIssuer: null,
    diskShim: null,
  };
}

interface NodeFacts {
  readonly ports: Ports;
  readonly listeners: readonly ListenerProtocol[];
  readonly network: ClusterRecord['network'];
  readonly withAgent: boolean;
  readonly heapMiB: number;
  readonly directory: string;
  readonly dataDirectory: string;
}

/** The record of a placed node, not started yet. */
function nodeRecord(node: NodePlan, facts: NodeFacts): NodeRecord {
  const { id, roles, version, machine } = node;
  const { ports, network } = facts;
  const isBroker = roles.includes('broker');
  const address = network.kind === 'shaped' ? ownControllerAddress(node, network.subnet) : LOOPBACK;
  return {
    id,
    roles,
    machine: machine.name,
    version,
    heapMiB: facts.heapMiB,
    listeners: isBroker ? facts.listeners.map((name, index) => ({ name, port: ports.listeners[index] })) : [],
    managementPort: isBroker ? ports.management : null,
    controller: roles.includes('controller') ? { address, port: ports.controller } : null,
    jolokiaPort: facts.withAgent && isBroker ? ports.jolokia : null,
    directory: facts.directory,
    logDirs: logDirsOf(id, node.logDirs, facts.dataDirectory),
    process: null,
  };
}

/** A broker that joins a cluster that is there, on a machine of its own like that of the broker `like`. */
export async function planBroker(
  record: ClusterRecord,
  id: number,
  like: NodeRecord,
): Promise<{ readonly machine: Machine; readonly node: NodeRecord }> {
  const { network } = record;
  const host = record.machines.find(({ name }) => name === like.machine);
  const limits = host?.limits ?? UNLIMITED;
  const machine = newMachine(
    {
      name: `broker-${id}`,
      zone: host?.zone ?? null,
      rack: host?.rack ?? null,
      limits,
      logDirs: ONE_PLAIN_LOG_DIR,
    },
    id,
    record.id,
    network,
    host?.cgroup !== null,
  );
  const plan: NodePlan = {
    id,
    roles: ['broker'],
    version: like.version,
    machine,
    slot: 0,
    logDirs: { count: like.logDirs.length, bytes: like.logDirs[0].fileSystem?.sizeBytes ?? null },
  };
  const listeners = like.listeners.map(({ name }) => name);
  const [ports] =
    network.kind === 'shaped' ? machinePorts([plan], listeners) : await loopbackPorts({}, [plan], listeners);
  const node = nodeRecord(plan, {
    ports,
    listeners,
    network,
    withAgent: like.jolokiaPort !== null,
    heapMiB: like.heapMiB,
    directory: join(clusterDirectory(record.name), `node-${id}`),
    dataDirectory: record.dataDirectory,
  });
  return { machine, node };
}

function place(
  options: LocalClusterOptions,
  clusterId: string,
  network: ClusterRecord['network'],
): { readonly machines: Machine[]; readonly nodes: NodePlan[] } {
  const brokerIds = Array.from({ length: options.brokers }, (_, index) => index + 1);
  const controllerIds = Array.from(
    { length: options.separateControllers ?? 0 },
    (_, index) => FIRST_CONTROLLER + index,
  );
  const ofBrokers = options.brokerMachines ?? brokerIds.map((id) => unlimitedMachine(`broker-${id}`));
  const ofControllers =
    options.controllerMachines ?? controllerIds.map((id) => unlimitedMachine(`controller-${id}`));
  const ofClients = options.clientMachines ?? [unlimitedMachine('client-1')];
  const machines = new Map<string, Machine>();
  const add = (specs: readonly MachineSpec[], first: number): void => {
    let number = first;
    for (const spec of specs) {
      if (machines.has(spec.name)) continue;
      const grouped =
        network.kind === 'shaped' || spec.limits.cores !== null || spec.limits.memoryBytes !== null;
      machines.set(spec.name, newMachine(spec, number, clusterId, network, grouped));
      number += 1;
    }
  };
  add(ofBrokers, 1);
  add(ofControllers, FIRST_CONTROLLER);
  add(ofClients, FIRST_CLIENT);

  const used = new Map<string, number>();
  const node = (entry: Pick<NodePlan, 'id' | 'roles' | 'version'>, spec: MachineSpec): NodePlan => {
    const machine = machines.get(spec.name);
    if (machine === undefined) throw new Error(`no machine ${spec.name}`);
    const slot = used.get(spec.name) ?? 0;
    used.set(spec.name, slot + 1);
    return { ...entry, machine, slot, logDirs: spec.logDirs };
  };
  const versions = brokerVersions(options);
  const combined =
    controllerIds.length > 0 ? 0 : (options.combinedControllers ?? controllerCount(options.brokers));
  return {
    machines: [...machines.values()],
    nodes: [
      ...brokerIds.map((id, index) =>
        node(
          { id, roles: index < combined ? ['broker', 'controller'] : ['broker'], version: versions[index] },
          ofBrokers[index % ofBrokers.length],
        ),
      ),
      ...controllerIds.map((id, index) => ({
        ...node(
          { id, roles: ['controller'], version: newestVersion(versions) },
          ofControllers[index % ofControllers.length],
        ),
        logDirs: ONE_PLAIN_LOG_DIR,
      })),
    ],
  };
}

/** How many of `brokers` brokers are controllers too: an odd number, at most three. */
export function controllerCount(brokers: number): number {
  return brokers < COMBINED_CONTROLLERS_MAX ? 1 : COMBINED_CONTROLLERS_MAX;
}

function newMachine(
  spec: MachineSpec,
  number: number,
  clusterId: string,
  network: ClusterRecord['network'],
  grouped: boolean,
): Machine {
  const cgroup = grouped ? `${clusterGroup(clusterId)}/${spec.name}` : null;
  const { name, zone, rack, limits } = spec;
  if (network.kind === 'loopback') {
    return {
      name,
      zone,
      rack,
      number: 0,
      address: LOOPBACK,
      managementAddress: LOOPBACK,
      namespace: null,
      cgroup,
      limits,
    };
  }
  return {
    name,
    zone,
    rack,
    number,
    address: loadAddress(network.subnet, number),
    managementAddress: managementAddress(network.subnet, number),
    namespace: `${namespacePrefix(clusterId)}${name}`,
    cgroup,
    limits,
  };
}

/** That of its machine where it is alone there, else one beside it. */
function ownControllerAddress({ id, roles }: NodePlan, subnet: number): string {
  return roles.includes('broker') ? controllerAddress(subnet, id) : loadAddress(subnet, id);
}

function logDirsOf(id: number, spec: LogDirsSpec, dataDirectory: string): NodeRecord['logDirs'] {
  return Array.from({ length: spec.count }, (_, index) => {
    const path = join(
      dataDirectory,
      `node-${id}`,
      spec.count === 1 && spec.bytes === null ? 'log' : `log-${index + 1}`,
    );
    const fileSystem =
      spec.bytes === null ? null : planFileSystem({ mountPoint: path, sizeBytes: spec.bytes });
    return { path: fileSystem?.logDir ?? path, fileSystem };
  });
}

interface Ports {
  readonly listeners: readonly number[];
  readonly controller: number;
  readonly management: number;
  readonly jolokia: number;
}

function machinePorts(nodes: readonly NodePlan[], listeners: readonly ListenerProtocol[]): Ports[] {
  return nodes.map(({ slot }) => ({
    listeners: listeners.map((_, index) => PORTS.listener + index + slot * PORTS_APART),
    controller: PORTS.controller + slot * PORTS_APART,
    management: PORTS.management + slot * PORTS_APART,
    jolokia: PORTS.jolokia + slot * PORTS_APART,
  }));
}

/** On loopback our own requests take the clients' listener, where that is a plain one. */
async function loopbackPorts(
  options: Pick<LocalClusterOptions, 'choosePorts'>,
  nodes: readonly NodePlan[],
  listeners: readonly ListenerProtocol[],
): Promise<Ports[]> {
  const each = listeners.length + MORE_PORTS;
  const chosen = await (options.choosePorts ?? freePorts)(each * nodes.length);
  const plain = listeners.indexOf('PLAINTEXT');
  return nodes.map((_, index) => {
    const [controller, jolokia, ours, ...own] = chosen.slice(each * index, each * (index + 1));
    return { listeners: own, controller, management: plain < 0 ? ours : own[plain], jolokia };
  });
}

/** A random id as Kafka makes them: 16 bytes in base64url, never with a dash in front, which its tools take for an option. */
export function newKafkaClusterId(random: (bytes: number) => Buffer = randomBytes): string {
  for (;;) {
    const id = random(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}
